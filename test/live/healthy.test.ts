/** A healthy site under the traffic every public host gets: nothing to report. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../needs.ts'
import { startBackend } from './harness/backend.ts'
import { join, rawRequest } from './harness/client.ts'
import { location, MAP, siteConfig, TIMED_FORMAT, UPGRADE_LINES } from './harness/config.ts'
import { analyze, problems, told } from './harness/halfopen.ts'
import { lines, logged, startNginx, type Nginx } from './harness/nginx.ts'

vi.setConfig({ testTimeout: 60_000 })

const CRAWLER = 'User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
const SCANNER = 'User-Agent: python-requests/2.32'
const PLAIN: [string, string[], number][] = [
  ['GET / HTTP/1.1', [], 200],
  ['GET /private HTTP/1.1', [], 401],
  ['GET /robots.txt HTTP/1.1', [CRAWLER], 404],
  ['GET /ws HTTP/1.1', [CRAWLER], 404],
  ['GET /wp-login.php HTTP/1.1', [SCANNER], 404],
  ['POST /xmlrpc.php HTTP/1.1', [SCANNER, 'Content-Length: 0'], 404],
  ['GET /.env HTTP/1.1', [SCANNER], 404],
  ['GET /..%2f..%2fetc/passwd HTTP/1.1', [SCANNER], 400],
  ['PROPFIND / HTTP/1.1', [SCANNER], 200],
]

/** 101s with every normal ending, and plain requests of every normal status. Returns the access lines to expect. */
async function traffic(nginx: Nginx): Promise<number> {
  for (let visitor = 0; visitor < 6; visitor++) {
    const session = await join(`${nginx.ws}/ws?visitor=${visitor}`)
    await session.echo('hello')
    if (visitor % 3 === 0) await session.leave()
    else if (visitor % 3 === 1) session.vanish()
    else session.reset()
    await session.closed
  }
  for (const [line, headers, status] of PLAIN) {
    expect((await rawRequest(nginx.port, line, ['Host: app.test', 'Connection: close', ...headers])).status).toBe(
      status,
    )
  }
  return 6 + PLAIN.length
}

describeWith('nginx', 'a healthy site', () => {
  for (const errorLevel of ['info', 'default'] as const) {
    it(`has no problem (error log: ${errorLevel})`, async () => {
      const backend = await startBackend()
      onTestFinished(() => backend.stop())
      const nginx = await startNginx((site) =>
        siteConfig(site, {
          http: MAP,
          errorLevel,
          access: ['combined', 'timed'],
          locations: location('/', backend.port, UPGRADE_LINES),
        }),
      )
      onTestFinished(() => nginx.close())
      const expected = await traffic(nginx)
      await logged(nginx.accessLog, /./, expected)
      await logged(nginx.timedLog, /./, expected)
      for (const args of [
        [nginx.errorLog, nginx.accessLog],
        ['--config', nginx.configFile, nginx.errorLog, nginx.accessLog],
        ['--log-format', TIMED_FORMAT, nginx.errorLog, nginx.timedLog],
      ]) {
        const report = await analyze(...args)
        const why = told(report, { error: lines(nginx.errorLog), access: lines(nginx.accessLog) })
        expect(problems(report), why).toEqual([])
        expect(report.totals.requests, why).toBe(expected)
        expect(report.totals.upgraded, why).toBe(6)
        expect(
          report.inputs.map(({ unparsed }) => unparsed),
          why,
        ).toEqual([0, 0])
      }
    })
  }
})
