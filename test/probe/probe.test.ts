/** Probes of real servers: what is seen, and what is concluded. */
import { createSecureServer } from 'node:http2'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { acceptFor } from '../../server/probe/contract.ts'
import { selfSigned } from '../../server/prove/certificate.ts'
import { application, probed, raw, secured, step } from './servers.ts'

const keyOf = (request: string): string => /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? ''
const upgrade = (request: string, more = ''): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(keyOf(request))}\r\n${more}\r\n`

describe('a WebSocket that works', () => {
  it('goes from TCP to a ping', async () => {
    const { port } = await application()
    const result = await probed(`ws://127.0.0.1:${port}/ws?a=1`)
    expect(result.steps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'tcp ok',
      'get info',
      'handshake ok',
      'session ok',
    ])
    expect(result).toMatchObject({ ok: true, side: null, causes: [] })
    expect(result.curl).toContain(`http://127.0.0.1:${port}/ws?a=1`)
  })

  it('sends Host, Origin, cookies and headers, and keeps secrets out of the curl command', async () => {
    const { port, server } = await application()
    const heads: Record<string, unknown>[] = []
    server.on('connection', (_socket, request) => heads.push(request.headers))
    const result = await probed('ws://app.test/ws', {
      connect: `127.0.0.1:${port}`,
      origin: 'https://other.test',
      headers: [
        ['Cookie', 'sid=secret'],
        ['X-A', "it's"],
      ],
    })
    expect(result.ok).toBe(true)
    expect(heads[0]).toMatchObject({
      host: 'app.test',
      origin: 'https://other.test',
      cookie: 'sid=secret',
      'x-a': "it's",
    })
    expect(result.curl).not.toContain('secret')
    expect(result.curl).toContain(`--connect-to ::127.0.0.1:${port}`)
    expect(result.curl).toContain(String.raw`'X-A: it'\''s'`)
  })

  it('shows the subprotocol that was chosen, and that none was', async () => {
    const { port } = await application({ handleProtocols: (offered) => (offered.has('b') ? 'b' : false) })
    const chosen = await probed(`ws://127.0.0.1:${port}/`, { subprotocols: ['a', 'b'] })
    expect(step(chosen, 'handshake')?.seen).toContain('subprotocol: b')
    const none = await probed(`ws://127.0.0.1:${port}/`, { subprotocols: ['c'] })
    expect(step(none, 'handshake')?.verdict).toBe('warning')
  })
})

describe('what a refusal proves', () => {
  const answer =
    (head: string, body = '') =>
    async () =>
      raw((socket) => socket.end(`HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
  const nginxPage = (text: string) =>
    `<html><body><center><h1>${text}</h1></center><hr><center>nginx</center></body></html>`
  it.each([
    ['a redirect', answer('301 Moved Permanently\r\nLocation: https://a/ws/'), 'redirected-handshake', true],
    ['a redirect to a login', answer('302 Found\r\nLocation: /login?next=/ws'), 'auth-rejected', true],
    ['401', answer('401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"'), 'auth-rejected', true],
    ['403 of nginx', answer('403 Forbidden', nginxPage('403 Forbidden')), 'auth-rejected', false],
    ['426', answer('426 Upgrade Required', 'Upgrade Required'), 'missing-upgrade-headers', false],
    ['another version', answer('426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7'), 'handshake-rejected', true],
    [
      'ws:// to TLS',
      answer('400 Bad Request', 'The plain HTTP request was sent to HTTPS port'),
      'client-url-mismatch',
      true,
    ],
    ['404 of nginx', answer('404 Not Found', nginxPage('404 Not Found')), 'path-mismatch', false],
    ['429', answer('429 Too Many Requests'), 'resource-limit', true],
    ['505', answer('505 HTTP Version Not Supported'), 'upstream-http-version', true],
    ['504', answer('504 Gateway Time-out'), 'backend-slow', false],
  ])('%s', async (_name, server, cause, decided) => {
    const result = await probed(`ws://127.0.0.1:${await server()}/ws`)
    expect(result.ok).toBe(false)
    expect(result.causes[0]?.cause).toBe(cause)
    expect(result.decided).toBe(decided)
  })

  it('tries the own Origin after a 403', async () => {
    const { port } = await application({
      verifyClient: ({ origin }: { origin: string }) => origin === `http://127.0.0.1:${port}`,
    })
    // ws answers 401 unless told otherwise.
    const { port: strict } = await application({
      verifyClient: ({ origin }, done) => done(origin === `http://127.0.0.1:${strict}`, 403, 'Forbidden'),
    })
    const result = await probed(`ws://127.0.0.1:${strict}/`, { origin: 'https://evil.test' })
    expect(result).toMatchObject({ side: 'backend', decided: true, causes: [{ cause: 'origin-rejected' }] })
    expect((await probed(`ws://127.0.0.1:${port}/`, { origin: 'https://evil.test' })).causes[0]?.cause).toBe(
      'auth-rejected',
    )
  })

  it('a 101 that is not to this handshake', async () => {
    const port = await raw((socket, request) => {
      if (/upgrade/i.test(request)) socket.write(upgrade('sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='))
      else socket.end('HTTP/1.1 200 OK\r\n\r\n')
    })
    const result = await probed(`ws://127.0.0.1:${port}/`)
    expect(result.ok).toBe(false)
    expect(result.title).toContain('Sec-WebSocket-Accept')
  })

  it('an application that closes at once', async () => {
    const { port, server } = await application()
    server.on('connection', (socket) => socket.close(1008, 'token missing'))
    const result = await probed(`ws://127.0.0.1:${port}/`)
    expect(result).toMatchObject({ ok: false, side: 'backend' })
    expect(result.title).toContain('1008 (policy violation): "token missing"')
  })

  it('nothing listens; the name does not exist', async () => {
    expect(await probed('ws://127.0.0.1:1/')).toMatchObject({ ok: false, side: 'network', causes: [] })
    expect((await probed('ws://nothing.invalid/')).steps[0]).toMatchObject({ name: 'dns', verdict: 'failed' })
  })
})

describe('TLS', () => {
  it('shows the certificate, and that a browser refuses it', async () => {
    const port = await secured(['app.test'], (socket, request) =>
      socket.end(/upgrade/i.test(request) ? upgrade(request) : 'HTTP/1.1 200 OK\r\n\r\n'),
    )
    const result = await probed('wss://app.test/ws', { connect: `127.0.0.1:${port}` })
    const tls = step(result, 'tls')
    expect(tls?.verdict).toBe('failed')
    expect(tls?.seen.join('\n')).toMatch(
      /names: app\.test\nvalid until \d{4}-\d\d-\d\d \([01] days\)\nchain: halfopen stand-in/,
    )
    expect(tls?.title).toContain('self-signed')
  })

  it('a bad certificate is the cause only when all else works', async () => {
    const { port, server } = await application()
    expect(server.clients.size).toBe(0)
    const secure = await secured(['app.test'], (socket, request) => {
      const backend = connect(port, '127.0.0.1', () => backend.write(request, 'latin1'))
      backend.on('error', () => socket.destroy())
      socket.pipe(backend).pipe(socket)
    })
    const result = await probed('wss://app.test/ws', { connect: `127.0.0.1:${secure}` })
    expect(result).toMatchObject({ ok: false, side: 'client', causes: [{ cause: 'client-url-mismatch' }] })
    expect(await probed('wss://app.test/ws', { connect: `127.0.0.1:${secure}`, insecure: true })).toMatchObject({
      ok: true,
    })
  })

  it('wss:// to a plain port', async () => {
    const { port } = await application()
    expect(await probed(`wss://127.0.0.1:${port}/`)).toMatchObject({
      side: 'client',
      decided: true,
      causes: [{ cause: 'client-url-mismatch' }],
    })
  })

  it('tries HTTP/2: with extended CONNECT, and without', async () => {
    for (const enableConnectProtocol of [true, false]) {
      const server = createSecureServer({
        ...selfSigned(['app.test'], Date.now()),
        allowHTTP1: true,
        settings: { enableConnectProtocol },
      })
      server.on('stream', (stream, headers) => {
        stream.on('error', () => undefined)
        stream.respond({ ':status': headers[':protocol'] === 'websocket' ? 200 : 404 })
      })
      server.on('request', (request, response) => {
        if (request.httpVersion === '1.1') response.writeHead(426).end()
      })
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      const result = await probed('wss://app.test/ws', { connect: `127.0.0.1:${port}`, http2: true })
      server.close()
      expect(step(result, 'http2')?.title).toContain(
        enableConnectProtocol ? 'works over HTTP/2' : 'no SETTINGS_ENABLE_CONNECT_PROTOCOL',
      )
    }
  })
})

describe('idle sessions', () => {
  it('measures where one is cut, and that pings prevent it', async () => {
    // Long enough for a ping to arrive in time on a busy machine.
    const CUT = 1500
    const { port, server } = await application()
    server.on('connection', (socket) => {
      let timer = setTimeout(() => socket.terminate(), CUT)
      socket.on('ping', () => {
        clearTimeout(timer)
        timer = setTimeout(() => socket.terminate(), CUT)
      })
    })
    const result = await probed(`ws://127.0.0.1:${port}/`, { idle: 8000 })
    expect(result.idle?.proxy?.alone.cut_after_ms).toBeGreaterThan(CUT - 200)
    expect(result.idle?.proxy?.alone.cut_after_ms).toBeLessThan(CUT + 1900)
    expect(result.idle?.proxy?.pinged?.cut_after_ms).toBeNull()
    expect(result.causes[0]?.cause).toBe('idle-timeout')
    expect(result.title).toContain('pings prevent it')
  })

  it('stops at once when it is told to', async () => {
    const { port } = await application()
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 300)
    const result = await probed(`ws://127.0.0.1:${port}/`, { idle: 3_600_000, signal: stop.signal })
    expect(result.took).toBeLessThan(5000)
  })
})
