/** GET /series: the trend of the dashboard, or, with `metric`, counts by one dimension and quantiles of what is measured. */
import { z } from 'zod'
import { EVENT_KINDS } from '../../parsers/event.ts'
import { DIMENSIONS, MEASURES, type Dimension, type Measure, type Where } from '../store/contract.ts'
import type { Dashboard } from './dashboard.ts'
import { HalfopenError } from './errors.ts'
import { MAX_REPORT, MAX_STEPS, rangeOf, readQuery, time, whole } from './query.ts'
import type { Breakdown, Quantiles, Series } from './wire.ts'

const DAY = 86_400_000
/** Steps of a series whose step was not asked for. */
const USUAL_STEPS = 120
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const
const USUAL_QUANTILES = '0.5,0.95,0.99'

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, what: string) =>
  z.enum(values).describe(`${what}: ${values.join(', ')}`)
const part = (of: string) =>
  z.string().max(2048).describe(`only this ${of}, as by=${of} names it; empty: those that have none`)

export const seriesQuery = z.strictObject({
  from: time.optional(),
  to: time.optional(),
  step: whole(60, 7 * 86_400)
    .refine((text) => Number(text) % 60 === 0)
    .describe('seconds of one step, a multiple of 60')
    .optional(),
  metric: oneOf(
    ['events', ...MEASURES],
    'what is counted (events, with failed ordinary requests as kind request) or measured, in seconds',
  ).optional(),
  by: oneOf(DIMENSIONS, 'with metric=events, told apart by').optional(),
  server: part('server').optional(),
  path: part('path').optional(),
  upstream: part('upstream').optional(),
  kind: oneOf([...EVENT_KINDS, 'request'], 'with metric=events, only this kind').optional(),
  status_class: oneOf(STATUS_CLASSES, 'with metric=events, only answers of this class').optional(),
  quantiles: z
    .string()
    .regex(/^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)(?:,(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)){0,9}$/)
    .describe(`with another metric than events, up to ten numbers from 0 to 1, such as ${USUAL_QUANTILES}`)
    .optional(),
})
export const lengthsQuery = seriesQuery.pick({ from: true, to: true, server: true, path: true, upstream: true })
type Asked = z.infer<typeof seriesQuery>

/** Parameters that need a metric, and those that need a certain kind of one. */
const FILTERS = ['server', 'path', 'upstream'] as const
const OF_EVENTS = ['by', 'kind', 'status_class'] as const

/** Throws bad-query and range-too-wide. @param now epoch ms */
export function series(dashboard: Dashboard, query: unknown, now: number): Series | Breakdown | Quantiles {
  const asked = readQuery(seriesQuery, query)
  const to = asked.to === undefined ? now : Date.parse(asked.to)
  const range = rangeOf(asked.from, asked.to, { from: to - DAY, to: now }, MAX_REPORT)
  const seconds = (range.to - range.from) / 1000
  const step = asked.step === undefined ? Math.max(60, Math.ceil(seconds / USUAL_STEPS / 60) * 60) : Number(asked.step)
  if (seconds / step > MAX_STEPS)
    throw new HalfopenError('range-too-wide', `That would be more than ${MAX_STEPS} steps.`)
  const { metric } = asked
  if (metric === undefined) {
    refuse(asked, [...FILTERS, ...OF_EVENTS, 'quantiles'], 'nothing without metric')
    return dashboard.series(range.from, range.to, step)
  }
  const where = whereOf(asked)
  return metric === 'events'
    ? counts(dashboard, asked, { ...range, stepSeconds: step, where })
    : lengths(dashboard, asked, metric, { ...range, stepSeconds: step, where })
}

/** Only what was asked for; an empty name stands for "has none". */
export function whereOf(asked: Pick<Asked, (typeof FILTERS)[number]>): Where {
  const where: Where = {}
  for (const name of FILTERS) if (asked[name] !== undefined) where[name] = asked[name] === '' ? null : asked[name]
  return where
}

interface Range {
  from: number
  to: number
  stepSeconds: number
  where: Where
}

function counts(dashboard: Dashboard, asked: Asked, range: Range): Breakdown {
  refuse(asked, ['quantiles'], `nothing with metric=events; metric is ${MEASURES.join(' or ')}`)
  const { by, kind, status_class } = asked
  const where = {
    ...range.where,
    ...(kind === undefined ? {} : { kind }),
    ...(status_class === undefined ? {} : { status_class }),
  }
  const dimension: Dimension | null = by ?? null
  return dashboard.counts({ ...range, by: dimension, where })
}

function lengths(dashboard: Dashboard, asked: Asked, measure: Measure, range: Range): Quantiles {
  refuse(asked, OF_EVENTS, 'nothing but with metric=events')
  const quantiles = (asked.quantiles ?? USUAL_QUANTILES).split(',').map(Number)
  return dashboard.quantiles({ ...range, measure, quantiles })
}

function refuse(asked: Asked, names: readonly (keyof Asked)[], expected: string): void {
  const name = names.find((one) => asked[one] !== undefined)
  if (name !== undefined) throw new HalfopenError('bad-query', `${name}: expected ${expected}.`)
}
