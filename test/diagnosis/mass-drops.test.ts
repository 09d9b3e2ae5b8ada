/** Sessions that end one by one are no drop, also where they only began to come a moment ago. */
import { expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { massDrops } from '../../server/diagnosis/mass-drops.ts'
import { MinuteCounts } from '../../server/diagnosis/minute-counts.ts'
import type { Evidence, Observation } from '../../server/diagnosis/contract.ts'

const DAY = 86_400
const START = Date.UTC(2026, 10, 21, 8) / 1000

/** The same numbers each time: mulberry32. */
function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Ends at these seconds, in logs that began a day before. */
function of(seconds: readonly number[]): { evidence: Evidence; sessions: Observation[] } {
  const evidence = emptyEvidence()
  const minutes = new MinuteCounts()
  for (const second of seconds) {
    evidence.ends.add(second, 31, 1)
    minutes.add(second * 1000, 1)
  }
  evidence.first = (START - DAY) * 1000
  evidence.last = Math.max(...seconds) * 1000
  return { evidence, sessions: [{ minutes } as Observation] }
}

const drops = (seconds: readonly number[]): number[] => {
  const { evidence, sessions } = of(seconds)
  return massDrops(evidence, sessions).map(({ second }) => second)
}

test('a steady stream that began a moment ago has no drop, by chance or otherwise', () => {
  let found = 0
  const streams = 300
  for (let seed = 1; seed <= streams; seed++) {
    const dice = random(seed)
    const rate = 0.5 + dice() * 20
    const seconds: number[] = []
    for (let at = 0; at < 90; at += -Math.log(1 - dice()) / rate) seconds.push(START + Math.floor(at))
    if (drops(seconds).length > 0) found++
  }
  console.log(`mass drops in ${streams} steady streams: ${found}`)
  expect(found).toBeLessThanOrEqual(0.03 * streams)
})

test('many at once are one, in quiet and in traffic', () => {
  const many = Array.from({ length: 14 }, () => START + 40)
  expect(drops(many)).toEqual([START + 40])
  const traffic = Array.from({ length: 80 }, (_, n) => START + n)
  expect(drops([...traffic, ...many, ...many])).toEqual([START + 40])
})
