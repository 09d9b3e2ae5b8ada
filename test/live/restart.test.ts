/** The service, stopped or killed and started again, counts every line once: it agrees with `analyze` on the same files. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Report } from '../../server/http/wire.ts'
import { describeWith } from '../needs.ts'
import { until } from './harness/deadline.ts'
import { analyze } from './harness/halfopen.ts'
import { serve, type Served } from './harness/serve.ts'
import { startMixedSite } from './harness/site.ts'

vi.setConfig({ testTimeout: 90_000 })

/** What must be equal however the lines were read. */
const essence = ({ totals, findings }: Report) => ({
  requests: totals.requests,
  handshakes: totals.handshakes,
  upgraded: totals.upgraded,
  failed: totals.failed_handshakes,
  status: totals.status,
  events: totals.events,
  findings: findings.map(({ id, cause, count }) => `${id} ${cause} ${count}`).sort(),
})

const caughtUp = (server: Served, requests: number) =>
  until(`serve has read ${requests} requests`, async () => (await server.report()).totals.requests >= requests, {
    state: () => server.said(),
  })

describeWith('nginx', 'serve, started again', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`after ${signal} has every event once, also those written while it was down`, async () => {
      const dir = await mkdtemp(join(tmpdir(), 'halfopen-serve-'))
      onTestFinished(() => rm(dir, { recursive: true, force: true }))
      const site = await startMixedSite()
      onTestFinished(() => site.close())
      const inputs = [site.nginx.accessLog, site.nginx.errorLog]
      await site.round(true)

      const first = await serve(dir, inputs)
      onTestFinished(async () => {
        await first.stop('SIGKILL')
      })
      await site.round()
      await caughtUp(first, site.requests())
      expect(await first.stop(signal)).toBe(signal === 'SIGTERM' ? 0 : null)

      await site.round(true)
      const second = await serve(dir, inputs)
      onTestFinished(async () => {
        await second.stop('SIGKILL')
      })
      await site.round(true)
      await caughtUp(second, site.requests())

      const expected = essence(await analyze(...inputs))
      expect(expected.requests).toBe(site.requests())
      expect(expected.upgraded).toBe(4)
      expect(expected.findings.length).toBeGreaterThanOrEqual(2)
      // The error log may be a moment behind the access log.
      const agrees = async () => JSON.stringify(essence(await second.report())) === JSON.stringify(expected)
      await until('report agrees with analyze', agrees, { deadlineMs: 5_000 }).catch(() => undefined)
      expect(essence(await second.report())).toEqual(expected)

      const rows = await second.events()
      const identities = rows.map(({ source, line, kind, sign }) => `${source}:${line} ${kind} ${sign}`)
      expect(identities.length).toBeGreaterThan(0)
      expect(identities.filter((identity, index) => identities.indexOf(identity) !== index)).toEqual([])
      expect(await second.stop()).toBe(0)
    })
  }
})
