import { expect, it } from 'vitest'
import { age } from '../../web/text/words.ts'

it('an age is told in the largest unit of which there are two', () => {
  expect([0, 119, 120, 7199, 7200, 172_799, 172_800, 8_640_000].map(age)).toEqual([
    '0 s',
    '119 s',
    '2 min',
    '119 min',
    '2 h',
    '47 h',
    '2 days',
    '100 days',
  ])
})
