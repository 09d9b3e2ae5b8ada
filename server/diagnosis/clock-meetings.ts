/** Where the events of two logs meet: by minute, as they are counted, and by second, of lines that were kept. */
import type { Moment, Track } from './clock-tracks.ts'

const SECOND = 1000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Zones are a multiple of this apart; mostly of two. */
export const QUARTER = 15 * MINUTE
/** As far apart as zones are, less what nobody sees (UTC-12 beside UTC+14). */
export const REACH = 14 * HOUR

/** A track, and what of the other logs may tell of the same events. */
export interface Side {
  own: Track
  partners: Track[]
  /** Start of minute → their events. */
  minutes: ReadonlyMap<number, number>
  first: number
  last: number
}

/** Null when nothing of the others may be about the same. */
export function sideOf(own: Track, others: readonly Track[]): Side | null {
  const partners = others.filter(
    ({ server, path }) =>
      path === null ||
      own.path === null ||
      (path === own.path && (server === own.server || server === null || own.server === null)),
  )
  if (partners.length === 0) return null
  const minutes = new Map<number, number>()
  let [first, last] = [Infinity, -Infinity]
  for (const track of partners) {
    for (const [minute, count] of track.minutes) {
      minutes.set(minute, (minutes.get(minute) ?? 0) + count)
      first = Math.min(first, minute)
      last = Math.max(last, minute)
    }
  }
  return { own, partners, minutes, first, last }
}

/** All events of the log that have a side. */
export function total(sides: readonly Side[]): number {
  let events = 0
  for (const { own } of sides) for (const count of own.minutes.values()) events += count
  return events
}

export interface Meetings {
  /** Events in minutes in which both logs have some, at most as many as the log with fewer has. */
  joined: number
  /** Events in the time that the other logs tell of. */
  events: number
}

/** What meets when `offset` ms are added to the log's times. */
export function meetingsAt(sides: readonly Side[], offset: number): Meetings {
  let joined = 0
  let events = 0
  for (const { own, minutes, first, last } of sides) {
    for (const [minute, count] of own.minutes) {
      const moved = minute + offset
      if (moved < first || moved > last) continue
      events += count
      const others = minutes.get(moved)
      if (others === undefined) continue
      joined += Math.min(count, others)
    }
  }
  return { joined, events }
}

/** Separate spells of minutes in which both have events: ten events of one outage meet once, not ten times; and once what
 *  comes at the same minute of every hour or day. */
export function spellsAt(sides: readonly Side[], offset: number): number {
  const together: number[] = []
  for (const { own, minutes } of sides)
    for (const minute of own.minutes.keys())
      // Timers and people meet on full five minutes.
      if (minutes.has(minute + offset) && minute % (5 * MINUTE) !== 0) together.push(minute % HOUR)
  return spells(together, 2 * MINUTE)
}

/** Groups of times no further apart than `gap`. */
function spells(times: readonly number[], gap: number): number {
  let count = 0
  let before = -Infinity
  for (const time of [...times].sort((a, b) => a - b)) {
    if (time - before > gap) count++
    before = time
  }
  return count
}

/** How many spells would meet by chance under one offset. */
export function expectedRuns(sides: readonly Side[]): number {
  let expected = 0
  for (const { own, minutes, first, last } of sides) {
    const [mine, theirs] = [[...own.minutes.keys()], [...minutes.keys()]]
    const room = Math.max(2 * REACH, last - first) / MINUTE
    expected += (spells(mine, 2 * MINUTE) * theirs.length + spells(theirs, 2 * MINUTE) * mine.length) / room
  }
  return expected
}

export interface Exact {
  /** Separate moments at which lines of both logs about one client and path are in the same second. */
  at: (offset: number) => number
  /** How many pairs would be by chance under one offset. */
  expected: number
}

/** nginx writes the error and the request's line in one second, or in the next. */
const SAME = SECOND

/** Meetings of the lines that were kept, under every offset at once. */
export function exactMeetings(sides: readonly Side[]): Exact {
  const found = new Map<number, number[]>()
  const pairs = new Set<string>()
  for (const { own, partners } of sides) {
    for (const mine of own.moments) {
      for (const { path, moments } of partners) {
        if (path === null) continue
        for (const theirs of moments) {
          const apart = theirs.time - mine.time
          if (Math.abs(apart) > REACH + SAME || !isSame(mine, theirs)) continue
          pairs.add(`${mine.time} ${apart}`)
          const offset = Math.round(apart / QUARTER) * QUARTER
          if (Math.abs(apart - offset) > SAME) continue
          if (offset !== 0 && (isRound(mine.time) || isRound(theirs.time))) continue
          const times = found.get(offset)
          if (times === undefined) found.set(offset, [mine.time])
          else times.push(mine.time)
        }
      }
    }
  }
  const counts = new Map(
    [...found].map(([offset, times]) => [
      offset,
      spells(
        times.map((time) => time % HOUR),
        MINUTE,
      ),
    ]),
  )
  return { at: (offset) => counts.get(offset) ?? 0, expected: (pairs.size * 3 * SAME) / (2 * REACH) }
}

/** Both are about one visitor; where a log does not name him, about one backend. */
function isSame(mine: Moment, theirs: Moment): boolean {
  const [one, other] = [mine.client(), theirs.client()]
  if (one !== null && other !== null) return one === other
  return mine.upstream !== null && mine.upstream === theirs.upstream
}

/** Where timers and people put things. */
const isRound = (time: number): boolean => time % (5 * MINUTE) < 3 * SECOND
