/** How long it takes from a line in a log to the request at the receiver. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startReceiver } from '../alerts/receiver.ts'
import { refused } from './lines.ts'
import { folder, startIn } from './running.ts'

/** HALFOPEN_TEST_LATENCY=200 measures, on a machine that does nothing else: the 99th percentile has to be below two
 *  seconds. The few lines of every test run are beside other tests, and their median is looked at. */
const MEASURED = process.env['HALFOPEN_TEST_LATENCY']
const LINES = Number(MEASURED ?? 9)
const BOUND = 2000

it(`${LINES} lines`, async () => {
  const dir = folder()
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  const log = join(dir, 'error.log')
  writeFileSync(log, '')
  const server = await startIn(dir, `sources: [error.log]\ntimezone: UTC\nalerts: {webhook: "${hook.url}"}\n`)
  await expect.poll(async () => (await server.ask('/readyz')).status, { timeout: 10_000 }).toBe(200)
  const took: number[] = []
  for (let n = 0; n < LINES; n++) {
    // Lines fall anywhere between two looks.
    await new Promise((resolve) => setTimeout(resolve, (n * 137) % 1000))
    const from = performance.now()
    appendFileSync(log, refused(Date.now(), `127.0.0.1:${3000 + n}`))
    while (hook.received.length <= n && performance.now() - from < 30_000)
      await new Promise((resolve) => setTimeout(resolve, 2))
    took.push(performance.now() - from)
  }
  took.sort((x, y) => x - y)
  const at = (share: number): number =>
    Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Infinity)
  console.log(`alerts: ${LINES} lines, from the line to the request: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
  expect(hook.received).toHaveLength(LINES)
  expect(at(MEASURED === undefined ? 0.5 : 0.99)).toBeLessThanOrEqual(BOUND)
}, 600_000)
