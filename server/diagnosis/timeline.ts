/** What came after what: failures and successes at one place, as far as minutes and kept lines tell. */
import type { Observation } from './contract.ts'

export interface Successes {
  count: number
  first: number | null
  last: number | null
  minutes: ReadonlyMap<number, number>
}

export type Timeline =
  /** No handshake at the place succeeded. */
  | { kind: 'only-failures' }
  /** It worked, and since `until` it only fails. */
  | { kind: 'stopped-working'; successes: number; until: number }
  /** It failed, and since `since` it only works. */
  | { kind: 'repaired'; successes: number; since: number }
  /** Both happen side by side. */
  | { kind: 'mixed'; successes: number }

/** Judges by the last of each kind: what holds now counts, whatever was before. Times of one minute are told apart by the
 *  exact first and last times and by the lines that are kept. */
export function timeline(failures: readonly Observation[], good: Successes): Timeline {
  const failed = { first: least(failures.map((o) => o.first)), last: most(failures.map((o) => o.last)) }
  if (good.count === 0) return { kind: 'only-failures' }
  if (failed.last === null || failed.first === null || good.first === null || good.last === null)
    return { kind: 'mixed', successes: good.count }
  if (good.last < failed.first) return { kind: 'stopped-working', successes: good.count, until: good.last }
  if (good.first > failed.last) return { kind: 'repaired', successes: good.count, since: good.first }
  const lastFailed = failed.last
  const lastGood = good.last
  if (lastGood > lastFailed) {
    const after = countAfter(good.minutes, lastFailed)
    // One success after the last failure may be chance where both happen; several are a repair.
    return after.count >= 2 || !sideBySide(failures, good)
      ? { kind: 'repaired', successes: Math.max(1, after.count), since: after.first ?? lastGood }
      : { kind: 'mixed', successes: good.count }
  }
  const since = failures.reduce(
    (n, o) => n + Math.max(countAfter(o.minutes, lastGood).count, keptAfter(o, lastGood)),
    0,
  )
  if (since >= 2 || !sideBySide(failures, good))
    return { kind: 'stopped-working', successes: good.count, until: lastGood }
  return { kind: 'mixed', successes: good.count }
}

/** Most minutes with a failure have a success too. */
function sideBySide(failures: readonly Observation[], good: Successes): boolean {
  const minutes = new Set(failures.flatMap((o) => [...o.minutes.keys()]))
  const both = [...minutes].filter((minute) => good.minutes.has(minute)).length
  return both * 2 > minutes.size
}

/** Occurrences in minutes that begin after `time`: never more than there were. */
function countAfter(minutes: ReadonlyMap<number, number>, time: number): { count: number; first: number | null } {
  let count = 0
  let first: number | null = null
  for (const [minute, n] of minutes) {
    if (minute <= time) continue
    count += n
    first = first === null ? minute : Math.min(first, minute)
  }
  return { count, first }
}

const keptAfter = (o: Observation, time: number): number =>
  o.exemplars.filter((e) => e.time !== null && e.time > time).length

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((t) => t !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function most(times: readonly (number | null)[]): number | null {
  const known = times.filter((t) => t !== null)
  return known.length === 0 ? null : Math.max(...known)
}
