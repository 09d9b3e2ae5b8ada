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
  /** How many of `count` other sessions nearby make likely: people who left just then. */
  byChance: number
  /** Sessions that lasted longer. */
  outlived: number
  /** How many of `count` carried not a byte to the client. */
  unused: number
  exemplars: Exemplar[]
  first: number | null
  last: number | null
}

/** nginx's timers fire up to 300 ms early (NGX_TIMER_LAZY_DELAY) and a few ms late; buckets are 0.1 s wide. */
const EARLY = 0.3
const LATE = 0.3
/** Where the sessions of a timeout lie that nothing delayed, seconds from it. Its edge is sharp: what a hump of people's
 *  lengths never has. */
const CORE = [-0.05, 0.15] as const
/** Seconds on either side that show how many people leave about then. */
const BESIDE = 1
/** exp(-6): one in 400 that the neighbours make so many by chance. Where a timeout is known to be less will do. */
const SURPRISE = 6
const SURPRISE_KNOWN = 1.5
/** A part of all sessions ends in any such moment, however few are seen beside it. */
const ANYWHERE = 0.003
/** Monitors connect and leave at once: no peak below this is a timeout. */
const SHORTEST = 1.5

/** Peaks, strongest first. `likely` are timeouts to look for in particular: there a single session may be enough. */
export function findPeaks(lifetimes: readonly Lifetimes[], likely: readonly number[] = []): Peak[] {
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
    const to = seconds + LATE
    const count = between(all, from, to)
    const known = likely.some((s) => Math.abs(s - seconds) < 0.05)
    if (count < (known ? 1 : 3) || count < total * 0.05) continue
    const core = between(all, seconds + CORE[0], seconds + CORE[1])
    const chance = Math.max(besides(all, seconds), total * ANYWHERE)
    const surprise = core > chance ? core * Math.log(core / chance) - core + chance : 0
    // A hump is denser in its middle than beside it, by a little; an edge by far.
    if (surprise < (known ? SURPRISE_KNOWN : SURPRISE) || core < 2 * chance) continue
    peaks.push({
      seconds,
      count,
      total,
      byChance: Math.round(chance),
      outlived: between(all, to + 1, Infinity),
      unused: between(unused, from, to),
      ...proof(lifetimes, seconds),
    })
  }
  return peaks.sort((a, b) => b.count - b.byChance - (a.count - a.byChance) || a.seconds - b.seconds)
}

/** Sessions that the neighbourhood would put into the core. From 600 s on buckets are a second wide, and so is the core. */
function besides(all: ReadonlyMap<number, number>, seconds: number): number {
  const wide = seconds < 600 ? BESIDE : Math.max(2, seconds / 100)
  const [left, right] = [
    [seconds - EARLY - wide, seconds - EARLY - 0.05],
    [seconds + LATE + 0.05, seconds + LATE + wide],
  ] as const
  const buckets = (from: number, to: number): number => lifetimeBucket(to) - lifetimeBucket(Math.max(0, from)) + 1
  const n = between(all, ...left) + between(all, ...right)
  return (n / (buckets(...left) + buckets(...right))) * buckets(seconds + CORE[0], seconds + CORE[1])
}

function sum(lifetimes: readonly Lifetimes[]): Map<number, number> {
  const all = new Map<number, number>()
  for (const l of lifetimes) for (const [bucket, n] of l.buckets) all.set(bucket, (all.get(bucket) ?? 0) + n)
  return all
}

function between(buckets: ReadonlyMap<number, number>, from: number, to: number): number {
  const last = to === Infinity ? Infinity : lifetimeBucket(to)
  let n = 0
  if (last === Infinity) {
    const first = lifetimeBucket(from)
    for (const [bucket, m] of buckets) if (bucket >= first) n += m
    return n
  }
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
