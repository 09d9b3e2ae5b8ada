/** When a source is opened. Logs that are read for the first time are imported a few at a time: each reads as fast as it
 *  can, and the lines that come to all others now wait for a chunk of every one of them. And thousands of files are not
 *  opened in one go: the page is there before. */
import type { SourceStatus } from './tail/contract.ts'

/** A source that is being followed; it reads by itself. */
export interface Follower {
  /** Reads what is there; resolves when caught up. */
  poll(): Promise<void>
  status(): SourceStatus
  close(): Promise<void>
}

/** Imported at once. */
export const IMPORTS = 4
/** Opened before the process has time for something else. */
const BATCH = 4

export interface TurnOptions {
  /** Bytes of history, as far as they are known. */
  bytes: number
  /** It has much to import: it needs one of the few places. */
  imports: boolean
}

/** One that waits until `start` is called, and then is what `open` makes. */
class Waiting implements Follower {
  readonly open: () => Follower
  readonly options: TurnOptions
  private follower: Follower | null = null
  private closed = false
  private begin: () => void = () => {}
  private readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve
  })

  constructor(open: () => Follower, options: TurnOptions) {
    this.open = open
    this.options = options
  }

  /** Null when it was closed meanwhile. */
  start(): Follower | null {
    if (!this.closed) this.follower = this.open()
    this.begin()
    return this.follower
  }

  async poll(): Promise<void> {
    await this.begun
    await this.follower?.poll()
  }

  status(): SourceStatus {
    if (this.follower !== null) return this.follower.status()
    const hint = this.options.imports ? `waits for its turn: ${IMPORTS} logs are imported at a time` : null
    return { state: 'reading', lag_bytes: this.options.bytes, hint }
  }

  async close(): Promise<void> {
    this.closed = true
    this.begin()
    await this.follower?.close()
  }
}

export class Turns {
  /** Those that only have to be opened, and those with much to import. */
  private readonly queue: Waiting[] = []
  private readonly imports: Waiting[] = []
  private readonly importing = new Set<Waiting>()
  private opened = 0
  private resting = false

  /** Opens the source now, or when there is time and a place for it. */
  follow(open: () => Follower, options: TurnOptions): Follower {
    const waiting = new Waiting(open, options)
    if (options.imports) {
      // What is short is imported first: it goes on live the sooner. So all are to be known before one begins.
      this.imports.push(waiting)
      this.imports.sort((a, b) => a.options.bytes - b.options.bytes)
      this.rest()
    } else {
      this.queue.push(waiting)
      this.next()
    }
    return waiting
  }

  /** What the source had at first sight was read: its place is free. */
  done(follower: Follower): void {
    if (follower instanceof Waiting && this.importing.delete(follower)) this.next()
  }

  private next(): void {
    for (;;) {
      if (this.opened >= BATCH) {
        this.rest()
        return
      }
      const place = !this.resting && this.importing.size < IMPORTS
      const waiting = this.queue.shift() ?? (place ? this.imports.shift() : undefined)
      if (waiting === undefined) return
      const follower = waiting.start()
      if (follower === null) continue
      this.opened++
      if (!waiting.options.imports) continue
      this.importing.add(waiting)
      void follower.poll().then(() => this.done(waiting))
    }
  }

  private rest(): void {
    if (this.resting) return
    this.resting = true
    // A timer, not setImmediate: what was opened looks at its file in a timer of its own, and has its turn first.
    setTimeout(() => {
      this.resting = false
      this.opened = 0
      this.next()
    }, 1)
  }
}
