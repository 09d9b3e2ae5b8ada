/** Peaks in the lengths of sessions. A timeout cuts unused sessions within a few tenths of a second after a whole
 *  number of seconds, so the peak is narrow; people leave at any time, so its neighbourhood is thin. */
import type { Exemplar, Lifetimes } from './contract.ts'
import { lifetimeBucket, lifetimeOf } from './histogram.ts'

export interface Peak {
  /** The timeout it stands for: a whole number of seconds. */
  seconds: number
  count: number
  /** Sessions of the place, the peak included. */
  total: number
  /** How many of `count` carried not a byte to the client. */
  unused: number
  exemplars: Exemplar[]
  first: number | null
  last: number | null
}

/** nginx's timers fire up to 300 ms early (NGX_TIMER_LAZY_DELAY) and a few ms late; buckets are 0.1 s wide. */
const EARLY = 0.3
const LATE = 0.3
/** Monitors connect and leave at once: no peak below this is a timeout. */
const SHORTEST = 1.5

/** Peaks, strongest first. `configured` is a timeout to look for in particular: there two sessions are enough. */
export function findPeaks(lifetimes: readonly Lifetimes[], configured: number | null = null): Peak[] {
  const all = sum(lifetimes)
  const unused = sum(lifetimes.filter((l) => l.measured_by.endsWith('_unused')))
  let total = 0
  for (const n of all.values()) total += n
  const candidates = new Set<number>()
  for (const bucket of all.keys()) {
    const seconds = Math.round(lifetimeOf(bucket))
    if (seconds >= SHORTEST) candidates.add(seconds)
  }
  const peaks: Peak[] = []
  for (const seconds of candidates) {
    const from = seconds - (seconds > 30 ? EARLY : 0.05)
    const count = between(all, from, seconds + LATE)
    const near =
      between(all, seconds - 5 * LATE - 3, seconds - EARLY) + between(all, seconds + LATE, seconds + 5 * LATE + 3)
    const least = configured !== null && Math.abs(configured - seconds) < 0.05 ? 1 : 3
    // The neighbourhood is about 20 times as wide: an even spread would put 20 sessions there for each one here.
    if (count < least || count < total * 0.1 || near > count * 2) continue
    peaks.push({ seconds, count, total, unused: between(unused, from, seconds + LATE), ...proof(lifetimes, seconds) })
  }
  return peaks.sort((a, b) => b.count - a.count || a.seconds - b.seconds)
}

function sum(lifetimes: readonly Lifetimes[]): Map<number, number> {
  const all = new Map<number, number>()
  for (const l of lifetimes) for (const [bucket, n] of l.buckets) all.set(bucket, (all.get(bucket) ?? 0) + n)
  return all
}

function between(buckets: ReadonlyMap<number, number>, from: number, to: number): number {
  const last = lifetimeBucket(to)
  let n = 0
  for (let b = lifetimeBucket(Math.max(0, from)); b <= last; b++) n += buckets.get(b) ?? 0
  return n
}

function proof(lifetimes: readonly Lifetimes[], seconds: number): Pick<Peak, 'exemplars' | 'first' | 'last'> {
  const low = lifetimeBucket(seconds - EARLY)
  const high = lifetimeBucket(seconds + LATE)
  const exemplars = lifetimes
    .flatMap((l) => l.exemplars.filter((e) => e.bucket >= low && e.bucket <= high).map((e) => e.exemplar))
    .slice(0, 5)
  const firsts = lifetimes.map((l) => l.first).filter((t) => t !== null)
  const lasts = lifetimes.map((l) => l.last).filter((t) => t !== null)
  return {
    exemplars,
    first: firsts.length > 0 ? Math.min(...firsts) : null,
    last: lasts.length > 0 ? Math.max(...lasts) : null,
  }
}
