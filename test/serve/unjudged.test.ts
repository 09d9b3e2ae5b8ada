/** Killed between the commit of a live line and its judgement: after the next start it is news, once. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import type { Problems, Report } from '../../server/http/wire.ts'
import { ingest } from '../../server/ingest.ts'
import { zoneClock } from '../../server/scan/contract.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { followFile, rewindFile } from '../../server/tail/contract.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { combinedStamp, refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 30_000, interval: 50 }
const HOUR = 3_600_000

/** A refusal that is no event: its path is only known as a socket's by those that succeed there. */
const suspect = (time: number, status: number): string =>
  `192.0.2.7 - - [${combinedStamp(time)}] "GET /api/events HTTP/1.1" ${status} 157 "-" "Mozilla/5.0"\n`

/** As far as a server comes that is killed between commits and the look at what was read. */
async function killedAfter(dir: string, path: string, pieces: readonly string[]): Promise<void> {
  const store = openSqliteStore(join(dir, 'h.sqlite'))
  const source = ingest({
    store,
    path,
    open: (options) => followFile({ path, ...options }),
    parsers: PARSERS,
    shift: zoneClock('UTC').follow,
    rewind: (stored, from) => rewindFile(path, stored, from),
    onCommitted: () => {},
  })
  await source.poll()
  for (const text of pieces) {
    appendFileSync(path, text)
    await source.poll()
  }
  await source.close()
  store.close()
}

async function hookOf(): Promise<{ url: string; received: { body: string }[] }> {
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  return hook
}
const states = async (server: Started): Promise<string[]> => {
  const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
  return problems
    .map(({ state, finding: { cause, evidence } }) => `${state} ${cause} ${evidence.at(-1)?.line}`)
    .toSorted()
}
const events = async (server: Started): Promise<unknown> => {
  const report: Report = (
    await server.ask(`/api/v1/report?from=${new Date(Date.now() - 2 * HOUR).toISOString()}`)
  ).json()
  return [report.totals.requests, report.totals.events, report.inputs.map(({ lines }) => lines)]
}

it('what came while it ran is no history', async () => {
  const dir = folder()
  const hook = await hookOf()
  const error = join(dir, 'error.log')
  const now = Date.now()
  writeFileSync(error, refused(now - HOUR, '127.0.0.1:4000').repeat(20))
  await killedAfter(dir, error, [refused(now - 2000).repeat(2), refused(now - 1000)])
  const yaml = `sources: error.log\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`
  const first = await startIn(dir, yaml)
  await expect.poll(() => states(first), SOON).toEqual(['imported backend-down 20', 'new backend-down 23'])
  await expect.poll(() => hook.received.length, SOON).toBe(1)
  expect(await events(first)).toEqual([0, { upstream_refused: 23 }, [23]])
  await first.close()
  // Nothing new: nothing is told again, and nothing is counted twice.
  const second = await startIn(dir, yaml)
  await sleep(2500)
  expect(await states(second)).toEqual(['imported backend-down 20', 'new backend-down 23'])
  expect(hook.received).toHaveLength(1)
  appendFileSync(error, refused(now))
  await expect.poll(() => events(second), SOON).toEqual([0, { upstream_refused: 24 }, [24]])
  await sleep(1500)
  expect(hook.received).toHaveLength(1)
})

it('nor are ordinary requests that turn out to be handshakes', async () => {
  const dir = folder()
  const hook = await hookOf()
  const access = join(dir, 'access.log')
  const now = Date.now()
  writeFileSync(access, suspect(now - HOUR, 101).repeat(3))
  await killedAfter(dir, access, [suspect(now - HOUR / 2, 101), suspect(now - 1000, 400).repeat(6)])
  const server = await startIn(dir, `sources: access.log\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`)
  await expect.poll(async () => (await states(server)).map((text) => text.split(' ')[0]), SOON).toEqual(['new'])
})

it('history alone stays history, and so does what cannot be read again', async () => {
  const dir = folder()
  const hook = await hookOf()
  const error = join(dir, 'error.log')
  const now = Date.now()
  writeFileSync(error, refused(now - HOUR).repeat(20))
  await killedAfter(dir, error, [])
  await killedAfter(dir, error, [refused(now - 1000, '127.0.0.1:5000')])
  renameSync(error, `${error}.1`)
  writeFileSync(error, '')
  const server = await startIn(dir, `sources: error.log\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`)
  await expect
    .poll(async () => (await states(server)).map((text) => text.split(' ')[0]), SOON)
    .toEqual(['imported', 'imported'])
  await sleep(1500)
  expect(hook.received).toEqual([])
  expect(await events(server)).toEqual([0, { upstream_refused: 21 }, [21]])
})
