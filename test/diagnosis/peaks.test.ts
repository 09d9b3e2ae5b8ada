/** A peak is what a timeout leaves, and not what people do: lengths of any smooth distribution have none. */
import { expect, test } from 'vitest'
import { lifetimeBucket, SortedCounts } from '../../server/diagnosis/contract.ts'
import type { Lifetimes } from '../../server/diagnosis/contract.ts'
import { TIMEOUTS } from '../../server/diagnosis/outer-layers.ts'
import { findPeaks } from '../../server/diagnosis/peaks.ts'

/** A generator with a state of 32 bits (Numerical Recipes), uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}

const exponential = (mean: number, random: () => number): number => -mean * Math.log(1 - random())
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const lifetimes = (lengths: readonly number[]): Lifetimes[] => {
  const buckets = new SortedCounts()
  for (const seconds of lengths) buckets.add(lifetimeBucket(seconds), 1)
  const scope = { server: null, path: '/ws', upstream: null }
  return [{ scope, measured_by: 'request_time', buckets, exemplars: [], first: null, last: null }]
}

const SMOOTH: readonly [string, (random: () => number) => number][] = [
  ['exponential, 20 s', (random) => exponential(20, random)],
  ['exponential, 5 min', (random) => exponential(300, random)],
  ['log-normal, a minute', (random) => 60 * Math.exp(normal(random))],
  ['a hump at 14 s', (random) => 14 + normal(random)],
  ['uniform up to 10 min', (random) => 600 * random()],
]

test.each(SMOOTH)('lengths of people: %s', (_, length) => {
  let found = 0
  const runs = 200
  for (let seed = 0; seed < runs; seed++) {
    const random = uniform(seed + 1)
    const n = [20, 100, 500, 3000][seed % 4] as number
    const likely = TIMEOUTS.map((t) => t.seconds)
    const peaks = findPeaks(lifetimes(Array.from({ length: n }, () => length(random))), likely)
    if (peaks.some(({ count, byChance }) => count - byChance >= 3)) found++
  }
  expect(found / runs).toBeLessThanOrEqual(0.02)
})

test.each([30, 60, 90, 350, 900])('a timeout of %i s among people is found, and theirs are subtracted', (seconds) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = uniform(seed)
    const cut = Array.from({ length: 60 }, () => seconds + 0.1 * random() ** 3)
    const people = Array.from({ length: 300 }, () => exponential(120, random))
    const [peak] = findPeaks(lifetimes([...cut, ...people]))
    expect(peak?.seconds).toBe(seconds)
    expect(Math.abs((peak?.count ?? 0) - (peak?.byChance ?? 0) - 60)).toBeLessThanOrEqual(6)
  }
})
