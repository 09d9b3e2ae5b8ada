/** Ends by second: the same from any order and any parts, bounded, and what differs is seen by a comparison. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ageOf, secondsOf, SessionEnds } from '../../server/diagnosis/session-ends.ts'

const line = (time: number): { source: string; line: number; text: string; time: number } => ({
  source: 'access.log',
  line: 1,
  text: `line of ${time}`,
  time,
})
const end = fc.record({ second: fc.integer({ min: -3, max: 60 }), age: fc.integer({ min: 0, max: 31 }) })
const ends = (all: readonly { second: number; age: number }[]): SessionEnds => {
  const counted = new SessionEnds()
  for (const { second, age } of all) counted.see(second, age, line(second * 1000))
  return counted
}

test('any order and any parts give the same', () => {
  fc.assert(
    fc.property(fc.array(end), fc.array(end), (one, other) => {
      const merged = ends(other)
      merged.merge(ends(one))
      expect(merged).toEqual(ends([...one, ...other]))
      expect(ends([...one, ...other].toReversed())).toEqual(ends([...one, ...other]))
      expect(merged.moved(60, (e) => e).moved(-60, (e) => e)).toEqual(merged)
    }),
  )
  expect(ends([{ second: 1, age: 2 }])).not.toEqual(ends([{ second: 1, age: 3 }]))
})

test('a second with several ends has a line as proof', () => {
  const counted = ends([7, 7, 7, 8, 7].map((second) => ({ second, age: 1 })))
  expect([counted.proof(7)?.text, counted.proof(8)]).toEqual(['line of 7000', null])
})

test('memory is bounded, and seconds in which many ended stay', () => {
  const counted = new SessionEnds()
  for (let second = 0; second < 100_000; second++)
    for (let n = 0; n < (second === 5000 ? 40 : 1 + (second % 2)); n++) counted.see(second, 3, line(second * 1000))
  expect(counted.size).toBeLessThanOrEqual(4096)
  expect(counted.count(5000)).toBe(40)
})

test('when there is no more room, it is known how many have to end in a second for it to be kept', () => {
  const counted = new SessionEnds()
  expect(counted.least).toBe(0)
  for (let second = 0; second < 5000; second++) for (let n = 0; n < 3; n++) counted.see(second, 3, line(second * 1000))
  expect(counted.least).toBe(3)
})

test('ages are half octaves', () => {
  expect([0, 0.9, 1, 1.9, 2, 3, 4, 5.9, 6, 60, 90, 1e9, NaN].map(ageOf)).toEqual([
    0, 0, 1, 1, 3, 4, 5, 5, 6, 12, 13, 30, 0,
  ])
  for (let age = 1; age < 30; age++) if (age !== 2) expect(ageOf(secondsOf(age))).toBe(age)
})
