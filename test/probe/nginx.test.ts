/** Probes through a real nginx: which side fails, and why. */
import { describe, expect, it } from 'vitest'
import { reportOf } from '../cases/run-case.ts'
import { logged, startNginx, type Site } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { acceptFor } from '../../server/probe/contract.ts'
import { application, probed, raw, secured } from './servers.ts'

const config =
  (location: string, http = '') =>
  (site: Site) =>
    `pid ${site.dir}/nginx.pid;\nerror_log ${site.dir}/error.log info;\nevents { worker_connections 64; }\nhttp {
     access_log off; client_body_temp_path ${site.dir}/a; proxy_temp_path ${site.dir}/b; fastcgi_temp_path ${site.dir}/c;
     uwsgi_temp_path ${site.dir}/d; scgi_temp_path ${site.dir}/e;
     map $http_upgrade $connection_upgrade { default upgrade; '' close; }
     ${http}
     server { listen 127.0.0.1:${site.port}; server_name app.test; ${location} } }`
const HEADERS =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;'

const upgraded = (request: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(/sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '')}\r\n\r\n`

async function withNginx<T>(text: (site: Site) => string, body: (port: number) => Promise<T>): Promise<T> {
  const nginx = await startNginx(text)
  try {
    return await body(nginx.port)
  } finally {
    await nginx.close()
  }
}

describeWith('nginx', 'through nginx', () => {
  it('the headers are lost: the backend accepts, the proxy does not', async () => {
    const { port } = await application()
    const direct = `http://127.0.0.1:${port}`
    const result = await withNginx(config(`location / { proxy_pass ${direct}; }`), async (entry) =>
      probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: direct, host: 'app.test' }),
    )
    expect(result).toMatchObject({
      ok: false,
      side: 'proxy',
      decided: true,
      causes: [{ cause: 'missing-upgrade-headers' }],
    })
    expect(
      result.steps.some(({ side, name, verdict }) => side === 'direct' && name === 'handshake' && verdict === 'ok'),
    ).toBe(true)
  })

  it('proxy_pass asks for another path: the upgrade arrives, the page differs', async () => {
    const { port } = await application({ path: '/ws' }, (request, response) =>
      response.writeHead(request.url === '/' ? 200 : 404).end(),
    )
    const result = await withNginx(
      config(`location /ws { proxy_pass http://127.0.0.1:${port}/; ${HEADERS} }`),
      async (entry) => probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: `http://127.0.0.1:${port}` }),
    )
    expect(result).toMatchObject({ side: 'proxy', decided: false })
    expect(result.causes.map(({ cause }) => cause)).toEqual(['path-mismatch', 'missing-upgrade-headers'])
  })

  it('another path and no headers: nothing shows that the upgrade arrives', async () => {
    const { port } = await application({}, (request, response) =>
      response.writeHead(request.url === '/' ? 400 : 404).end(),
    )
    const result = await withNginx(config(`location /ws { proxy_pass http://127.0.0.1:${port}/; }`), async (entry) =>
      probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: `http://127.0.0.1:${port}` }),
    )
    expect(result.decided).toBe(false)
    expect(result.causes.map(({ cause }) => cause)).toEqual(['missing-upgrade-headers', 'path-mismatch'])
  })

  it('another path where page and handshake are both 404: what is answered differs, so the upgrade arrives', async () => {
    const port = await raw((socket, request) => {
      const asks = /^upgrade: websocket/im.test(request)
      if (asks && request.startsWith('GET /base/ws ')) socket.end(upgraded(request))
      else socket.end(`HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n${asks ? '' : 'no such page'}`)
    })
    const result = await withNginx(
      config(`location /base/ { rewrite ^/base/(.*)$ /$1 break; proxy_pass http://127.0.0.1:${port}; ${HEADERS} }`),
      async (entry) => probed(`ws://127.0.0.1:${entry}/base/ws`, { directUrl: `http://127.0.0.1:${port}` }),
    )
    expect(result).toMatchObject({ side: 'proxy', decided: false })
    expect(result.causes.map(({ cause }) => cause)).toEqual(['path-mismatch', 'missing-upgrade-headers'])
  })

  describe('http to a backend that speaks TLS', () => {
    const tls = (answer: string) =>
      secured(['app.test'], (socket, request) =>
        socket.end(/^upgrade: websocket/im.test(request) ? upgraded(request) : answer),
      )

    it.each([
      ['https', 'likely', null],
      ['http', 'it may speak TLS', '--direct https://'],
    ])('--direct %s://', async (scheme, title, next) => {
      const port = await tls('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
      const result = await withNginx(
        config(`location / { proxy_pass http://127.0.0.1:${port}; ${HEADERS} }`),
        async (entry) => probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: `${scheme}://127.0.0.1:${port}` }),
      )
      expect(result.causes[0]?.cause).toBe('upstream-tls-mismatch')
      expect(result.title).toContain(title)
      expect(result).toMatchObject({ side: 'proxy', decided: false })
      if (next !== null) expect(result.next).toContain(next)
    })
  })

  it('the application refuses through both: not nginx', async () => {
    const { port } = await application({ verifyClient: (_info, done) => done(false, 403, 'Forbidden') })
    const direct = `http://127.0.0.1:${port}`
    const result = await withNginx(config(`location / { proxy_pass ${direct}; ${HEADERS} }`), async (entry) =>
      probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: direct }),
    )
    expect(result.side).toBe('backend')
    expect(result.title).toContain('it is not nginx')
    expect(result.causes.map(({ cause }) => cause)).toEqual(['auth-rejected', 'origin-rejected'])
  })

  it('the backend is down', async () => {
    const result = await withNginx(config(`location / { proxy_pass http://127.0.0.1:1; ${HEADERS} }`), async (entry) =>
      probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: 'http://127.0.0.1:1' }),
    )
    expect(result).toMatchObject({ side: 'backend', decided: true, causes: [{ cause: 'backend-down' }] })
  })

  it('its own requests are no evidence, in the access log and in the error log', async () => {
    const { port } = await application()
    const nginx = await startNginx((site) =>
      config(`location /down { proxy_pass http://127.0.0.1:1; } location / { proxy_pass http://127.0.0.1:${port}; }`)(
        site,
      ).replace('access_log off;', `access_log ${site.dir}/access.log;`),
    )
    const found = async (): Promise<string[]> => {
      const { findings } = await reportOf([`${nginx.dir}/access.log`, `${nginx.dir}/error.log`])
      return findings.map(({ cause }) => cause)
    }
    try {
      await probed(`ws://127.0.0.1:${nginx.port}/ws`, { http2: true })
      await probed(`ws://127.0.0.1:${nginx.port}/down/ws`, {})
      await logged(`${nginx.dir}/access.log`, / 426 .*halfopen/, 2)
      await logged(`${nginx.dir}/error.log`, /connect\(\) failed/, 2)
      expect(await found()).toEqual([])
      for (const path of ['/ws', '/down/ws']) await (await fetch(`http://127.0.0.1:${nginx.port}${path}`)).text()
      await logged(`${nginx.dir}/access.log`, /node/)
      expect((await found()).toSorted()).toEqual(['backend-down', 'missing-upgrade-headers'])
    } finally {
      await nginx.close()
    }
  })

  it('another location answers', async () => {
    const { port } = await application()
    const result = await withNginx(
      config(`location / { proxy_pass http://127.0.0.1:${port}; ${HEADERS} } location ~ \\.io { return 404; }`),
      async (entry) => probed(`ws://127.0.0.1:${entry}/socket.io`, { directUrl: `http://127.0.0.1:${port}` }),
    )
    expect(result).toMatchObject({ side: 'proxy', decided: true, causes: [{ cause: 'path-mismatch' }] })
  })

  it('a redirect to the slash is shown and not followed', async () => {
    const { port } = await application()
    const result = await withNginx(
      config(`location /ws/ { proxy_pass http://127.0.0.1:${port}; ${HEADERS} }`),
      async (entry) => probed(`ws://127.0.0.1:${entry}/ws`, {}),
    )
    expect(result).toMatchObject({ decided: true, causes: [{ cause: 'redirected-handshake' }] })
  })

  it('nginx cuts what is idle: the proxy, not the backend; pings prevent it', async () => {
    const { port } = await application()
    const direct = `http://127.0.0.1:${port}`
    const result = await withNginx(
      config(`location / { proxy_pass ${direct}; ${HEADERS} proxy_read_timeout 1s; }`),
      async (entry) => probed(`ws://127.0.0.1:${entry}/ws`, { directUrl: direct, idle: 3000 }),
    )
    expect(result).toMatchObject({ ok: false, side: 'proxy', causes: [{ cause: 'idle-timeout' }] })
    expect(result.idle?.proxy?.alone.cut_after_ms).toBeGreaterThan(800)
    expect(result.idle?.proxy?.pinged?.cut_after_ms).toBeNull()
    expect(result.idle?.direct?.alone.cut_after_ms).toBeNull()
  })

  describe('Socket.IO', () => {
    /** Engine.IO as far as a handshake goes; each instance knows its own sessions only. */
    async function engine(): Promise<number> {
      const known = new Set<string>()
      const { port, server } = await application({}, (request, response) => {
        const query = new URL(request.url ?? '', 'http://x').searchParams
        const sid = query.get('sid')
        if (query.get('EIO') !== '4')
          return void response.writeHead(400).end('{"code":5,"message":"Unsupported protocol version"}')
        if (sid !== null) {
          if (!known.has(sid)) return void response.writeHead(400).end('{"code":1,"message":"Session ID unknown"}')
          return void response.end('ok')
        }
        const made = `s${Math.random()}`
        known.add(made)
        const open = { sid: made, upgrades: ['websocket'], pingInterval: 300, pingTimeout: 20_000, maxPayload: 1e6 }
        response.end(`0${JSON.stringify(open)}`)
      })
      server.on('connection', (socket) => {
        socket.on('message', (data: Buffer) => {
          if (String(data) === '2probe') socket.send('3probe')
          if (String(data) === '5') setTimeout(() => socket.send('2'), 300)
        })
      })
      return port
    }

    it('opens by polling, moves to the WebSocket, gets its ping', async () => {
      const port = await engine()
      const result = await withNginx(
        config(`location / { proxy_pass http://127.0.0.1:${port}; ${HEADERS} }`),
        async (entry) => probed(`http://127.0.0.1:${entry}`, { protocol: 'socket.io' }),
      )
      expect(result.steps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
        'tcp ok',
        'get info',
        'polling ok',
        'handshake ok',
        'session ok',
        'session ok',
      ])
      expect(result.ok).toBe(true)
    })

    it('two backends without stickiness', async () => {
      const ports = [await engine(), await engine()]
      const group = `upstream pool { ${ports.map((port) => `server 127.0.0.1:${port};`).join(' ')} }`
      const result = await withNginx(
        config(`location / { proxy_pass http://pool; ${HEADERS} }`, group),
        async (entry) => probed(`http://127.0.0.1:${entry}`, { protocol: 'socket.io' }),
      )
      expect(result).toMatchObject({ ok: false, decided: true, causes: [{ cause: 'sticky-session-missing' }] })
    })
  })

  it('SignalR: negotiate, then the WebSocket', async () => {
    const { port, server } = await application({}, (request, response) => {
      if (request.method === 'POST' && request.url?.startsWith('/hub/negotiate?') === true)
        response.end(
          JSON.stringify({
            negotiateVersion: 1,
            connectionId: 'a',
            connectionToken: 'b+',
            availableTransports: [{ transport: 'WebSockets' }],
          }),
        )
      else response.writeHead(404).end()
    })
    const asked: (string | undefined)[] = []
    server.on('connection', (socket, request) => {
      asked.push(request.url)
      socket.on('message', () => socket.send('{}\x1e'))
    })
    const result = await withNginx(
      config(`location / { proxy_pass http://127.0.0.1:${port}; ${HEADERS} }`),
      async (entry) => probed(`http://127.0.0.1:${entry}/hub`, { protocol: 'signalr' }),
    )
    expect(result.ok).toBe(true)
    expect(asked).toEqual(['/hub?id=b%2B'])
  })
})
