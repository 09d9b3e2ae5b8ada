/** The backend's own failures: stopped, silent, resetting. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { startBackend, startMuteBackend, type Backend } from './harness/backend.ts'
import { handshake, join } from './harness/client.ts'
import { location, MAP, siteConfig, UPGRADE_LINES } from './harness/config.ts'
import { within } from './harness/deadline.ts'
import { analyze, told } from './harness/halfopen.ts'
import { lines, logged, startNginx, type Nginx } from './harness/nginx.ts'

vi.setConfig({ testTimeout: 60_000 })

/** nginx with a correct WebSocket location, combined log and default error level in front of `backend`. */
async function inFrontOf(backend: Backend, extra = ''): Promise<Nginx> {
  onTestFinished(() => backend.stop())
  const nginx = await startNginx((site) =>
    siteConfig(site, { http: MAP, locations: location('/ws', backend.port, UPGRADE_LINES + extra) }),
  )
  onTestFinished(() => nginx.close())
  return nginx
}

/** The report on nginx's own logs must begin with `cause`, at `upstream`, surely; with and without the configuration. */
async function expectFirst(nginx: Nginx, cause: string, upstream: string, count: number): Promise<void> {
  for (const config of [[], ['--config', nginx.configFile]]) {
    const report = await analyze(...config, nginx.errorLog, nginx.accessLog)
    const [first] = report.findings
    const why = told(report, { error: lines(nginx.errorLog), access: lines(nginx.accessLog) })
    expect(first?.cause, why).toBe(cause)
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.8)
    expect(first?.severity, why).toMatch(/^(critical|error|warning)$/)
    expect(first?.scope.upstream, why).toBe(upstream)
    expect(first?.count, why).toBe(count)
    expect(
      first?.evidence.some(({ source }) => source.endsWith('error.log')),
      why,
    ).toBe(true)
  }
}

describeWith('nginx', 'backend failures', () => {
  it('stopped: backend-down', async () => {
    const backend = await startBackend()
    const nginx = await inFrontOf(backend)
    const session = await join(`${nginx.ws}/ws`)
    await session.leave()
    await backend.stop()
    for (let attempt = 0; attempt < 3; attempt++) expect((await handshake(`${nginx.ws}/ws`)).status).toBe(502)
    await logged(nginx.errorLog, /connect\(\) failed \(111/, 3)
    await logged(nginx.accessLog, / 502 /, 3)
    await expectFirst(nginx, 'backend-down', `127.0.0.1:${backend.port}`, 3)
  })

  it('accepts and never answers the handshake: backend-slow', async () => {
    const backend = await startMuteBackend()
    const nginx = await inFrontOf(backend, '            proxy_read_timeout 1s;\n')
    const answers = await Promise.all(Array.from({ length: 3 }, () => handshake(`${nginx.ws}/ws`)))
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504])
    await logged(nginx.errorLog, /upstream timed out.*while reading response header/, 3)
    await logged(nginx.accessLog, / 504 /, 3)
    await expectFirst(nginx, 'backend-slow', `127.0.0.1:${backend.port}`, 3)
  })

  it('resets open sessions: backend-reset', async () => {
    const backend = await startBackend({ resetAfterMs: 200 })
    const nginx = await inFrontOf(backend)
    const sessions = await Promise.all(Array.from({ length: 3 }, () => join(`${nginx.ws}/ws`)))
    for (const { closed } of sessions) expect((await within('the reset', closed)).code).toBe(1006)
    await logged(nginx.errorLog, /\[error\].*recv\(\) failed \(104.*while proxying upgraded connection/, 3)
    await logged(nginx.accessLog, / 101 /, 3)
    await expectFirst(nginx, 'backend-reset', `127.0.0.1:${backend.port}`, 3)
  })
})
