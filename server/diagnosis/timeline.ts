/** What came after what: failures and successes at one place, as far as minutes and kept lines tell. */
import type { Exemplar, Observation } from './contract.ts'
import { MINUTE, MinuteCounts } from './minute-counts.ts'

export interface Successes {
  count: number
  first: number | null
  last: number | null
  minutes: MinuteCounts
  /** Lines that are kept: their times are exact however long the buckets of `minutes` are. */
  exemplars: readonly Exemplar[]
}

/** Equal failures counted together. */
type Failures = Pick<Observation, 'first' | 'last' | 'minutes'> & Partial<Pick<Observation, 'exemplars'>>

export type Timeline =
  /** No handshake at the place succeeded. */
  | { kind: 'only-failures' }
  /** It worked, and since `until` it only fails. */
  | { kind: 'stopped-working'; successes: number; until: number }
  /** It failed, and since `since` it only works. `atLeast`: there may be more successes, in the bucket of the last failure. */
  | { kind: 'repaired'; successes: number; since: number; atLeast: boolean }
  /** Both happen side by side. */
  | { kind: 'mixed'; successes: number }

/** Judges by the last of each kind: what holds now counts, whatever was before. Times of one minute, or of one longer
 *  bucket, are told apart by the exact first and last times and by the lines that are kept. Where that leaves a doubt the
 *  answer is `mixed`, as long buckets leave more often. */
export function timeline(failures: readonly Failures[], good: Successes): Timeline {
  const failed = { first: least(failures.map((o) => o.first)), last: most(failures.map((o) => o.last)) }
  if (good.count === 0) return { kind: 'only-failures' }
  if (failed.last === null || failed.first === null || good.first === null || good.last === null)
    return { kind: 'mixed', successes: good.count }
  if (good.last < failed.first) return { kind: 'stopped-working', successes: good.count, until: good.last }
  if (good.first > failed.last) return { kind: 'repaired', successes: good.count, since: good.first, atLeast: false }
  if (regardless(failures, good)) return { kind: 'mixed', successes: good.count }
  const lastFailed = failed.last
  const lastGood = good.last
  if (lastGood > lastFailed) {
    const after = goodAfter(good, lastFailed)
    // One success after the last failure may be chance where both happen; several are a repair.
    return after.count >= 2 || !sideBySide(failures, good)
      ? {
          kind: 'repaired',
          successes: Math.max(1, after.count),
          since: after.first ?? lastGood,
          atLeast: good.minutes.step > 1,
        }
      : { kind: 'mixed', successes: good.count }
  }
  const since = failures.reduce(
    (n, o) => n + Math.max(o.minutes.after(lastGood).count, keptAfter(o, lastGood).length),
    0,
  )
  if (since >= 2 || !sideBySide(failures, good))
    return { kind: 'stopped-working', successes: good.count, until: lastGood }
  return { kind: 'mixed', successes: good.count }
}

/** So many minutes with a success are needed to say so. */
const ENOUGH = 5
/** Failures a minute after the last success, in multiples of those before, that show that something changed. */
const FAR_MORE = 5

/** The failures went on while it worked as they did else: nearly every success had one close by, in the measure of how long
 *  it mostly takes from one to the next. So it is with a monitor or scanners that ask for no upgrade; a fault leaves times
 *  in which nothing succeeds, and a repair times in which nothing fails. */
function regardless(failures: readonly Failures[], good: Successes): boolean {
  const failed = new MinuteCounts()
  for (const { minutes } of failures) failed.merge(minutes)
  const [gap, count] = usualGap(failed)
  if (gap === null || good.last === null || count < ENOUGH) return false
  const first = Math.min(...failures.map((o) => o.first ?? Infinity))
  const after = failed.after(good.last).count
  const last = Math.max(...failures.map((o) => o.last ?? -Infinity))
  const rate = (n: number, ms: number): number => n / Math.max(MINUTE, ms)
  const before = rate(count - after, good.last - first)
  if (after >= ENOUGH && rate(after, last - good.last) > FAR_MORE * before) return false
  const near = Math.max(MINUTE, 2 * gap)
  let [all, beside] = [0, 0]
  for (const [start] of good.minutes) {
    all++
    const end = start + good.minutes.step * MINUTE
    // On both sides: at the edge of a fault there is one on one side only.
    if (failed.touches(start - near, end) && failed.touches(start, end + near)) beside++
  }
  return beside >= ENOUGH && beside * 2 > all
}

/** From one minute with failures to the next, in ms, as it is for most of the failures; and how many there are. */
function usualGap(failed: MinuteCounts): [gap: number | null, count: number] {
  const gaps: [gap: number, n: number][] = []
  let count = 0
  let before: number | null = null
  for (const [start, n] of failed) {
    // Several in a minute follow each other within it.
    if (n > 1) gaps.push([MINUTE / n, n - 1])
    if (before !== null) gaps.push([start - before, 1])
    before = start
    count += n
  }
  gaps.sort((a, b) => a[0] - b[0])
  let left = (count - 1) / 2
  for (const [gap, n] of gaps) {
    left -= n
    if (left <= 0) return [gap, count]
  }
  return [null, count]
}

/** Successes after `time` (epoch ms), at least those that buckets and kept lines prove; null when there is none. */
export function successesAfter(good: Successes, time: number): { count: number; first: number } | null {
  if (good.first === null || good.last === null || good.last <= time) return null
  if (good.first > time) return { count: good.count, first: good.first }
  const later = good.minutes.after(time)
  // The bucket of `time` holds some of before; the lines that are kept tell of some of after.
  const same = keptAfter(good, time).filter((at) => later.first === null || at < later.first)
  return {
    count: Math.max(1, later.count + same.length),
    first: Math.min(later.first ?? good.last, ...same),
  }
}

/** Most minutes with a failure have a success too. A bucket of `step` minutes with n failures has at most min(step, n) such
 *  minutes and at least one: with a success in it all of them count, without one a single minute does. */
export function sideBySide(failures: readonly Pick<Failures, 'minutes'>[], good: Successes): boolean {
  const failed = new Map<string, { both: boolean; minutes: number }>()
  for (const { minutes } of failures) {
    for (const [start, n] of minutes) {
      const both = good.minutes.touches(start, start + minutes.step * MINUTE)
      const key = `${start} ${minutes.step}`
      const more = both ? n + (failed.get(key)?.minutes ?? 0) : 1
      failed.set(key, { both, minutes: Math.min(minutes.step, more) })
    }
  }
  let both = 0
  let all = 0
  for (const bucket of failed.values()) {
    all += bucket.minutes
    if (bucket.both) both += bucket.minutes
  }
  return both * 2 > all
}

/** The bucket of `time` may be hours of successes: then the lines that are kept say more. */
function goodAfter(good: Successes, time: number): { count: number; first: number | null } {
  const counted = good.minutes.after(time)
  if (good.minutes.step === 1) return counted
  const kept = keptAfter(good, time)
  return { count: Math.max(counted.count, kept.length), first: counted.first ?? least(kept) }
}

const keptAfter = ({ exemplars = [] }: { exemplars?: readonly Exemplar[] }, time: number): number[] =>
  exemplars
    .map((e) => e.time)
    .filter((t) => t !== null)
    .filter((t) => t > time)

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((t) => t !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function most(times: readonly (number | null)[]): number | null {
  const known = times.filter((t) => t !== null)
  return known.length === 0 ? null : Math.max(...known)
}
