/** Real clients: a WebSocket client (package ws) and raw TCP where a library would be too polite. */
import type { IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { within } from './deadline.ts'

export interface Session {
  /** Sends text and resolves with what comes back. */
  echo(text: string): Promise<string>
  /** Resolves when the server has sent so many pings. */
  pings(count: number): Promise<void>
  /** Resolves when the session is over: the close code (1006 without a close frame) and its length in ms. */
  closed: Promise<{ code: number; lastedMs: number }>
  /** Ends with a close frame. */
  leave(): Promise<void>
  /** The tab is gone: FIN without a close frame. */
  vanish(): void
  /** RST. */
  reset(): void
}

export interface Handshake {
  status: number
  headers: IncomingHttpHeaders
  /** Null unless the status is 101. */
  session: Session | null
}

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** One WebSocket handshake as a browser makes it. Rejects only when no HTTP answer arrives. */
export function handshake(url: string, headers: Record<string, string> = {}): Promise<Handshake> {
  const client = new WebSocket(url, { headers: { 'User-Agent': BROWSER, ...headers }, perMessageDeflate: false })
  const answer = new Promise<Handshake>((resolve, reject) => {
    let reply: { headers: IncomingHttpHeaders; socket: Socket } | null = null
    client.on('upgrade', (response) => (reply = response))
    client.on('error', reject)
    client.on('unexpected-response', (request, response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, session: null })
      response.resume()
      request.destroy()
    })
    client.on('open', () => {
      if (reply !== null) resolve({ status: 101, headers: reply.headers, session: watch(client, reply.socket) })
    })
  })
  return within(`an answer to the handshake at ${url}`, answer, 15_000)
}

/** A handshake that must succeed. */
export async function join(url: string, headers: Record<string, string> = {}): Promise<Session> {
  const { status, session } = await handshake(url, headers)
  if (session === null) throw new Error(`handshake at ${url} got ${status}`)
  return session
}

function watch(client: WebSocket, socket: Socket): Session {
  const opened = performance.now()
  const closed = new Promise<{ code: number; lastedMs: number }>((resolve) => {
    client.on('close', (code) => resolve({ code, lastedMs: performance.now() - opened }))
  })
  client.on('error', () => undefined)
  return {
    closed,
    async echo(text) {
      const reply = new Promise<string>((resolve) =>
        client.once('message', (data) => resolve(Buffer.isBuffer(data) ? data.toString() : '')),
      )
      client.send(text)
      return within('an echo', reply)
    },
    pings(count) {
      const heard = new Promise<void>((resolve) => {
        let left = count
        client.on('ping', () => {
          if (--left === 0) resolve()
        })
      })
      return within(`${count} pings`, heard)
    },
    async leave() {
      client.close(1000)
      await within('the close handshake', closed)
    },
    vanish: () => client.terminate(),
    reset: () => socket.resetAndDestroy(),
  }
}

export interface RawReply {
  /** 0 when the server closed without an answer. */
  status: number
  /** Header names in lower case. */
  headers: Map<string, string>
}

/** Sends these header lines as they are and reads the head of the answer. Closes the connection afterwards. */
export function rawRequest(port: number, requestLine: string, headers: readonly string[] = []): Promise<RawReply> {
  const reply = new Promise<RawReply>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(`${[requestLine, ...headers].join('\r\n')}\r\n\r\n`, 'utf8'))
    socket.on('data', (part: string) => {
      text += part
      if (text.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(readHead(text)))
  })
  return within(`an answer to ${requestLine.slice(0, 80)}`, reply, 15_000)
}

/** The lines of a WebSocket handshake, for rawRequest. */
export const rawHandshake = (path: string, extra: readonly string[] = []): [string, string[]] => [
  `GET ${path} HTTP/1.1`,
  [
    'Host: app.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...extra,
  ],
]

function readHead(text: string): RawReply {
  const [first = '', ...rest] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n')
  const headers = new Map<string, string>()
  for (const line of rest) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return { status: Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1] ?? 0), headers }
}
