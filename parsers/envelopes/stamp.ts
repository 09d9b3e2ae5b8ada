/** When a record happened, from its own stamp and those of its envelopes. */
import type { LogTime } from '../record.ts'
import { isoTime } from '../time.ts'
import type { Stamp } from './envelope.ts'

const ISO = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)$/
const QUARTER = 900_000
const HOUR = 3_600_000
/** Half a leap year and a day: other dates have one that is nearer. */
const SOON = 184 * 24 * HOUR
/** A line reaches its envelope at once, or with what a busy log pipe delays it; clocks of one machine differ by a tick. */
const LATE = 5000
const EARLY = 1500

/** RFC 3339 with a zone, as runtimes write it; the offset also without its colon. */
export const isIso = (text: string): boolean => text.length <= 40 && ISO.test(text)

/** The record's own time wins. Without a zone it takes the one that makes it agree with an envelope's instant; without any
 *  time the envelopes' is used: one with a zone, else the innermost.
 *  `stamps` from the outermost in; `near`: epoch ms that a stamp without a year is close to. */
export function settleTime(own: LogTime | null, stamps: readonly (Stamp | null)[], near: number): LogTime | null {
  if (own?.zoned === true || stamps.length === 0) return own
  const around = own?.ms ?? near
  let best = own
  for (let i = stamps.length - 1; i >= 0; i--) {
    const stamp = stamps[i]
    const time = stamp == null ? null : stampTime(stamp, best?.ms ?? full(stamps) ?? around)
    if (time === null) continue
    if (own !== null) {
      const zoned = time.zoned ? completed(own, time) : null
      if (zoned !== null) return zoned
    } else if (best === null || (time.zoned && !best.zoned)) best = time
  }
  return best
}

/** The wall clock of the first stamp with a year: it dates those without. */
function full(stamps: readonly (Stamp | null)[]): number | null {
  for (const stamp of stamps) if (stamp?.yearless === false) return stampTime(stamp, 0)?.ms ?? null
  return null
}

/** A stamp as a time; zeros that end a fraction carry nothing and go, since runtimes differ in writing them. */
export function stampTime(stamp: Stamp, near: number): LogTime | null {
  const text = stamp.text.replace(/\.(\d*?)0*(?=[Z+-]|$)/, (_, digits: string) => (digits === '' ? '' : `.${digits}`))
  const time = stamp.yearless ? inNearestYear(text, near) : isoTime(text)
  return time === null || !stamp.text.includes('.') ? time : { ...time, resolution: 1 }
}

function inNearestYear(text: string, near: number): LogTime | null {
  const year = new Date(near).getUTCFullYear()
  let best: LogTime | null = null
  // 29 February may be eight years away; never in the future of what is nearest to half a year ago.
  const reach = text.startsWith('02-29') ? 8 : 1
  for (let y = year - reach; y <= year + reach; y++) {
    const time = isoTime(`${String(y).padStart(4, '0')}-${text}`)
    if (time === null || time.ms - near > SOON) continue
    if (best === null || Math.abs(time.ms - near) < Math.abs(best.ms - near)) best = time
  }
  return best
}

/** A wall-clock reading with the offset that puts it at the instant of its envelope: a container's zone is seldom that of
 *  the runtime, whose stamps are mostly UTC. Null when no offset does. */
function completed(own: LogTime, instant: LogTime): LogTime | null {
  const offset = Math.round((own.ms - instant.ms) / QUARTER) * QUARTER
  const late = instant.ms - (own.ms - offset)
  if (late < -EARLY || late >= own.resolution + LATE || !isZone(offset)) return null
  const minutes = Math.abs(offset) / 60_000
  const two = (n: number): string => String(n).padStart(2, '0')
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return { ...own, ms: own.ms - offset, zoned: true, iso: own.iso + zone }
}

/** Offsets in use (tzdata): whole and half hours, and three places at a quarter to. */
function isZone(offset: number): boolean {
  if (offset < -12 * HOUR || offset > 14 * HOUR) return false
  return offset % (2 * QUARTER) === 0 || [5.75, 8.75, 12.75].includes(offset / HOUR)
}
