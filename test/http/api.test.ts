import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../server/http/contract.ts'
import type { EventPage, Problems, Report, Series, Sources } from '../../server/http/wire.ts'
import { refused, request } from '../serve/lines.ts'
import { folder, startIn, type Started } from '../serve/running.ts'
import { openStream } from './sse.ts'

const SOON = { timeout: 10_000, interval: 50 }
const MINUTE = 60_000

async function start(lines: Record<string, string>, yaml = ''): Promise<Started & { dir: string }> {
  const dir = folder()
  for (const [name, text] of Object.entries(lines)) writeFileSync(join(dir, name), text)
  const sources = Object.keys(lines).length > 0 ? Object.keys(lines).join(', ') : 'nothing.log'
  const server = await startIn(dir, `sources: [${sources}]\ntimezone: UTC\n${yaml}`)
  const base = /^base_path: (.*)$/m.exec(yaml)?.[1] ?? ''
  await expect.poll(async () => (await server.ask(`${base}/readyz`)).status, SOON).toBe(200)
  return { ...server, dir }
}

describe('the API', () => {
  it('reports what is stored', async () => {
    const now = Date.now() - 10 * MINUTE
    const server = await start({
      'error.log': refused(now).repeat(3),
      'access.log': request(now, 502) + request(now, 502) + request(now, 502) + request(now, 200, '/'),
    })
    const report: Report = (await server.ask('/api/v1/report')).json()
    expect(report).toMatchObject({
      schema: 'halfopen.report/1',
      resolution_seconds: 60,
      totals: { requests: 4, status: { 200: 1, 502: 3 } },
    })
    expect(report.findings[0]).toMatchObject({ cause: 'backend-down', count: 3 })
    expect(report.inputs.map(({ path, lines }) => [path, lines])).toEqual([
      [join(server.dir, 'access.log'), 4],
      [join(server.dir, 'error.log'), 3],
    ])
    const before: Report = (await server.ask(`/api/v1/report?to=${new Date(now - 5 * MINUTE).toISOString()}`)).json()
    expect(before).toMatchObject({ totals: { requests: 0 }, findings: [] })

    const { problems, watching }: Problems = (await server.ask('/api/v1/problems')).json()
    expect(watching).toBe(2)
    expect(problems).toMatchObject([{ state: 'imported', finding: { id: report.findings[0]?.id } }])
    expect(problems[0]?.sparkline).toHaveLength(48)
    expect((await server.ask(`/api/v1/problems/${problems[0]?.id}`)).json()).toMatchObject({ id: problems[0]?.id })

    const { events, next_cursor }: EventPage = (await server.ask('/api/v1/events?limit=2')).json()
    expect(events).toHaveLength(2)
    const rest: EventPage = (await server.ask(`/api/v1/events?limit=200&cursor=${next_cursor}`)).json()
    expect(rest.next_cursor).toBeNull()
    expect(new Set([...events, ...rest.events].map(({ id }) => id)).size).toBe(2 + rest.events.length)

    const series: Series = (await server.ask('/api/v1/series?step=3600')).json()
    expect(series.step_seconds).toBe(3600)
    expect(series.buckets.reduce((sum, { requests }) => sum + requests, 0)).toBe(4)

    const { sources }: Sources = (await server.ask('/api/v1/sources')).json()
    expect(sources.map(({ format, state, lag_bytes }) => [format, state, lag_bytes])).toEqual([
      ['nginx-error', 'idle', 0],
      ['nginx-access', 'idle', 0],
    ])
  })

  it('streams what happens', async () => {
    const server = await start({ 'error.log': '' })
    const client = await openStream(server.port, '/api/v1/stream')
    await client.until('hello', () => client.messages.some(({ event }) => event === 'hello'))
    appendFileSync(join(server.dir, 'error.log'), refused(Date.now()))
    await client.until('everything', () =>
      ['problem', 'series', 'event', 'source'].every((name) => client.messages.some(({ event }) => event === name)),
    )
    const data = (name: string): unknown => client.messages.find(({ event }) => event === name)?.data
    expect(data('problem')).toMatchObject({ state: 'new', finding: { cause: 'backend-down' } })
    expect(data('event')).toMatchObject({ kind: 'upstream_refused', upstream: '127.0.0.1:3000' })
    expect(data('series')).toMatchObject([{ timeouts: { upstream_refused: 1 } }])
    client.close()
  })

  it('leaves its own requests out', async () => {
    const now = Date.now()
    const own = request(now, 426, '/ws', 'halfopen/1.2.3')
    const server = await start({ 'access.log': own.repeat(20) + request(now, 200, '/') })
    const report: Report = (await server.ask('/api/v1/report')).json()
    expect(report.findings).toEqual([])
    expect(report.totals.requests).toBe(1)
    // The same from somebody else is a finding.
    const others: Report = await (
      await start({ 'access.log': request(now, 426).repeat(20) })
    )
      .ask('/api/v1/report')
      .then((answer) => answer.json())
    expect(others.findings).toHaveLength(1)
  })

  it('counts for Prometheus', async () => {
    const server = await start({ 'error.log': `${refused(Date.now())}gibberish\n` })
    const { text, headers } = await server.ask('/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain(`halfopen_lines_total{source="${join(server.dir, 'error.log')}"} 2\n`)
    expect(text).toContain('halfopen_events_total{kind="upstream_refused"} 1\n')
    expect(text).toContain('halfopen_problems{state="imported"} 1\n')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) halfopen_\w+ .+|halfopen_\w+(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)+\})? \d+)$/,
      )
  })
})

describe('questions that cannot be answered', () => {
  it.each([
    ['/api/v1/report?from=yesterday', 400, 'bad-query', /^from: expected ISO 8601/],
    ['/api/v1/report?form=2026-01-01', 400, 'bad-query', /known are: from, to/],
    ['/api/v1/report?from=2026-01-02&to=2026-01-01', 400, 'bad-query', /before to/],
    ['/api/v1/report?from=2020-01-01&to=2026-01-01', 400, 'range-too-wide', /400 days/],
    ['/api/v1/report?from=2026-01-01&from=2026-01-02', 400, 'bad-query', /^from/],
    ['/api/v1/series?step=61', 400, 'bad-query', /^step: expected seconds/],
    ['/api/v1/series?step=-60', 400, 'bad-query', /^step/],
    ['/api/v1/series?from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z&step=60', 400, 'range-too-wide', /2000 steps/],
    ['/api/v1/events?limit=0', 400, 'bad-query', /^limit: expected whole number from 1 to 200/],
    ['/api/v1/events?limit=201', 400, 'bad-query', /^limit/],
    ['/api/v1/events?cursor=%27%3B--', 400, 'bad-query', /^cursor/],
    ['/api/v1/events?cursor=-1', 400, 'bad-query', /^cursor: expected next_cursor/],
    ['/api/v1/events?cursor=NaN', 400, 'bad-query', /^cursor/],
    ['/api/v1/events?cursor=1e999', 400, 'bad-query', /^cursor/],
    ['/api/v1/report?from=2026-02-31', 400, 'bad-query', /^from: expected ISO 8601/],
    ['/api/v1/series?to=2026-02-29T00:00:00Z', 400, 'bad-query', /^to: expected ISO 8601/],
    ['/api/v1/series?from=2026-13-01', 400, 'bad-query', /^from/],
    ['/api/v1/problems/none', 404, 'unknown-problem', /no problem/],
    ['/api/v1/problems/%ff', 404, 'not-found', /cannot be read/],
    ['/api/v1/none', 404, 'not-found', /./],
    ['/../../etc/passwd', 404, 'not-found', /./],
    ['/..%2f..%2fpackage.json', 404, 'not-found', /./],
  ])('%s → %i %s', async (path, status, code, message) => {
    const server = await start({})
    const answer = await server.ask(path)
    expect(answer.status).toBe(status)
    const body: { error: { code: string; message: string; hint: string | null } } = answer.json()
    expect(body.error.code).toBe(code)
    expect(body.error.message).toMatch(message)
    expect(body.error).toHaveProperty('hint')
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('knows which methods an address takes', async () => {
    const server = await start({})
    const own = { 'sec-fetch-site': 'same-origin' }
    expect((await server.ask('/api/v1/report', { method: 'POST', headers: own })).status).toBe(405)
    expect((await server.ask('/api/v1/problems/x/mute')).status).toBe(405)
    expect((await server.ask('/api/v1/report', { method: 'HEAD' })).status).toBe(200)
  })

  it('every code is documented with its condition', () => {
    expect(Object.keys(ERRORS).length).toBeGreaterThan(15)
    for (const [code, { when }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
      expect(when).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('addresses', () => {
  it('below a base path', async () => {
    const server = await start({}, 'base_path: /tools/halfopen')
    expect((await server.ask('/tools/halfopen/api/v1/problems')).status).toBe(200)
    expect((await server.ask('/tools/halfopen/healthz')).status).toBe(200)
    const redirect = await server.ask('/tools/halfopen?x=1')
    expect([redirect.status, redirect.headers.location]).toEqual([308, '/tools/halfopen/?x=1'])
    const outside = await server.ask('/api/v1/problems')
    expect(outside.status).toBe(404)
    expect(outside.text).toContain('halfopen is at /tools/halfopen/')
    expect(server.url).toMatch(/\/tools\/halfopen$/)
  })

  it('are described in openapi.json', async () => {
    const server = await start({})
    const description: { openapi: string; paths: Record<string, Record<string, { parameters?: { name: string }[] }>> } =
      (await server.ask('/api/openapi.json')).json()
    expect(description.openapi).toBe('3.1.0')
    expect(Object.keys(description.paths).toSorted()).toEqual(
      [
        '/analyze',
        '/config',
        '/config/lint',
        '/config/probe',
        '/config/prove',
        '/config/serves',
        '/alerts',
        '/alerts/deliveries',
        '/alerts/deliveries/{id}/replay',
        '/alerts/preview',
        '/alerts/test',
        '/events',
        '/lengths',
        '/problems',
        '/problems/{id}',
        '/problems/{id}/context',
        '/problems/{id}/history',
        '/problems/{id}/mute',
        '/problems/{id}/notes',
        '/problems/{id}/notes/{note}',
        '/problems/{id}/reopen',
        '/problems/{id}/resolve',
        '/problems/{id}/unmute',
        '/report',
        '/series',
        '/share',
        '/sources',
        '/stream',
      ].toSorted(),
    )
    expect(description.paths['/series']?.['get']?.parameters?.map(({ name }) => name)).toEqual(
      'from to step metric by server path upstream kind status_class quantiles'.split(' '),
    )
  })
})
