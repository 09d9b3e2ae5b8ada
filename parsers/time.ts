/** Time stamps as logs write them. All functions return null for text that is no valid stamp. */
import type { LogTime } from './record.ts'

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** `21/Nov/2026:06:13:34 +0100`, nginx `$time_local`; some tools write a fraction before the zone, or no zone. */
export function clfTime(text: string): LogTime | null {
  const m =
    /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: (?:([+-]\d\d)(\d\d)|(GMT|UTC)))?$/.exec(
      text,
    )
  if (!m) return null
  const month = monthNumber(m[2] as string)
  if (month === null) return null
  const zone = m[8] === undefined ? (m[10] === undefined ? null : 'Z') : `${m[8]}:${m[9]}`
  return stamp(m[3], month, m[1], m[4], m[5], m[6], m[7] ?? '', zone, m[7] === undefined ? 1000 : 1)
}

/** `Saturday, 21-Nov-2026 06:13:34 GMT`, nginx `$date_gmt` and `$date_local`. A zone name other than GMT and UTC says
 *  nothing certain: such a stamp counts as local time without a zone. */
export function dateTime(text: string): LogTime | null {
  const m =
    /^[A-Z][a-z]{2,8}, (\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) (?:(GMT|UTC)|[A-Z]{1,6}|([+-]\d\d)(\d\d)?)$/.exec(
      text,
    )
  if (!m) return null
  const month = monthNumber(m[2] as string)
  if (month === null) return null
  const zone = m[7] !== undefined ? 'Z' : m[8] !== undefined ? `${m[8]}:${m[9] ?? '00'}` : null
  return stamp(m[3], month, m[1], m[4], m[5], m[6], '', zone, 1000)
}

/** `Nov` → `11`. */
function monthNumber(name: string): string | null {
  const at = MONTHS.indexOf(name)
  return at < 0 || at % 3 !== 0 ? null : String(at / 3 + 1).padStart(2, '0')
}

let lastText = ''
let lastTime: LogTime | null = null

/** A stamp in any of the forms in which nginx logs time: `$time_local`, `$time_iso8601`, `$msec`, `$date_gmt`, and
 *  numbers since 1970 in ms, µs or ns, which are a factor of 1000 apart. A busy log repeats its stamp for hundreds of
 *  lines, so the last one is remembered. */
export function anyTime(text: string): LogTime | null {
  if (text !== lastText) {
    lastTime = readAny(text)
    lastText = text
  }
  return lastTime
}

function readAny(text: string): LogTime | null {
  const c = text.charCodeAt(0)
  if (c < 48 || c > 57) return dateTime(text)
  if (text[2] === '/') return clfTime(text)
  if (text[4] === '-') return isoTime(text)
  if (!/^\d{9,19}(?:\.\d{1,9})?$/.test(text)) return slashTime(text)
  const value = Number(text)
  const unit = value > 1e17 ? 1e9 : value > 1e14 ? 1e6 : value > 1e11 ? 1e3 : 1
  const time = epochTime(value / unit)
  return time === null ? null : { ...time, resolution: unit > 1 || text.includes('.') ? 1 : 1000 }
}

/** `2026-11-21T06:13:34.123+01:00`, `…Z`, `2026-11-21 06:13:34`, offset without colon too. */
export function isoTime(text: string): LogTime | null {
  const m = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (!m) return null
  const zone = m[8] === undefined || m[8] === 'Z' ? m[8] : m[8].replace(/^(...)(\d\d)$/, '$1:$2')
  return stamp(m[1], m[2], m[3], m[4], m[5], m[6], m[7] ?? '', zone ?? null, m[7] === undefined ? 1000 : 1)
}

/** `2026/11/21 06:13:34`: nginx error log and Go's standard log; local time without a zone. */
export function slashTime(text: string): LogTime | null {
  if (text !== lastSlashed) {
    lastSlashed = text
    lastSlashedTime = readSlashed(text)
  }
  return lastSlashedTime
}

// A busy log repeats its stamp for many lines.
let lastSlashed = ''
let lastSlashedTime: LogTime | null = null

function readSlashed(text: string): LogTime | null {
  const m = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/.exec(text)
  if (!m) return null
  return stamp(m[1], m[2], m[3], m[4], m[5], m[6], m[7] ?? '', null, m[7] === undefined ? 1000 : 1)
}

/** `2026/06/19 10:44PM`: Portainer's console writer; minutes only, no zone. `12:05AM` is five past midnight. */
export function kitchenTime(text: string): LogTime | null {
  const m = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d)([AP])M$/.exec(text)
  if (!m) return null
  const hour = (Number(m[4]) % 12) + (m[6] === 'P' ? 12 : 0)
  return stamp(m[1], m[2], m[3], String(hour).padStart(2, '0'), m[5], '00', '', null, 60_000)
}

/** Seconds since 1970 with an optional fraction: `$msec`, zerolog's unix time. */
export function epochTime(seconds: number): LogTime | null {
  const ms = Math.round(seconds * 1000)
  // Years 1990 to 2100: a bare number elsewhere in a line must not pass for a time.
  if (!(ms > 631_152_000_000 && ms < 4_102_444_800_000)) return null
  return { ms, zoned: true, iso: new Date(ms).toISOString(), resolution: Number.isInteger(seconds) ? 1000 : 1 }
}

type Part = string | undefined

function stamp(
  year: Part,
  month: Part,
  day: Part,
  hour: Part,
  minute: Part,
  second: Part,
  fraction: string,
  zone: string | null,
  resolution: number,
): LogTime | null {
  if (second === '60') return afterLeap(stamp(year, month, day, hour, minute, '59', fraction, zone, resolution))
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  // ECMA-262 Date.UTC wraps 31 February into March; reading the date back shows it.
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== wall) return null
  const millis = fraction === '' ? 0 : Math.floor(Number(`0.${fraction}`) * 1000)
  const iso = wall + (fraction === '' ? '' : `.${fraction}`) + (zone === '+00:00' ? 'Z' : (zone ?? ''))
  return { ms: ms + millis - offsetMs(zone), zoned: zone !== null, iso, resolution }
}

/** A leap second, `23:59:60` in UTC and at a quarter of an hour elsewhere: POSIX time has none, so that it is the second
 *  after, as databases read it too. JavaScript could not read its text again. */
function afterLeap(before: LogTime | null): LogTime | null {
  if (before === null || Number(before.iso.slice(14, 16)) % 15 !== 14) return null
  const next = new Date(Date.parse(`${before.iso.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)
  return { ...before, ms: before.ms + 1000, iso: next + before.iso.slice(19) }
}

function offsetMs(zone: string | null): number {
  if (zone === null || zone === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000
}
