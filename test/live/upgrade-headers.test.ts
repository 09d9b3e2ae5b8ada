/** Portainer's case: nginx does not pass Upgrade and Connection on. The suggested lines must make the same client work. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { applyPatch, paste } from './harness/apply.ts'
import { startBackend, type Backend, type Behaviour } from './harness/backend.ts'
import { handshake } from './harness/client.ts'
import { location, siteConfig, type Parts } from './harness/config.ts'
import { until } from './harness/deadline.ts'
import { analyze, problems, told } from './harness/halfopen.ts'
import { lines, logged, startNginx, type Nginx } from './harness/nginx.ts'
import { startPortainerStandIn, type PortainerStandIn, type Shape } from './harness/portainer.ts'

vi.setConfig({ testTimeout: 60_000 })

const PATH = '/api/websocket/exec?token=secret-canary-4711&id=3f2a9c'
const ATTEMPTS = 4

interface Broken {
  nginx: Nginx
  config: string
  app: Backend
}

/** nginx with a location that proxies and sets Host, nothing more; clients have already failed through it. */
async function broken(app: Backend, parts: Partial<Parts> = {}): Promise<Broken> {
  onTestFinished(() => app.stop())
  let config = ''
  const nginx = await startNginx((site) => {
    config = siteConfig(site, { locations: location('/api/websocket/', app.port), ...parts })
    return config
  })
  onTestFinished(() => nginx.close())
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { status } = await handshake(nginx.ws + PATH)
    expect(status).toBeGreaterThanOrEqual(400)
  }
  await logged(nginx.accessLog, /websocket\/exec/, ATTEMPTS)
  return { nginx, config, app }
}

const strict = (behaviour: Behaviour) => startBackend(behaviour).then((app) => broken(app))

async function portainer(shape: Shape): Promise<Broken & { log: string }> {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const dir = await mkdtemp('/tmp/halfopen-portainer-')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const app: PortainerStandIn = await startPortainerStandIn(dir, shape)
  return { ...(await broken(app)), log: app.log }
}

/** The same client again, through the repaired configuration. */
async function works(nginx: Nginx, config: string): Promise<void> {
  await nginx.reload(config)
  const { status, session } = await handshake(nginx.ws + PATH)
  expect(status).toBe(101)
  expect(await session?.echo('are you there')).toBe('are you there')
  await session?.leave()
}

describeWith('nginx', 'upgrade headers missing', () => {
  for (const shape of ['logrus', 'std', 'json'] as const) {
    it(`is named from nginx and Portainer (${shape}) logs, and the suggested lines give 101`, async () => {
      const { nginx, config, log } = await portainer(shape)
      const report = await analyze(nginx.accessLog, nginx.errorLog, log)
      const [first] = report.findings
      const why = told(report, { access: lines(nginx.accessLog), portainer: lines(log) })
      expect(first?.cause, why).toBe('missing-upgrade-headers')
      expect(first?.confidence, why).toBeGreaterThanOrEqual(0.8)
      expect(first?.fix.layer, why).toBe('nginx')
      expect(first?.count, why).toBe(ATTEMPTS)
      // Both logs prove it, so both are quoted.
      expect(new Set(first?.evidence.map(({ source }) => source.split('/').pop())), why).toEqual(
        new Set(['access.log', 'portainer.log']),
      )
      expect(JSON.stringify(report)).not.toContain('secret-canary-4711')
      const contexts = new Set(first?.fix.directives.map(({ context }) => context.split(' ')[0]))
      expect(contexts, why).toEqual(new Set(['http', 'location']))
      // Most backends upgrade HTTP/1.0 too, so a 101 alone would not show that this line is missing.
      expect(first?.fix.directives.map(({ text }) => text).join('\n'), why).toContain('proxy_http_version 1.1;')
      await works(nginx, paste(config, first?.fix.directives ?? []))
    })
  }

  it('is named from a bare 426, and the suggested lines give 101', async () => {
    const { nginx, config } = await strict({ refusal: 426 })
    const report = await analyze(nginx.accessLog, nginx.errorLog)
    const [first] = report.findings
    const why = told(report, { access: lines(nginx.accessLog) })
    expect(first?.cause, why).toBe('missing-upgrade-headers')
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.5)
    await works(nginx, paste(config, first?.fix.directives ?? []))
  })

  it('with --config comes as a patch to that file, and the patched file gives 101', async () => {
    const { nginx, config } = await strict({ refusal: 426 })
    const report = await analyze('--config', nginx.configFile, nginx.accessLog, nginx.errorLog)
    const [first] = report.findings
    const why = told(report, { access: lines(nginx.accessLog) })
    expect(first?.cause, why).toBe('missing-upgrade-headers')
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.8)
    expect(first?.fix.target?.file, why).toBe(nginx.configFile)
    const patched = applyPatch(config, first?.fix.patch ?? '')
    // A minimal diff: nothing that was there is gone.
    expect(config.split('\n').filter((line) => !patched.split('\n').includes(line))).toEqual([])
    await works(nginx, patched)
  })

  it('a bare 404 decides nothing without the configuration, and is named with it', async () => {
    const { nginx, config } = await strict({ refusal: 404 })
    const without = await analyze(nginx.accessLog, nginx.errorLog)
    const sure = without.findings.filter(({ confidence }) => confidence >= 0.5)
    expect(sure, told(without, { access: lines(nginx.accessLog) })).toEqual([])

    const report = await analyze('--config', nginx.configFile, nginx.accessLog, nginx.errorLog)
    const [first] = report.findings
    const why = told(report, { access: lines(nginx.accessLog) })
    expect(first?.cause, why).toBe('missing-upgrade-headers')
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.5)
    await works(nginx, applyPatch(config, first?.fix.patch ?? ''))
  })

  it('is over after the fix: --since the reload shows no problem', async () => {
    const { nginx, config } = await strict({ refusal: 426 })
    const report = await analyze('--config', nginx.configFile, nginx.accessLog)
    await works(nginx, applyPatch(config, report.findings[0]?.fix.patch ?? ''))
    // Access logs count whole seconds: ask from the next one on.
    const since = Math.ceil((Date.now() + 1) / 1000) * 1000
    await until('the next second', () => Date.now() >= since)
    await works(nginx, applyPatch(config, report.findings[0]?.fix.patch ?? ''))
    await logged(nginx.accessLog, / 101 /, 2)
    const after = await analyze(
      '--config',
      nginx.configFile,
      '--since',
      new Date(since).toISOString(),
      nginx.accessLog,
      nginx.errorLog,
    )
    expect(after.totals.upgraded, told(after, { access: lines(nginx.accessLog) })).toBe(1)
    expect(problems(after), told(after)).toEqual([])
  })
})
