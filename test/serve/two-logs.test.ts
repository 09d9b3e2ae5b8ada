/** One incident in two logs, of which one names the server: one problem, and one message. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Problems } from '../../server/http/wire.ts'
import { startReceiver, type Received } from '../alerts/receiver.ts'
import { failed, request } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 20_000, interval: 50 }
const TIMED_OUT = 'upstream timed out (110: Connection timed out) while reading response header from upstream'

async function started(dir: string): Promise<{ server: Started; received: Received[] }> {
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  const yaml = `sources: [access.log, error.log]\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`
  const server = await startIn(dir, yaml)
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  return { server, received: hook.received }
}
const problems = async (server: Started): Promise<string[]> => {
  const all: Problems = (await server.ask('/api/v1/problems')).json()
  return all.problems.map(({ state, finding: { cause, scope } }) => `${state} ${cause} ${scope.server}`).toSorted()
}
const said = (received: readonly Received[]): string[] =>
  received.map(({ body }) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { problem: { scope: { server: string } } } }
    return `${type} ${data.problem.scope.server}`
  })
const sockets = (now: number): string => request(now - 60_000, 101).repeat(3)

it('the access log is read first: at any moment between two looks', async () => {
  const dir = folder()
  const now = Date.now()
  const [access, error] = [join(dir, 'access.log'), join(dir, 'error.log')]
  const paths = Array.from({ length: 6 }, (_, n) => `/ws/${String.fromCharCode(97 + n)}`)
  writeFileSync(access, paths.map((path, n) => request(now - (n + 1) * 60_000, 101, path)).join(''))
  writeFileSync(error, '')
  const { server, received } = await started(dir)
  for (const [n, path] of paths.entries()) {
    await sleep(1000 + n * 170)
    appendFileSync(access, request(Date.now(), 403, path).repeat(6))
    // As long as the reader of the error log may take: longer than until a look, shorter than until the one after it.
    await sleep(450)
    appendFileSync(error, failed(Date.now(), 'access forbidden by rule', path).repeat(6))
  }
  const one = paths.map(() => 'new auth-rejected app.example')
  await expect.poll(() => problems(server), SOON).toEqual(one)
  await sleep(1500)
  expect(await problems(server)).toEqual(one)
  expect(received).toEqual([])
})

it('and what is told is told once', async () => {
  const dir = folder()
  const [access, error] = [join(dir, 'access.log'), join(dir, 'error.log')]
  writeFileSync(access, sockets(Date.now()))
  writeFileSync(error, '')
  const { server, received } = await started(dir)
  await sleep(1200)
  appendFileSync(access, request(Date.now(), 504).repeat(6))
  await sleep(450)
  appendFileSync(error, failed(Date.now(), TIMED_OUT).repeat(6))
  await expect.poll(() => said(received), SOON).toEqual(['problem.opened app.example'])
  await sleep(1500)
  expect(await problems(server)).toEqual(['new backend-slow app.example'])
  expect(said(received)).toEqual(['problem.opened app.example'])
})

it('an error log that says nothing holds nothing up for long', async () => {
  const dir = folder()
  const now = Date.now()
  const access = join(dir, 'access.log')
  writeFileSync(access, sockets(now))
  writeFileSync(join(dir, 'error.log'), '')
  const { server, received } = await started(dir)
  appendFileSync(access, request(now, 504).repeat(6))
  await expect.poll(() => said(received), SOON).toEqual(['problem.opened null'])
  expect(await problems(server)).toEqual(['new backend-slow null'])
})

it('an error log that comes later takes over', async () => {
  const dir = folder()
  const now = Date.now()
  const access = join(dir, 'access.log')
  writeFileSync(access, sockets(now))
  const { server, received } = await started(dir)
  appendFileSync(access, request(now, 504).repeat(6))
  await expect.poll(() => said(received), SOON).toEqual(['problem.opened null'])
  writeFileSync(join(dir, 'error.log'), failed(now, TIMED_OUT).repeat(6))
  await expect
    .poll(() => problems(server), SOON)
    .toEqual(['new backend-slow app.example', 'resolved backend-slow null'])
  await expect
    .poll(() => said(received).toSorted(), SOON)
    .toEqual(['problem.opened app.example', 'problem.opened null', 'problem.resolved null'])
})
