/** STAND-IN, not Portainer: no Go toolchain is assumed. It checks a handshake in the order gorilla/websocket does
 *  (server.go, Upgrader.Upgrade: Connection before Upgrade), answers with gorilla's statuses, and writes the lines that
 *  Portainer 2.9 to 2.15 (logrus), 1.x (std log) or 2.16+ (JSON bridge) print. The nginx in front of it is real. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import { listen, type Backend } from './backend.ts'

export type Shape = 'logrus' | 'std' | 'json'

export interface PortainerStandIn extends Backend {
  log: string
}

/** Starts the stand-in; its log is `portainer.log` in `dir`. Any path is a console. */
export async function startPortainerStandIn(dir: string, shape: Shape = 'logrus'): Promise<PortainerStandIn> {
  const log = join(dir, 'portainer.log')
  writeFileSync(log, '')
  const say = (message: string) => appendFileSync(log, `${SHAPES[shape](message, new Date())}\n`)

  const sockets = new WebSocketServer({ noServer: true })
  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/') return void response.end('<!doctype html><title>Portainer</title>')
    const problem = gorillaProblem(request.headers) ?? "'websocket' token not found in 'Upgrade' header"
    say(`websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: ${problem}`)
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', 'Sec-Websocket-Version': '13' })
    response.end('Bad Request\n')
  }
  const server = createServer(refuse)
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (session) => {
      session.on('message', (data, binary) => session.send(data, { binary }))
      session.on('error', () => undefined)
      session.on('close', (code) => {
        if (code !== 1006) return
        const reason = 'websocket: close 1006 (abnormal closure): unexpected EOF'
        say(`websocketproxy: Error when copying from client to backend: ${reason}`)
      })
    })
  })
  const backend = await listen(server, () => {
    for (const session of sockets.clients) session.terminate()
    server.closeAllConnections()
  })
  return { ...backend, log }
}

/** The first check that fails, in gorilla's order and words; null when both tokens are there. */
function gorillaProblem(headers: IncomingHttpHeaders): string | null {
  const has = (value: string | undefined, token: string) =>
    (value ?? '').split(',').some((part) => part.trim().toLowerCase() === token)
  if (!has(headers.connection, 'upgrade')) return "'upgrade' token not found in 'Connection' header"
  if (!has(headers.upgrade, 'websocket')) return "'websocket' token not found in 'Upgrade' header"
  return null
}

const SHAPES: Record<Shape, (message: string, now: Date) => string> = {
  // Level is always info there, and the time is local without a zone.
  logrus: (message, now) => `level=info msg="${stdTime(now)} ${message}"`,
  std: (message, now) => `${stdTime(now)} ${message}`,
  json: (message, now) => JSON.stringify({ time: Math.floor(now.getTime() / 1000), message }),
}

/** Go's log.LstdFlags: `2022/08/13 05:12:22`, local time. */
function stdTime(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('/')
  return `${date} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`
}
