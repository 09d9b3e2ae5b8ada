/** Counts per minute say the same whatever the order and however they were merged, and never take more than their room. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MinuteCounts, SortedCounts } from '../../server/diagnosis/contract.ts'

const MINUTE = 60_000
const LADDER = [1, 5, 15, 60, 240, 1_440, 10_080, 40_320, 524_160, 5_241_600, 104_832_000]
const LIMIT = 45

// From one crowded hour to the whole range of dates.
const counted = fc
  .constantFrom(1, 60, 7 * 1_440, 60 * 1_440, 5_000 * 1_440, 1_900_000_000)
  .chain((range) =>
    fc.array(fc.tuple(fc.integer({ min: -range, max: range }), fc.integer({ min: 1, max: 3e9 })), { maxLength: 300 }),
  )

/** What the class promises, said in the plainest way. */
function expected(all: readonly (readonly [number, number])[], limit: number): [number, [number, number][]] {
  for (const step of LADDER) {
    const buckets = new Map<number, number>()
    for (const [minute, n] of all) {
      const start = Math.floor(minute / step) * step * MINUTE
      buckets.set(start, Math.min(2 ** 32 - 1, (buckets.get(start) ?? 0) + n))
    }
    if (buckets.size <= limit) return [step, [...buckets].sort((a, b) => a[0] - b[0])]
  }
  throw new Error('the last step is too short')
}

function count(all: readonly (readonly [number, number])[], limit: number): MinuteCounts {
  const counts = new MinuteCounts(limit)
  // Not only at the start of its minute.
  for (const [minute, n] of all) counts.add(minute * MINUTE + (n % MINUTE), n)
  return counts
}

test('the step is the shortest of the ladder that needs no more buckets than there may be', () => {
  fc.assert(
    fc.property(counted, (all) => {
      const counts = count(all, LIMIT)
      expect([counts.step, [...counts]]).toEqual(expected(all, LIMIT))
      expect(counts.size).toBe([...counts].length)
      for (const [start, n] of counts) expect(counts.get(start + MINUTE - 1)).toBe(n)
    }),
  )
})

test('any order and any merging give the same, and so does room that is taken away later', () => {
  const parts = counted.chain((all) =>
    fc.record({
      all: fc.constant(all),
      shuffled: fc.shuffledSubarray(all, { minLength: all.length }),
      cuts: fc.array(fc.nat(all.length), { maxLength: 5 }),
      roomy: fc.constantFrom(LIMIT, LIMIT + 20, Infinity),
    }),
  )
  fc.assert(
    fc.property(parts, ({ all, shuffled, cuts, roomy }) => {
      const whole = count(all, LIMIT)
      const merged = new MinuteCounts(roomy)
      const edges = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      for (let i = 1; i < edges.length; i++) merged.merge(count(shuffled.slice(edges[i - 1], edges[i]), LIMIT))
      merged.lower(LIMIT)
      expect(merged.toJSON()).toEqual(whole.toJSON())
      const roomyWhole = count(shuffled, roomy)
      expect(roomyWhole.copy(LIMIT)).toEqual(whole)
      roomyWhole.lower(LIMIT)
      expect(roomyWhole.toJSON()).toEqual(whole.toJSON())
    }),
  )
})

test('equality looks at what was counted', () => {
  expect(count([[1, 1]], LIMIT)).not.toEqual(count([[1, 2]], LIMIT))
  expect(count([[1, 1]], LIMIT)).not.toEqual(count([[2, 1]], LIMIT))
  expect(count([[1, 1]], LIMIT)).not.toEqual(new MinuteCounts())
})

test('a copy goes its own way', () => {
  fc.assert(
    fc.property(counted, (all) => {
      const counts = count(all, LIMIT)
      const before = counts.toJSON()
      count(all, LIMIT).merge(counts)
      counts.copy().add(7 * MINUTE, 1)
      const other = new MinuteCounts(LIMIT)
      other.merge(counts)
      other.add(8 * MINUTE, 1)
      expect(counts.toJSON()).toEqual(before)
    }),
  )
})

test('touches means that a bucket has a part in the span', () => {
  fc.assert(
    fc.property(counted, fc.integer({ min: -100_000, max: 100_000 }), fc.nat(2_000), (all, from, length) => {
      const counts = count(all, LIMIT)
      const to = from + length + 1
      const touched = [...counts].some(([start]) => start < to * MINUTE && start + counts.step * MINUTE > from * MINUTE)
      expect(counts.touches(from * MINUTE, to * MINUTE)).toBe(touched)
    }),
  )
})

test('times no log has are counted at the ends', () => {
  const counts = new MinuteCounts()
  counts.add(8.64e15, 1)
  counts.add(-8.64e15, 2)
  expect([...counts].map(([, n]) => n)).toEqual([2, 1])
  counts.lower(41)
  expect(counts.size).toBe(2)
})

test('minutes in the worst order cost no more than a few times those in order', () => {
  const time = (minutes: readonly number[]): number => {
    const before = performance.now()
    const counts = new MinuteCounts()
    for (const minute of minutes) counts.add(minute * MINUTE, 1)
    return performance.now() - before
  }
  const n = 300_000
  const minutes = Array.from({ length: n }, (_, i) => i)
  const backwards = minutes.toReversed()
  time(minutes)
  time(backwards)
  // Quadratic would be 300,000² / 2 moves of eight bytes: minutes, not a fraction of a second.
  expect(time(backwards)).toBeLessThan(2_000)
})

test('sorted counts are a map in the order of its keys', () => {
  const adds = fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 2 ** 31 })), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(adds, adds, (all, more) => {
      const [a, b, map] = [new SortedCounts(), new SortedCounts(), new Map<number, number>()]
      for (const [key, n] of all) a.add(key, n)
      for (const [key, n] of more) b.add(key, n)
      for (const [key, n] of [...all, ...more]) map.set(key, Math.min(2 ** 32 - 1, (map.get(key) ?? 0) + n))
      a.merge(b)
      expect([...a]).toEqual([...map].sort((x, y) => x[0] - y[0]))
      expect([...a.keys()].map((key) => a.get(key))).toEqual([...a.values()])
      for (let key = -41; key <= 41; key++) {
        expect(a.has(key)).toBe(map.has(key))
        expect(a.from(key)).toBe([...map.keys()].filter((k) => k >= key).sort((x, y) => x - y)[0] ?? null)
      }
    }),
  )
})

test('what comes after a time is what a walk over the buckets finds, and a merge into nothing is a copy', () => {
  fc.assert(
    fc.property(counted, fc.integer({ min: -2e9, max: 2e9 }), (all, at) => {
      const counts = count(all, LIMIT)
      for (const time of [at, ...all.slice(0, 3).map(([minute]) => minute * MINUTE)]) {
        const later = [...counts].filter(([start]) => start > time)
        expect(counts.after(time)).toEqual({
          count: later.reduce((sum, [, n]) => sum + n, 0),
          first: later[0]?.[0] ?? null,
        })
      }
      const merged = new MinuteCounts(LIMIT)
      merged.merge(counts)
      expect(merged).toEqual(counts)
      merged.add(0, 1)
      expect(counts).toEqual(count(all, LIMIT))
    }),
  )
})
