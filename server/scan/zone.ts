/** Zones for stamps that have none: `Europe/Berlin`, `+02:00`, `UTC`, or the machine's own. */

/** Turns a wall-clock reading (its digits taken as UTC, in ms) into epoch ms UTC. */
export type Shift = (wall: number) => number

export interface Zone {
  /** For a stamp by itself: of the two moments that an hour has when the clocks go back, the first. */
  shift: Shift
  /** For the stamps of one input, in their order. `after`: epoch ms of what was read of it before. */
  follow(after?: number | null): Shift
}

const DAY = 86_400_000
/** Writers of one log are no further apart, unless the log has shown it: nginx workers by a tick, buffers by seconds. */
const DISORDER = 120_000
/** How long after the clocks went back a line from before may come: the next reading like it is an hour away. */
const LATE = 5000
/** A step back of this size is no clock going back: another file begins, or the log is not in order at all. */
const RESTART = 3 * 3_600_000

/** Wall-clock readings of one kind. `before` is to be taken off. `twice`: how much later the second moment with the same
 *  reading is; 0 where there is only one. */
interface Stretch {
  from: number
  to: number
  before: number
  twice: number
  /** When the second time begins, epoch ms; only where there is one. */
  turn: number
}

/** Throws RangeError for a zone that neither is an offset nor known to Intl. */
export function zoneClock(zone: string | null): Zone {
  const offsetAt = offsets(zone)
  let day: readonly Stretch[] = []
  let current: Stretch = { from: 0, to: 0, before: 0, twice: 0, turn: 0 }
  const find = (wall: number): Stretch => {
    if (day.every(({ from, to }) => wall < from || wall >= to))
      day = stretchesOf(Math.floor(wall / DAY) * DAY, offsetAt)
    return day.find(({ from, to }) => wall >= from && wall < to) ?? current
  }
  const at = (wall: number): Stretch => (wall >= current.from && wall < current.to ? current : (current = find(wall)))
  return {
    shift: (wall) => wall - at(wall).before,
    follow(after = null) {
      let newest = after ?? -Infinity
      let disorder = DISORDER
      return (wall) => {
        const { before, twice, turn } = at(wall)
        let time = wall - before
        // A log runs forward: where it steps back into readings that come twice, the clock was put back in between.
        const late = newest < turn ? disorder : LATE
        if (twice > 0 && newest - time > late && newest - time < RESTART) time += twice
        const back = newest - time
        if (back <= 0 || back >= RESTART) newest = time
        else if (back > disorder && twice === 0) disorder = back
        return time
      }
    },
  }
}

/** zoneClock's reading of single stamps. */
export const zoneShift = (zone: string | null): Shift => zoneClock(zone).shift

/** What a clock on the wall shows at a moment: the inverse of zoneShift. */
export function wallClock(zone: string | null): (utc: number) => number {
  const offsetAt = offsets(zone)
  return (utc) => utc + offsetAt(utc)
}

/** The readings of one day. Zones change at most once in three days (tzdata), and mostly not at all: two looks a day. */
function stretchesOf(start: number, offsetAt: (utc: number) => number): Stretch[] {
  const end = start + DAY
  const before = offsetAt(start - DAY)
  const after = offsetAt(end + DAY)
  if (before === after) return [{ from: start, to: end, before, twice: 0, turn: 0 }]
  const change = changeBetween(start - DAY, end + DAY, before, offsetAt)
  const [low, high] = [change + Math.min(before, after), change + Math.max(before, after)]
  return [
    { from: start, to: Math.min(low, end), before, twice: 0, turn: 0 },
    // Skipped readings get the old offset, as in ECMA-262 and RFC 5545: a job set to 02:30 runs at what is 03:30 now.
    { from: Math.max(low, start), to: Math.min(high, end), before, twice: Math.max(0, before - after), turn: change },
    { from: Math.max(high, start), to: end, before: after, twice: 0, turn: 0 },
  ]
}

/** The first ms with another offset than `before`. Not every zone changes on the hour (St John's did a minute past). */
function changeBetween(from: number, to: number, before: number, offsetAt: (utc: number) => number): number {
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2)
    if (offsetAt(middle) === before) from = middle
    else to = middle
  }
  return to
}

function offsets(zone: string | null): (utc: number) => number {
  if (zone === null) return (utc) => new Date(utc).getTimezoneOffset() * -60_000
  const fixed = fixedOffset(zone)
  if (fixed !== null) return () => fixed
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
  return (utc) => {
    const part = new Map(format.formatToParts(utc).map((p) => [p.type, Number(p.value)]))
    const get = (name: Intl.DateTimeFormatPartTypes): number => part.get(name) ?? 0
    const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'))
    return wall - (utc - (((utc % 1000) + 1000) % 1000))
  }
}

/** `+02:00`, `+0200`, `+2`, `UTC+2`; null for a name. Intl only knows offsets from Node 22. */
function fixedOffset(zone: string): number | null {
  const m = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(zone)
  if (!m) return null
  const minutes = Number(m[2]) * 60 + Number(m[3] ?? 0)
  if (minutes > 14 * 60 || Number(m[3] ?? 0) > 59) throw new RangeError(`no offset in use: ${zone}`)
  return (m[1] === '-' ? -1 : 1) * minutes * 60_000
}
