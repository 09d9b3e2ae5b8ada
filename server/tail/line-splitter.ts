/** Bytes as they arrive → lines, in bounded memory and linear time whatever the sizes of the pieces. */

const LINE_FEED = 10

/** Bytes of a line that is not complete. They are copied: a slice would keep the whole buffer that it came in, which for a
 *  sender of single bytes is many times as much. */
export class Held {
  private readonly limit: number
  private bytes = Buffer.alloc(0)
  length = 0
  /** More than `limit` bytes were added; those beyond it are gone. */
  cut = false

  constructor(limit: number) {
    this.limit = limit
  }

  get empty(): boolean {
    return this.length === 0 && !this.cut
  }

  /** Valid until the next call. */
  get kept(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  add(more: Buffer): void {
    const taken = Math.min(more.length, this.limit - this.length)
    if (taken < more.length) this.cut = true
    if (this.length + taken > this.bytes.length) {
      const room = Math.min(this.limit, Math.max(512, 2 * (this.length + taken)))
      const grown = Buffer.allocUnsafeSlow(room)
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    more.copy(this.bytes, this.length, 0, taken)
    this.length += taken
  }

  /** What was added, which is forgotten here. */
  take(): Buffer {
    const taken = this.kept
    this.bytes = Buffer.alloc(0)
    this.length = 0
    this.cut = false
    return taken
  }
}

export interface SplitterEvents {
  /** A line without its line end; `cut` when it was longer than the limit and is only its beginning. The bytes are those
   *  that were pushed, where they can be. */
  onLine(line: Buffer, cut: boolean): void
  /** Bytes of the current line beyond the limit, before its onLine. `kept` is what there is up to the limit, the first
   *  time. */
  onSkipped?(bytes: Buffer, kept: Buffer | null): void
}

export class LineSplitter {
  private readonly held: Held
  private readonly limit: number
  private readonly events: SplitterEvents

  /** @param limit bytes of a line that are kept. */
  constructor(limit: number, events: SplitterEvents) {
    this.held = new Held(limit)
    this.limit = limit
    this.events = events
  }

  push(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      const line = bytes.subarray(from, end)
      if (this.held.empty && line.length <= this.limit) this.events.onLine(line, false)
      else {
        this.hold(line)
        this.finish()
      }
      from = end + 1
    }
    if (from < bytes.length) this.hold(bytes.subarray(from))
  }

  /** Nothing more comes: what there is of a line is one. */
  end(): void {
    if (!this.held.empty) this.finish()
  }

  private hold(bytes: Buffer): void {
    const room = this.limit - this.held.length
    const first = !this.held.cut
    this.held.add(bytes)
    if (bytes.length > room) this.events.onSkipped?.(bytes.subarray(room), first ? this.held.kept : null)
  }

  private finish(): void {
    const { cut } = this.held
    this.events.onLine(this.held.take(), cut)
  }
}
