/** Query strings of the API: what they may hold, as schemas that openapi.json is made from too. */
import { z } from 'zod'
import { HalfopenError } from './errors.ts'

const DAY = 86_400_000
/** Longest time a report may span. */
export const MAX_REPORT = 400 * DAY
/** Most steps of one series. */
export const MAX_STEPS = 2000

export const time = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/)
  .refine((text) => Number.isFinite(Date.parse(text)) && isDay(text.slice(0, 10)))
  .describe('ISO 8601 with a zone, such as 2026-11-21T08:00:00Z, or a date (UTC)')
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .refine((text) => Number(text) >= least && Number(text) <= most)
    .describe(`whole number from ${least} to ${most}`)

export const reportQuery = z.strictObject({ from: time.optional(), to: time.optional() })
export const eventsQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .describe('next_cursor of the page before')
    .optional(),
  limit: whole(1, 200).optional(),
})
export const analyzeQuery = z.strictObject({
  timezone: z
    .string()
    .regex(/^[A-Za-z0-9+:/_-]{1,64}$/)
    .describe('zone of times without one, such as Europe/Berlin or +02:00')
    .optional(),
  log_format: z.string().min(1).max(4096).describe('the text of the nginx log_format').optional(),
})
export const servesQuery = z.strictObject({
  url: z
    .string()
    .max(2048)
    .regex(/^(?:wss?|https?):\/\/[^\s/]+/i)
    .refine((text) => URL.canParse(text))
    .describe('an address such as wss://host/path'),
})
export const eitherQuery = z.strictObject({
  url: servesQuery.shape.url.optional(),
  problem: z.string().min(1).max(64).describe('id of a problem: its path, its patch and its circumstances').optional(),
})
export const contextQuery = z.strictObject({
  source: z.string().min(1).max(4096).describe('a source of the evidence'),
  line: whole(1, 999_999_999),
})
const channelName = z
  .string()
  .regex(/^[\w -]{1,40}$/)
  .describe('name of a channel, as api/v1/alerts lists them')
export const previewQuery = z.strictObject({ days: whole(1, 7).describe('days back, at most 7').optional() })
export const testQuery = z.strictObject({ channel: channelName })
export const deliveriesQuery = eventsQuery.extend({
  state: z.enum(['waiting', 'delivered', 'dead']).describe('waiting, delivered or dead').optional(),
  channel: channelName.optional(),
  from: time.optional(),
  to: time.optional(),
})
export const shareQuery = z.strictObject({ form: z.enum(['markdown', 'html']).describe('markdown or html') })
export const noQuery = z.strictObject({})

/** Date.parse takes 31 February for 3 March. */
function isDay(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** Throws bad-query; the answer names the parameter and never repeats its value. */
export function readQuery<T extends z.ZodObject>(schema: T, query: unknown): z.infer<T> {
  const result = schema.safeParse({ ...(query as object) })
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape)
    throw new HalfopenError('bad-query', `Unknown parameter; known are: ${known.join(', ') || 'none'}.`)
  }
  const name = String(issue?.path[0] ?? '')
  const field: unknown = schema.shape[name]
  const inner: unknown = field instanceof z.ZodOptional ? field.unwrap() : field
  const wanted = inner instanceof z.ZodType ? inner.description : undefined
  throw new HalfopenError('bad-query', `${name}: expected ${wanted ?? 'another value'}.`)
}

export interface Range {
  from: number
  to: number
}

/** Epoch ms. Throws when the order is wrong, or when both ends are given and lie more than `most` ms apart. */
export function rangeOf(from: string | undefined, to: string | undefined, otherwise: Range, most: number): Range {
  const range = {
    from: from === undefined ? otherwise.from : Date.parse(from),
    to: to === undefined ? otherwise.to : Date.parse(to),
  }
  if (range.from >= range.to) throw new HalfopenError('bad-query', 'from: expected a time before to.')
  if (from !== undefined && to !== undefined && range.to - range.from > most)
    throw new HalfopenError('range-too-wide', `from and to may lie ${most / DAY} days apart at most.`)
  return range
}
