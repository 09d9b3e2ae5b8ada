/** Advice on what the logs cannot show: the dashboard's names no command line, and its YAML is what the settings take. */
import path from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { unreadSummary } from '../../server/scan/summary.ts'
import { reportOf } from '../cases/run-case.ts'
import { blindSpots, clockDoubts } from '../../server/diagnosis/blind-spots.ts'
import { buildReport, emptyEvidence, type BlindSpot, type Evidence } from '../../server/diagnosis/contract.ts'

const evidence = (more: Partial<Evidence>): Evidence => ({ ...emptyEvidence(), ...more })
const lifetimes: Evidence['lifetimes'] = new Map([['a', {} as never]])
const doubt = { clock_doubt: 'app.log may be an hour off' } as never

const all: BlindSpot[] = [
  ...blindSpots(evidence({ status: new Map([[200, 1]]), lifetimes })),
  ...blindSpots(evidence({ error_levels: new Set(['error']) })),
  ...blindSpots(evidence({ error_levels: new Set(['error']), variables: new Set(['request_time']) })),
  ...blindSpots(evidence({ formats: new Set(['portainer']) })),
  ...blindSpots(evidence({ status: new Map([[200, 1]]) }), ['/var/log/nginx/error.log']),
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

it('an error log that was named and is empty is not asked for', () => {
  const inputs = [
    { ...unreadSummary('access.log'), lines: 1, parsed: 1 },
    ...['a/error.log', 'b/error.log', 'error_log', 'x-error.log', 'errors/app.log'].map(unreadSummary),
  ]
  const read = evidence({ status: new Map([[200, 1]]) })
  const { blind_spots } = buildReport(read, { inputs, generatedAt: 0, config: null })
  const said = blind_spots.filter(({ why }) =>
    why.includes('a/error.log, b/error.log, error_log and 1 more: read, and empty'),
  )
  expect(said.map(({ what }) => what)).toEqual(['idle timeouts', 'what nginx itself complained of'])
  expect(JSON.stringify(blind_spots)).not.toMatch(/50[24]|as after a rotation/)
  const failed = buildReport(
    {
      ...read,
      status: new Map([
        [200, 1],
        [502, 3],
      ]),
    },
    { inputs, generatedAt: 0, config: null },
  )
  expect(failed.blind_spots.map(({ what }) => what)).toContain('why nginx answered 502')
  expect(JSON.stringify(blind_spots)).not.toContain('no nginx error log')
  const none = buildReport(read, { inputs: inputs.slice(0, 1), generatedAt: 0, config: null })
  expect(JSON.stringify(none.blind_spots)).toContain('no nginx error log of this time was read')
})

it('a short timeout of a socket that these logs cannot show is named', async () => {
  const cases = path.join(import.meta.dirname, '../cases/causes/idle-timeout')
  const spot = async (config: string | null) =>
    (await reportOf(path.join(cases, 'quiet-short-timeout-unseen.log'), config)).blind_spots.find(
      ({ what }) => what === 'idle timeouts',
    )
  const file = path.join(cases, 'quiet-short-timeout-unseen.conf')
  expect((await spot(file))?.why).toContain(`${file}:11 sets proxy_read_timeout to 3 s`)
  expect((await spot(null))?.why).not.toContain('3 s')
})
