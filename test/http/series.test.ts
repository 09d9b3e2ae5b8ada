/** GET /series with a metric: a real server, its database, and lines that nginx wrote. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Breakdown, Quantiles, Series } from '../../server/http/wire.ts'
import { refused } from '../serve/lines.ts'
import { folder, startIn, type Started } from '../serve/running.ts'

const SOON = { timeout: 10_000, interval: 50 }
const HOUR = 3_600_000
const NOW = Date.parse('2026-11-28T12:00:00Z')
const iso = (time: number): string => new Date(time).toISOString()

/** An access line with how long the session took, s. */
const session = (time: number, seconds: number, path = '/ws'): string =>
  `192.0.2.7 [${iso(time).slice(0, 19)}+00:00] "GET ${path} HTTP/1.1" 101 up=127.0.0.1:3000 urt=${seconds} rt=${seconds}\n`
const FORMAT =
  '$remote_addr [$time_iso8601] "$request" $status up=$upstream_addr urt=$upstream_response_time rt=$request_time'

async function start(): Promise<Started> {
  const dir = folder()
  const times = Array.from({ length: 20 }, (_, n) => NOW - 3 * HOUR + n * 60_000)
  writeFileSync(join(dir, 'error.log'), times.map((t, n) => refused(t, `127.0.0.1:${n < 15 ? 3000 : 4000}`)).join(''))
  writeFileSync(join(dir, 'access.log'), times.map((t, n) => session(t, (n + 1) * 10)).join(''))
  const yaml = `sources: [error.log, {path: access.log, log_format: '${FORMAT}'}]\ntimezone: UTC\n`
  const server = await startIn(dir, yaml, () => NOW)
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  return server
}

it('counts events by one dimension, of those that were asked for', async () => {
  const server = await start()
  const ask = async (query: string): Promise<Breakdown> =>
    (await server.ask(`/api/v1/series?metric=events&step=3600&${query}`)).json()
  const sums = async (query: string): Promise<[string | null, number][]> =>
    (await ask(query)).groups.map(({ value, n }) => [value, n.reduce((sum, one) => sum + one, 0)])
  expect(await sums('by=upstream&kind=upstream_refused')).toEqual([
    ['127.0.0.1:3000', 15],
    ['127.0.0.1:4000', 5],
  ])
  expect(new Map(await sums('by=kind')).get('upstream_refused')).toBe(20)
  expect(await sums('kind=upstream_refused&upstream=127.0.0.1:4000&path=/ws&server=app.example')).toEqual([[null, 5]])
  expect(await sums('kind=upstream_refused&server=')).toEqual([])
  expect(await sums('by=status_class&kind=handshake_ok')).toEqual([['1xx', 20]])
  expect(await sums('status_class=5xx&kind=handshake_ok')).toEqual([])
  const { step_seconds, groups } = await ask('kind=upstream_refused')
  expect([step_seconds, groups[0]?.n.length]).toEqual([3600, 24])
})

it('measures session lengths', async () => {
  const server = await start()
  const ask = async (query: string): Promise<Quantiles> =>
    (await server.ask(`/api/v1/series?metric=session_length&step=86400&${query}`)).json()
  const { steps } = await ask('quantiles=0,0.5,1')
  const measured = steps.find(({ count }) => count > 0)
  expect(measured?.count).toBe(20)
  expect(measured?.values.map((value) => Math.round(value ?? 0))).toEqual([10, 100, 200])
  expect((await ask('')).steps[0]?.values).toHaveLength(3)
  expect((await ask('path=/none')).steps.every(({ count }) => count === 0)).toBe(true)
})

it('has at most 1,500 steps, and without a metric is the trend', async () => {
  const server = await start()
  const range = `from=${iso(NOW - 26 * HOUR)}&to=${iso(NOW + 5 * HOUR)}&step=60`
  const counted: Breakdown = (await server.ask(`/api/v1/series?metric=events&${range}`)).json()
  expect(counted.step_seconds).toBe(120)
  expect(counted.groups[0]?.n.length).toBeLessThanOrEqual(1500)
  const measured: Quantiles = (await server.ask(`/api/v1/series?metric=handshake_latency&${range}`)).json()
  expect(measured.steps.length).toBeLessThanOrEqual(1500)
  const trend: Series = (await server.ask('/api/v1/series?step=3600')).json()
  expect(trend.buckets.reduce((sum, { handshakes_ok }) => sum + handshakes_ok, 0)).toBe(20)
})

it.each([
  ['metric=requests', /^metric: expected what is counted .*: events, handshake_latency, session_length\.$/],
  ['by=server', /^by: expected nothing without metric\.$/],
  ['metric=events&by=client', /^by: expected .*: server, path, upstream, kind, status_class\.$/],
  ['metric=events&kind=none', /^kind: expected .*, request\.$/],
  ['metric=events&status_class=6xx', /^status_class: expected .*5xx\.$/],
  ['metric=events&quantiles=0.5', /^quantiles: expected nothing with metric=events; metric is handshake_latency or/],
  ['metric=session_length&by=path', /^by: expected nothing but with metric=events\.$/],
  ['metric=session_length&quantiles=1.5', /^quantiles: expected .*from 0 to 1/],
  [`metric=session_length&quantiles=${'0.5,'.repeat(11)}1`, /^quantiles: expected .*up to ten/],
  [`metric=events&path=${'a'.repeat(3000)}`, /^path: expected only this path/],
  ['metric=events&from=2020-01-01&to=2026-01-01', /400 days/],
])('%s → 400', async (query, message) => {
  const server = await startIn(folder(), 'sources: none.log\n')
  const answer = await server.ask(`/api/v1/series?${query}`)
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({ error: { message: expect.stringMatching(message), hint: expect.any(String) } })
})
