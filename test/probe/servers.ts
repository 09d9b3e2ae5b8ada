/** Servers to probe: each real, on a free loopback port, closed after the test. */
import { createServer, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { afterEach } from 'vitest'
import { WebSocketServer, type ServerOptions } from 'ws'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { probe, readDirect, readTarget, type ProbeOptions, type ProbeResult } from '../../server/probe/contract.ts'
import { selfSigned } from '../../server/prove/certificate.ts'

const closing: (() => void)[] = []
afterEach(() => closing.splice(0).forEach((close) => close()))

async function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** A raw TCP server: `answer` decides every byte. */
export const raw = async (answer: (socket: Socket, request: string) => void): Promise<number> =>
  listen(
    createServer((socket) => {
      socket.on('error', () => undefined).once('data', (bytes) => answer(socket, bytes.toString('latin1')))
    }),
  )

/** A real WebSocket application. */
export async function application(
  options: Partial<ServerOptions> = {},
  onRequest?: RequestListener,
): Promise<{ port: number; server: WebSocketServer }> {
  const http = createHttp(onRequest ?? ((_request, response) => response.writeHead(426).end('Upgrade Required')))
  const server = new WebSocketServer({ ...options, server: http })
  closing.push(() => server.clients.forEach((client) => client.terminate()))
  return { port: await listen(http), server }
}

/** TLS with a self-signed certificate for these names, in front of a raw server. */
export async function secured(names: string[], answer: (socket: Socket, request: string) => void): Promise<number> {
  const server = createTls(selfSigned(names, Date.now()), (socket) => {
    socket.on('error', () => undefined).once('data', (bytes: Buffer) => answer(socket, bytes.toString('latin1')))
  })
  server.on('tlsClientError', () => undefined)
  return listen(server)
}

export interface Probed extends ProbeResult {
  took: number
}

export async function probed(
  url: string,
  more: Partial<ProbeOptions> & { directUrl?: string; connect?: string; host?: string } = {},
): Promise<Probed> {
  const { directUrl, connect, host, ...rest } = more
  const target = readTarget(url, connect ?? null, host ?? null)
  if (!target.ok) throw new Error(target.reason)
  const direct = directUrl === undefined ? null : readDirect(directUrl, target.value)
  if (direct?.ok === false) throw new Error(direct.reason)
  const start = performance.now()
  const walk = probe({
    target: target.value,
    direct: direct?.value ?? null,
    origin: 'own',
    headers: [],
    subprotocols: [],
    protocol: 'websocket',
    http2: false,
    idle: null,
    insecure: false,
    timeout: 3000,
    signal: null,
    ...rest,
  })
  let next = await walk.next()
  while (!next.done) next = await walk.next()
  return { ...next.value, took: performance.now() - start }
}

export const step = (result: ProbeResult, name: string) => result.steps.find((one) => one.name === name)
