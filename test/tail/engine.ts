/** A container engine as far as we use one: a real HTTP server on a unix socket that lists, inspects and streams logs in
 *  the engine API's framing. Forms measured at Docker 20.10.24 and Podman 4.3.1. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Stream } from '../../server/tail/docker/frames.ts'

export interface Entry {
  stream: Stream
  /** Nine digits of a second, `Z`. */
  stamp: string
  /** Ends with a line feed, but for a piece that others follow. */
  text: string
}

export interface Box {
  id: string
  name: string
  running: boolean
  startedAt: string
  tty: boolean
  driver: string
  labels: Record<string, string>
  log: Entry[]
}

export interface Style {
  /** `since` leaves out every older line (Docker up to 20.10, Podman), or those before the first newer one (later Docker). */
  since: 'each' | 'first'
  /** Podman: stamps without a fraction, in its own zone. */
  podman: boolean
  /** Sizes of the pieces that the answer is sent in, in turn; default: a frame a piece. */
  pieces?: readonly number[]
}

export class EngineServer {
  readonly socketPath: string
  readonly boxes: Box[] = []
  /** Of what was asked. */
  readonly urls: string[] = []
  style: Style = { since: 'each', podman: false }
  /** The connection of a log breaks off after so many bytes, once each. */
  readonly breaks: number[] = []
  /** What every log request is answered with instead. */
  refuse: { status: number; body: string } | null = null
  private created = 0
  private server: Server | null = null
  private readonly followers = new Set<{ box: Box; sent: (entry: Entry) => void; end: () => void }>()

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'halfopen-engine-'))
    this.socketPath = join(folder, 'engine.sock')
    onTestFinished(async () => {
      await this.stop()
      rmSync(folder, { recursive: true, force: true })
    })
  }

  start(): Promise<void> {
    this.server = createServer((request, response) => this.answer(request, response))
    return new Promise((resolve) => this.server?.listen(this.socketPath, resolve))
  }

  async stop(): Promise<void> {
    const { server } = this
    this.server = null
    this.followers.clear()
    server?.closeAllConnections()
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)))
  }

  create(name: string, more: Partial<Box> = {}): Box {
    const id = `${++this.created}`.padStart(64, 'a')
    const box = {
      id,
      name,
      running: true,
      startedAt: stampAt(0),
      tty: false,
      driver: 'json-file',
      labels: {},
      log: [],
      ...more,
    }
    this.boxes.push(box)
    return box
  }

  write(box: Box, ...entries: Entry[]): void {
    for (const entry of entries) {
      box.log.push(entry)
      for (const follower of this.followers) if (follower.box === box) follower.sent(entry)
    }
  }

  /** The container stops: its log ends. */
  halt(box: Box): void {
    box.running = false
    for (const follower of this.followers) if (follower.box === box) follower.end()
  }

  restart(box: Box, startedAt: string): void {
    box.running = true
    box.startedAt = startedAt
  }

  remove(box: Box): void {
    this.halt(box)
    this.boxes.splice(this.boxes.indexOf(box), 1)
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://engine')
    this.urls.push(url.pathname + url.search)
    if (this.style.podman) response.setHeader('Libpod-Api-Version', '4.3.1')
    const path = /^\/containers\/(?:([^/]+)\/)?(json|logs)$/.exec(url.pathname)
    if (path?.[1] === undefined) return json(response, 200, this.list(url.searchParams.get('filters')))
    const box = this.boxes.find(({ id, name }) => path[1] === id || path[1] === name)
    if (!box) return json(response, 404, { message: `No such container: ${path[1]}` })
    if (path[2] === 'logs') return this.logs(box, url.searchParams, response)
    const { id, running, startedAt, tty, driver } = box
    const State = { Running: running, StartedAt: startedAt }
    json(response, 200, { Id: id, State, Config: { Tty: tty }, HostConfig: { LogConfig: { Type: driver } } })
  }

  private list(filters: string | null): object[] {
    const wanted = filters === null ? [] : (JSON.parse(filters) as { label: string[] }).label
    const fits = ({ labels }: Box): boolean =>
      wanted.every((label) =>
        Object.entries(labels).some(([key, value]) => label === key || label === `${key}=${value}`),
      )
    return this.boxes.filter(fits).map(({ id, name }) => ({ Id: id, Names: [`/other/${name}`, `/${name}`] }))
  }

  private logs(box: Box, query: URLSearchParams, response: ServerResponse): void {
    if (this.refuse) {
      response.writeHead(this.refuse.status)
      response.end(this.refuse.body)
      return
    }
    const { podman, since, pieces } = this.style
    const from = stampAt(Number(query.get('since') ?? 0) * 1000)
    const breakAt = this.breaks.shift() ?? Infinity
    let sent = 0
    let turn = 0
    let passed = false
    const send = (entry: Entry): void => {
      if (!(since === 'first' && passed) && entry.stamp < from) return
      passed = true
      let bytes = framed(entry, box.tty, podman)
      while (bytes.length > 0) {
        const size = pieces?.[turn++ % pieces.length] ?? bytes.length
        const piece = bytes.subarray(0, Math.min(size, breakAt - sent))
        response.write(piece)
        sent += piece.length
        bytes = bytes.subarray(piece.length)
        if (sent < breakAt) continue
        this.followers.delete(follower)
        response.socket?.end()
        return
      }
    }
    const follower = { box, sent: send, end: () => (this.followers.delete(follower), response.end()) }
    response.on('close', () => this.followers.delete(follower))
    response.flushHeaders()
    this.followers.add(follower)
    for (const entry of box.log) if (this.followers.has(follower)) send(entry)
    if (!box.running) follower.end()
  }
}

/** `ms` since the epoch as an engine's stamp, with `ns` more. */
export function stampAt(ms: number, ns = 0): string {
  return new Date(ms).toISOString().replace('Z', `${ns}`.padStart(6, '0') + 'Z')
}

export function framed({ stream, stamp, text }: Entry, tty = false, podman = false): Buffer {
  const shown = podman ? `${new Date(Date.parse(stamp) + 7_200_000).toISOString().slice(0, 19)}+02:00` : stamp
  const message = Buffer.from(`${shown} ${tty ? text.replace('\n', '\r\n') : text}`)
  if (tty) return message
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(message.length, 4)
  return Buffer.concat([header, message])
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
