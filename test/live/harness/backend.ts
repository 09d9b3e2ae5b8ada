/** Real backends behind nginx: WebSocket servers (package ws) that behave, and some that do not. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, Socket, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'

export interface Backend {
  port: number
  /** Refuses connections from then on; open ones are destroyed. */
  stop(): Promise<void>
}

export interface Behaviour {
  /** Answer to a request on a socket path that carries no upgrade. `404` is what node http + ws (noServer), express,
   *  uvicorn say; `426` is a standalone ws server. */
  refusal?: 404 | 426
  /** Sends a ping every so many ms. */
  heartbeatMs?: number
  /** Resets the TCP connection (RST) so many ms after the handshake. */
  resetAfterMs?: number
  /** Closes with a close frame so many ms after the handshake. */
  closeAfterMs?: number
  /** Called with every upgraded session. */
  onSession?: (session: WebSocket) => void
}

/** An echo server. Plain requests: `/` 200, `/private` 401, anything else `refusal` (404 unless told). */
export function startBackend(behaviour: Behaviour = {}): Promise<Backend> {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createHttpServer((request, response) => answer(request, response, behaviour.refusal ?? 404))
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (session) => behave(session, socket, behaviour))
  })
  return listen(server, () => {
    for (const session of sockets.clients) session.terminate()
    server.closeAllConnections()
  })
}

/** Accepts connections, reads, and never answers. */
export function startMuteBackend(): Promise<Backend> {
  const open = new Set<Socket>()
  const server = createTcpServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    socket.resume()
  })
  return listen(server, () => {
    for (const socket of open) socket.destroy()
  })
}

function answer(request: IncomingMessage, response: ServerResponse, refusal: 404 | 426): void {
  const path = (request.url ?? '/').split('?')[0]
  if (path === '/') response.end('<!doctype html><title>app</title>')
  else if (path === '/private') response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="app"' }).end()
  else if (refusal === 426) response.writeHead(426, { Upgrade: 'websocket' }).end('Upgrade Required')
  else response.writeHead(404).end(`Cannot ${request.method} ${path}`)
}

function behave(session: WebSocket, socket: Duplex, behaviour: Behaviour): void {
  session.on('message', (data, binary) => session.send(data, { binary }))
  session.on('error', () => undefined)
  behaviour.onSession?.(session)
  const timers: NodeJS.Timeout[] = []
  if (behaviour.heartbeatMs !== undefined) timers.push(setInterval(() => session.ping(), behaviour.heartbeatMs))
  if (behaviour.closeAfterMs !== undefined) {
    timers.push(setTimeout(() => session.close(1000, 'done'), behaviour.closeAfterMs))
  }
  if (behaviour.resetAfterMs !== undefined && socket instanceof Socket) {
    timers.push(setTimeout(() => socket.resetAndDestroy(), behaviour.resetAfterMs))
  }
  session.on('close', () => timers.forEach((timer) => clearTimeout(timer)))
}

/** Listens on a free loopback port; `cut` ends what is open when the backend stops. */
export function listen(server: Server, cut: () => void): Promise<Backend> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address !== 'object' || address === null) return reject(new Error('no address'))
      const stop = () =>
        new Promise<void>((done) => {
          server.close(() => done())
          cut()
        })
      resolve({ port: address.port, stop })
    })
  })
}
