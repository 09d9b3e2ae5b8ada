/** Lines of a source that pushes, such as a socket or a program's output, between their arrival and their commit. Bounded:
 *  whoever fills it asks `full` and stops reading until `onRoom`. */
import type { Chunk, Place, Resume, SourceOptions, SourceStatus } from './contract.ts'

/** Bytes handed out at once, and so the longest line that is passed on whole. */
const CHUNK_BYTES = 2 ** 20
/** Memory that what waits may take before the queue is full: many queues may fill at the same time. */
const ROOM = 2 * CHUNK_BYTES
/** What a line takes besides its bytes, roughly: empty lines must not fill the memory either. */
const PER_LINE = 256
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

/** A run of lines from the front, as it was or is to be offered. */
interface Offer {
  lines: Waiting[]
  final: boolean
}

type Shown = Pick<SourceStatus, 'state' | 'hint'>

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
  /** How many of the waiting lines were offered in vain: they wait for more, or for quiet. */
  private held = 0
  /** performance.now() of the first line that was not offered yet, and of the last one. */
  private since = 0
  private pushed = 0
  /** Nothing more comes: what waits is final without any quiet. */
  private ended = false
  /** What onChunk threw at; offered again as it was, whatever came since. */
  private failed: (Offer & { times: number; message: string; retryAt: number }) | null = null
  private timer: { due: number; handle: NodeJS.Timeout } | null = null
  private wasFull = false
  private closed = false
  private own: Shown = { state: 'idle', hint: null }
  private told: Shown = this.own

  /** @param start generation and place to go on from, `line` the number of the next line. */
  constructor(options: SourceOptions, start: Resume & { line: number }, events: QueueEvents) {
    this.options = options
    this.events = events
    this.generation = start.generation
    this.seq = start.seq
    this.line = start.line
    this.position = start.position
  }

  /** Time to stop pushing; a line that is pushed all the same is taken. */
  get full(): boolean {
    return this.bytes + this.waiting.length * PER_LINE >= ROOM
  }

  /** Nothing waits: everything that was pushed is committed. */
  get empty(): boolean {
    return this.waiting.length === 0
  }

  /** Takes one line, with or without its line end but without another one; `position` is where the source stands behind
   *  it. The bytes may be used again afterwards. A longer line than 1 MiB is cut. */
  push(line: Buffer, position: object, history: boolean): void {
    if (this.closed) return
    const length = line.at(-1) === LINE_FEED ? line.length - 1 : line.length
    const bytes = Buffer.allocUnsafe(Math.min(length, CHUNK_BYTES - 1) + 1)
    line.copy(bytes, 0, 0, bytes.length - 1)
    bytes[bytes.length - 1] = LINE_FEED
    this.pushed = performance.now()
    if (this.waiting.length === this.held) this.since = this.pushed
    this.ended = false
    this.waiting.push({ bytes, position, history })
    this.bytes += bytes.length
    if (this.bytes > CHUNK_BYTES) this.tell()
    this.plan()
  }

  /** Offers what waits, now; everything, also what was held back, when `final`. What onChunk refused keeps its own time. */
  flush(final = false): void {
    this.ended ||= final
    for (let offer = this.next(); offer !== null && this.accepted(offer); offer = this.next());
    this.plan()
  }

  status(): SourceStatus {
    return { ...this.shown(), lag_bytes: this.bytes }
  }

  /** For the owner: what it finds out about its end. A commit that fails is shown before that. */
  show(state: SourceStatus['state'], hint: string | null): void {
    this.own = { state, hint }
    this.tell()
  }

  /** Offers what waits a last time; what cannot be committed then is lost, or read again by sources that can. */
  close(): void {
    if (this.closed) return
    if (this.failed) this.failed.retryAt = 0
    this.flush(true)
    this.closed = true
    this.plan()
    this.waiting = []
    this.bytes = 0
  }

  /** What is to be offered at this moment; null when nothing is. */
  private next(): Offer | null {
    const now = performance.now()
    if (this.failed) return this.failed.retryAt <= now ? this.failed : null
    const quiet = this.ended || now - this.pushed >= QUIET
    if (this.waiting.length <= (quiet ? 0 : this.held)) return null
    const lines = this.front()
    const follower = this.waiting[lines.length]
    // Of a record that lies across the end of history the beginning is history alone. What was offered in vain before
    // and did not get longer fills a chunk: it gets no longer.
    const cut =
      follower !== undefined && ((!follower.history && lines[0]?.history === true) || lines.length <= this.held)
    return { lines, final: cut || (quiet && follower === undefined) }
  }

  /** The lines of the next chunk: history and live ones apart, at most 1 MiB. */
  private front(): Waiting[] {
    const lines: Waiting[] = []
    let size = 0
    for (const line of this.waiting) {
      size += line.bytes.length
      if (lines.length > 0 && (line.history !== lines[0]?.history || size > CHUNK_BYTES)) break
      lines.push(line)
    }
    return lines
  }

  /** Hands out one chunk; false when onChunk threw. */
  private accepted(offer: Offer): boolean {
    try {
      this.offer(offer)
      this.failed = null
    } catch (error) {
      const times = (this.failed?.times ?? 0) + 1
      const retryAt = performance.now() + Math.min(RETRY.first * 2 ** (times - 1), RETRY.last)
      const message = error instanceof Error ? error.message : String(error)
      this.failed = { lines: offer.lines, final: offer.final, times, message, retryAt }
    }
    this.tell()
    if (this.wasFull && !this.full) {
      this.wasFull = false
      this.events.onRoom()
    }
    return this.failed === null
  }

  private offer({ lines, final }: Offer): void {
    const bytes = lines.length === 1 ? (lines[0] as Waiting).bytes : Buffer.concat(lines.map((line) => line.bytes))
    const chunk: Chunk = {
      bytes,
      offset: this.seq,
      line: this.line,
      generation: this.generation,
      history: lines[0]?.history === true,
      final,
      after: (consumed) => this.after(lines, consumed).place,
    }
    const consumed = this.options.onChunk(chunk)
    const { done, place } = this.after(lines, consumed)
    if (done === 0 && final) throw new Error(`onChunk held back ${bytes.length} final bytes at ${this.seq}`)
    this.seq = place.seq
    this.position = place.position
    this.line += done
    this.bytes -= consumed
    this.waiting.splice(0, done)
    // A part that is held back of a final chunk, or of one that more lines follow, is offered again at once.
    const again = final || (done > 0 && lines.length - done < this.waiting.length)
    this.held = again ? 0 : lines.length - done
  }

  private after(lines: readonly Waiting[], consumed: number): { done: number; place: Place } {
    const done = linesIn(lines, consumed)
    return { done, place: { seq: this.seq + consumed, position: lines[done - 1]?.position ?? this.position } }
  }

  /** Sets the timer for what is to happen next. */
  private plan(): void {
    this.wasFull ||= this.full
    const due = this.due()
    if (this.timer?.due === due) return
    // A later time is found again when the timer runs out: most lines come while one is set.
    if (this.timer && due !== null && this.timer.due < due) return
    if (this.timer) clearTimeout(this.timer.handle)
    this.timer = null
    if (due === null) return
    const handle = setTimeout(() => this.wake(), Math.max(0, Math.ceil(due - performance.now())))
    this.timer = { due, handle }
  }

  private due(): number | null {
    if (this.closed || this.waiting.length === 0) return null
    if (this.failed) return this.failed.retryAt
    if (this.waiting.length === this.held) return this.ended ? 0 : this.pushed + QUIET
    return this.full || this.ended ? 0 : this.since + GATHER
  }

  /** One chunk a time: other sources want their turn in between. */
  private wake(): void {
    this.timer = null
    const due = this.due()
    const offer = due !== null && due <= performance.now() ? this.next() : null
    if (offer !== null) this.accepted(offer)
    this.plan()
  }

  private shown(): Shown {
    if (this.failed) return { state: 'unreadable', hint: this.failed.message }
    return this.own.state === 'idle' && this.bytes > CHUNK_BYTES ? { ...this.own, state: 'reading' } : this.own
  }

  private tell(): void {
    const before = this.told
    const now = this.shown()
    this.told = now
    if (before.state !== now.state || before.hint !== now.hint) this.options.onStatus(this.status())
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
  if (left !== 0) throw new RangeError(`onChunk returned ${consumed}: not a line end`)
  return n
}
