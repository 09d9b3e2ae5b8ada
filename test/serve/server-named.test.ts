/** The log_format of a live log is changed so that it names the server: the problem goes on under another id. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Problems } from '../../server/http/wire.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { request } from './lines.ts'
import { folder, startIn } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 20_000, interval: 50 }

it.each(['without and then with it', 'both at a time'])('%s', async (how) => {
  const dir = folder()
  const log = join(dir, 'access.log')
  writeFileSync(log, '')
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  const server = await startIn(dir, `sources: access.log\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`)
  const states = async (): Promise<string[]> => {
    const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
    return problems.map(({ state, finding: { scope } }) => `${state} ${scope.server} ${scope.path}`).toSorted()
  }
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  const now = Date.now()
  const path = '/api/websocket'
  const failures = (from: number, before = ''): string =>
    Array.from({ length: 8 }, (_, n) => before + request(from + n * 10, 400, path)).join('')
  appendFileSync(log, failures(now - 60_000))
  await expect.poll(states, SOON).toEqual([`new null ${path}`])
  const opened = hook.received.length
  // As cPanel logs it: `$server_name:$server_port` in front.
  appendFileSync(log, failures(how === 'both at a time' ? now - 70_000 : now, 'app.test:443 '))
  await expect.poll(states, SOON).toEqual([`new app.test ${path}`, `resolved null ${path}`])
  // One that ends and one that begins, and nothing more when it goes on.
  await expect.poll(() => hook.received.length, SOON).toBe(opened + 2)
  appendFileSync(log, failures(now + 1000, 'app.test:443 '))
  await expect
    .poll(
      async () => ((await server.ask('/api/v1/sources')).json() as { sources: { lines: number }[] }).sources[0]?.lines,
      SOON,
    )
    .toBe(24)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect(await states()).toEqual([`new app.test ${path}`, `resolved null ${path}`])
  expect(hook.received).toHaveLength(opened + 2)
  const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
  const old = problems.find(({ finding }) => finding.scope.server === null)
  expect(server.said()).toContain('server-named')
  expect(old?.resolved_at).not.toBeNull()
})
