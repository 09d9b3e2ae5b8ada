/** Times in the reader's zone, written as the report of the command line writes them; in UTC where a server's log is to be
 *  compared. One form everywhere: `2026-11-21 09:00:00`. */

// sv-SE writes dates as ISO 8601 does.
const whole = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

// Lines come by the second, and Intl takes a while.
let last = { second: Number.NaN, text: '' }

/** `2026-11-21 09:00:00` */
export function fullTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== last.second) last = { second, text: whole.format(ms) }
  return last.text
}

/** For a tooltip: how long ago, then UTC as logs write it. */
export const utcTime = (ms: number, now: number): string =>
  `${ago(ms, now)}${new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/(?:\.000)?Z$/, '')} UTC`

const UTC = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/

/** A sentence of the server in pieces: text, and the times in it (ISO 8601 UTC), which stand at the odd places. */
export const timesIn = (text: string): string[] => text.split(new RegExp(`(${UTC.source})`))

/** The same as text, for where no element can stand. */
export const withTimes = (text: string): string =>
  timesIn(text)
    .map((part, i) => (i % 2 === 1 ? fullTime(Date.parse(part)) : part))
    .join('')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `3 min ago, `; nothing past 30 days, or in the future by more than a clock may be off. */
function ago(ms: number, now: number): string {
  const age = now - ms
  if (age < -2 * MINUTE || age > 30 * DAY) return ''
  if (age < 10_000) return 'just now, '
  if (age < MINUTE) return `${Math.floor(age / 1000)} s ago, `
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago, `
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)} h ago, `
  return `${Math.floor(age / DAY)} days ago, `
}

/** Axis label of one step, a part of the full form: the clock for windows of a day, day and clock beyond. */
export function stepLabel(ms: number, windowSeconds: number): string {
  const text = fullTime(ms)
  return windowSeconds > 86_400 ? text.slice(5, 16) : text.slice(11, 16)
}

/** What the reader's zone is called, e.g. `Europe/Berlin`. */
export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** The value of a field for date and clock, in the reader's zone. */
export function localField(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 16)
}
