import { describe, expect, it } from 'vitest'
import { parseWhen } from '../../server/cli/when.ts'

const now = Date.parse('2026-11-21T08:00:00Z')
/** A zone two hours east of UTC. */
const east = (wall: number): number => wall - 2 * 3_600_000
const iso = (text: string): string | null => {
  const time = parseWhen(text, now, east)
  return time === null ? null : new Date(time).toISOString().replace('.000Z', 'Z')
}

describe('parseWhen', () => {
  it.each([
    ['2h', '2026-11-21T06:00:00Z'],
    ['90s', '2026-11-21T07:58:30Z'],
    ['1.5h', '2026-11-21T06:30:00Z'],
    ['7d', '2026-11-14T08:00:00Z'],
    ['2w', '2026-11-07T08:00:00Z'],
    ['2026-11-21', '2026-11-20T22:00:00Z'],
    ['2026-11-21 06:30', '2026-11-21T04:30:00Z'],
    ['2026-11-21T06:30Z', '2026-11-21T06:30:00Z'],
    ['2026-11-21T06:30+01:00', '2026-11-21T05:30:00Z'],
    ['2026-11-21T06:30:15.250Z', '2026-11-21T06:30:15.250Z'],
    ['2026/11/21 06:13:34', '2026-11-21T04:13:34Z'],
    ['21/Nov/2026:06:13:34 +0000', '2026-11-21T06:13:34Z'],
  ])('%s', (text, expected) => expect(iso(text)).toBe(expected))

  it.each(['', 'soon', '2y', '-2h', '2026-13-01', '2026-02-30', '06:30', '1e9d'])('%j is no time', (text) => {
    expect(iso(text)).toBeNull()
  })
})
