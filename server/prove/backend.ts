/** The stand-in for an application: takes a WebSocket handshake only as RFC 6455 4.2.1 defines it, and records what nginx sent. */
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { acceptFor, FrameReader, serverFrame } from '../probe/contract.ts'
import type { Certificate } from './certificate.ts'

export interface BackendRole {
  /** `auth` answers 200 to everything: access control of nginx (auth_request) is not what is tested. */
  role: 'app' | 'auth'
  /** What it speaks: `either` when the config does not say. */
  speaks: 'plain' | 'tls' | 'either'
  /** Names it has a certificate for: without one of them in SNI the TLS handshake is refused. Null: any. */
  sni: readonly string[] | null
}

/** In place of the names, where they are not known: some name has to be sent. */
export const ANY_NAME = '*'

/** What the application needs beyond the RFC, where it is known. */
export interface Demands {
  /** The only path with a WebSocket. */
  path: string | null
  /** Refuse an Origin whose host is not the Host header's, as many frameworks do by default. */
  origin: boolean
  /** Size of a header in the 101, bytes: cookies make answers large. */
  header_bytes: number
}

/** A request as nginx sent it. */
export interface Received {
  /** Which backend, as an index of the plan. */
  backend: number
  method: string
  path: string
  /** `HTTP/1.1` */
  version: string
  headers: [string, string][]
  tls: boolean
  sni: string | null
  /** What it was answered with, and why when it was refused. */
  status: number
  reason: string
}

export interface Backend {
  port: number
  close(): void
}

const MAX_HEAD = 64 * 1024

/** Listens on a free loopback port. @param received gets every request. */
export async function startBackend(
  index: number,
  role: BackendRole,
  demands: Demands,
  certificate: Certificate,
  received: Received[],
): Promise<Backend> {
  const sockets = new Set<Socket>()
  const secure = createTlsServer({
    ...certificate,
    SNICallback(name, done) {
      const known = role.sni === null || role.sni.some((one) => one === ANY_NAME || one === name.toLowerCase())
      // An error ends the handshake with an alert, as `ssl_reject_handshake` does.
      done(known ? null : new Error('no certificate for this name'))
    },
  })
  secure.on('tlsClientError', (_error, socket) => socket.destroy())
  secure.on('secureConnection', (socket: TLSSocket) => {
    const sni = typeof socket.servername === 'string' ? socket.servername : null
    // Without SNI no callback is asked.
    if (role.sni !== null && sni === null) socket.destroy()
    else serve(socket, { index, role, demands, received, tls: true, sni })
  })
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return
      socket.unshift(first)
      const isTls = first[0] === 0x16
      if (isTls ? role.speaks === 'plain' : role.speaks === 'tls')
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      else if (isTls) secure.emit('connection', socket)
      else serve(socket, { index, role, demands, received, tls: false, sni: null })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

interface Serving {
  index: number
  role: BackendRole
  demands: Demands
  received: Received[]
  tls: boolean
  sni: string | null
}

function serve(socket: Duplex, serving: Serving): void {
  let bytes = Buffer.alloc(0)
  let session: FrameReader | null = null
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    if (session) {
      answerFrames(socket, session, chunk)
      return
    }
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) {
      if (bytes.length > MAX_HEAD) socket.destroy()
      return
    }
    const request = readRequest(bytes.subarray(0, end).toString('latin1'), serving)
    const rest = bytes.subarray(end + 4)
    bytes = Buffer.alloc(0)
    if (serving.received.length < 1000) serving.received.push(request)
    socket.write(answerTo(request, serving.demands))
    if (request.status !== 101) socket.end()
    else {
      session = new FrameReader(true)
      answerFrames(socket, session, rest)
    }
  })
}

function readRequest(head: string, { index, role, demands, tls, sni }: Serving): Received {
  const [line = '', ...lines] = head.split('\r\n')
  const [method = '', path = '', version = ''] = line.split(' ')
  const headers = lines.slice(0, 200).map((one): [string, string] => {
    const colon = one.indexOf(':')
    return [one.slice(0, colon), one.slice(colon + 1).trim()]
  })
  const request = { backend: index, method, path, version, headers, tls, sni, status: 101, reason: '' }
  if (role.role === 'auth') return { ...request, status: 200 }
  const refusal = refusalOf(request, demands)
  return refusal === null ? request : { ...request, ...refusal }
}

/** The header's value; null when it is absent, several lines joined. */
export function headerOf({ headers }: Pick<Received, 'headers'>, name: string): string | null {
  const values = headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}

function refusalOf(request: Received, demands: Demands): { status: number; reason: string } | null {
  const refuse = (status: number, reason: string) => ({ status, reason })
  const value = (name: string): string | null => headerOf(request, name)
  if (request.method !== 'GET') return refuse(405, `the method is ${request.method}, not GET`)
  if (value('upgrade')?.toLowerCase() !== 'websocket')
    return refuse(426, value('upgrade') === null ? 'no Upgrade header came' : `Upgrade is "${value('upgrade')}"`)
  const connection = value('connection')
  if (
    !(connection ?? '')
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes('upgrade')
  )
    return refuse(
      400,
      connection === null ? 'no Connection header came' : `Connection is "${connection}", not "upgrade"`,
    )
  // After the headers: a backend that is not strict takes HTTP/1.0, and none does without them.
  if (request.version !== 'HTTP/1.1')
    return refuse(426, `it was asked in ${request.version}; a handshake needs HTTP/1.1`)
  if (value('sec-websocket-version') !== '13') return refuse(426, 'no Sec-WebSocket-Version 13 came')
  if (Buffer.from(value('sec-websocket-key') ?? '', 'base64').length !== 16)
    return refuse(400, 'no Sec-WebSocket-Key came')
  if (demands.path !== null && request.path.split('?')[0] !== demands.path)
    return refuse(404, `it was asked for ${request.path}; the WebSocket is at ${demands.path}`)
  if (demands.origin && !sameHost(value('origin'), value('host')))
    return refuse(403, `Origin is "${value('origin')}", and Host is "${value('host')}"`)
  return null
}

/** The check of gorilla/websocket, Rails, Phoenix: host and port of Origin are those of Host. No Origin is no browser. */
export function sameHost(origin: string | null, host: string | null): boolean {
  if (origin === null) return true
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

function answerTo(request: Received, demands: Demands): string {
  const { status, reason } = request
  if (status !== 101) {
    const name = { 200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' }[status] ?? 'Upgrade Required'
    return `HTTP/1.1 ${status} ${name}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`
  }
  const offered = headerOf(request, 'sec-websocket-protocol')?.split(',')[0]?.trim()
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(headerOf(request, 'sec-websocket-key') ?? '')}`,
    ...(offered === undefined ? [] : [`Sec-WebSocket-Protocol: ${offered}`]),
    ...(demands.header_bytes > 0 ? [`Set-Cookie: stand-in=${'x'.repeat(demands.header_bytes)}`] : []),
    '\r\n',
  ].join('\r\n')
}

/** Pongs, and echoes; silent by itself, so that an idle session is idle. */
function answerFrames(socket: Duplex, session: FrameReader, chunk: Buffer): void {
  for (const { kind, payload } of session.push(chunk)) {
    if (kind === 'ping') socket.write(serverFrame('pong', payload))
    else if (kind === 'text' || kind === 'binary') socket.write(serverFrame(kind, payload))
    else if (kind === 'close') socket.end(serverFrame('close', payload))
  }
  if (session.fault !== null) socket.destroy()
}
