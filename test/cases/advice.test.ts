/** Commands a reader pastes: what they say, and that a real shell, nginx and curl do with them what the text promises. */
import { execFile, execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backedUp, expected, fixOf, handshake, prepare, rollBack, snippet } from '../../server/diagnosis/advice.ts'
import type { ConfigView, EffectiveProxy, Scope } from '../../server/diagnosis/contract.ts'
import { commandsFor } from '../../server/diagnosis/installation.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { startBackend } from '../live/harness/backend.ts'
import { startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { wholeConfig } from '../nginx-config/config-text.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-advice-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const sh = (command: string): string => execFileSync('sh', ['-c', `sudo() { "$@"; }\n${command}`], { encoding: 'utf8' })

/** Without blocking: the backend lives in this process. */
const run = async (command: string): Promise<string> =>
  (await promisify(execFile)('sh', ['-c', command], { encoding: 'utf8' })).stdout.trim()

const scope = (server: string | null, path: string | null, upstream: string | null = null): Scope => ({
  server,
  path,
  upstream,
})

const settings = (more: Partial<EffectiveProxy> = {}): EffectiveProxy => ({
  context: 'location /',
  file: '/etc/nginx/nginx.conf',
  line: 1,
  proxy_pass: 'http://b',
  set_headers: new Map(),
  proxy_http_version: null,
  proxy_read_timeout: null,
  proxy_send_timeout: null,
  connection_map: false,
  server_names: [],
  public: null,
  backend: null,
  ...more,
})

describe('the backup', () => {
  it('is of the folder in use, /etc/nginx when that is not known', () => {
    expect(prepare(null)).toEqual([
      'test -e /etc/nginx.bak-$(date +%F) || sudo cp -a /etc/nginx /etc/nginx.bak-$(date +%F)',
    ])
    expect(rollBack(null).slice(0, 2)).toEqual([
      'sudo cp -aT /etc/nginx.bak-$(date +%F) /etc/nginx',
      'sudo nginx -t && sudo systemctl reload nginx',
    ])
  })

  it('is not replaced by a second one, and brings the first state back, whatever the folder is called', () => {
    const folder = join(dir, "it's $(here)")
    mkdirSync(join(folder, 'conf.d'), { recursive: true })
    const view = { folder } as ConfigView
    const file = join(folder, 'conf.d/a.conf')
    const [backUp = ''] = prepare(view)
    writeFileSync(file, 'good')
    sh(backUp)
    writeFileSync(file, 'changed')
    sh(backUp)
    expect(readFileSync(file, 'utf8')).toBe('changed')
    sh(rollBack(view)[0] ?? '')
    expect(readFileSync(file, 'utf8')).toBe('good')
  })
})

describe('the backup for a patch of one file', () => {
  it('is that file alone, outside of the configuration, and goes back through a link without changing its mode', () => {
    const [file, link] = [join(dir, 'available.conf'), join(dir, 'enabled.conf')]
    writeFileSync(file, 'good', { mode: 0o640 })
    symlinkSync(file, link)
    const patch = '--- a.conf\n+++ a.conf\n@@ -1 +1 @@\n-good\n+changed\n'
    const whole = fixOf({ layer: 'nginx', summary: '', patch, target: { file: link, line: 1 }, prepare: prepare(null) })
    const { prepare: before, rollback } = backedUp(whole)
    const home = mkdtempSync(join(dir, 'home-'))
    const there = (command: string): string => sh(`HOME=${home}\n${command}`)
    there(before[0] ?? '')
    writeFileSync(file, 'changed')
    there(before[0] ?? '')
    there(rollback[0] ?? '')
    expect(readFileSync(file, 'utf8')).toBe('good')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o640)
  })

  it.each([
    ['several files', { patch: '--- a\n+++ a\n--- b\n+++ b\n' }],
    ['no patch', { patch: null }],
    ['a name for the shell', { target: { file: '/etc/$(id)', line: 1 } }],
  ])('is of the folder for %s', (_what, more) => {
    const fix = fixOf({
      layer: 'nginx',
      summary: '',
      patch: '--- a\n+++ a\n',
      target: { file: '/etc/nginx/a', line: 1 },
      prepare: prepare(null),
      ...more,
    })
    expect(backedUp(fix)).toEqual(fix)
  })
})

it('nginx is told which configuration it is where that is not its own', () => {
  const fix = fixOf({ layer: 'nginx', summary: '', verify: [rollBack(null)[1] ?? ''], rollback: rollBack(null) })
  const at = (main: string | null): ConfigView => ({ main }) as ConfigView
  const fitted = (one: typeof fix, config: ConfigView) => commandsFor(one, config, new Set())
  expect(fitted(fix, at(null))).toEqual(fix)
  expect(fitted(fix, at("/srv/it's/nginx.conf"))).toEqual(fix)
  const own = 'sudo nginx -t -c /srv/nginx.conf && sudo nginx -s reload -c /srv/nginx.conf'
  expect(fitted(fix, at('/srv/nginx.conf')).verify).toEqual([own])
  expect(fitted(fix, at('/srv/nginx.conf')).rollback).toContain(own)
})

describe('commands of the installation', () => {
  const change = fixOf({
    layer: 'nginx',
    summary: '',
    prepare: prepare(null),
    verify: ['grep x', rollBack(null)[1] ?? '', 'curl y'],
    rollback: rollBack(null),
  })
  const commands = (config: ConfigView | null, ...formats: string[]) => commandsFor(change, config, new Set(formats))
  const view = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(dir, name, '..'), { recursive: true })
      writeFileSync(join(dir, name), text)
    }
    const loaded = loadConfig(dir)
    if (!loaded.ok) throw new Error(loaded.error.message)
    return configView(loaded.config)
  }

  it('of a service: where the files are, the test, and what to look at when it fails', () => {
    const { prepare: before, verify, rollback } = commands(null, 'nginx-access')
    expect(before[0]).toMatch(/nginx -T/)
    expect(before).toHaveLength(2)
    expect(verify[1]).toBe('sudo nginx -t && sudo systemctl reload nginx')
    expect(verify.slice(2, 4).join('\n')).toMatch(
      /journalctl -u nginx[^]*docker exec NAME nginx -t[^]*docker service update/,
    )
    expect(verify.at(-1)).toBe('curl y')
    expect(rollback).toEqual(rollBack(null))
  })

  it.each([
    ['Nginx Proxy Manager, by its log', null, ['npm-access'], /docker exec NPM-CONTAINER nginx -t/],
    ['ingress-nginx, by its log', null, ['ingress-access'], /kubectl -n ingress-nginx exec/],
  ] as const)('of %s', (_, config, formats, test) => {
    const { prepare: before, verify, rollback } = commands(config, ...formats)
    expect(verify[1]).toMatch(test)
    expect([...before, ...verify, ...rollback].join('\n')).not.toMatch(/systemctl|sudo/)
  })

  it.each([
    ['npm', 'proxy_host/1.conf', /docker exec NPM-CONTAINER/],
    ['swag', 'site-confs/default.conf', /docker exec swag nginx -t && docker exec swag nginx -s reload/],
  ] as const)('of the files: %s', (installation, name, test) => {
    const config = view({ [name]: 'server { listen 80; }' })
    expect(config.installation).toBe(installation)
    const { verify, rollback } = commands(config, 'npm-access')
    expect(verify[1]).toMatch(test)
    expect([...verify, ...rollback].join('\n')).not.toContain('systemctl')
  })

  it("the user's own files decide, whatever writes the other logs", () => {
    const config = view({ 'nginx.conf': 'events {} http { server { listen 80; } }' })
    expect(commands(config, 'npm-access').verify[1]).toMatch(/sudo nginx -t/)
  })
})

describe('the handshake', () => {
  it('goes to the real scheme, name and port', () => {
    const at = settings({ public: { scheme: 'https', host: 'a.example', port: 443 } })
    expect(handshake(scope(null, '/ws'), 'nginx', at)).toMatch(
      /^curl --http1\.1 -isNk --max-time 5 --resolve a\.example:443:127\.0\.0\.1 -H 'Connection: Upgrade' .* https:\/\/a\.example\/ws \| head -1$/,
    )
    const odd = settings({ public: { scheme: 'http', host: null, port: 8080 } })
    expect(handshake(scope('b.example:8080', '/ws'), 'nginx', odd)).toMatch(
      /-isN --max-time 5 --resolve b\.example:8080:127\.0\.0\.1 .* http:\/\/b\.example:8080\/ws \|/,
    )
    expect(handshake(scope('_', '/ws'), 'nginx', odd)).toMatch(
      /-isN --max-time 5 -H .* http:\/\/127\.0\.0\.1:8080\/ws \|/,
    )
  })

  it('asks the backend for the path that proxy_pass makes', () => {
    const at = settings({ backend: { url: 'https://10.0.0.1:8443/x/:id' } })
    expect(handshake(scope('a.example', '/ws/:id'), 'backend', at)).toMatch(
      /-isNk --max-time 5 -H 'Host: a\.example' .* https:\/\/10\.0\.0\.1:8443\/x\/ID \|/,
    )
  })

  it('has the parameters of Engine.IO and a word for an id, also without a configuration', () => {
    expect(handshake(scope('a.example', '/socket.io/'), 'nginx')).toContain(
      " 'SCHEME://a.example/socket.io/?EIO=4&transport=websocket' | head -1",
    )
    expect(handshake(scope('a.example', '/ws/:id', '10.0.0.1:80'), 'backend')).toContain(' http://10.0.0.1:80/ws/ID |')
  })

  it('never lets a log into the shell', () => {
    const evil = scope("a' ; id #", '/$(id)', '`id`')
    const at = settings({ public: { scheme: 'http', host: null, port: 81 }, backend: { url: 'http://b/$(id)' } })
    for (const through of ['nginx', 'backend'] as const)
      for (const known of [null, at]) expect(handshake(evil, through, known)).not.toMatch(/\bid\b/)
  })

  it('says which answer is the good one', () => {
    expect(expected(scope('a', '/ws'))).toEqual(['# expected: HTTP/1.1 101 Switching Protocols'])
    const remarks = expected(scope('a', '/api/websocket/exec'))
    expect(remarks).toHaveLength(2)
    expect(remarks[1]).toMatch(/^# 401 or 403: Portainer /)
  })
})

describeWith('nginx', 'the handshake, pasted into a shell', () => {
  it('gets 101 from a TLS site on its own port and from its backend', async () => {
    const backend = await startBackend()
    const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const subject = ['-subj', '/CN=other.example', '-days', '2', '-keyout', key, '-out', certificate]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' })
    const nginx = await startNginx(({ dir: own, port }) =>
      wholeConfig(
        own,
        `server { listen 127.0.0.1:${port} ssl; server_name a.example; ssl_certificate ${certificate}; ssl_certificate_key ${key};
           location /app/ { proxy_pass http://127.0.0.1:${backend.port}/; proxy_http_version 1.1;
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }`,
      ),
    )
    try {
      const loaded = loadConfig(nginx.configFile)
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
      const place = scope('a.example', '/app/socket.io/')
      const known = configView(loaded.config).settings('a.example', '/app/socket.io/')
      for (const through of ['nginx', 'backend'] as const)
        expect([through, await run(handshake(place, through, known).replace('--max-time 5', '--max-time 1'))]).toEqual([
          through,
          'HTTP/1.1 101 Switching Protocols',
        ])
    } finally {
      await nginx.close()
      await backend.stop()
    }
  })
})

describe('a snippet', () => {
  it('says which of its lines may be there already', () => {
    const context = 'location that serves /ws'
    const texts = ['proxy_http_version 1.1;', 'proxy_set_header Upgrade $http_upgrade;', 'proxy_read_timeout 300s;']
    expect(snippet(texts.map((text) => ({ context, text })))).toBe(
      [
        `# ${context}`,
        '# replace the line if it is there already: proxy_http_version, proxy_read_timeout',
        ...texts,
      ].join('\n'),
    )
    expect(snippet(texts.slice(1, 2).map((text) => ({ context, text })))).toBe(`# ${context}\n${texts[1]}`)
  })
})
