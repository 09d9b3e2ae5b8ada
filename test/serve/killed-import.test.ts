/** Killed while it imports: what was there at first is still history afterwards, and alerts nobody. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import type { Problems, Report } from '../../server/http/wire.ts'
import { ingest } from '../../server/ingest.ts'
import { zoneClock } from '../../server/scan/contract.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { followFile } from '../../server/tail/contract.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { ENTRY } from '../live/harness/halfopen.ts'
import { combinedStamp, refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 120_000 })
const SOON = { timeout: 40_000, interval: 50 }
const HOUR = 3_600_000

/** A session that ended well, where the failures of history were: it touches them, and shows none. */
const session = (time: number, seconds = 12): string =>
  `192.0.2.7 - - [${combinedStamp(time)}] "GET /ws HTTP/1.1" 101 157 "-" "Mozilla/5.0" ${seconds}.000\n`
const FORMAT =
  'log_format: \'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time\'\n'

async function hookOf(): Promise<{ url: string; received: { body: string }[] }> {
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  return hook
}
const ready = async (server: Started): Promise<boolean> => (await server.ask('/readyz')).status === 200
const states = async (server: Started): Promise<string[]> => {
  const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
  return problems.map(({ state, finding }) => `${state} ${finding.cause} ${finding.scope.upstream}`)
}

it('before anything was judged: live lines at the same place make no news of it', async () => {
  const dir = folder()
  const hook = await hookOf()
  const [error, access] = [join(dir, 'error.log'), join(dir, 'access.log')]
  writeFileSync(error, refused(Date.now() - HOUR).repeat(20))
  writeFileSync(access, session(Date.now() - HOUR))
  // As far as a server comes that is killed between its first commit and its first look at what it has read.
  const store = openSqliteStore(join(dir, 'h.sqlite'))
  const shift = zoneClock('UTC').follow
  for (const path of [error, access]) {
    const open = (options: Parameters<Parameters<typeof ingest>[0]['open']>[0]) => followFile({ path, ...options })
    const source = ingest({ store, path, open, parsers: PARSERS, shift, onCommitted: () => {} })
    await source.poll()
    await source.close()
  }
  expect(store.inputs().map(({ lines }) => lines)).toEqual([1, 20])
  store.close()
  appendFileSync(access, session(Date.now()))
  const server = await startIn(
    dir,
    `sources: [error.log, access.log]\ntimezone: UTC\n${FORMAT}alerts:\n  webhook: ${hook.url}\n`,
  )
  await expect.poll(() => ready(server), SOON).toBe(true)
  await expect.poll(() => states(server), SOON).toEqual(['imported backend-down 127.0.0.1:3000'])
  await sleep(1500)
  expect(hook.received).toEqual([])
  // What happens now is news, and so is it when it happened while nobody was there.
  appendFileSync(error, refused(Date.now()))
  await expect.poll(() => hook.received.length, SOON).toBe(1)
})

it('before anything was judged: what failed while it was down is news', async () => {
  const dir = folder()
  const hook = await hookOf()
  const error = join(dir, 'error.log')
  writeFileSync(error, refused(Date.now() - HOUR).repeat(20))
  const yaml = `sources: error.log\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`
  const store = openSqliteStore(join(dir, 'h.sqlite'))
  const shift = zoneClock('UTC').follow
  const source = ingest({
    store,
    path: error,
    open: (options) => followFile({ path: error, ...options }),
    parsers: PARSERS,
    shift,
    onCommitted: () => {},
  })
  await source.poll()
  await source.close()
  store.close()
  appendFileSync(error, refused(Date.now()))
  const server = await startIn(dir, yaml)
  await expect.poll(() => states(server), SOON).toEqual(['new backend-down 127.0.0.1:3000'])
  await expect.poll(() => hook.received.length, SOON).toBe(1)
})

it('by kill -9 again and again, before the first commit and with imports that wait for their turn', async () => {
  const dir = folder()
  const hook = await hookOf()
  const logs = Array.from({ length: 7 }, (_, n) => join(dir, `error-${n}.log`))
  const line = (n: number): string => refused(Date.now() - HOUR, `127.0.0.1:${4000 + n}`)
  // More than four, and each too long to be read in one go.
  const each = Math.ceil((1.3 * 2 ** 20) / line(0).length)
  for (const [n, log] of logs.entries()) writeFileSync(log, line(n).repeat(each))
  const access = join(dir, 'access.log')
  writeFileSync(access, session(Date.now() - HOUR))
  const yaml = `sources: [access.log, 'error-*.log']\ntimezone: UTC\n${FORMAT}alerts:\n  webhook: ${hook.url}\n`
  writeFileSync(join(dir, 'killed.yaml'), `listen: 127.0.0.1:0\ndatabase: sqlite:h.sqlite\n${yaml}`)
  let sessions = 1
  // From the start of the program; what it has reached by then differs from machine to machine, and from run to run.
  for (const ms of [150, 400, 600, 800, 1000, 1300, 1700]) {
    const child = spawn(process.execPath, [ENTRY, 'serve', '--config-file', join(dir, 'killed.yaml')], {
      cwd: dir,
      stdio: 'ignore',
    })
    await sleep(ms)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // Of no common length, which would be a timeout.
    appendFileSync(access, session(Date.now(), 3 * sessions ** 3))
    sessions++
  }
  const server = await startIn(dir, yaml)
  await expect.poll(() => ready(server), SOON).toBe(true)
  await expect
    .poll(async () => (await states(server)).toSorted(), SOON)
    .toEqual(logs.map((_, n) => `imported backend-down 127.0.0.1:${4000 + n}`))
  await sleep(1500)
  expect(hook.received.map(({ body }) => body)).toEqual([])
  // Every line once.
  const report: Report = (
    await server.ask(`/api/v1/report?from=${new Date(Date.now() - 2 * HOUR).toISOString()}`)
  ).json()
  expect(report.totals).toMatchObject({ upgraded: sessions, events: { upstream_refused: each * logs.length } })
})
