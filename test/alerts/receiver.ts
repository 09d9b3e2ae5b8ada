/** A real HTTP server that takes webhooks and remembers them. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  headers: IncomingHttpHeaders
  body: string
}

export interface WebhookReceiver {
  url: string
  received: Received[]
  /** What to answer from now on; default 204. */
  answer(reply: (response: ServerResponse) => void): void
  close(): Promise<void>
}

export async function startReceiver(port = 0): Promise<WebhookReceiver> {
  const received: Received[] = []
  let reply = (response: ServerResponse): void => void response.writeHead(204).end()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      reply(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/canary-secret`
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, received, answer: (next) => void (reply = next), close }
}
