/** Where a check is sent without a configuration: what the lines know, or a placeholder that says so. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frontDoor } from '../../server/diagnosis/front-door.ts'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { reportOf } from '../cases/run-case.ts'
import { logged, startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { wholeConfig } from '../nginx-config/config-text.ts'

const at = (server: string | null) => ({ server, path: '/ws', upstream: null })
const door = (lines: string[], server: string | null = 'a.example') => {
  const { scheme, port, told } = frontDoor(
    at(server),
    lines.map((text) => ({ text })),
  )
  return `${scheme} ${port} ${told}`
}
const npm = (scheme: string) =>
  `[21/Nov/2026:08:00:00 +0000] - 426 426 - GET ${scheme} a.example "/ws" [Client 192.0.2.7] [Length 16] [Gzip -] [Sent-to 10.0.0.2] "Mozilla/5.0" "-"`
const combined = (referer: string) =>
  `192.0.2.7 - - [21/Nov/2026:08:00:00 +0000] "GET /ws HTTP/1.1" 426 16 "${referer}" "Mozilla/5.0"`
const error = (rest: string) =>
  `2026/11/21 08:00:00 [error] 9#9: *4 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.2:80/ws", ${rest}`

describe('the front door', () => {
  it.each([
    ['Nginx Proxy Manager', [npm('https')], 'https null nginx'],
    ['Nginx Proxy Manager without TLS', [npm('http')], 'http null nginx'],
    ['by name', ['time=x scheme=https status=426 req="GET /ws HTTP/1.1"'], 'https null nginx'],
    ['in JSON', ['{"status":426,"scheme":"https","request":"GET /ws HTTP/1.1"}'], 'https null nginx'],
    ['by the version of TLS', ['{"ssl_protocol":"TLSv1.3","status":426}'], 'https null nginx'],
    ['the page in combined', [combined('https://a.example/app')], 'https null page'],
    [
      'the page in the error log',
      [error('host: "a.example:8443", referrer: "https://a.example:8443/"')],
      'https 8443 page',
    ],
    ['the port alone', [error('host: "a.example:8080"')], 'null 8080 null'],
    ['Origin', ['status=403 http_origin="https://a.example"'], 'https null page'],
    ['nginx before a page', [npm('http'), combined('https://a.example/')], 'http null nginx'],
    ['a page of another site', [combined('https://search.example/?q=/ws')], 'null null null'],
    ['both', [npm('http'), npm('https')], 'null null null'],
    ['nothing', [combined('-')], 'null null null'],
    ['a port that is none', [error('host: "a.example:99999"')], 'null null null'],
  ])('%s', (_, lines, expected) => expect(door(lines)).toBe(expected))

  it('takes time in proportion to the line', () => {
    for (const unit of ['] ', 'referrer: "', '" 200 1 "', 'scheme', ' "', 'origin="https://a'])
      expect(() => door([unit.repeat(20_000)])).not.toThrow()
  }, 2000)
})

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-door-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

async function first(name: string, text: string): Promise<Finding> {
  const log = join(dir, name)
  writeFileSync(log, text)
  const [finding] = (await reportOf(log)).findings
  if (finding === undefined) throw new Error('something is found')
  return finding
}
const all = ({ fix, alternatives }: Finding): string =>
  [...fix.verify, ...alternatives.map(({ check }) => check)].join('\n')

describe('the check', () => {
  it('goes where the lines say', async () => {
    const text = all(await first('access.log', `${npm('https')}\n`.repeat(3)))
    expect(text).toContain('--connect-to a.example::127.0.0.1: ')
    expect(text).toContain(' https://a.example/ws | head -1')
    expect(text).not.toContain('SCHEME')
  })

  it('has a placeholder where they say nothing, and says so', async () => {
    const text = all(await first('access.log', `${combined('-')}\n`.repeat(3)))
    expect(text).toContain(' SCHEME://YOUR-HOST/ws | head -1')
    expect(text.match(/# write http or https for SCHEME/g)).toHaveLength(1)
    expect(text).not.toContain('http://127.0.0.1')
  })
})

describeWith('nginx', 'the check of a TLS site, pasted into a shell', () => {
  it('reaches it by what its error log alone says', async () => {
    const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const subject = ['-subj', '/CN=a.example', '-days', '2', '-keyout', key, '-out', certificate]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' })
    const nginx = await startNginx(({ dir: own, port }) =>
      wholeConfig(
        own,
        `server { listen 127.0.0.1:${port} ssl; server_name a.example; ssl_certificate ${certificate}; ssl_certificate_key ${key};
           location / { proxy_pass http://127.0.0.1:1; } }`,
      ),
    )
    try {
      const port = new URL(nginx.ws).port
      const address = `https://a.example:${port}`
      await promisify(execFile)('curl', [
        '-sk',
        '--resolve',
        `a.example:${port}:127.0.0.1`,
        '-e',
        `${address}/`,
        `${address}/ws`,
      ])
      const lines = await logged(nginx.errorLog, /connect\(\) failed/)
      const finding = await first('error.log', `${lines.join('\n')}\n`)
      const command = finding.fix.verify.find((one) => one.includes(`${address}/ws`))
      const { stdout } = await promisify(execFile)('sh', ['-c', command ?? 'false'])
      expect(stdout.trim()).toBe('HTTP/1.1 502 Bad Gateway')
    } finally {
      await nginx.close()
    }
  })
})
