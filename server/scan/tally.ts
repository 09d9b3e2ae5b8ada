/** Lines counted into one thing that the evidence already holds. Counting touches a few small integers; the evidence
 *  itself, with its Maps, is touched once a minute and at the end. */
import { keepExemplars, shorter, type Exemplar, type Occurrences } from '../diagnosis/contract.ts'
import { MaskedLine } from './masked-line.ts'
import type { MinuteBook } from './minute-book.ts'

const MAX_CLIENTS = 8
/** Kept lines are copied into blocks: thousands of small buffers would cost more than what they hold. */
const BLOCK = 1 << 17
/** Bytes kept of a line: enough for the characters that a MaskedLine keeps. */
const KEPT = 12_000

/** A line that is kept, first as a place in the chunk, from the end of the chunk on as a copy. */
class KeptLine {
  /** Seconds since 1970; -Infinity: no line yet. */
  second = -Infinity
  number = 0
  /** Only in the chunk so far, from `start` on. */
  pending = false
  start = 0
  length = 0
  block: DataView | null = null
  at = 0
  room = 0
}

export class Tally {
  readonly into: Occurrences
  /** Lines before this second are the parser's: they may belong to the first three that are kept. */
  from: number
  /** Touched in the current chunk. */
  touched = false
  private count = 0
  private minute = 0
  private inMinute = 0
  private first = Infinity
  private hasClients: boolean
  private older = new KeptLine()
  private newer = new KeptLine()

  private readonly book: MinuteBook
  private readonly account: number

  /** Minutes are noted in the book, which is to be settled before the tally's evidence is read. */
  constructor(into: Occurrences, from: number, book: MinuteBook) {
    this.into = into
    this.book = book
    this.account = book.open(into.minutes)
    this.from = from
    this.hasClients = into.clients.size >= MAX_CLIENTS
  }

  /** @param minute minutes since 1970 of `second` */
  add(second: number, minute: number, number: number, start: number, end: number): void {
    if (minute !== this.minute) {
      this.settleMinute()
      this.minute = minute
    }
    this.inMinute++
    this.count++
    if (second < this.first) this.first = second
    const kept = this.older
    if (second >= this.newer.second) {
      this.older = this.newer
      this.newer = kept
    } else if (second < kept.second) return
    kept.second = second
    kept.number = number
    kept.pending = true
    kept.start = start
    kept.length = Math.min(end - start, KEPT)
  }

  /** The client of a line that was added, while the evidence has room for more. */
  client(bytes: Buffer, start: number, end: number): void {
    if (this.hasClients || (end === start + 1 && bytes[start] === 45)) return
    const { clients } = this.into
    if (clients.size < MAX_CLIENTS) clients.add(bytes.toString('latin1', start, end))
    else this.hasClients = true
  }

  /** The chunk is about to be overwritten. */
  copy(bytes: DataView, into: Blocks): void {
    if (this.older.pending) into.copy(bytes, this.older)
    if (this.newer.pending) into.copy(bytes, this.newer)
    this.touched = false
  }

  /** Moves everything into the evidence. Every kept line was copied before. `text`: characters kept of each. */
  settle(source: string, text: number): void {
    const { into } = this
    if (this.count === 0) return
    this.settleMinute()
    into.count += this.count
    into.first = Math.min(into.first ?? Infinity, this.first * 1000)
    into.last = Math.max(into.last ?? -Infinity, this.newer.second * 1000)
    const kept = [this.older, this.newer].filter(({ second }) => second !== -Infinity)
    into.exemplars = keepExemplars(
      into.exemplars,
      kept.map((line) => exemplar(line, source)),
    ).map((line) => shorter(line, text))
    this.count = 0
    this.first = Infinity
    this.older.second = -Infinity
    this.newer.second = -Infinity
  }

  private settleMinute(): void {
    if (this.inMinute > 0) this.book.note(this.account, this.minute, this.inMinute)
    this.inMinute = 0
  }
}

function exemplar({ block, at, length, number, second }: KeptLine, source: string): Exemplar {
  const text = block === null ? '' : Buffer.from(block.buffer, at, length).toString()
  return new MaskedLine(source, number, text, second * 1000)
}

/** Memory for copies. */
export class Blocks {
  private current = new DataView(new ArrayBuffer(0))
  private end = 0

  copy(bytes: DataView, line: KeptLine): void {
    const { length } = line
    if (line.block === null || line.room < length) {
      // At least twice as much as before: what a line leaves behind when it moves must not add up.
      const room = Math.max((length + 64) & ~63, Math.min(line.room * 2, KEPT + 64))
      if (this.end + room > this.current.byteLength) {
        this.current = new DataView(new ArrayBuffer(Math.max(BLOCK, room)))
        this.end = 0
      }
      line.block = this.current
      line.at = this.end
      line.room = room
      this.end += room
    }
    const { block, at, start } = line
    // A loop beats Buffer.copy for lines: its call costs more than their bytes.
    let i = 0
    for (; i + 4 <= length; i += 4) block.setInt32(at + i, bytes.getInt32(start + i))
    for (; i < length; i++) block.setUint8(at + i, bytes.getUint8(start + i))
    line.pending = false
  }
}
