/** Sessions cut by proxy_read_timeout: what each kind of log can and cannot show of it. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { startBackend } from './harness/backend.ts'
import { join } from './harness/client.ts'
import { location, MAP, siteConfig, TIMED_FORMAT, UPGRADE_LINES, type Parts } from './harness/config.ts'
import { within } from './harness/deadline.ts'
import { analyze, problems, told } from './harness/halfopen.ts'
import { lines, logged, startNginx, type Nginx } from './harness/nginx.ts'

vi.setConfig({ testTimeout: 60_000 })

/** nginx with proxy_read_timeout 2s through which `idle` sessions were cut and two visitors left early. */
async function cutSessions(idle: number, parts: Partial<Parts>): Promise<Nginx> {
  const backend = await startBackend()
  onTestFinished(() => backend.stop())
  const nginx = await startNginx((site) =>
    siteConfig(site, {
      http: MAP,
      locations: location('/ws', backend.port, `${UPGRADE_LINES}            proxy_read_timeout 2s;\n`),
      ...parts,
    }),
  )
  onTestFinished(() => nginx.close())
  const idlers = await Promise.all(Array.from({ length: idle }, () => join(`${nginx.ws}/ws`)))
  for (let visitor = 0; visitor < 2; visitor++) {
    const session = await join(`${nginx.ws}/ws`)
    await session.echo('hello')
    await session.leave()
  }
  for (const { closed } of idlers) {
    const { code, lastedMs } = await within('the idle cut', closed)
    expect(code).toBe(1006)
    expect(lastedMs).toBeGreaterThan(1700)
  }
  const log = parts.access?.includes('combined') === false ? nginx.timedLog : nginx.accessLog
  await logged(log, /" 101 /, idle + 2)
  return nginx
}

describeWith('nginx', 'an idle session and proxy_read_timeout 2s', () => {
  it('is named from the error log at info', async () => {
    const nginx = await cutSessions(3, { errorLevel: 'info' })
    await logged(nginx.errorLog, /\[info\].*upstream timed out.*while proxying upgraded connection/, 3)
    const report = await analyze(nginx.errorLog, nginx.accessLog)
    const [first] = report.findings
    const why = told(report, { error: lines(nginx.errorLog), access: lines(nginx.accessLog) })
    expect(first?.cause, why).toBe('idle-timeout')
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.8)
    expect(first?.count, why).toBe(3)
    expect(first?.scope.path, why).toBe('/ws')
    expect(JSON.stringify(first?.fix.directives), why).toContain('proxy_read_timeout')
  })

  for (const known of ['--log-format', '--config'] as const) {
    it(`is named from session lengths alone: timed access log, ${known}, default error level`, async () => {
      const nginx = await cutSessions(12, { access: ['timed'] })
      expect(lines(nginx.errorLog)).toEqual([])
      const how = known === '--config' ? nginx.configFile : TIMED_FORMAT
      const report = await analyze(known, how, nginx.errorLog, nginx.timedLog)
      const [first] = report.findings
      const why = told(report, { timed: lines(nginx.timedLog) })
      expect(first?.cause, why).toBe('idle-timeout')
      expect(first?.confidence, why).toBeGreaterThanOrEqual(0.5)
      expect(first?.title, why).toMatch(/\b2(\.0)? ?s/)
      expect(first?.evidence[0]?.source, why).toContain('timed.log')
    })
  }

  it('cannot be seen in a combined log at the default level, and the report says so', async () => {
    const nginx = await cutSessions(6, {})
    expect(lines(nginx.errorLog)).toEqual([])
    const report = await analyze(nginx.errorLog, nginx.accessLog)
    const why = told(report, { access: lines(nginx.accessLog) })
    expect(problems(report), why).toEqual([])
    const blind = report.blind_spots.filter(({ what }) => /idle/i.test(what))
    expect(blind, why).not.toEqual([])
    expect(JSON.stringify(blind), why).toMatch(/error_log .*info|log_format/)
  })

  it('is not reported when heartbeats keep the session open past the timeout', async () => {
    const backend = await startBackend({ heartbeatMs: 500 })
    onTestFinished(() => backend.stop())
    const nginx = await startNginx((site) =>
      siteConfig(site, {
        http: MAP,
        errorLevel: 'info',
        access: ['timed'],
        locations: location('/ws', backend.port, `${UPGRADE_LINES}            proxy_read_timeout 1s;\n`),
      }),
    )
    onTestFinished(() => nginx.close())
    // Nobody says anything but the backend's pings; visitors leave after 2 to 4 s.
    await Promise.all(
      [4, 5, 6, 7, 8].map(async (beats) => {
        const session = await join(`${nginx.ws}/ws`)
        await session.pings(beats)
        await session.leave()
      }),
    )
    await logged(nginx.timedLog, /" 101 /, 5)
    const report = await analyze('--log-format', TIMED_FORMAT, nginx.errorLog, nginx.timedLog)
    expect(problems(report), told(report, { timed: lines(nginx.timedLog) })).toEqual([])
  })
})
