/** What a clock on the wall shows: epoch ms moved so that their UTC fields are the local ones. */

/** @param zone an IANA zone, an offset such as +02:00, or null for the machine's. */
export function wallClock(zone: string | null): (now: number) => number {
  if (zone === null) return (now) => now - new Date(now).getTimezoneOffset() * 60_000
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  if (offset) {
    const ms = (Number(offset[2]) * 60 + Number(offset[3])) * 60_000
    return (now) => (offset[1] === '-' ? now - ms : now + ms)
  }
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (now) => {
    const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]))
    const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(
      (part) => parts.get(part as Intl.DateTimeFormatPartTypes) ?? 0,
    )
    return Date.UTC(year ?? 1970, (month ?? 1) - 1, day, hour, minute, second)
  }
}
