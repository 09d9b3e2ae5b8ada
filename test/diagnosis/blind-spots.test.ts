/** Advice on what the logs cannot show: the dashboard's names no command line, and its YAML is what the settings take. */
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { blindSpots, clockDoubts } from '../../server/diagnosis/blind-spots.ts'
import { emptyEvidence, type BlindSpot, type Evidence } from '../../server/diagnosis/contract.ts'

const evidence = (more: Partial<Evidence>): Evidence => ({ ...emptyEvidence(), ...more })
const lifetimes: Evidence['lifetimes'] = new Map([['a', {} as never]])
const doubt = { clock_doubt: 'app.log may be an hour off' } as never

const all: BlindSpot[] = [
  ...blindSpots(evidence({ status: new Map([[200, 1]]), lifetimes })),
  ...blindSpots(evidence({ error_levels: new Set(['error']) })),
  ...blindSpots(evidence({ error_levels: new Set(['error']), variables: new Set(['request_time']) })),
  ...blindSpots(evidence({ formats: new Set(['portainer']) })),
  ...clockDoubts([doubt]),
]
const shown = all.map((spot) => ({ ...spot, text: spot.in_dashboard ?? spot.change }))

it('covers what there is', () => expect(new Set(all.map(({ what }) => what)).size).toBe(10))

it.each(shown)('$what', ({ text }) => {
  expect(text).not.toMatch(/halfopen (?:analyze|serve|log-format)/)
  expect(text).not.toMatch(/(?:^|\s)--\w/)
  if (!text.startsWith('# halfopen.yaml')) return
  const { sources } = parse(text) as { sources: unknown[] }
  for (const source of sources)
    expect(source).toEqual(
      typeof source === 'string'
        ? expect.stringMatching(/^\//)
        : expect.objectContaining({ path: expect.any(String), timezone: 'UTC' }),
    )
})
