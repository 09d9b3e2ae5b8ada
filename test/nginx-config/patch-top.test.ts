/** Patches outside of the serving block, and of limits: judged by `nginx -t` before and after. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Directive } from '../../server/diagnosis/contract.ts'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { describeWith } from '../needs.ts'
import { configOf } from './config-text.ts'

interface Case {
  name: string
  /** `LISTEN` and `DIR` are filled in. */
  files: Record<string, string>
  /** Null: no request is meant. */
  path: string | null
  directives: Directive[]
  added: string[]
  removed?: string[]
}

const HEAD = 'pid DIR/pid;\nerror_log DIR/e.log;\n'
const whole = (http: string, main = '', events = 'events {\n}\n'): string =>
  `${HEAD}${main}${events}http {\n    access_log off;\n${http}}\n`
const site = (location: string, server = ''): string =>
  `    server {\n        listen LISTEN;\n${server}        location / {\n            proxy_pass http://127.0.0.1:1;\n${location}        }\n        location /pages {\n            proxy_pass http://127.0.0.1:1;\n        }\n    }\n`
const ZONES =
  '    limit_conn_zone $binary_remote_addr zone=perip:1m;\n    limit_conn_zone $server_name zone=all:64k;\n    limit_req_zone $binary_remote_addr zone=rate:1m rate=1r/s;\n'
const main = (text: string): Directive => ({ context: 'main', text })
const events = (text: string): Directive => ({ context: 'events', text })
const CONNECTIONS = [main('worker_rlimit_nofile 16384;'), events('worker_connections 8192;')]

const CASES: Case[] = [
  {
    name: 'connections: beside worker_processes, and at the top of events',
    files: { 'nginx.conf': whole(site(''), 'worker_processes 1; # one\n') },
    path: null,
    directives: CONNECTIONS,
    added: ['worker_rlimit_nofile 16384;', '    worker_connections 8192;'],
  },
  {
    name: 'connections: what is there is changed where it stands, in an included file too',
    files: {
      'nginx.conf': whole(site(''), 'include limits;\n', 'events { include ev; multi_accept on; }\n'),
      limits: 'worker_rlimit_nofile  512; # files\n',
      ev: 'worker_connections 100;\n',
    },
    path: null,
    directives: CONNECTIONS,
    added: ['worker_connections 8192;', 'worker_rlimit_nofile  16384; # files'],
    removed: ['worker_connections 100;', 'worker_rlimit_nofile  512; # files'],
  },
  {
    name: 'connections: everything on one line',
    files: {
      'nginx.conf': `pid DIR/pid; error_log DIR/e.log; events {} http { access_log off; server { listen LISTEN; } }`,
    },
    path: null,
    directives: CONNECTIONS,
    added: [
      'pid DIR/pid; error_log DIR/e.log; worker_rlimit_nofile 16384; events { worker_connections 8192;} http { access_log off; server { listen LISTEN; } }',
    ],
    removed: ['pid DIR/pid; error_log DIR/e.log; events {} http { access_log off; server { listen LISTEN; } }'],
  },
  {
    name: 'a time for old workers',
    files: { 'nginx.conf': whole(site(''), 'worker_shutdown_timeout 10s;\n') },
    path: null,
    directives: [main('worker_shutdown_timeout 4h;')],
    added: ['worker_shutdown_timeout 4h;'],
    removed: ['worker_shutdown_timeout 10s;'],
  },
  {
    name: 'a resolver before the first server',
    files: { 'nginx.conf': whole(`\n    # site\n${site('')}`) },
    path: '/ws',
    directives: [{ context: 'http', text: 'resolver 192.0.2.53 valid=30s;' }],
    added: ['    resolver 192.0.2.53 valid=30s;', ''],
  },
  {
    name: 'a resolver that is there is changed, not doubled',
    files: { 'nginx.conf': whole(`    resolver 192.0.2.1;\n${site('')}`) },
    path: '/ws',
    directives: [{ context: 'http', text: 'resolver 192.0.2.53 valid=30s;' }],
    added: ['    resolver 192.0.2.53 valid=30s;'],
    removed: ['    resolver 192.0.2.1;'],
  },
  {
    name: "limit_conn in the socket's own block is raised there; other zones stay",
    files: { 'nginx.conf': whole(ZONES + site('            limit_conn all 100;\n            limit_conn perip 1;\n')) },
    path: '/ws',
    directives: [{ context: 'location /', text: 'limit_conn perip 20;' }],
    added: ['            limit_conn perip 20;'],
    removed: ['            limit_conn perip 1;'],
  },
  {
    name: 'limit_conn of the server: sockets get a zone of their own, pages keep theirs',
    files: { 'nginx.conf': whole(ZONES + site('', '        limit_conn perip 5;\n        limit_conn all 100;\n')) },
    path: '/ws',
    directives: [{ context: 'location /', text: 'limit_conn perip 20;' }],
    added: [
      '    limit_conn_zone $binary_remote_addr zone=perip_sockets:1m;',
      '',
      '            limit_conn all 100;',
      '            limit_conn perip_sockets 20;',
    ],
  },
  {
    name: 'limit_req: the rate stays',
    files: { 'nginx.conf': whole(ZONES + site('            limit_req zone=rate burst=2;\n')) },
    path: '/ws',
    directives: [{ context: 'location /', text: 'limit_req zone=rate burst=20 nodelay;' }],
    added: ['            limit_req zone=rate burst=20 nodelay;'],
    removed: ['            limit_req zone=rate burst=2;'],
  },
  {
    name: 'limit_req of http context',
    files: { 'nginx.conf': whole(`${ZONES}    limit_req zone=rate;\n${site('')}`) },
    path: '/ws',
    directives: [{ context: 'location /', text: 'limit_req zone=rate burst=20 nodelay;' }],
    added: [
      '    limit_req_zone $binary_remote_addr zone=rate_sockets:1m rate=1r/s;',
      '',
      '            limit_req zone=rate_sockets burst=20 nodelay;',
    ],
  },
]

describeWith('nginx', 'a patch of other contexts', ({ nginx }) => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'halfopen-patch-top-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const fill = (text: string): string => text.replaceAll('LISTEN', `unix:${dir}/nginx.sock`).replaceAll('DIR', dir)
  const view = () => {
    const loaded = loadConfig(join(dir, 'nginx.conf'))
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
    return configView(loaded.config)
  }
  const test = (): string => {
    const { stderr } = spawnSync(nginx, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-t'], { encoding: 'utf8' })
    return stderr.replaceAll(/^.*(?:syntax is ok|test is successful)\n/gm, '')
  }
  const marked = (patch: string, mark: string): string[] =>
    patch
      .split('\n')
      .filter((line) => line.startsWith(mark) && !line.startsWith(mark.repeat(3)))
      .map((line) => line.slice(1))

  it.each(CASES)('$name', ({ files, path, directives, added, removed = [] }) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), fill(text))
    }
    expect(test()).toBe('')
    const found = view().patch(null, path, directives)
    if (!found) throw new Error('no patch')
    expect(marked(found.patch, '+')).toEqual(added.map(fill))
    expect(marked(found.patch, '-')).toEqual(removed.map(fill))
    execFileSync('git', ['apply', '-p0', '--whitespace=nowarn', '--unidiff-zero'], { cwd: dir, input: found.patch })
    expect(test()).toBe('')
    // What is right needs no patch, and what was given a zone of its own is not given another.
    expect(view().patch(null, path, directives)).toBeNull()
  })
})

describe('is not written', () => {
  const view = (text: string) => configView(configOf(text))
  const limited = 'server { limit_conn z 1; location / { proxy_pass http://b; } }'
  it.each<[string, string, string | null, Directive]>([
    ['for main context where only a site is given', 'server { listen 80; }', null, main('worker_rlimit_nofile 1;')],
    [
      'for events context of a dump without one',
      'http { server { listen 80; } }',
      null,
      events('worker_connections 1;'),
    ],
    ['for a block where no request is meant', 'events {} http { server { } }', null, { context: 'x', text: 'a b;' }],
    ['for a zone that is not in effect', `http { ${limited} }`, '/', { context: 'x', text: 'limit_conn other 20;' }],
    ['for a zone that is defined elsewhere', limited, '/', { context: 'x', text: 'limit_conn z 20;' }],
    [
      'for a resolver of a fragment',
      'location / { proxy_pass http://$b; }',
      '/',
      { context: 'http', text: 'resolver 1.1.1.1;' },
    ],
  ])('%s', (_, text, path, directive) => {
    expect(view(text).patch(null, path, [directive])).toBeNull()
  })
})

describe('the name for a backend with TLS', () => {
  const name = (text: string) => configView(configOf(`events {} http { ${text} }`)).tls_name?.('app.test', '/')
  const app = (more: string) => `server { listen 80; server_name app.test; location / { ${more} } }`
  it.each<[string, string, string | null | undefined]>([
    ['a name in proxy_pass is sent by itself', app('proxy_pass https://b.example:8443;'), ''],
    ['a name that is set stays', app('proxy_pass https://192.0.2.1; proxy_ssl_name x.example;'), ''],
    ['an address is not sent, and nothing tells', app('proxy_pass https://192.0.2.1;'), null],
    [
      'what the backend is told in HTTP',
      app('proxy_pass https://192.0.2.1; proxy_set_header Host b.example:8443;'),
      'b.example',
    ],
    ['the visitors name', app('proxy_pass https://[2001:db8::1]:8443; proxy_set_header Host $http_host;'), '$host'],
    [
      'a group is no name',
      `upstream g { server 192.0.2.1:443; } ${app('proxy_pass https://g; proxy_set_header Host $host;')}`,
      '$host',
    ],
    ['a container name is none', app('proxy_pass https://portainer:9443; proxy_set_header Host $host;'), '$host'],
    [
      'a server of the same nginx',
      `server { listen 8443 ssl; server_name _ inner.test; } ${app('proxy_pass https://127.0.0.1:8443; proxy_set_header Host $host;')}`,
      'inner.test',
    ],
    [
      'another block with the same backend',
      `${app('proxy_pass https://192.0.2.1;')} server { listen 81; location / { proxy_pass https://192.0.2.1/x; proxy_ssl_name o.example; } }`,
      'o.example',
    ],
    ['plain http', app('proxy_pass http://192.0.2.1;'), null],
  ])('%s', (_, text, expected) => {
    expect(name(text)).toBe(expected)
  })
})
