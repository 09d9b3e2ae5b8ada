/** One container's log, followed through restarts of the container, of the engine, and of ourselves. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Source, SourceOptions, SourceStatus } from '../contract.ts'
import { LineQueue } from '../line-queue.ts'
import { type Container, type Engine, EngineError, printable } from './engine.ts'
import { EngineSays, LogReader, NotFrames, type StampedLine } from './frames.ts'
import { askFrom, behind, type DockerPosition, readBefore } from './place.ts'

/** A log that has been silent for so long is read to its end, ms. */
const CAUGHT_UP = 100
/** How often a container that does not run is looked at, ms. */
const ASLEEP = 2000
const RETRY = { first: 250, last: 30_000 }
/** A connection that held for so long was not refused, ms. */
const HELD = 10_000

export class DockerLog implements Source {
  readonly path: string
  readonly #name: string
  readonly #options: SourceOptions
  readonly #engine: Engine
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #queue: LineQueue
  /** Behind the last line that was given to the queue; null before the first container. */
  #place: DockerPosition | null
  /** Lines that are there at first sight are history; a container that comes later is read live. */
  #first: boolean
  #response: IncomingMessage | null = null
  #failures = 0
  /** Start of the container when its log ended. */
  #ended: string | null = null
  #caughtUp = false
  #waiters: (() => void)[] = []
  #wake: (() => void) | null = null

  constructor(path: string, name: string, options: SourceOptions, engine: Engine) {
    this.path = path
    this.#name = name
    this.#options = options
    this.#engine = engine
    const { resume } = options
    this.#place = resume && (resume.position as DockerPosition)
    this.#first = resume === null
    this.#queue = this.#newQueue(resume?.generation ?? randomUUID(), resume?.seq ?? 0, this.#place)
    this.#running = this.#run()
  }

  async poll(): Promise<void> {
    this.#wake?.()
    if (!this.#caughtUp && !this.#closing.signal.aborted)
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    this.#queue.flush()
  }

  status(): SourceStatus {
    return this.#queue.status()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#response?.destroy()
    this.#wake?.()
    await this.#running
    this.#queue.close()
    this.#settled()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      let pause = ASLEEP
      try {
        pause = await this.#look()
      } catch (error) {
        if (signal.aborted) break
        pause = Math.min(RETRY.first * 2 ** this.#failures++, RETRY.last)
        this.#explain(error)
      }
      if (signal.aborted) break
      this.#settled()
      await this.#sleep(pause)
    }
  }

  /** Reads one container's log until it ends. Returns how long to wait before the next look, ms. */
  async #look(): Promise<number> {
    const container = await this.#engine.inspect(this.#name, this.#closing.signal)
    if (this.#place?.id !== container.id && !(await this.#begin(container))) return 0
    if (!container.running && this.#ended === container.startedAt) {
      this.#failures = 0
      this.#queue.show('idle', 'the container is not running')
      return ASLEEP
    }
    await this.#follow(container)
    this.#ended = container.running ? null : container.startedAt
    // A stopped container is seen to be one by the next look.
    if (container.running) return Math.min(RETRY.first * 2 ** this.#failures++, ASLEEP)
    return 0
  }

  /** Another container than before, or the first one. False when closed meanwhile. */
  async #begin({ id }: Container): Promise<boolean> {
    // Its predecessor's lines come first; only the commit can be in the way.
    while (this.#place !== null && !this.#queue.empty) {
      this.#queue.flush(true)
      if (this.#queue.empty) break
      await this.#sleep(RETRY.first)
      if (this.#closing.signal.aborted) return false
    }
    this.#place = { id, line: 1, history_until: null, streams: {} }
    this.#ended = null
    this.#queue.close()
    this.#queue = this.#newQueue(randomUUID(), 0, this.#place)
    return true
  }

  async #follow(container: Container): Promise<void> {
    const position = this.#place
    if (position === null) return
    const asked = askFrom(position) ?? this.#historyFrom()
    const response = await this.#engine.logs(container, asked, this.#closing.signal)
    if (this.#first) this.#place = { ...position, history_until: now(response) }
    this.#first = false
    this.#queue.show('idle', null)
    const opened = performance.now()
    const wasRead = readBefore(position)
    const form = { tty: container.tty, shortPieces: response.headers['libpod-api-version'] !== undefined }
    const reader = new LogReader(form, (line) => {
      if (!wasRead(line.stream, line.stamp)) this.#take(line)
    })
    this.#response = response
    const quiet = setTimeout(() => {
      if (!this.#queue.full) this.#settled()
    }, CAUGHT_UP)
    try {
      for await (const bytes of response as AsyncIterable<Buffer>) {
        reader.read(bytes)
        if (this.#closing.signal.aborted) return
        if (this.#queue.full) await this.#room()
        quiet.refresh()
      }
    } finally {
      clearTimeout(quiet)
      this.#response = null
      response.destroy()
      if (performance.now() - opened >= HELD) this.#failures = 0
    }
  }

  #take({ stream, stamp, bytes }: StampedLine): void {
    if (this.#place === null) return
    const { history_until } = this.#place
    this.#place = behind(this.#place, stream, stamp)
    this.#failures = 0
    this.#queue.push(bytes, this.#place, history_until !== null && stamp <= history_until)
  }

  #newQueue(generation: string, seq: number, place: DockerPosition | null): LineQueue {
    const start = { generation, seq, position: place ?? {}, line: place?.line ?? 1 }
    return new LineQueue(this.#options, start, { onRoom: () => this.#wake?.() })
  }

  #historyFrom(): number | null {
    const { history_since } = this.#options
    return this.#first && history_since != null ? Math.max(0, Math.floor(history_since / 1000)) : null
  }

  /** Waits until the queue has room: the engine's bytes stay in the socket meanwhile. */
  async #room(): Promise<void> {
    while (this.#queue.full && !this.#closing.signal.aborted) await this.#sleep(RETRY.last)
  }

  #explain(error: unknown): void {
    if (error instanceof EngineError) {
      // A container that comes later has no history; one behind an engine that comes later may well have.
      if (error.kind === 'no-container' && this.#place === null) this.#first = false
      this.#queue.show(error.kind === 'refused' ? 'unreadable' : 'missing', error.message)
    } else if (error instanceof EngineSays || error instanceof NotFrames)
      this.#queue.show('unreadable', printable(error.message))
    else if (this.#failures > 1) this.#queue.show('missing', 'the connection to the container engine broke off')
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        if (this.#wake === done) this.#wake = null
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }

  /** What is there was read, or cannot be read now. */
  #settled(): void {
    this.#caughtUp = true
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}

/** The present on the engine's clock, as its stamps: engines say the second, and ours tells more when it is the same. */
function now(response: IncomingMessage): string {
  const here = Date.now()
  const second = Date.parse(response.headers.date ?? '')
  const there = Number.isNaN(second) ? here : Math.min(Math.max(here, second), second + 999)
  return new Date(there).toISOString().replace('Z', '999999Z')
}
