/** Well-kept proxies in the layout of a reverse proxy's container: one file per application, the headers and the resolver in
 *  includes, the backend in a variable. With the includes nothing is wrong; without them nothing is claimed to be. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lintConfig } from '../../server/lint/contract.ts'
import { loadConfig } from '../../server/nginx-config/contract.ts'

const FILES = 300
/** Paths beside `location /`, as applications have them. */
const PATHS = ['/ws', '~ (/app)?/api', '/socket.io/', '~ (/app)?/rss', '^~ /hub/', '= /websocket', '/notifications/hub']

const location = (path: string, i: number): string => `
    location ${path} {
        #include /config/nginx/auth-location.conf;
        include /config/nginx/proxy.conf;
        include /config/nginx/resolver.conf;
        set $upstream_app app${i};
        set $upstream_port ${3000 + i};
        set $upstream_proto http;
        proxy_pass $upstream_proto://$upstream_app:$upstream_port;
${i % 5 === 0 ? '        proxy_buffering off;\n' : ''}${i % 7 === 0 ? '        proxy_hide_header X-Frame-Options;\n' : ''}    }
`
const application = (i: number): string => `## application ${i}
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name app${i}.*;
    include /config/nginx/ssl.conf;
    client_max_body_size 0;
${location('/', i)}${location(PATHS[i % PATHS.length] ?? '/ws', i)}}
`
const INCLUDES = {
  'proxy.conf': `client_body_buffer_size 128k;
proxy_connect_timeout 60s;
proxy_http_version 1.1;
proxy_read_timeout 240s;
proxy_send_timeout 240s;
proxy_set_header Connection $connection_upgrade;
proxy_set_header Host $host;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Real-IP $remote_addr;
`,
  'resolver.conf': 'resolver 127.0.0.11 valid=30s;\n',
  'ssl.conf': 'ssl_certificate /config/keys/cert.crt;\nssl_certificate_key /config/keys/cert.key;\n',
}
const MAIN = `events { worker_connections 4096; }
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    include /config/nginx/proxy-confs/*.conf;
}
`

const folder = mkdtempSync(join(tmpdir(), 'halfopen-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

for (const root of ['whole/nginx', 'alone'])
  for (let i = 0; i < FILES; i++) write(`${root}/proxy-confs/app${i}.subdomain.conf`, application(i))
for (const [name, text] of Object.entries(INCLUDES)) write(`whole/nginx/${name}`, text)
write('whole/nginx/nginx.conf', MAIN)

function lint(path: string) {
  const loaded = loadConfig(join(folder, path))
  if (!loaded.ok) throw new Error(loaded.error.message)
  return lintConfig(loaded.config, null)
}

describe(`${FILES} well-kept applications with their headers in an include`, () => {
  it('have neither an error nor a warning', () => {
    const { findings, places, files } = lint('whole/nginx')
    expect([files.length, places]).toEqual([FILES + 4, 2 * FILES])
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([])
    expect(findings.filter(({ rule }) => rule === 'include-not-given')).toEqual([])
  })

  it.each([
    ['as a folder', 'alone/proxy-confs'],
    ['one by one', 'alone/proxy-confs/app0.subdomain.conf'],
  ])('are undecided without the includes: %s', (_, path) => {
    const { findings } = lint(path)
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([])
    expect(findings.some(({ rule, message }) => rule === 'include-not-given' && message.includes('proxy.conf'))).toBe(
      true,
    )
  })

  it('have errors where the include has lost a header', () => {
    write('whole/nginx/proxy.conf', INCLUDES['proxy.conf'].replace(/proxy_set_header Upgrade.*\n/, ''))
    const { findings } = lint('whole/nginx')
    expect(findings.some(({ severity, rule }) => severity === 'error' && rule === 'upgrade-headers-partial')).toBe(true)
  })
})
