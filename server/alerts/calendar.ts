/** Times at which nobody is to be woken up: quiet hours and maintenance. Pure; the zone's offset is an argument. */

const DAY = 1440
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** Minutes of the day, [from, to); `to` before `from` ends on the next day. `days` (0 is Sunday) are those it begins on. */
export interface Hours {
  days: readonly number[]
  from: number
  to: number
}

/** Epoch ms, [from, to), or hours that come again. */
export interface Window {
  when: { from: number; to: number } | Hours
  host: string | null
  path: string | null
}

/** `22:00-07:00`, `Sat,Sun 00:00-24:00`, `Mon-Fri 19:00-07:00`; null when it is none. */
export function readHours(text: string): Hours | null {
  const found =
    /^(?:([a-z]{3}(?:[,-][a-z]{3})*)\s+)?([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/i.exec(
      text.trim(),
    )
  if (!found) return null
  const days = found[1] === undefined ? [0, 1, 2, 3, 4, 5, 6] : readDays(found[1])
  const from = Number(found[2]) * 60 + Number(found[3])
  const to = found[4] === undefined ? DAY : Number(found[4]) * 60 + Number(found[5])
  return days === null || from === to ? null : { days, from, to }
}

function readDays(text: string): number[] | null {
  const days = new Set<number>()
  for (const part of text.toLowerCase().split(',')) {
    const [first = -1, last = first, ...rest] = part.split('-').map((day) => DAYS.findIndex((name) => name === day))
    if (first < 0 || last < 0 || rest.length > 0) return null
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === last) break
    }
  }
  return [...days]
}

/** @param wall epoch ms moved so that its UTC fields are the local ones. */
export function isWithin({ days, from, to }: Hours, wall: number): boolean {
  const minutes = Math.floor(wall / 60_000)
  const minute = ((minutes % DAY) + DAY) % DAY
  // 1970-01-01 was a Thursday.
  const today = ((((minutes - minute) / DAY + 4) % 7) + 7) % 7
  if (from < to) return days.includes(today) && minute >= from && minute < to
  return (days.includes(today) && minute >= from) || (days.includes((today + 6) % 7) && minute < to)
}

export const isDuring = ({ when }: Window, now: number, wall: number): boolean =>
  'days' in when ? isWithin(when, wall) : now >= when.from && now < when.to
