/** Seconds in which far more sessions ended than usual there. Whoever ended them ended them together: people leave one by
 *  one, and an idle timeout cuts sessions of one age. */
import type { Evidence, Exemplar, Observation, Scope } from './contract.ts'
import { MINUTE, MinuteCounts } from './minute-counts.ts'
import { surprise } from './poisson.ts'
import { secondsOf, type SessionEnds } from './session-ends.ts'
import { SortedCounts } from './sorted-counts.ts'
import type { View } from './view.ts'

export interface Drop {
  /** Since 1970. */
  second: number
  /** Sessions that ended in that second and its neighbours. */
  n: number
  /** Several ages among them, in one word; null when the log does not tell how long sessions lasted. */
  mixed: boolean | null
  /** Seconds, lower edges of half octaves; null like `mixed`. */
  ages: { youngest: number; oldest: number } | null
  proof: Exemplar | null
}

/** Fewer are a coincidence, or one visitor with several tabs. */
export const LEAST_DROP = 5
/** Around a second, epoch ms: what is usual there. */
const AROUND = 10 * MINUTE
/** Seconds to either side, and of how many at least they are a rate: a second drop close by is none. */
const BESIDE = 15
const QUIET_SECONDS = 6
/** exp(-14) is one in a million: a week has 600,000 seconds. */
const SURPRISE = 14
/** In the seconds close by one is looked for in some minutes only: those before the minutes around know the traffic. */
const BESIDE_SURPRISE = 7.5
const MOST = 50
/** A drop takes a moment: workers and backends close one socket after the other. */
const WIDTH: readonly number[] = [-1, 0, 1]

/** The largest first. `sessions`: observations of sessions that ended. */
export function massDrops(evidence: Evidence, sessions: readonly Observation[]): Drop[] {
  const { ends } = evidence
  const counted: [second: number, n: number][] = []
  for (const [second] of ends) {
    const n = ends.count(second)
    if (n >= 2) counted.push([second, n])
  }
  counted.sort((a, b) => b[1] - a[1] || a[0] - b[0])
  const minutes = new MinuteCounts()
  for (const o of sessions) minutes.merge(o.minutes)
  const taken = new Set<number>()
  const drops: Drop[] = []
  for (const [second] of counted) {
    if (drops.length >= MOST) break
    if (taken.has(second)) continue
    const n = WIDTH.reduce((sum, i) => sum + (taken.has(second + i) ? 0 : ends.count(second + i)), 0)
    if (n < LEAST_DROP) continue
    if (surprise(n, beside(ends, second) * WIDTH.length) <= BESIDE_SURPRISE) continue
    if (surprise(n, usual(minutes, second * 1000, n, evidence) * WIDTH.length) <= SURPRISE) continue
    const ages = new SortedCounts()
    for (const i of WIDTH) {
      const of = taken.has(second + i) ? null : ends.ages(second + i)
      if (of !== null) ages.merge(of)
      taken.add(second + i)
    }
    drops.push({ second, n, ...spreadOf(ages, n), proof: ends.proof(second) })
  }
  return drops
}

/** Ends in a second, by the minutes around and without the drop itself. */
function usual(minutes: MinuteCounts, time: number, drop: number, { first, last }: Evidence): number {
  const from = Math.max(time - AROUND, first ?? -Infinity)
  const to = Math.min(time + AROUND, last ?? Infinity)
  const step = minutes.step * MINUTE
  let n = 0
  for (let at = Math.floor(from / step) * step; at <= to; at += step) n += minutes.get(at) ?? 0
  const seconds = Math.max(60, (to - from) / 1000, step / 1000)
  return Math.max(0.01, (n - drop) / seconds)
}

/** Ends in a second close by, while any come: sessions that began to come a moment ago, or come in waves, have no usual rate in
 *  the minutes around. */
function beside(ends: SessionEnds, second: number): number {
  let [n, busy] = [0, 0]
  for (let i = WIDTH.length - 1; i <= BESIDE; i++)
    for (const at of [second - i, second + i]) {
      const found = ends.count(at)
      n += found
      if (found > 0) busy++
    }
  return n / Math.max(QUIET_SECONDS, busy)
}

/** Of one age are sessions that began together, and most of which lie within a factor of two. */
function spreadOf(ages: SortedCounts, n: number): Pick<Drop, 'mixed' | 'ages'> {
  const known = [...ages].filter(([age]) => age < 31)
  const total = known.reduce((sum, [, m]) => sum + m, 0)
  if (total * 2 < n) return { mixed: null, ages: null }
  const pairs = known.map(([age, m]) => m + (ages.get(age + 1) ?? 0))
  return {
    mixed: Math.max(...pairs) <= total * 0.7,
    ages: { youngest: secondsOf(known[0]?.[0] ?? 0), oldest: secondsOf(known.at(-1)?.[0] ?? 0) },
  }
}

/** The one backend whose sessions a drop was, where others had sessions and kept them; null when it was no such one. */
export function oneOfSeveral(drop: Drop, sessions: readonly Observation[]): string | null {
  const backends = new Map<string, { inMinute: number; all: number }>()
  for (const { scope, minutes, count } of sessions) {
    if (scope.upstream === null) continue
    const found = backends.get(scope.upstream) ?? { inMinute: 0, all: 0 }
    found.all += count
    if (minutes.step === 1) found.inMinute += minutes.get(drop.second * 1000) ?? 0
    backends.set(scope.upstream, found)
  }
  const all = [...backends]
  const hit = all.filter(([, { inMinute }]) => inMinute >= drop.n * 0.3)
  const spared = all.filter(([, { inMinute, all: n }]) => n >= drop.n / 2 && inMinute <= Math.max(1, drop.n * 0.1))
  return hit.length === 1 && spared.length > 0 ? (hit[0]?.[0] ?? null) : null
}

/** Sessions that ended, by what their lines tell; combined tells only that they did. */
export function sessionsOf(view: View): Observation[] {
  const timed = view.signs('session-closed', 'session-cut')
  return timed.length > 0 ? timed : view.signs('handshake-101-at-close')
}

/** Lines of the seconds themselves, else of sessions that ended at all. */
export function proofsOf(drops: readonly Drop[], sessions: readonly Observation[]): Observation[] {
  const exemplars = drops.flatMap(({ proof }) => proof ?? []).slice(0, 5)
  const seconds = new Set(drops.map((d) => d.second))
  const near = sessions.flatMap((o) =>
    o.exemplars.filter(({ time }) => time !== null && [-1, 0, 1].some((i) => seconds.has(Math.floor(time / 1000) + i))),
  )
  const [any] = sessions
  if (drops.length === 0 || any === undefined) return []
  const all = drops.map((d) => d.second * 1000)
  return [
    {
      ...any,
      scope: placeOf(sessions, drops),
      count: sumOf(drops),
      first: Math.min(...all),
      last: Math.max(...all),
      minutes: new MinuteCounts(),
      exemplars: exemplars.length > 0 ? exemplars : near.length > 0 ? near.slice(0, 5) : any.exemplars.slice(0, 2),
    },
  ]
}

/** What all sessions that ended in those minutes have in common. */
export function placeOf(sessions: readonly Observation[], drops: readonly Drop[]): Scope {
  const there = sessions.filter((o) => drops.some((d) => o.minutes.get(d.second * 1000) !== undefined))
  const only = (of: (scope: Scope) => string | null): string | null => {
    const all = new Set(there.map((o) => of(o.scope)))
    return all.size === 1 ? ([...all][0] ?? null) : null
  }
  return { server: only((s) => s.server), path: null, upstream: only((s) => s.upstream) }
}

export const sumOf = (drops: readonly Drop[]): number => drops.reduce((n, d) => n + d.n, 0)
