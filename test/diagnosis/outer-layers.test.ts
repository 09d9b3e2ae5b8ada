/** A number that nobody can check is worth nothing: every timeout says whose it is, of which kind, where that stands, and
 *  as of when. */
import { expect, test } from 'vitest'
import { TIMEOUTS, timeoutsAt } from '../../server/diagnosis/outer-layers.ts'

test.each(TIMEOUTS.map((t) => [t.whose, t] as const))('%s has a source, a date and a kind', (_, t) => {
  expect(t.source).toMatch(/^https:\/\/[a-z.-]+\.[a-z]{2,}\/\S/)
  expect(t.read).toMatch(/^20\d\d-(?:0[1-9]|1[0-2])$/)
  expect(['idle', 'lifetime']).toContain(t.kind)
  expect(t.seconds).toBeGreaterThan(0)
  expect(t.layer === 'edge').toBe(!/nginx|SWAG/i.test(t.whose))
})

test('a maximum lifetime is none that a session outlived', () => {
  const kinds = (outlived: boolean): string[] => timeoutsAt(30, outlived).map(({ kind }) => kind)
  expect(kinds(false)).toEqual(['lifetime'])
  expect(kinds(true)).toEqual([])
})
