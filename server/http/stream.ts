/** Live updates as Server-Sent Events, for real networks: no proxy may buffer or rewrite them, silence is broken by a
 *  heartbeat, a client that comes back gets what it missed, and one that reads too slowly costs a bounded amount.
 *  Source: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { Request, Response } from 'express'
import { HalfopenError } from './errors.ts'
import type { StreamMessages } from './wire.ts'

export const MAX_CLIENTS = 64
/** Bytes of messages that may wait for one client, on top of what its socket took. */
export const MAX_WAITING = 256 * 1024
/** Messages kept for clients that come back. */
const MAX_KEPT = 500

type Name = Exclude<keyof StreamMessages, 'hello'>

interface Client {
  response: Response
  waiting: string[]
  bytes: number
  skipped: number
}

export interface StreamOptions {
  version: string
  /** ISO 8601. Part of every id: after a restart older ids mean nothing. */
  started_at: string
  /** ms between heartbeats; proxies cut silent connections after 60 s, some after 30. */
  heartbeat?: number
}

export class Stream {
  private readonly clients = new Set<Client>()
  private readonly kept: { id: number; text: string }[] = []
  private readonly options: StreamOptions
  private readonly epoch: string
  private readonly timer: NodeJS.Timeout
  private last = 0

  constructor(options: StreamOptions) {
    this.options = options
    this.epoch = Date.parse(options.started_at).toString(36)
    this.timer = setInterval(() => this.beat(), options.heartbeat ?? 15_000)
    this.timer.unref()
  }

  get size(): number {
    return this.clients.size
  }

  /** Most bytes waiting for any one client. */
  get waiting(): number {
    return Math.max(0, ...[...this.clients].map(({ bytes }) => bytes))
  }

  publish<N extends Name>(name: N, data: StreamMessages[N]): void {
    const id = ++this.last
    const text = `id: ${this.epoch}-${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
    this.kept.push({ id, text })
    if (this.kept.length > MAX_KEPT) this.kept.shift()
    for (const client of this.clients) this.send(client, text)
  }

  /** Answers GET stream; the response stays open until either side leaves. */
  open(request: Request, response: Response): void {
    if (this.clients.size >= MAX_CLIENTS)
      throw new HalfopenError('too-many-streams', `${MAX_CLIENTS} pages are connected already.`)
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-store, no-transform',
      // nginx, and what is built on it, would otherwise hold messages back until 4 or 8 KB are there.
      'X-Accel-Buffering': 'no',
    })
    response.socket?.setNoDelay(true)
    const client: Client = { response, waiting: [], bytes: 0, skipped: 0 }
    const missed = this.missedSince(request.get('last-event-id'))
    this.send(client, `retry: 2000\n\n${this.hello(missed.skipped)}`)
    for (const text of missed.texts) this.send(client, text)
    this.clients.add(client)
    response.on('drain', () => this.drain(client))
    response.on('close', () => this.clients.delete(client))
    // Without a listener a reset connection would be an uncaught exception.
    response.on('error', () => this.clients.delete(client))
  }

  close(): void {
    clearInterval(this.timer)
    for (const { response } of this.clients) response.end()
    this.clients.clear()
  }

  private beat(): void {
    for (const client of this.clients) if (client.waiting.length === 0) this.send(client, ': still here\n\n')
  }

  private send(client: Client, text: string): void {
    if (client.waiting.length === 0 && !client.response.writableNeedDrain) {
      client.response.write(text)
      return
    }
    client.waiting.push(text)
    client.bytes += Buffer.byteLength(text)
    while (client.bytes > MAX_WAITING) {
      const dropped = client.waiting.shift()
      if (dropped === undefined) return
      client.bytes -= Buffer.byteLength(dropped)
      client.skipped++
    }
  }

  private drain(client: Client): void {
    if (client.skipped > 0) {
      // A second greeting makes the page read everything again; what still waits is newer than that and harmless.
      client.response.write(this.hello(client.skipped))
      client.skipped = 0
    }
    while (client.waiting.length > 0 && !client.response.writableNeedDrain) {
      const text = client.waiting.shift() ?? ''
      client.bytes -= Buffer.byteLength(text)
      client.response.write(text)
    }
  }

  /** Has no id, so that Last-Event-ID stays at the last real message. */
  private hello(skipped: number): string {
    const { version, started_at } = this.options
    const data: StreamMessages['hello'] = { version, started_at, ...(skipped > 0 ? { skipped } : {}) }
    return `event: hello\ndata: ${JSON.stringify(data)}\n\n`
  }

  private missedSince(lastEventId: string | undefined): { texts: string[]; skipped: number } {
    const found = /^([0-9a-z]{1,12})-(\d{1,12})$/.exec(lastEventId ?? '')
    if (!found || found[1] !== this.epoch) return { texts: [], skipped: 0 }
    const seen = Number(found[2])
    const later = this.kept.filter(({ id }) => id > seen)
    return { texts: later.map(({ text }) => text), skipped: Math.max(0, this.last - seen - later.length) }
  }
}
