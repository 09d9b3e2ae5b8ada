/** Times and numbers as the report shows them. */

export interface Clock {
  /** A sentence with its times (ISO 8601 UTC) in the report's zone. */
  within(text: string): string
  /** `2026-11-21 06:13:35` in the report's zone. */
  show(iso: string): string
  /** `2026-11-21 06:13:35 to 06:15:02`; the day is said once. */
  range(from: string, to: string): string
  /** `UTC`, `+01:00`, `Europe/Berlin`. */
  zone: string
}

/** @param timezone IANA zone or offset as given with --timezone; null: the machine's. */
export function clock(timezone: string | null): Clock {
  const offset = timezone === null ? null : fixedOffset(timezone)
  const format = offset === null ? intlFormat(timezone) : null
  const show = (iso: string): string => {
    const ms = Date.parse(iso)
    if (Number.isNaN(ms)) return iso
    // sv-SE writes dates as ISO 8601 does.
    return format ? format.format(ms) : new Date(ms + (offset ?? 0)).toISOString().slice(0, 19).replace('T', ' ')
  }
  return {
    show,
    within: (text) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z/g, show),
    zone: timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    range(from, to) {
      const [a, b] = [show(from), show(to)]
      if (a === b) return a
      return `${a} to ${a.slice(0, 10) === b.slice(0, 10) ? b.slice(11) : b}`
    },
  }
}

function intlFormat(timezone: string | null): Intl.DateTimeFormat {
  const zone = timezone === null ? {} : { timeZone: timezone }
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', ...zone })
}

/** Milliseconds of `+02:00`, `+0200`, `UTC+2`; null for names. Intl only knows offsets from Node 22. */
function fixedOffset(zone: string): number | null {
  const m = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(zone)
  if (!m) return null
  return (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3] ?? 0)) * 60_000
}

/** `1,234,567` */
export const count = (n: number): string => String(Math.round(n)).replace(/\B(?=(?:\d{3})+$)/g, ',')

/** `1 line`, `2 lines` */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

/** `0.4 s`, `61 s`, `12 min`, `2.5 h` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`
  if (seconds < 600) return `${Math.round(seconds)} s`
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  return `${Number((seconds / 3600).toFixed(1))} h`
}

/** `812 B`, `1.2 MB` */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = n
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`
}
