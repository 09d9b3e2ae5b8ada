/** Each fixable failure, before and after its change, in a real nginx. */
import { describe, expect, it } from 'vitest'
import { PLAIN_TRIAL } from '../../server/prove/contract.ts'
import { describeWith } from '../needs.ts'
import { HEADERS, inHttp, inServer, MAP, proofOf, type Asked } from './site.ts'

const { trial, demands } = PLAIN_TRIAL

interface Case {
  name: string
  from: string
  to: string
  before: RegExp
  options?: Partial<Asked>
}

const location = (inside: string, path = '/ws'): string => `    location ${path} {\n${inside}\n    }`
const good = (more: string, target = 'http://app:3000'): string => `proxy_pass ${target};${HEADERS}\n${more}`

const CASES: Case[] = [
  {
    name: 'upgrade headers missing',
    from: inServer(location('proxy_pass http://app:3000;')),
    to: inServer(location(good('')), MAP),
    before: /426/,
  },
  {
    name: 'headers of the server lost by a header of the location',
    from: inServer(
      `${HEADERS}\n${location('proxy_pass http://app:3000; proxy_set_header X-Real-IP $remote_addr;')}`,
      MAP,
    ),
    to: inServer(location(good('proxy_set_header X-Real-IP $remote_addr;')), MAP),
    before: /426|400/,
  },
  {
    name: 'a variable without its map',
    from: inServer(location(good(''))),
    to: inServer(location(good('')), MAP),
    before: /unknown "connection_upgrade" variable/,
  },
  {
    name: 'https to a backend that speaks http',
    from: inServer(location(good('', 'https://app:3000')), MAP),
    to: inServer(location(good('', 'http://app:3000')), MAP),
    before: /502/,
    options: { circumstances: { speaks: 'plain' } },
  },
  {
    name: 'a backend of the same nginx that insists on SNI',
    from: inHttp(`${MAP}
      server { listen 127.0.0.1:8443 ssl default_server; ssl_reject_handshake on; }
      server { listen 127.0.0.1:8443 ssl; server_name inner.test; ssl_certificate /none.pem; ssl_certificate_key /none.key;
               location / { return 200 ok; } }
      server { listen 80; server_name app.test; ${location(good('', 'https://127.0.0.1:8443'))} }`),
    to: inHttp(`${MAP}
      server { listen 127.0.0.1:8443 ssl default_server; ssl_reject_handshake on; }
      server { listen 127.0.0.1:8443 ssl; server_name inner.test; ssl_certificate /none.pem; ssl_certificate_key /none.key;
               location / { return 200 ok; } }
      server { listen 80; server_name app.test;
        ${location(good('proxy_ssl_server_name on; proxy_ssl_name inner.test;', 'https://127.0.0.1:8443'))} }`),
    before: /502/,
  },
  {
    name: 'a name in a variable without a resolver',
    from: inServer(`    location ~ ^/([a-z]+)/ {\n set $b $1;\n${good('', 'http://$b:52245')}\n }`, MAP),
    to: inServer(
      `    location ~ ^/([a-z]+)/ {\n resolver 10.0.0.2 valid=10s;\n set $b $1;\n${good('', 'http://$b:52245')}\n }`,
      MAP,
    ),
    before: /502/,
    options: { path: '/backend/x' },
  },
  {
    name: 'the answer has a head that is too big',
    from: inServer(location(good('')), MAP),
    to: inServer(location(good('proxy_buffer_size 32k; proxy_buffers 8 32k;')), MAP),
    before: /502/,
    options: { circumstances: { demands: { ...demands, header_bytes: 10_000 } } },
  },
  {
    name: 'limit_conn counts open sockets',
    from: inServer(location(good('limit_conn peer 1;')), `${MAP}\nlimit_conn_zone $binary_remote_addr zone=peer:1m;`),
    to: inServer(location(good('limit_conn peer 20;')), `${MAP}\nlimit_conn_zone $binary_remote_addr zone=peer:1m;`),
    before: /1 of 2 sessions/,
    options: { circumstances: { trial: { ...trial, sessions: 2 } } },
  },
  {
    name: 'worker_connections',
    from: inServer(location(good('')), MAP).replace('worker_connections 64', 'worker_connections 8'),
    to: inServer(location(good('')), MAP),
    before: /\d of 6 sessions/,
    options: { circumstances: { trial: { ...trial, sessions: 6 } } },
  },
  {
    name: 'an idle session',
    from: inServer(location(good('proxy_read_timeout 1s;')), MAP),
    to: inServer(location(good('proxy_read_timeout 300s;')), MAP),
    before: /cut after/,
    options: { circumstances: { trial: { ...trial, idle: 1800 } } },
  },
  {
    name: 'a reload with worker_shutdown_timeout',
    from: inServer(location(good('')), MAP).replace('events', 'worker_shutdown_timeout 1s;\nevents'),
    to: inServer(location(good('')), MAP).replace('events', 'worker_shutdown_timeout 1h;\nevents'),
    before: /after a reload/,
    options: { circumstances: { trial: { ...trial, reload: 2500 } } },
  },
  {
    name: 'the slash of proxy_pass takes the path away',
    from: inServer(location(good('', 'http://app:3000/'), '/api/'), MAP),
    to: inServer(location(good('', 'http://app:3000'), '/api/'), MAP),
    before: /404/,
    options: { path: '/api/ws', circumstances: { demands: { ...demands, path: '/api/ws' } } },
  },
  {
    name: 'a Host that is not the Origin',
    from: inServer(location(good('').replace('$host', '$proxy_host')), MAP),
    to: inServer(location(good('')), MAP),
    before: /403/,
    options: { circumstances: { demands: { ...demands, origin: true } } },
  },
  {
    name: 'a regular expression takes the path',
    from: inServer(`location ~ \\.io$ { return 404; }\n${location(good(''), '/socket.io')}`, MAP),
    to: inServer(`location ~ \\.io$ { return 404; }\n${location(good(''), '^~ /socket.io')}`, MAP),
    before: /404/,
    options: { path: '/socket.io' },
  },
]

describeWith('nginx', 'a fix', () => {
  describe.each(CASES)('$name', ({ from, to, before, options }) => {
    it('fails before, passes after', async () => {
      const proof = await proofOf({ files: { 'nginx.conf': from }, to, ...options })
      const { run } = proof.before
      expect([...proof.conclusion, ...(run?.config_test?.output ?? [])].join('\n')).toMatch(before)
      expect(run?.ok).toBe(false)
      expect(proof.after?.run?.outcome?.text, JSON.stringify(proof.after, null, 1)).toBe(
        'HTTP/1.1 101 Switching Protocols',
      )
      expect(proof.ok).toBe(true)
      expect(proof.fixed).toBe(true)
      expect(proof.conclusion.join('\n')).toContain("application's own checks were not run")
    })
  })
})
