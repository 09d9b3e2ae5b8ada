/** `$connection_upgrade` without its map: nginx refuses the configuration, on the terminal and in the log. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { paste } from './harness/apply.ts'
import { startBackend } from './harness/backend.ts'
import { handshake } from './harness/client.ts'
import { location, siteConfig, UPGRADE_LINES } from './harness/config.ts'
import { analyze, told } from './harness/halfopen.ts'
import { lines, logged, startNginx, type Nginx } from './harness/nginx.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A running nginx without WebSocket lines, and the configuration its owner tried next: the lines, but no map. */
async function forgotten(): Promise<{ nginx: Nginx; next: string }> {
  const backend = await startBackend()
  onTestFinished(() => backend.stop())
  let next = ''
  const nginx = await startNginx((site) => {
    next = siteConfig(site, { locations: location('/ws', backend.port, UPGRADE_LINES) })
    return siteConfig(site, { locations: location('/ws', backend.port) })
  })
  onTestFinished(() => nginx.close())
  return { nginx, next }
}

describeWith('nginx', 'connection_upgrade without its map', () => {
  it('is named from what nginx -t prints, and the suggested lines make nginx accept it', async () => {
    const { nginx, next } = await forgotten()
    const { code, output } = await nginx.test(next)
    expect(code).toBe(1)
    expect(output).toContain('unknown "connection_upgrade" variable')
    const saved = join(nginx.dir, 'nginx-t.txt')
    writeFileSync(saved, output)
    const report = await analyze(saved)
    const [first] = report.findings
    const why = told(report, { 'nginx -t': lines(saved) })
    expect(first?.cause, why).toBe('connection-variable-undefined')
    expect(first?.confidence, why).toBeGreaterThanOrEqual(0.8)
    await nginx.reload(paste(next, first?.fix.directives ?? []))
    expect((await handshake(`${nginx.ws}/ws`)).status).toBe(101)
  })

  it('is named from the [emerg] of a failed reload', async () => {
    const { nginx, next } = await forgotten()
    nginx.hup(next)
    await logged(nginx.errorLog, /\[emerg\].*unknown "connection_upgrade" variable/)
    // The old configuration still runs.
    expect((await handshake(`${nginx.ws}/ws`)).status).toBe(404)
    const report = await analyze(nginx.errorLog)
    const [first] = report.findings
    const why = told(report, { error: lines(nginx.errorLog) })
    expect(first?.cause, why).toBe('connection-variable-undefined')
    expect(first?.severity, why).toMatch(/^(critical|error)$/)
  })
})
