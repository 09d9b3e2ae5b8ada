/** Lines of a source that pushes, such as a socket or a program's output, between their arrival and their commit. Bounded:
 *  whoever fills it asks `full` and stops reading until `onRoom`. */
import type { Chunk, Place, Resume, SourceOptions, SourceStatus } from './contract.ts'

/** Bytes handed out at once, and so the longest line that is passed on whole. */
const CHUNK_BYTES = 2 ** 20
/** Bytes that wait at most, besides what came in one piece. */
const ROOM = 4 * CHUNK_BYTES
/** Quiet time after which nothing is expected to complete a record, ms. */
const QUIET = 1000
/** Lines that come closely together are committed together, ms. */
const GATHER = 20
const RETRY = { first: 250, last: 30_000 }
const LINE_FEED = 10

interface Waiting {
  /** Whole line with its line end. */
  bytes: Buffer
  /** Position of the source once this line is done with. */
  position: object
  history: boolean
}

/** What the owner is told. */
export interface QueueEvents {
  /** There is room again. */
  onRoom(): void
}

export class LineQueue {
  private readonly options: SourceOptions
  private readonly events: QueueEvents
  private readonly generation: string
  /** Of the first line that waits. */
  private seq: number
  private line: number
  /** Position before the first line that waits. */
  private position: object
  private waiting: Waiting[] = []
  private bytes = 0
  /** How many of the waiting lines onChunk has held back. */
  private held = 0
  private failures = 0
  private timer: NodeJS.Timeout | null = null
  private due = Infinity
  private closed = false
  private shown: Pick<SourceStatus, 'state' | 'hint'> = { state: 'idle', hint: null }

  /** @param start generation and place to go on from, `line` the number of the next line. */
  constructor(options: SourceOptions, start: Resume & { line: number }, events: QueueEvents) {
    this.options = options
    this.events = events
    this.generation = start.generation
    this.seq = start.seq
    this.line = start.line
    this.position = start.position
  }

  get full(): boolean {
    return this.bytes >= ROOM
  }

  /** Takes one line, with or without its line end; `position` is where the source stands behind it. A longer line than
   *  1 MiB is cut. */
  push(line: Buffer, position: object, history: boolean): void {
    if (this.closed) return
    const whole = line.at(-1) === LINE_FEED
    const kept = line.length > CHUNK_BYTES - 1 ? line.subarray(0, CHUNK_BYTES - 1) : line
    const bytes = whole && kept === line ? line : Buffer.concat([kept, Buffer.from('\n')])
    this.waiting.push({ bytes, position, history })
    this.bytes += bytes.length
    this.plan(this.failures > 0 ? RETRY.last : GATHER)
  }

  /** Offers what waits, now. Everything, also what was held back, when `final`. */
  flush(final = false): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.due = Infinity
    const wasFull = this.full
    try {
      while (this.waiting.length > (final ? 0 : this.held)) if (!this.offer(final)) break
      this.failures = 0
      this.show(this.shown.state === 'unreadable' ? 'idle' : this.shown.state, null)
    } catch (error) {
      this.failures++
      this.show('unreadable', error instanceof Error ? error.message : String(error))
    }
    if (this.failures > 0) this.plan(Math.min(RETRY.first * 2 ** (this.failures - 1), RETRY.last))
    else if (this.waiting.length > 0) this.plan(QUIET)
    if (wasFull && !this.full && !this.closed) this.events.onRoom()
  }

  status(): SourceStatus {
    return { ...this.shown, lag_bytes: this.bytes }
  }

  /** For the owner: what it finds out about its end. A commit that fails is shown before that. */
  show(state: SourceStatus['state'], hint: string | null): void {
    if (this.shown.state === state && this.shown.hint === hint) return
    this.shown = { state, hint }
    this.options.onStatus(this.status())
  }

  /** Offers what waits a last time; what cannot be committed then is lost, or read again by sources that can. */
  close(): void {
    if (this.closed) return
    this.flush(true)
    this.closed = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }

  /** One chunk; false when nothing of it was taken. */
  private offer(final: boolean): boolean {
    const lines = this.next()
    const bytes = lines.length === 1 ? (lines[0] as Waiting).bytes : Buffer.concat(lines.map((line) => line.bytes))
    const all = lines.length === this.waiting.length
    const chunk: Chunk = {
      bytes,
      offset: this.seq,
      line: this.line,
      generation: this.generation,
      history: lines[0]?.history === true,
      // A record that fills a chunk, or that ends history, is not completed by what follows.
      final: final || !all || lines.length <= this.held,
      after: (consumed) => this.after(lines, consumed),
    }
    const consumed = this.options.onChunk(chunk)
    const { seq, position } = this.after(lines, consumed)
    const done = linesIn(lines, consumed)
    this.seq = seq
    this.position = position
    this.line += done
    this.bytes -= consumed
    this.waiting.splice(0, done)
    // Asked again in vain they wait for more, or for quiet.
    this.held = all && !chunk.final ? this.waiting.length : 0
    return done > 0
  }

  /** The lines of the next chunk: history and live ones apart, at most 1 MiB. */
  private next(): Waiting[] {
    const lines: Waiting[] = []
    let size = 0
    for (const line of this.waiting) {
      if (lines.length > 0 && (line.history !== lines[0]?.history || size + line.bytes.length > CHUNK_BYTES)) break
      lines.push(line)
      size += line.bytes.length
    }
    return lines
  }

  private after(lines: readonly Waiting[], consumed: number): Place {
    const done = linesIn(lines, consumed)
    return { seq: this.seq + consumed, position: lines[done - 1]?.position ?? this.position }
  }

  /** Offers what waits in `ms` at the latest. */
  private plan(ms: number): void {
    const due = performance.now() + ms
    if (this.closed || due >= this.due) return
    if (this.timer !== null) clearTimeout(this.timer)
    this.due = due
    this.timer = setTimeout(() => this.flush(performance.now() - this.due > -1 && ms >= QUIET), ms)
  }
}

function linesIn(lines: readonly Waiting[], consumed: number): number {
  let left = consumed
  let n = 0
  while (left > 0) {
    const line = lines[n]
    if (line === undefined || line.bytes.length > left)
      throw new RangeError(`onChunk returned ${consumed}: not a line end`)
    left -= line.bytes.length
    n++
  }
  return n
}
