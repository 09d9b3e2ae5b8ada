/** `analyze` on logs of one incident that were written by different clocks, as a user runs it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Clocks, emptyEvidence, type Report } from '../../server/diagnosis/contract.ts'
import { RecordReader, zoneClock } from '../../server/scan/contract.ts'
import { run } from './run.ts'

const CASES = path.join(import.meta.dirname, '../cases/clocks')
const SHARED = path.join(import.meta.dirname, '../../../shared/nginx-runs')
const dir = mkdtempSync(path.join(tmpdir(), 'halfopen-clocks-'))
afterAll(() => {
  rmSync(dir, { recursive: true })
})

interface Expected {
  /** The machine's own zone. */
  timezone: string
  /** File → seconds added to its times. */
  offsets: Record<string, number>
  /** A part of the text report; null: no word about clocks. */
  says: string | null
}

async function analyze(cwd: string, files: readonly string[], tz: string, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(['analyze', '--output', 'json', ...args, ...files], {
    cwd,
    env: { TZ: tz },
  })
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Report
}

const offsetsOf = ({ inputs }: Report): Record<string, number> =>
  Object.fromEntries(
    inputs.flatMap(({ path: name, clock_offset_seconds: s }) => (s === undefined ? [] : [[path.basename(name), s]])),
  )

/** All that does not tell of the clock. */
const CLOCK_FIELDS = new Set(['generated_at', 'clock_offset_seconds', 'clock_offset_reason'])
const bare = (report: Report): unknown =>
  JSON.parse(JSON.stringify(report, (key, value: unknown) => (CLOCK_FIELDS.has(key) ? undefined : value)))

describe('cases', () => {
  it.each(readdirSync(CASES))('%s', async (name) => {
    const cwd = path.join(CASES, name)
    const files = readdirSync(cwd).filter((file) => file.endsWith('.log'))
    const { timezone, offsets, says } = JSON.parse(readFileSync(path.join(cwd, 'expected.json'), 'utf8')) as Expected
    expect(offsetsOf(await analyze(cwd, files.toReversed(), timezone))).toEqual(offsets)
    const { stdout } = await run(['analyze', ...files], { cwd, env: { TZ: timezone } })
    const text = stdout.replace(/\s+/g, ' ')
    if (says === null) expect(text).not.toMatch(/no time zone/)
    else expect(text).toContain(says)
  })
})

describe('one run of nginx, read on a machine in another zone', () => {
  const runs = existsSync(SHARED)
    ? readdirSync(SHARED).filter((name) => existsSync(path.join(SHARED, name, 'access.log')))
    : []
  if (runs.length === 0) it.skip('../shared/nginx-runs is not there')
  // Runs whose error log has one line about a request that the access log has too.
  const TOLD_BY_BOTH = ['05-idle-timeout-2s', '08c-backend-rst', '23b-no-live-upstreams']
  it.each(runs.filter((name) => TOLD_BY_BOTH.includes(name)))('%s', async (name) => {
    const cwd = path.join(SHARED, name)
    const files = ['access.log', 'error.log']
    const here = await analyze(cwd, files, 'UTC')
    expect(offsetsOf(here)).toEqual({})
    for (const [tz, offset] of [
      ['Europe/Berlin', 3600],
      ['America/New_York', -18_000],
    ] as const) {
      const there = await analyze(cwd, files, tz)
      expect(offsetsOf(there), tz).toEqual({ 'error.log': offset })
      expect(bare(there), tz).toEqual(bare(here))
    }
    // His word stands.
    const given = await analyze(cwd, files, 'UTC', '--timezone', 'Europe/Berlin')
    expect(offsetsOf(given)).toEqual({})
    expect(given.blind_spots.map(({ why }) => why).join()).toContain('read as --timezone says; moved by +1 h')
  })
  it.skipIf(runs.length === 0)('every other run is moved rightly or not at all', () => {
    const zone = zoneClock('Europe/Berlin')
    for (const name of runs) {
      const clocks = new Clocks()
      const [, error] = ['access.log', 'error.log'].map((file) => {
        const reader = new RecordReader({ path: file, shift: zone.follow() })
        const evidence = emptyEvidence()
        reader.read(readFileSync(path.join(SHARED, name, file)), 1, evidence, null, true)
        reader.finish()
        clocks.add(reader.summary, evidence)
        return reader.summary
      })
      clocks.settle(false)
      expect([undefined, 3600], name).toContain(error?.clock_offset_seconds)
      expect(error?.clock_doubt, name).toBeUndefined()
    }
  })
})

describe('daylight saving time', () => {
  const error = (stamp: string, n: number): string =>
    `${stamp} [error] 2#2: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "app.test"\n`
  const put = (name: string, stamps: readonly string[]): string => {
    const file = path.join(dir, name)
    writeFileSync(file, stamps.map(error).join(''))
    return file
  }

  it.each([['--timezone'], ['TZ']])('the hour that comes twice is read twice: %s', async (how) => {
    const log = put('autumn.log', [
      '2026/10/25 02:15:00',
      '2026/10/25 02:59:30',
      '2026/10/25 02:01:00',
      '2026/10/25 02:59:59',
    ])
    const zone = 'Europe/Berlin'
    const { window } = how === 'TZ' ? await analyze(dir, [log], zone) : await analyze(dir, [log], 'UTC', how, zone)
    expect(window).toEqual({ from: '2026-10-25T00:15:00.000Z', to: '2026-10-25T01:59:59.000Z' })
  })

  it('several inputs do not disturb each other', async () => {
    const first = put('a.log', ['2026/10/25 02:59:30', '2026/10/25 02:01:00'])
    const second = put('b.log', ['2026/10/25 02:10:00'])
    const { inputs } = await analyze(dir, [first, second], 'Europe/Berlin')
    expect(inputs.map(({ from, to }) => [from, to])).toEqual([
      ['2026-10-25T00:59:30.000Z', '2026-10-25T01:01:00.000Z'],
      ['2026-10-25T00:10:00.000Z', '2026-10-25T00:10:00.000Z'],
    ])
  })
})

it('parse prints stamps as they are, and --since counts them by the hour that was meant', async () => {
  const log = path.join(dir, 'parse.log')
  writeFileSync(
    log,
    ['02:59:30', '02:01:00'].map((t) => `2026/10/25 ${t} [notice] 1#1: start worker process 7\n`).join(''),
  )
  const args = ['--timezone', 'Europe/Berlin', '--since', '2026-10-25T01:00Z', log]
  const { stdout } = await run(['parse', ...args])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: string }).time),
  ).toEqual(['2026-10-25T02:01:00'])
})
