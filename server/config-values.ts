/** Kinds of values that several keys of halfopen.yaml have. */
import { z } from 'zod'

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
/** Longer is a slip of the hand: nothing that is read here is so old. ms. */
const LONGEST = 365_000 * 86_400_000
/** `10m` → 600000. */
export const duration = (atLeast: number) =>
  z.string().transform((text, context) => {
    const found = /^(\d{1,6})\s*([smhdw])$/.exec(text.trim())
    const ms = found ? Number(found[1]) * UNITS[found[2] as keyof typeof UNITS] * 1000 : 0
    if (found && ms >= atLeast && ms <= LONGEST) return ms
    const reason = found === null ? 'not a time' : ms > LONGEST ? 'longer than 1,000 years' : 'too short'
    context.addIssue({ code: 'custom', message: reason })
    return z.NEVER
  })

export const nonEmpty = z.string().min(1, 'empty')
export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), z.array(item))
