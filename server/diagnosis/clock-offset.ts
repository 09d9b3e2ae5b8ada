/** By how much the clock of a log without a zone differs from that of others: the offset under which its events meet
 *  theirs. A wrong offset ties together what has nothing to do with each other, so that in doubt there is none. */
import {
  exactMeetings,
  expectedRuns,
  meetingsAt,
  QUARTER,
  REACH,
  sideOf,
  spellsAt,
  total,
  type Meetings,
} from './clock-meetings.ts'
import type { Track } from './clock-tracks.ts'

/** How many are tried. */
const OFFSETS = (2 * REACH) / QUARTER + 1

/** Odds at which unrelated logs would meet so often under any of the offsets. */
const MAX_CHANCE = 0.01
/** By minutes alone fewer events say nothing. */
const MIN_JOINED = 3
/** Quarters of an hour are zones in three places of the world: they need more meetings. */
const MIN_FOR_QUARTER = 4
/** How much of the best offset's events may meet under another: of a regular pattern all do, of a long outage most. */
const RIVAL_BY_MINUTE = 0.5
const RIVAL_BY_SECOND = 0.9
/** And under no offset at all. */
const AS_IT_IS_BY_MINUTE = 0.25
const AS_IT_IS_BY_SECOND = 0.5

export type Solution =
  /** As the log is read, or nothing to compare. */
  | { kind: 'none' }
  /** As it is read it does meet the others. */
  | { kind: 'fits' }
  /** Several offsets would do. */
  | { kind: 'doubtful'; joined: number }
  /** `offset`: ms to add to its times; `joined` of `events` then meet. */
  | { kind: 'solved'; offset: number; joined: number; events: number }

/** Pure, and the same for any order of tracks. */
export function solveOffset(own: readonly Track[], others: readonly Track[]): Solution {
  const sides = own.map((track) => sideOf(track, others)).filter((side) => side !== null)
  if (sides.length === 0) return { kind: 'none' }
  const asItIs = meetingsAt(sides, 0)
  // Of all its events, not only of those that fall into the others' time: an outage of hours meets a part of itself.
  if (asItIs.joined * 2 >= total(sides)) return { kind: 'fits' }
  const exact = exactMeetings(sides)
  if (exact.at(0) > 0) return { kind: 'fits' }
  const all = new Map<number, Meetings>()
  for (let offset = -REACH; offset <= REACH; offset += QUARTER) all.set(offset, meetingsAt(sides, offset))
  const most = (offset: number, count: (offset: number) => number): number => {
    let rival = 0
    for (const other of all.keys()) if (other !== offset && other !== 0) rival = Math.max(rival, count(other))
    return rival
  }
  const joinedAt = (offset: number): number => all.get(offset)?.joined ?? 0
  const solved = (offset: number, joined: number): Solution => ({
    kind: 'solved',
    offset,
    joined,
    events: Math.max(joined, all.get(offset)?.events ?? 0),
  })

  const second = greatest(all.keys(), (offset) => exact.at(offset))
  const n = exact.at(second)
  let doubtful = 0
  if (n >= least(second, 1) && chance(n, exact.expected, second) < MAX_CHANCE) {
    const joined = Math.max(n, joinedAt(second))
    const alone = most(second, exact.at) * 2 <= n && (n > 1 || joinedAt(0) === 0)
    if (
      alone &&
      most(second, joinedAt) <= joined * (n > 1 ? RIVAL_BY_SECOND : RIVAL_BY_MINUTE) &&
      joinedAt(0) <= joined * AS_IT_IS_BY_SECOND
    )
      return solved(second, joined)
    if (n >= MIN_JOINED) doubtful = n
  }

  const minute = greatest(all.keys(), joinedAt)
  const { joined, events } = all.get(minute) as Meetings
  if (
    joined >= MIN_JOINED &&
    joined * 2 >= events &&
    joinedAt(0) <= joined * AS_IT_IS_BY_MINUTE &&
    // What was kept of lines meets nowhere, or here.
    (n === 0 || second === minute || n === 1)
  ) {
    const spells = spellsAt(sides, minute)
    const enough = spells >= least(minute, MIN_JOINED)
    if (enough && most(minute, joinedAt) > joined * RIVAL_BY_MINUTE) doubtful = Math.max(doubtful, joined)
    else if (enough && chance(spells, expectedRuns(sides), minute) < MAX_CHANCE) return solved(minute, joined)
  }
  if (asItIs.joined > 0 && asItIs.joined * 2 >= asItIs.events) return { kind: 'fits' }
  return doubtful > 0 ? { kind: 'doubtful', joined: doubtful } : { kind: 'none' }
}

const isHalf = (offset: number): boolean => offset % (2 * QUARTER) === 0
const least = (offset: number, half: number): number => (isHalf(offset) ? half : Math.max(half, MIN_FOR_QUARTER))

/** Upper bound for the odds of `n` or more chance meetings under some offset when one has `expected` (Poisson). */
function chance(n: number, expected: number, offset: number): number {
  let odds = isHalf(offset) ? (OFFSETS + 1) / 2 : OFFSETS
  for (let i = 1; i <= n; i++) odds *= expected / i
  return odds
}

/** The one with the greatest count; of equals the one nearest to 0, and then the positive one. */
function greatest(offsets: Iterable<number>, count: (offset: number) => number): number {
  return [...offsets].sort((a, b) => count(b) - count(a) || Math.abs(a) - Math.abs(b) || b - a)[0] ?? 0
}
