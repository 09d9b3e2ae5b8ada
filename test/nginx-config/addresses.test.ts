/** Where a server is reached and where it sends a request, compared with what a real nginx does. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configView, loadConfig } from '../../server/nginx-config/contract.ts'
import { startNginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { configOf, wholeConfig } from './config-text.ts'

let backend: Server
beforeAll(
  () =>
    new Promise<void>((resolve) => {
      backend = createServer((req, res) => res.end(`http://127.0.0.1:${req.socket.localPort}${req.url}`))
      backend.listen(0, '127.0.0.1', resolve)
    }),
)
afterAll(() => backend.close())

const ask = (port: number, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (text: string) => (body += text))
      res.on('end', () => resolve(body))
    })
      .on('error', reject)
      .end()
  })

describeWith('nginx', 'the URL at the backend', () => {
  it('is the one that arrives there', async () => {
    const { port: at } = backend.address() as AddressInfo
    const nginx = await startNginx(({ dir, port }) =>
      wholeConfig(
        dir,
        `upstream app { server 127.0.0.1:1 down; server 127.0.0.1:${at}; }
        server {
          listen 127.0.0.1:${port};
          location /as-is/ { proxy_pass http://127.0.0.1:${at}; }
          location /cut/ { proxy_pass http://127.0.0.1:${at}/; }
          location /moved { proxy_pass http://app/other; }
          location = /exact { proxy_pass HTTP://app/one?x=1; }
          location ~ ^/re(g)/ { proxy_pass http://app; }
          location /stripped/ { rewrite ^/stripped/(.*)$ /$1 break; proxy_pass http://127.0.0.1:${at}; }
          location /set/ { set $up 127.0.0.1; set $at ${at}; proxy_pass http://$up:$at$request_uri; }
          location ^~ /deep/ { location /deep/er/ { proxy_pass http://app/x/; } }
        }`,
      ),
    )
    try {
      const loaded = loadConfig(nginx.configFile)
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
      const view = configView(loaded.config)
      const told: string[] = []
      for (const path of [
        '/as-is/ws',
        '/cut/ws',
        '/cut/',
        '/moved/ws',
        '/exact',
        '/reg/ws',
        '/deep/er/ws',
        '/stripped/ws',
        '/set/ws',
      ]) {
        const url = view.settings('any.example', path)?.backend?.url
        expect([path, url]).toEqual([path, (await ask(nginx.port, path)).replace(/\?.*/, '')])
        told.push(new URL(url ?? '').pathname)
      }
      expect(told).toEqual(['/as-is/ws', '/ws', '/', '/other/ws', '/one', '/reg/ws', '/x/ws', '/ws', '/set/ws'])
    } finally {
      await nginx.close()
    }
  })
})

describe('the URL at the backend', () => {
  const url = (location: string, more = '') =>
    configView(configOf(`http { ${more} server { location /a/ { ${location} } } }`)).settings('h', '/a/:id')?.backend

  it('has the default port of an upstream server, 80 even with https', () => {
    expect(url('proxy_pass https://b;', 'upstream b { server 10.0.0.1; }')).toEqual({
      url: 'https://10.0.0.1:80/a/:id',
    })
  })

  it('has what a rewrite and a set make of it, with the id that was taken out of the path', () => {
    expect(url('proxy_pass http://b$request_uri;')).toEqual({ url: 'http://b/a/:id' })
    expect(url('rewrite ^/a/(.*) /b/$1/c break; proxy_pass http://b;')).toEqual({ url: 'http://b/b/:id/c' })
    expect(url('set $x 10.0.0.1; proxy_pass http://$x:80;')).toEqual({ url: 'http://10.0.0.1:80/a/:id' })
  })

  it('is not told where only the running nginx knows it, nor of unix sockets', () => {
    expect(url('proxy_pass http://$x:80;')).toBeNull()
    expect(url('proxy_pass http://$remote_addr;')).toBeNull()
    expect(url('if ($remote_addr = 10.0.0.1) { rewrite ^ /x break; } proxy_pass http://b;')).toBeNull()
    expect(url('proxy_pass http://unix:/run/x.sock:/;')).toBeNull()
    expect(url('proxy_pass http://b/;', 'upstream b { server unix:/run/x.sock; }')).toBeNull()
    expect(url('return 404;')).toBeNull()
  })
})

describe('where a server is reached', () => {
  const at = (server: string) => {
    const settings = configView(configOf(`http { server { ${server} location / { proxy_pass http://b; } } }`)).settings(
      null,
      '/',
    )
    return settings && { public: settings.public, server_names: settings.server_names }
  }

  it.each([
    ['', [], { scheme: 'http', host: null, port: 80 }],
    [
      'listen 80; listen [::]:8443 ssl http2; server_name a.example b.example;',
      ['a.example', 'b.example'],
      {
        scheme: 'https',
        host: 'a.example',
        port: 8443,
      },
    ],
    [
      'listen 443; ssl on; server_name *.a.example ~^x .c.example _ b.example;',
      ['*.a.example', '~^x', '.c.example', '_', 'b.example'],
      { scheme: 'https', host: 'b.example', port: 443 },
    ],
    ['listen 443 quic; listen 127.0.0.1:81;', [], { scheme: 'http', host: null, port: 81 }],
    ['listen unix:/run/x.sock;', [], null],
    ['listen 80 proxy_protocol;', [], null],
  ])('%s', (server, server_names, expected) => {
    expect(at(server)).toEqual({ public: expected, server_names })
  })

  it('is not told by a fragment of a location', () => {
    expect(configView(configOf('proxy_pass http://b;')).settings('h', '/')?.public).toBeNull()
  })
})
