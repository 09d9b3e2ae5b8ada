/** Mute, resolve and notes over the API of a real server with a real receiver, and the way back from each. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Problem, ProblemHistory, Problems } from '../../server/http/wire.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

const SOON = { timeout: 10_000, interval: 50 }
const own = { 'sec-fetch-site': 'same-origin' }

async function scene() {
  const dir = folder()
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  const log = join(dir, 'error.log')
  writeFileSync(log, '')
  let clock = 0
  const yaml = `sources: [error.log]\ntimezone: UTC\nalerts:\n  webhook: {url: "${hook.url}", name: own}\n  rules: {name: all, cooldown: 0s}\n`
  const start = () => startIn(dir, yaml, () => Date.now() + clock)
  const server = await start()
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  const types = () => hook.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
  return { dir, log, server, start, types, pass: (ms: number) => (clock += ms), now: () => Date.now() + clock }
}

const listed = async (server: Started): Promise<Problem[]> =>
  ((await server.ask('/api/v1/problems')).json() as Problems).problems
const post = async (server: Started, path: string, body?: object): Promise<{ status: number; problem: Problem }> => {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await server.ask(`/api/v1/problems/${path}`, { method: 'POST', headers: { ...own, ...type }, ...sent })
  return { status: answer.status, problem: answer.json() }
}
const history = async (server: Started, id: string): Promise<ProblemHistory['entries']> =>
  ((await server.ask(`/api/v1/problems/${id}/history`)).json() as ProblemHistory).entries

it('a muted problem sends nothing until its time is over or it comes back', async () => {
  const { log, server, types, pass, now } = await scene()
  appendFileSync(log, refused(now()))
  await expect.poll(types, SOON).toEqual(['problem.opened'])
  const [problem] = await listed(server)
  const id = problem?.id ?? ''
  expect(problem).toMatchObject({ state: 'new', muted: null, notes: 0 })

  const muted = await post(server, `${id}/mute?seconds=3600`)
  expect(muted.problem).toMatchObject({ state: 'muted' })
  expect(Date.parse(muted.problem.muted?.until ?? '') - now()).toBeGreaterThan(3_590_000)
  appendFileSync(log, refused(now()))
  await expect.poll(async () => (await listed(server))[0]?.finding.count, SOON).toBe(2)
  expect((await post(server, `${id}/unmute`)).problem).toMatchObject({ state: 'ongoing', muted: null })
  expect((await post(server, `${id}/mute?until=regressed`)).problem.muted).toEqual({ until: 'regressed' })

  // Nothing more happens: it ends, and nobody is told.
  pass(16 * 60_000)
  await expect.poll(async () => (await listed(server))[0]?.state, SOON).toBe('resolved')
  expect(types()).toEqual(['problem.opened'])
  appendFileSync(log, refused(now()))
  await expect.poll(types, SOON).toEqual(['problem.opened', 'problem.opened'])
  expect((await history(server, id)).map(({ what, until }) => [what, until])).toEqual([
    ['new', null],
    ['muted', muted.problem.muted?.until],
    ['unmuted', null],
    ['muted', 'regressed'],
    ['resolved', null],
    ['regressed', null],
  ])
}, 40_000)

it('what is resolved by hand is told as over, comes back as news, and can be reopened; all of it outlives a restart', async () => {
  const { log, server, start, types, now } = await scene()
  appendFileSync(log, refused(now()))
  await expect.poll(types, SOON).toEqual(['problem.opened'])
  const id = (await listed(server))[0]?.id ?? ''
  expect((await post(server, `${id}/resolve`)).problem).toMatchObject({ state: 'resolved', resolved_by: 'hand' })
  await expect.poll(types, SOON).toEqual(['problem.opened', 'problem.resolved'])
  expect((await post(server, `${id}/reopen`)).problem).toMatchObject({ state: 'ongoing', resolved_by: null })
  await post(server, `${id}/resolve`)
  appendFileSync(log, refused(now()))
  await expect.poll(async () => (await listed(server))[0]?.state, SOON).toBe('regressed')
  await post(server, `${id}/resolve`)
  const noted = await post(server, `${id}/notes`, { text: ' <script>alert(1)</script> restarted \u202E ' })
  expect(noted.problem).toMatchObject({ state: 'resolved', resolved_by: 'hand', notes: 1 })
  await server.close()

  const again = await start()
  await expect.poll(async () => (await again.ask('/readyz')).status, SOON).toBe(200)
  expect((await listed(again))[0]).toMatchObject({ state: 'resolved', resolved_by: 'hand', notes: 1 })
  const last = (await history(again, id)).at(-1)
  expect(last).toMatchObject({ what: 'note', text: '<script>alert(1)</script> restarted \u202E' })
  const gone = `/api/v1/problems/${id}/notes/${last?.id}`
  expect((await again.ask(gone, { method: 'DELETE' })).status).toBe(403)
  expect((await again.ask(gone, { method: 'DELETE', headers: own })).json()).toMatchObject({ notes: 0 })
  expect((await again.ask(gone, { method: 'DELETE', headers: own })).json()).toMatchObject({
    error: { code: 'unknown-note' },
  })
}, 40_000)

it('refuses what makes no sense, and what another site sends', async () => {
  const { log, server, now } = await scene()
  appendFileSync(log, refused(now()))
  await expect.poll(async () => (await listed(server)).length, SOON).toBe(1)
  const id = (await listed(server))[0]?.id ?? ''
  for (const path of ['mute', 'unmute', 'resolve', 'reopen', 'notes']) {
    const address = `/api/v1/problems/${id}/${path}`
    expect([path, (await server.ask(address, { method: 'POST' })).status]).toEqual([path, 403])
    const other = { 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' }
    expect([path, (await server.ask(address, { method: 'POST', headers: other })).status]).toEqual([path, 403])
    expect([path, (await server.ask(address)).status]).toEqual([path, 405])
  }
  const code = async (path: string, options: { headers?: Record<string, string>; body?: string } = {}) => {
    const headers = { ...own, ...options.headers }
    const answer = await server.ask(`/api/v1/problems/${path}`, { method: 'POST', ...options, headers })
    return (answer.json() as { error?: { code: string } }).error?.code
  }
  const json = { 'content-type': 'application/json' }
  const past = new Date(now() - 1000).toISOString()
  expect(await code('none/mute')).toBe('unknown-problem')
  expect(await code('none/notes', { headers: json, body: '{"text":"x"}' })).toBe('unknown-problem')
  expect(await code(`${id}/mute?until=${past}`)).toBe('bad-query')
  expect(await code(`${id}/mute?until=2199-01-01`)).toBe('bad-query')
  expect(await code(`${id}/mute?until=later`)).toBe('bad-query')
  expect(await code(`${id}/mute?seconds=1`)).toBe('bad-query')
  expect(await code(`${id}/mute?seconds=60&until=regressed`)).toBe('bad-query')
  expect(await code(`${id}/notes`)).toBe('bad-body')
  expect(await code(`${id}/notes`, { headers: json, body: '{"text":"   "}' })).toBe('bad-body')
  expect(await code(`${id}/notes`, { headers: json, body: '{"text":"x","more":1}' })).toBe('bad-body')
  expect(await code(`${id}/notes`, { headers: { 'content-type': 'text/plain' }, body: '{"text":"x"}' })).toBe(
    'bad-body',
  )
  expect(await code(`${id}/notes`, { headers: json, body: JSON.stringify({ text: 'x'.repeat(2001) }) })).toBe(
    'bad-body',
  )
  expect(await code(`${id}/notes`, { headers: json, body: `{"text":"${'x'.repeat(100_000)}"}` })).toBe('bad-body')
  expect((await listed(server))[0]).toMatchObject({ state: 'new', notes: 0, muted: null })
  expect((await server.ask('/api/v1/problems/none/history')).status).toBe(404)
}, 30_000)
