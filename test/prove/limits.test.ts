/** Log and configuration in, a patch and its proof out, for what the recorded runs do not hold: limits of the server, buffers
 *  that were raised before, a backend that is told its name by Host alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '../cli/run.ts'
import { describeWith } from '../needs.ts'
import { folderWith, HEADERS, inHttp, MAP } from './site.ts'

const server = (own: string, location: string, target = 'http://127.0.0.1:3000'): string => `
    server {
        listen 80;
        server_name app.test;
        ${own}
        location /ws {
            proxy_pass ${target};${HEADERS}
            ${location}
        }
        location / {
            proxy_pass http://127.0.0.1:3001;
        }
    }`
const TAIL = 'client: 192.0.2.7, server: app.test, request: "GET /ws HTTP/1.1"'
const line = (level: string, message: string): string =>
  `2026/11/21 06:31:17 [${level}] 16588#16588: *3 ${message}, host: "app.test"\n`

interface Case {
  name: string
  conf: string
  log: string
  /** What the patch adds, trimmed. */
  adds: string[]
  before: RegExp
}

const CASES: Case[] = [
  {
    name: 'limit_conn of the server, which counts pages too',
    conf: `${MAP}\nlimit_conn_zone $binary_remote_addr zone=per-ip.a:1m;${server('limit_conn per-ip.a 2;', '')}`,
    log: line('error', `limiting connections by zone "per-ip.a", ${TAIL}`),
    adds: ['limit_conn_zone $binary_remote_addr zone=per-ip.a_sockets:1m;', 'limit_conn per-ip.a_sockets 20;'],
    before: /2 of 3 sessions/,
  },
  {
    name: 'limit_req without a burst',
    conf: `${MAP}\nlimit_req_zone $binary_remote_addr zone=r:1m rate=1r/m;${server('', 'limit_req zone=r;')}`,
    log: line('error', `limiting requests, excess: 0.998 by zone "r", ${TAIL}`),
    adds: ['limit_req zone=r burst=20 nodelay;'],
    before: /1 of 2 sessions/,
  },
  {
    name: 'buffers that were raised before',
    conf: `${MAP}${server('', 'proxy_buffer_size 32k; proxy_buffers 4 64k;')}`,
    log: line(
      'error',
      `upstream sent too big header while reading response header from upstream, ${TAIL}, upstream: "http://127.0.0.1:3000/ws"`,
    ),
    adds: ['proxy_buffer_size 64k; proxy_buffers 4 64k;'],
    before: /502/,
  },
  {
    name: 'a backend that wants a name in TLS and is told one by Host',
    conf: `${MAP}${server('', '', 'https://192.0.2.1:8443')}`,
    log: line(
      'crit',
      `SSL_do_handshake() failed (SSL: error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112) while SSL handshaking to upstream, ${TAIL}, upstream: "https://192.0.2.1:8443/ws"`,
    ),
    adds: ['proxy_ssl_server_name on;', 'proxy_ssl_name $host;'],
    before: /502/,
  },
]

describeWith('nginx', 'from the log to the proof', () => {
  it.each(CASES)('$name', async ({ conf, log, adds, before }) => {
    const folder = folderWith({ 'nginx.conf': inHttp(conf), 'error.log': log })
    const config = ['--config', join(folder, 'nginx.conf')]
    const report = await run(['analyze', ...config, '--output', 'json', join(folder, 'error.log')])
    const { patch } = JSON.parse(report.stdout).findings[0].fix
    expect(
      String(patch)
        .split('\n')
        .filter((one) => /^\+[^+]/.test(one))
        .map((one) => one.slice(1).trim()),
    ).toEqual(adds)
    writeFileSync(join(folder, 'report.json'), report.stdout)
    const proof = await run(['prove', ...config, '--report', join(folder, 'report.json'), '--output', 'json'])
    const { fixed, conclusion } = JSON.parse(proof.stdout)
    expect(conclusion[0]).toMatch(before)
    expect(fixed, proof.stdout).toBe(true)
  })

  it.each<[string, string, string]>([
    ['limit_conn above what one visitor needs, met by one address', 'limit_conn perip 50;', TAIL],
    ['a page', 'limit_conn perip 1;', TAIL.replace('/ws', '/list')],
    ['a zone that is not in effect any more', 'limit_conn other 1;', TAIL],
  ])('offers no patch for %s', async (_, limit, tail) => {
    const zones = 'limit_conn_zone $binary_remote_addr zone=perip:1m; limit_conn_zone $server_name zone=other:1m;'
    const folder = folderWith({
      'nginx.conf': inHttp(`${MAP}\n${zones}${server(limit, '')}`),
      'error.log': line('error', `limiting connections by zone "perip", ${tail}`),
    })
    const report = await run(['analyze', '--config', folder, '--output', 'json', join(folder, 'error.log')])
    const [finding] = JSON.parse(report.stdout).findings
    expect(finding).toMatchObject({ cause: 'resource-limit', fix: { patch: null } })
    expect(readFileSync(join(folder, 'nginx.conf'), 'utf8')).toContain(limit)
  })
})

const DROPPED = join(import.meta.dirname, '../cases/causes/reload-drop/fires-worker-shutdown-timeout.log')

it.each([
  { conf: inHttp(server('', '')), layer: 'host', patch: null },
  {
    conf: inHttp(server('', ''), 'worker_shutdown_timeout 2s;'),
    layer: 'nginx',
    patch: /\+worker_shutdown_timeout 4h;/,
  },
])('sessions that ended with their worker: $layer', async ({ conf, layer, patch }) => {
  const folder = folderWith({ 'nginx.conf': conf })
  const report = await run(['analyze', '--config', folder, '--output', 'json', DROPPED])
  const { findings } = JSON.parse(report.stdout)
  const { fix } = findings.find(({ cause }: { cause: string }) => cause === 'reload-drop')
  expect(fix.layer).toBe(layer)
  // Without a timeout a reload ends nothing, and a number would only end sessions that stay now.
  if (patch === null) expect([fix.patch, fix.directives, fix.snippet]).toEqual([null, [], null])
  else expect(fix.patch).toMatch(patch)
})
