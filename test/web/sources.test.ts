/** Logs that say nothing are told whatever else is on the page. */
import { expect, it } from 'vitest'
import type { SourceState } from '../../server/http/wire.ts'
import { quiet, quietFirst } from '../../web/data/sources.ts'

const NOW = Date.UTC(2026, 10, 21, 8)
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const source = (more: Partial<SourceState>) => ({
  state: 'idle' as SourceState['state'],
  lines: 10,
  parsed: 10,
  to: ago(60),
  last_read_at: ago(60),
  ...more,
})

it.each([
  [{}, null],
  [{ state: 'reading' }, null],
  [{ state: 'missing' }, 'dead is missing'],
  [{ state: 'unreadable' }, 'dead cannot be read'],
  [{ parsed: 0 }, 'dead has 10 lines, none of which could be understood'],
  [{ lines: 0, parsed: 0, to: null, last_read_at: null }, 'silent has no line yet'],
  [{ to: ago(10_800), last_read_at: ago(10_800) }, 'silent nothing new for 3 h'],
  // Stamps may be in another zone than they say: what was read a moment ago is not silent.
  [{ to: ago(10_800) }, null],
  [{ to: null, last_read_at: null }, null],
] as [Partial<SourceState>, string | null][])('%j', (more, expected) => {
  const found = quiet(source(more), NOW)
  expect(found && `${found.kind} ${found.why}`).toBe(expected)
})

it('the dead come first, then the silent', () => {
  const list = [{}, { lines: 0 }, { state: 'missing' as const }, { parsed: 0 }].map((more, id) => ({
    ...source(more),
    id,
  }))
  expect(quietFirst(list, NOW).map(({ id }) => id)).toEqual([2, 3, 1, 0])
})
