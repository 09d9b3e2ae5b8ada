/** One open log: reads on from its position, one chunk a step. Works on the descriptor, so a renamed or deleted file
 *  is read to its end. */
import { closeSync, fstatSync, readSync, type Stats } from 'node:fs'
import type { Chunk, FilePosition, Place } from './contract.ts'
import { advance, HEAD_BYTES, moved, place, readHead, recognise, sha256 } from './position.ts'
import { openRegular } from './regular-file.ts'

/** Longest chunk, and longest line that is passed on whole. */
export const CHUNK_BYTES = 2 ** 20
/** Quiet time after which nothing is expected to complete a record, ms. */
export const QUIET = 1000
const LINE_FEED = 10

/** Shared by all logs: a step reads and hands out without yielding. */
const WINDOW = Buffer.allocUnsafe(CHUNK_BYTES)

/** Under what name the file was opened: the log's own, that of a rotation (a writer may still have it open), or that of
 *  a copy (nobody writes to it). */
export type OpenedAs = 'path' | 'rotated' | 'copy'
export type Offer = (chunk: Chunk) => number
/** `truncated`: what stood before the position is no longer there. */
export type Step = 'more' | 'caught-up' | 'truncated'

export interface Start {
  generation: string
  /** null: from the beginning, with the bytes below `history` (`all`: the present size) as history. */
  position: FilePosition | null
  history: 'all' | 'none'
}

export class OpenLog {
  readonly as: OpenedAs
  readonly generation: string
  readonly dev: number
  readonly ino: number
  position: FilePosition
  /** Bytes in the file at the last look. */
  size: number
  /** Epoch ms of the last growth. */
  grown: number
  readonly #fd: number
  #head: Buffer
  /** End of what was looked at: below it no line end was missed. */
  #seen = 0
  /** End of the lines that onChunk held back; 0 when none. */
  #held = 0
  /** A full window of held-back lines can only be offered as final. */
  #full = false

  /** @throws as openRegular. */
  constructor(path: string, as: OpenedAs, start: Start, now: number) {
    const { fd, stat } = openRegular(path)
    this.#fd = fd
    this.as = as
    this.generation = start.generation
    this.dev = stat.dev
    this.ino = stat.ino
    this.size = stat.size
    // The rename itself moves ctime: only from then on can silence mean that the writer has left the file.
    this.grown = Math.min(now, as === 'rotated' ? Math.max(stat.mtimeMs, stat.ctimeMs) : stat.mtimeMs)
    this.#head = start.position ? readHead(fd, start.position.head_bytes) : Buffer.alloc(0)
    const begin = { offset: 0, line: 1, head_bytes: 0, head_sha256: sha256(this.#head) }
    const history_until = start.history === 'all' ? stat.size : 0
    this.position = { ...(start.position ?? { ...begin, history_until }), dev: stat.dev, ino: stat.ino }
  }

  /** Whether this descriptor is the file that `stat` describes. */
  is(stat: Stats): boolean {
    return stat.ino === this.ino && stat.dev === this.dev
  }

  /** Whether this file is the one of `position`. */
  recognise(position: FilePosition): 'same' | 'copy' | null {
    return recognise(this.#fd, fstatSync(this.#fd), position)
  }

  /** True while lines are held back that 1 s of quiet will make final. */
  get waiting(): boolean {
    return this.#held > this.position.offset
  }

  /** Offers at most one chunk.
   *  @param finish the file is complete: offer everything, also a last line without its line end. */
  step(offer: Offer, now: number, finish: boolean): Step {
    const { size } = fstatSync(this.#fd)
    if (size > this.size) this.grown = now
    this.size = size
    const { offset } = this.position
    if (size < offset || !this.#sameHead()) return 'truncated'
    if (this.position.in_line) return this.#skipLine(finish)

    const quiet = finish || now - this.grown >= QUIET
    const due = this.#full || (finish && offset < size) || (quiet && this.waiting && this.#seen >= size)
    if (!due && this.#seen > offset && !this.#lineEndFollows()) return 'caught-up'
    const length = this.#read(offset)
    if (length === 0) return 'caught-up'
    // Only now is it certain that what was read belongs to what stood before it.
    if (fstatSync(this.#fd).size < offset + length || !this.#sameHead()) return 'truncated'
    return this.#offer(offer, length, { finish, quiet: quiet && offset + length >= size })
  }

  close(): void {
    closeSync(this.#fd)
  }

  #offer(offer: Offer, length: number, { finish, quiet }: { finish: boolean; quiet: boolean }): Step {
    const { offset, line } = this.position
    const piece = this.#cut(length, finish)
    const full = length === CHUNK_BYTES && !piece.atBorder
    const seen = offset + (piece.atBorder ? piece.end : length)
    if (piece.end > 0) {
      const bytes = WINDOW.subarray(0, piece.end)
      const final = finish || quiet || piece.atBorder || bytes[piece.end - 1] !== LINE_FEED || this.#full
      const { generation, position } = this
      const after = (consumed: number): Place => place(advance(position, bytes, consumed))
      const used = offer({ bytes, offset, line, generation, history: piece.history, final, after })
      const atLineEnd = used === 0 || used === piece.end || bytes[used - 1] === LINE_FEED
      if (!Number.isInteger(used) || used < 0 || used > piece.end || !atLineEnd) {
        throw new RangeError(`onChunk returned ${used} for ${piece.end} bytes at ${offset}: not a line end`)
      }
      if (used === 0 && final && (full || (finish && !piece.atBorder))) {
        throw new Error(`onChunk held back ${piece.end} final bytes at ${offset}`)
      }
      this.position = advance(this.position, bytes, used)
      // Asked twice for the same lines in vain, they wait for more bytes.
      this.#held = used < piece.end && !final ? offset + piece.end : 0
      this.#full = used === 0 && full
      // A record held back across the border is finished after first sight: live.
      if (piece.atBorder && used < piece.end) this.position = { ...this.position, history_until: this.position.offset }
    }
    // Only now: after an exception the same bytes are due again.
    this.#seen = seen
    return piece.end > 0 ? 'more' : 'caught-up'
  }

  /** How much of the window to offer: up to its last line end, not across the border of history. */
  #cut(length: number, finish: boolean): { end: number; history: boolean; atBorder: boolean } {
    const left = this.position.history_until - this.position.offset
    if (left > 0 && left <= length) {
      const end = WINDOW.lastIndexOf(LINE_FEED, left - 1) + 1
      // A line that crosses the border was finished after first sight: live.
      if (end > 0) return { end, history: true, atBorder: true }
    }
    const lines = WINDOW.subarray(0, length).lastIndexOf(LINE_FEED) + 1
    const whole = lines === 0 && length === CHUNK_BYTES
    const rest = finish && this.position.offset + length >= this.size
    return { end: whole || rest ? length : lines, history: left >= length, atBorder: false }
  }

  /** Moves on in a line whose beginning was passed on already. */
  #skipLine(finish: boolean): Step {
    const { offset, line } = this.position
    const length = this.#read(offset)
    if (fstatSync(this.#fd).size < offset + length || !this.#sameHead()) return 'truncated'
    const at = WINDOW.subarray(0, length).indexOf(LINE_FEED)
    if (at !== -1) this.position = moved(this.position, { offset: offset + at + 1, line: line + 1, inLine: false })
    else this.position = moved(this.position, { offset: offset + length, line, inLine: true })
    this.#seen = 0
    if (finish && length === 0) return 'caught-up'
    return length > 0 ? 'more' : 'caught-up'
  }

  /** Looks at new bytes only, so that a line that grows by and by is not read from its start each time. */
  #lineEndFollows(): boolean {
    const windowEnd = this.position.offset + CHUNK_BYTES
    if (this.#seen >= Math.min(this.size, windowEnd)) return this.#seen >= windowEnd && this.size > windowEnd
    const length = this.#read(this.#seen, windowEnd - this.#seen)
    if (WINDOW.subarray(0, length).includes(LINE_FEED)) return true
    this.#seen += length
    return this.#seen >= windowEnd
  }

  #read(from: number, limit: number = CHUNK_BYTES): number {
    let length = 0
    while (length < limit) {
      const got = readSync(this.#fd, WINDOW, length, limit - length, from + length)
      if (got === 0) break
      length += got
    }
    return length
  }

  /** False when the file no longer begins as it did: truncated and written anew. Grows the known head up to 1 KiB. */
  #sameHead(): boolean {
    const head = readHead(this.#fd, HEAD_BYTES)
    if (!head.subarray(0, this.#head.length).equals(this.#head)) return false
    if (head.length > this.#head.length) {
      this.#head = head
      this.position = { ...this.position, head_bytes: head.length, head_sha256: sha256(head) }
    }
    return true
  }
}
