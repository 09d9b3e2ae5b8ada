/** Shapes of lines: equal ones together, bounded, in any order the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shapesOf } from '../../server/diagnosis/templates.ts'

test('what differs in a few words is one shape', () => {
  const shapes = shapesOf([
    'peer alpha refused the stream for policy while reading upstream',
    'peer beta refused the stream for policy while reading upstream',
    'no memory for the zone one while connecting to upstream',
  ])
  expect([...new Set(shapes.values())].sort()).toEqual([
    'no memory for the zone one while connecting to upstream',
    'peer … refused the stream for policy while reading upstream',
  ])
})

test('the order of the lines decides nothing, and every line has a shape', () => {
  const line = fc.array(fc.constantFrom('a', 'b', 'c', 'while', 'upstream'), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.array(
        line.map((words) => words.join(' ')),
        { maxLength: 40 },
      ),
      (lines) => {
        const shapes = shapesOf(lines)
        expect(shapes).toEqual(shapesOf(lines.toReversed()))
        expect(lines.every((one) => shapes.has(one))).toBe(true)
      },
    ),
  )
})

test('a stranger who varies every word fills two hundred shapes and no more', () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `x${n} y${n * 7} z${n * 13} while reading${n}`)
  const began = performance.now()
  expect(new Set(shapesOf(lines).values()).size).toBeLessThanOrEqual(201)
  expect(performance.now() - began).toBeLessThan(2000)
})
