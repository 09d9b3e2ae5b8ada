/** A server judges what it reads soon, whatever held it up. */
import { expect, it } from 'vitest'
import { restAfter } from '../../server/loop.ts'

it('rests nine times as long as it worked, a second at least and ten at most', () => {
  expect([1, 50, 100, 400, 1100].map((took) => took + restAfter(took))).toEqual([1000, 1000, 1000, 4000, 11_000])
  // A machine that stood still for two minutes.
  expect(restAfter(120_000)).toBe(10_000)
})
