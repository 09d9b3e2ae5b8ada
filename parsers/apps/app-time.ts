/** Stamps of applications, brought into the form that time.ts reads. Each kind keeps its own policy: a zone when the
 *  stamp has one, wall-clock time when it has none, null for a time of day without a date. */
import type { LogTime } from '../record.ts'
import { epochTime, isoTime } from '../time.ts'

/** Zone names that mean one offset everywhere. CST, IST and BST do not: such a stamp is read as local time. */
const ZONES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    UTC: 'Z',
    GMT: 'Z',
    Z: 'Z',
    PST: '-08:00',
    PDT: '-07:00',
    MST: '-07:00',
    MDT: '-06:00',
    EST: '-05:00',
    EDT: '-04:00',
    WET: '+00:00',
    WEST: '+01:00',
    CET: '+01:00',
    CEST: '+02:00',
    EET: '+02:00',
    EEST: '+03:00',
    JST: '+09:00',
  }),
)

const ZONE = String.raw`(?: ?(?:Z|[+-]\d\d:?\d\d)|[ ](?:UTC|GMT|[PMCE][SD]T|WES?T|CES?T|EES?T|IST|BST|JST|A[EWC][SD]T))`
/** Year first: `2026-11-21T06:13:34.123+01:00`, `2026/11/21 06:13:34 UTC`, `2026-11-21 06:13:34,123`. */
const YEAR_FIRST = String.raw`\d{4}(?:-\d\d-|\/\d\d\/)\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:${ZONE}(?![\w:]))?`
/** Day first: `21/Nov/2026 06:13:34`, `21-Nov-2026 06:13:34.123`, `21/Nov/2026:06:13:34.123`. */
const DAY_FIRST = String.raw`\d\d[\/-][A-Z][a-z]{2}[\/-]\d{4}[ :]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:${ZONE}(?![\w:]))?`
/** Text of a pattern that finds a full stamp, without groups of its own. */
export const STAMP = `(?:${YEAR_FIRST}|${DAY_FIRST})`
/** A time of day without a date: `06:13:34`, `06:13:34.123`, `7:01AM`. */
export const CLOCK = String.raw`\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AP]M)?`

const PARTS = new RegExp(
  String.raw`^(?:(\d{4})[-/](\d\d)[-/](\d\d)|(\d\d)[-/]([A-Z][a-z]{2})[-/](\d{4}))[T _:](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: ?([+-]\d\d:?\d\d|[A-Z]{1,4}))?$`,
)
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** Any stamp that STAMP finds; null for what is no valid date. */
export function appTime(text: string): LogTime | null {
  const m = PARTS.exec(text)
  if (!m) return null
  let day = `${m[1]}-${m[2]}-${m[3]}`
  if (m[1] === undefined) {
    const month = MONTHS.indexOf(m[5] as string)
    if (month < 0 || month % 3 !== 0) return null
    day = `${m[6]}-${String(month / 3 + 1).padStart(2, '0')}-${m[4]}`
  }
  const zone = m[9] === undefined ? '' : (ZONES.get(m[9]) ?? (/^[+-]/.test(m[9]) ? m[9] : ''))
  return isoTime(`${day}T${m[7]}${m[8] === undefined ? '' : `.${m[8]}`}${zone}`)
}

/** A number since 1970 in seconds, ms, µs or ns. They are a factor of 1000 apart, so that the size tells. */
export function epochAny(value: number): LogTime | null {
  const size = Math.abs(value)
  const unit = size > 1e17 ? 1e9 : size > 1e14 ? 1e6 : size > 1e11 ? 1e3 : 1
  const time = epochTime(value / unit)
  // Whole seconds in ms are still a stamp that could have shown ms.
  return time === null || unit === 1 ? time : { ...time, resolution: 1 }
}

/** The value of a `time` key: text in any of the forms above, or a number. */
export function keyTime(value: unknown): LogTime | null {
  if (typeof value === 'number') return epochAny(value)
  if (typeof value !== 'string') return null
  return appTime(value) ?? (/^\d{10,19}(?:\.\d{1,9})?$/.test(value) ? epochAny(Number(value)) : null)
}

/** The moment `seconds` later; the text stays as the line has it. For logs that stamp the start of a request. */
export function later(time: LogTime | null, seconds: number | undefined): LogTime | null {
  return time === null || seconds === undefined || !(seconds > 0)
    ? time
    : { ...time, ms: time.ms + Math.round(seconds * 1000) }
}
