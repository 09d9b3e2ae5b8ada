/** Times in the reader's zone, and in UTC where a server's log is to be compared. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const withZone = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})

/** `21 Nov 2026, 09:00:00` */
export const fullTime = (ms: number): string => whole.format(ms)

/** Both readings, for a tooltip: local with its zone, then UTC as logs write it. */
export const bothZones = (ms: number): string =>
  `${withZone.format(ms)} = ${new Date(ms).toISOString().replace(/\.000Z$/, 'Z')} (UTC)`

/** `09:00:00` today, with the day otherwise. */
export function shortTime(ms: number, now: number): string {
  return new Date(ms).toDateString() === new Date(now).toDateString() ? clock.format(ms) : dayAndClock.format(ms)
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `3 min ago`; past 30 days, or in the future by more than a clock may be off, the date itself. */
export function ago(ms: number, now: number): string {
  const age = now - ms
  if (age < -2 * MINUTE || age > 30 * DAY) return fullTime(ms)
  if (age < 10_000) return 'just now'
  if (age < MINUTE) return `${Math.floor(age / 1000)} s ago`
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)} h ago`
  return `${Math.floor(age / DAY)} days ago`
}

/** Axis label of one step: clock for windows of a day, day and clock beyond. */
export function stepLabel(ms: number, windowSeconds: number): string {
  return windowSeconds > 86_400 ? dayAndClock.format(ms) : hourMinute.format(ms)
}
const hourMinute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** What the reader's zone is called, e.g. `Europe/Berlin`. */
export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone
