/** Alerts over the API of a real server, and on the command line. */
import { execFile } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import type { AlertDeliveries, Alerts, AlertTest } from '../../server/http/wire.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { refused } from './lines.ts'
import { folder, startIn } from './running.ts'

const SOON = { timeout: 10_000, interval: 50 }
const post = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } }

async function scene() {
  const dir = folder()
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  writeFileSync(join(dir, 'error.log'), '')
  const yaml =
    `sources: [error.log]\ntimezone: UTC\nalerts:\n  webhook: {url: "${hook.url}", name: own}\n` +
    `  channels: {type: gotify, name: phone, url: "${new URL(hook.url).origin}", token: canary-secret-token}\n` +
    `  rules: {name: own-rule, path: /none/*, channels: phone}\n`
  return { dir, hook, yaml }
}

it('shows receivers, rules and deliveries, tests, and sends again; without a secret', async () => {
  const { dir, hook, yaml } = await scene()
  const server = await startIn(dir, yaml)
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  const alerts: Alerts = (await server.ask('/api/v1/alerts')).json()
  expect(alerts).toMatchObject({
    channels: [
      { name: 'own', type: 'webhook', state: 'ready', reason: null, last_delivered_at: null },
      { name: 'phone', type: 'gotify', state: 'ready' },
    ],
    rules: [
      { name: 'own-rule', path: '/none/*', channels: ['phone'], cooldown_seconds: 600 },
      { name: 'default', severity: 'warning', channels: null },
    ],
    waiting: 0,
    dead: 0,
  })

  const tested: AlertTest = (await server.ask('/api/v1/alerts/test?channel=phone', post)).json()
  expect(tested).toMatchObject({ channel: 'phone', type: 'gotify', delivered: true, status: 204, reason: null })
  hook.answer((response) => void response.writeHead(401).end('canary-answer'))
  const failed = await server.ask('/api/v1/alerts/test?channel=phone', post)
  expect(failed.json()).toMatchObject({ delivered: false, status: 401, reason: 'answered 401' })
  expect(failed.text).not.toContain('canary')
  expect((await server.ask('/api/v1/alerts/test?channel=nobody', post)).json()).toMatchObject({
    error: { code: 'unknown-channel' },
  })
  expect((await server.ask('/api/v1/alerts/test', post)).status).toBe(400)
  expect((await server.ask('/api/v1/alerts/test?channel=phone', { method: 'POST' })).status).toBe(403)
  expect((await server.ask('/api/v1/alerts/test?channel=phone')).status).toBe(405)

  appendFileSync(join(dir, 'error.log'), refused(Date.now()))
  const list = async (query = ''): Promise<AlertDeliveries> =>
    (await server.ask(`/api/v1/alerts/deliveries${query}`)).json()
  await expect.poll(async () => (await list()).deliveries.map(({ state }) => state), SOON).toEqual(['dead', 'dead'])
  const [one] = (await list('?channel=own')).deliveries
  expect(one).toMatchObject({
    type: 'problem.opened',
    reason: 'first-live-occurrence',
    rule: 'default',
    error: 'given up: answered 401',
    title: expect.stringContaining('127.0.0.1:3000'),
  })
  const state = async (): Promise<unknown> => ((await server.ask('/api/v1/alerts')).json() as Alerts).channels[0]
  expect(await state()).toMatchObject({ name: 'own', state: 'refused', reason: 'given up: answered 401' })
  const at = Date.parse(one?.created_at ?? '')
  const near = (from: number, to: number) =>
    list(`?from=${new Date(at + from).toISOString()}&to=${new Date(at + to).toISOString()}`)
  expect((await near(0, 1)).deliveries.map(({ id }) => id)).toContain(one?.id)
  expect((await near(1, 60_000)).deliveries).toEqual([])
  expect((await server.ask('/api/v1/alerts/deliveries?from=2026-01-02&to=2026-01-01')).status).toBe(400)
  hook.answer((response) => void response.writeHead(204).end())
  const again = await server.ask(`/api/v1/alerts/deliveries/${one?.id}/replay`, post)
  expect(again.json()).toMatchObject({ deliveries: [{ id: one?.id }] })
  await expect
    .poll(async () => (await list('?state=delivered')).deliveries.map(({ id }) => id), SOON)
    .toEqual([one?.id])
  expect(await state()).toMatchObject({ state: 'ready', reason: null })
  expect((await server.ask('/api/v1/alerts/deliveries/msg_0/replay', post)).json()).toMatchObject({
    error: { code: 'unknown-delivery' },
  })
  expect((await server.ask('/metrics')).text).toMatch(/halfopen_alerts_waiting 0\n[^]*halfopen_alerts_dead 1\n/)

  const paths = ['alerts', 'alerts/deliveries', 'sources', 'problems', 'report']
  const shown = await Promise.all(paths.map(async (path) => (await server.ask(`/api/v1/${path}`)).text))
  expect(server.said() + shown.join('')).not.toMatch(/canary/)
})

it('halfopen alerts test tries them from the command line', async () => {
  const { dir, hook, yaml } = await scene()
  writeFileSync(join(dir, 'halfopen.yaml'), yaml)
  const cli = fileURLToPath(new URL('../../server/cli/halfopen.mjs', import.meta.url))
  const run = async (...args: string[]): Promise<{ code: number; out: string; said: string }> => {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, 'alerts', 'test', ...args], {
        cwd: dir,
      })
      return { code: 0, out: stdout, said: stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, out: stdout, said: stderr }
    }
  }
  expect(await run('phone')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^phone \(gotify\): took the message \(204\), \d+ ms\n$/),
  })
  hook.answer((response) => void response.writeHead(500).end('canary-answer'))
  const both = await run()
  expect(both).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^own \(webhook\): FAILED: answered 500.*\nphone /),
  })
  expect(both.out + both.said).not.toContain('canary')
  expect(await run('nobody')).toMatchObject({
    code: 2,
    said: 'halfopen: alerts test: there is no receiver "nobody"; known are own, phone\n',
  })
})
