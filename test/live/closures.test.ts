/** Sessions that end without a close frame where nothing is broken, or nothing says what is. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { startBackend } from './harness/backend.ts'
import { join } from './harness/client.ts'
import { location, MAP, siteConfig, UPGRADE_LINES } from './harness/config.ts'
import { analyze, problems, told } from './harness/halfopen.ts'
import { lines, logged, startNginx } from './harness/nginx.ts'
import { startPortainerStandIn } from './harness/portainer.ts'

vi.setConfig({ testTimeout: 60_000 })

describeWith('nginx', 'closures', () => {
  it('visitors whose connection resets are at most a note, even with the error log at info', async () => {
    const backend = await startBackend()
    onTestFinished(() => backend.stop())
    const nginx = await startNginx((site) =>
      siteConfig(site, { http: MAP, errorLevel: 'info', locations: location('/ws', backend.port, UPGRADE_LINES) }),
    )
    onTestFinished(() => nginx.close())
    for (let visitor = 0; visitor < 4; visitor++) {
      const session = await join(`${nginx.ws}/ws`)
      await session.echo('hello')
      session.reset()
    }
    await logged(nginx.errorLog, /\[info\].*recv\(\) failed \(104.*while proxying upgraded connection/, 4)
    await logged(nginx.accessLog, / 101 /, 4)
    const report = await analyze(nginx.errorLog, nginx.accessLog)
    const why = told(report, { error: lines(nginx.errorLog), access: lines(nginx.accessLog) })
    expect(problems(report), why).toEqual([])
    expect(report.totals.events['client_closed'], why).toBe(4)
    expect(
      report.findings.map(({ cause }) => cause).filter((cause) => cause !== 'client-gone'),
      why,
    ).toEqual([])
  })

  it('1006 that only the application saw is an abnormal closure, not a verdict on nginx', async () => {
    const dir = await mkdtemp(joinPath(tmpdir(), 'halfopen-portainer-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const app = await startPortainerStandIn(dir)
    onTestFinished(() => app.stop())
    const nginx = await startNginx((site) =>
      siteConfig(site, { http: MAP, locations: location('/ws', app.port, UPGRADE_LINES) }),
    )
    onTestFinished(() => nginx.close())
    for (let visitor = 0; visitor < 4; visitor++) {
      const session = await join(`${nginx.ws}/ws`)
      await session.echo('hello')
      session.vanish()
    }
    await logged(app.log, /close 1006/, 4)
    await logged(nginx.accessLog, / 101 /, 4)
    expect(lines(nginx.errorLog)).toEqual([])
    for (const inputs of [[app.log], [app.log, nginx.accessLog, nginx.errorLog]]) {
      const report = await analyze(...inputs)
      const [first] = report.findings
      const why = told(report, { portainer: lines(app.log), access: lines(nginx.accessLog) })
      expect(first?.cause, why).toBe('abnormal-closure')
      expect(first?.count, why).toBe(4)
      expect(first?.confidence, why).toBeLessThan(0.8)
      expect(first?.evidence[0]?.source, why).toContain('portainer.log')
    }
  })
})
