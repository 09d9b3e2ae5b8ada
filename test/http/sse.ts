/** A client of Server-Sent Events that shows everything, comments too. */
import { connect, type Socket } from 'node:net'

export interface SseMessage {
  id: string | null
  event: string
  data: unknown
}

export interface SseClient {
  headers: Record<string, string>
  status: number
  messages: SseMessage[]
  comments: string[]
  /** Resolves when the predicate holds; rejects after 5 s with what arrived. */
  until(what: string, holds: () => boolean): Promise<void>
  socket: Socket
  close(): void
}

/** Connects and resolves when the head of the answer is there. */
export function openStream(port: number, path: string, headers: Record<string, string> = {}): Promise<SseClient> {
  const socket = connect(port, '127.0.0.1')
  const client: SseClient = {
    headers: {},
    status: 0,
    messages: [],
    comments: [],
    socket,
    close: () => socket.destroy(),
    until(what, holds) {
      if (holds()) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`no ${what} within 5 s; ${JSON.stringify(client.messages)}`)),
          5000,
        )
        socket.on('data', () => {
          if (!holds()) return
          clearTimeout(late)
          resolve()
        })
      })
    },
  }
  let text = ''
  return new Promise((resolve, reject) => {
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('connect', () => {
      const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      )
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    })
    socket.on('data', (part: string) => {
      text += part
      if (client.status === 0) {
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const [first = '', ...fields] = text.slice(0, end).split('\r\n')
        client.status = Number(first.split(' ')[1])
        for (const field of fields) {
          const colon = field.indexOf(':')
          client.headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim()
        }
        text = text.slice(end + 4)
        resolve(client)
      }
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        take(client, text.slice(0, end))
        text = text.slice(end + 2)
      }
    })
  })
}

/** One block; lines of chunked encoding (sizes) hold no colon and fall out. */
function take(client: SseClient, block: string): void {
  const field = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null
  const comment = /^: (.*)$/m.exec(block)
  if (comment) client.comments.push(comment[1] ?? '')
  const event = field('event')
  if (event !== null) client.messages.push({ id: field('id'), event, data: JSON.parse(field('data') ?? 'null') })
}
