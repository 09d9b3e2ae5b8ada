/** From the log to the patch to the proof, for causes whose change is more than a directive: the Host that the application
 *  compares with Origin, the path of the socket, the backend of a session. Each fails before and passes after. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Finding } from '../../server/diagnosis/contract.ts'
import { lintConfig } from '../../server/lint/contract.ts'
import { loadConfig } from '../../server/nginx-config/contract.ts'
import { circumstancesOf, hostToSend, type Proof } from '../../server/prove/contract.ts'
import { reportOf } from '../cases/run-case.ts'
import { describeWith } from '../needs.ts'
import { folderWith, HEADERS, inHttp, inServer, MAP, proofOf } from './site.ts'

const GORILLA =
  '2026/11/22 09:14:07 http error: (err=websocket: request origin not allowed by Upgrader.CheckOrigin) (code=403)\n'

/** Three handshakes of a browser that ended so, in a format that shows Upgrade. */
const handshakes = (path: string, status: number, upstream: string): string =>
  [0, 1, 2]
    .map(
      (i) =>
        `time=2026-11-21T08:50:0${i}+00:00 pid=7 conn=${i} client=192.0.2.${i}:50000 vhost="app.test" host="app.test" req="GET ${path} HTTP/1.1" status=${status} completion="OK" rt=0.002 ${upstream} h_upgrade="websocket" ua="Mozilla/5.0"\n`,
    )
    .join('')
const BY_BACKEND = 'uct="0.000" uht="0.001" urt="0.002" ustatus="404" uaddr="127.0.0.1:3000"'
const BY_NGINX = 'uct="-" uht="-" urt="-" ustatus="-" uaddr="-"'

async function findingOf(cause: string, conf: string, log: string): Promise<Finding> {
  const folder = folderWith({ 'nginx.conf': conf, 'app.log': log })
  const { findings } = await reportOf(join(folder, 'app.log'), join(folder, 'nginx.conf'))
  const found = findings.find((one) => one.cause === cause)
  if (!found) throw new Error(`no ${cause} among ${findings.map((one) => one.cause).join(', ')}`)
  return found
}

const marked = (patch: string | null, mark: string): string[] =>
  (patch ?? '')
    .split('\n')
    .filter((line) => line.startsWith(mark) && !line.startsWith(mark.repeat(3)))
    .map((line) => line.slice(1).trim())

interface Case {
  name: string
  cause: string
  conf: string
  log: string
  path: string
  added: string[]
  removed?: string[]
  before: RegExp
}

const upgrade = HEADERS.replace(/\n *proxy_set_header Host \$host;/, '')
const CASES: Case[] = [
  {
    name: 'no Host in the location: the headers of the server around it are repeated, not lost',
    cause: 'origin-rejected',
    conf: inServer(
      `${upgrade}\n    proxy_set_header X-Real-IP $remote_addr;\n    location / { proxy_pass http://app:80; proxy_set_header A 1; }\n    location /other {\n        proxy_pass http://app:81;\n    }\n    location /ws {\n        proxy_pass http://app:3000;\n    }`,
      MAP,
    ),
    log: GORILLA + handshakes('/ws', 403, BY_BACKEND.replace('404', '403')),
    path: '/ws',
    added: [
      'proxy_set_header Upgrade $http_upgrade;',
      'proxy_set_header Connection $connection_upgrade;',
      'proxy_set_header X-Real-IP $remote_addr;',
      'proxy_set_header Host $host;',
    ],
    before: /403/,
  },
  {
    name: 'the only socket is meant where the application names no path; $proxy_host gives way',
    cause: 'origin-rejected',
    conf: inServer(
      `    location /ws {\n        proxy_pass http://app:3000;\n        ${upgrade}\n        proxy_set_header Host $proxy_host;\n    }`,
      MAP,
    ),
    log: GORILLA,
    path: '/ws',
    added: ['proxy_set_header Host $host;'],
    removed: ['proxy_set_header Host $proxy_host;'],
    before: /403/,
  },
  {
    name: 'on a port of its own the port is a part of the Origin',
    cause: 'origin-rejected',
    conf: inHttp(
      `${MAP}\nserver {\n    listen 8443;\n    server_name app.test;\n    location /ws {\n        proxy_pass http://app:3000;\n        ${HEADERS}\n    }\n}`,
    ),
    log: GORILLA,
    path: '/ws',
    added: ['proxy_set_header Host $http_host;'],
    removed: ['proxy_set_header Host $host;'],
    before: /403/,
  },
  {
    name: 'a regular expression swallows the path of the socket',
    cause: 'path-mismatch',
    conf: inServer(
      `    location ~ \\.io {\n        root /srv/static;\n    }\n    location /socket.io/ {\n        proxy_pass http://app:3000;\n        ${HEADERS}\n    }`,
      MAP,
    ),
    log: handshakes('/socket.io/', 404, BY_NGINX),
    path: '/socket.io/',
    added: ['location ^~ /socket.io/ {'],
    removed: ['location /socket.io/ {'],
    before: /404/,
  },
  {
    name: 'the slash of proxy_pass takes the path of the socket away',
    cause: 'path-mismatch',
    conf: inServer(
      `    location /live/ws {\n        proxy_pass http://app:3000/;  # slash\n        ${HEADERS}\n    }`,
      MAP,
    ),
    log: handshakes('/live/ws', 404, BY_BACKEND),
    path: '/live/ws',
    added: ['proxy_pass http://app:3000;  # slash'],
    removed: ['proxy_pass http://app:3000/;  # slash'],
    before: /404/,
  },
]

describeWith('nginx', 'a repair', () => {
  it.each(CASES)('$name', async ({ cause, conf, log, path, added, removed = [], before }) => {
    const finding = await findingOf(cause, conf, log)
    const { fix } = finding
    expect(marked(fix.patch, '+'), fix.summary).toEqual(added)
    expect(marked(fix.patch, '-')).toEqual(removed)
    expect(fix.target?.file).toMatch(/nginx\.conf$/)
    const proof = await proofFor(finding, conf, path, fix.patch ?? '')
    expect(proof.before.run?.config_test?.ok).toBe(true)
    expect(proof.before.run?.outcome?.text).toMatch(before)
    expect(proof.after?.run?.outcome?.text, JSON.stringify(proof.after, null, 1)).toBe(
      'HTTP/1.1 101 Switching Protocols',
    )
    expect(proof.fixed).toBe(true)
  })

  it.each([
    ['on one line', (text: string) => text.replaceAll(/\s*#.*|\s+/g, ' ')],
    ['with CRLF and tabs', (text: string) => text.replaceAll('    ', '\t').replaceAll('\n', '\r\n')],
  ])(
    'fits a file %s',
    async (_, write) => {
      for (const { cause, conf, log, path } of CASES) {
        const odd = write(conf)
        const finding = await findingOf(cause, odd, log)
        const proof = await proofFor(finding, odd, path, finding.fix.patch ?? '')
        expect(proof.fixed, `${cause} ${path}: ${finding.fix.summary} ${JSON.stringify(proof.after)}`).toBe(true)
        const added = (finding.fix.patch ?? '').split('\n').filter((line) => /^\+[^+]/.test(line))
        expect(added.every((line) => line.endsWith('\r') === odd.includes('\r'))).toBe(true)
      }
    },
    60_000,
  )

  it.each([
    ['127.0.0.1', 'https'],
    ['10.0.0.5', 'http'],
  ])('behind a proxy at %s that set_real_ip_from trusts, X-Forwarded-Proto is %s', async (address, seen) => {
    const conf = inServer(
      `    set_real_ip_from ${address};\n    location /ws {\n        proxy_pass http://app:3000;\n        ${HEADERS}\n        proxy_set_header X-Forwarded-Proto $scheme;\n    }`,
      MAP,
    )
    const finding = await findingOf('origin-rejected', conf, GORILLA)
    expect(marked(finding.fix.patch, '+')).toContain('proxy_set_header X-Forwarded-Proto $forwarded_proto;')
    const proof = await proofFor(finding, conf, '/ws', finding.fix.patch ?? '', [['X-Forwarded-Proto', 'https']])
    const received = (run: Proof['before']['run'] | undefined) =>
      JSON.stringify(run?.backend).match(/X-Forwarded-Proto","(\w+)"/i)?.[1]
    expect(received(proof.before.run)).toBe('http')
    expect(proof.after?.run?.config_test, JSON.stringify(proof.after)).toMatchObject({ ok: true })
    expect(received(proof.after?.run)).toBe(seen)
  })

  it.each([
    ['keepalive 8;', ['ip_hash;'], []],
    ['least_conn;\n    keepalive 8;', ['ip_hash;'], ['least_conn;']],
  ])('keeps a visitor on one of several backends: %j', async (more, added, removed) => {
    const conf = inServer(
      `    location /socket.io/ {\n        proxy_pass http://nodes;\n        ${HEADERS}\n    }`,
      `${MAP}\nupstream nodes {\n    ${more}\n    server 127.0.0.1:3001;\n    server 127.0.0.1:3002;\n}`,
    )
    const finding = await findingOf('sticky-session-missing', conf, '{"code":1,"message":"Session ID unknown"}\n')
    expect(marked(finding.fix.patch, '+'), finding.fix.summary).toEqual(added)
    expect(marked(finding.fix.patch, '-')).toEqual(removed)
    const proof = await proofFor(finding, conf, '/socket.io/', finding.fix.patch ?? '')
    expect(proof.after?.run?.config_test, JSON.stringify(proof.after)).toMatchObject({ ok: true })
    expect(proof.after?.run?.ok).toBe(true)
    const sticky = (text: string) => {
      const loaded = loadConfig(join(folderWith({ 'nginx.conf': text }), 'nginx.conf'))
      if (!loaded.ok) throw new Error(loaded.error.message)
      return lintConfig(loaded.config, null).findings.filter(({ rule }) => rule === 'sticky-missing').length
    }
    expect([sticky(conf), sticky(conf.replace(more, `ip_hash;\n${more.replace('least_conn;', '')}`))]).toEqual([1, 0])
  })
})

describeWith('nginx', 'no repair', () => {
  it.each([
    [
      'Host is right: the application has to be told',
      'origin-rejected',
      inServer(
        `    location /ws {\n proxy_pass http://app:3000; ${HEADERS}\n proxy_set_header X-Forwarded-Proto $scheme;\n }`,
        MAP,
      ),
      GORILLA,
      /^Nothing to change in nginx: .*allowed origins/,
    ],
    [
      'a fixed Host is somebody’s decision',
      'origin-rejected',
      inServer(
        `    location /ws {\n proxy_pass http://app:3000; ${upgrade}\n proxy_set_header Host inner.example;\n }`,
        MAP,
      ),
      GORILLA,
      /on purpose as it seems/,
    ],
    [
      'pages may live by the path that proxy_pass takes away',
      'path-mismatch',
      inServer(`    location /app/ {\n proxy_pass http://app:3000/; ${HEADERS}\n }`, MAP),
      handshakes('/app/live/ws', 404, BY_BACKEND),
      /asked for \/live\/ws, not for \/app\/live\/ws\..*location of its own/,
    ],
    [
      'ip_hash takes no backup servers',
      'sticky-session-missing',
      inServer(
        `    location /socket.io/ {\n proxy_pass http://nodes; ${HEADERS}\n }`,
        `${MAP}\nupstream nodes { server 127.0.0.1:1; server 127.0.0.1:2 backup; }`,
      ),
      '{"code":1,"message":"Session ID unknown"}\n',
      /takes? no backup servers/,
    ],
    [
      'all visitors come from a proxy in front',
      'sticky-session-missing',
      inServer(
        `    location /socket.io/ {\n proxy_pass http://nodes; ${HEADERS}\n }`,
        `${MAP}\nupstream nodes { server 127.0.0.1:1; server 127.0.0.1:2; }`,
      ),
      `${Array.from({ length: 12 }, (_, i) => `10.0.0.9 - - [21/Nov/2026:06:13:${10 + i} +0000] "GET /socket.io/?EIO=4&transport=websocket&sid=kM3aPq0xV2sD8TgZAA10 HTTP/1.1" 400 41 "-" "Mozilla/5.0"\n`).join('')}{"code":1,"message":"Session ID unknown"}\n`,
      /All requests come from 10\.0\.0\.9/,
    ],
  ])('%s', async (_, cause, conf, log, says) => {
    const { fix } = await findingOf(cause, conf, log)
    expect(fix.patch).toBeNull()
    expect(fix.summary).toMatch(says)
  })
})

async function proofFor(
  finding: Finding,
  conf: string,
  path: string,
  patch: string,
  headers: [string, string][] = [],
): Promise<Proof> {
  const loaded = loadConfig(join(folderWith({ 'nginx.conf': conf }), 'nginx.conf'))
  if (!loaded.ok) throw new Error(loaded.error.message)
  const { cause, evidence } = finding
  const part = { cause, path: finding.scope.path, evidence: evidence.map(({ text }) => text) }
  const host = hostToSend(loaded.config, 'app.test', path, cause === 'origin-rejected')
  return proofOf({
    sent: host,
    files: { 'nginx.conf': conf },
    patch: patch.replaceAll(/^(---|\+\+\+) .*$/gm, '$1 nginx.conf'),
    path,
    headers,
    circumstances: circumstancesOf(part, loaded.config, null),
  })
}
