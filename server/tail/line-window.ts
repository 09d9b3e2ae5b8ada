/** What of a file's bytes is handed out next: whole lines, history and live ones apart, and what onChunk held back again. */
import type { Chunk, FilePosition, Place } from './contract.ts'
import { advance, moved, place } from './position.ts'

/** Longest chunk, and longest line that is passed on whole. */
export const CHUNK_BYTES = 2 ** 20
const LINE_FEED = 10

export type Offer = (chunk: Chunk) => number

export class LineWindow {
  readonly generation: string
  position: FilePosition
  /** End of the lines that onChunk held back; 0 when none. */
  #held = 0
  /** A full window of held-back lines can only be offered as final. */
  #full = false

  constructor(generation: string, position: FilePosition) {
    this.generation = generation
    this.position = position
  }

  /** True while lines are held back that quiet will make final. */
  get waiting(): boolean {
    return this.#held > this.position.offset
  }

  /** True when what is held back fills a chunk. */
  get full(): boolean {
    return this.#full
  }

  /** Offers the lines of `bytes`, which begin at the position; at most 1 MiB.
   *  @param ends nothing follows these bytes in their file: offer also a last line without its line end.
   *  @returns up to where the bytes were looked at for line ends; null when there was nothing to offer. */
  offer(offer: Offer, bytes: Buffer, { ends, quiet }: { ends: boolean; quiet: boolean }): number | null {
    const { position, generation } = this
    const { offset, line } = position
    const piece = this.#cut(bytes, ends)
    if (piece.end === 0) return null
    const full = bytes.length === CHUNK_BYTES && !piece.atBorder
    const given = bytes.subarray(0, piece.end)
    const final = ends || quiet || piece.atBorder || given[piece.end - 1] !== LINE_FEED || this.#full
    // Asked for by whoever stores it, and needed here: the lines of a chunk are counted once.
    let [reached, at] = [0, position]
    const after = (consumed: number): Place => {
      if (consumed !== reached) [reached, at] = [consumed, advance(position, given, consumed)]
      return place(at)
    }
    const used = offer({ bytes: given, offset, line, generation, history: piece.history, final, after })
    const atLineEnd = used === 0 || used === piece.end || given[used - 1] === LINE_FEED
    if (!Number.isInteger(used) || used < 0 || used > piece.end || !atLineEnd) {
      throw new RangeError(`onChunk returned ${used} for ${piece.end} bytes at ${offset}: not a line end`)
    }
    if (used === 0 && final && (full || (ends && !piece.atBorder))) {
      throw new Error(`onChunk held back ${piece.end} final bytes at ${offset}`)
    }
    after(used)
    this.position = at
    // Asked twice for the same lines in vain, they wait for more bytes.
    this.#held = used < piece.end && !final ? offset + piece.end : 0
    this.#full = used === 0 && full
    // A record held back across the border is finished after first sight: live.
    if (piece.atBorder && used < piece.end) this.position = { ...this.position, history_until: this.position.offset }
    return offset + (piece.atBorder ? piece.end : bytes.length)
  }

  /** Moves on in a line whose beginning was passed on already; returns by how many bytes. */
  skipLine(bytes: Buffer): number {
    const { offset, line } = this.position
    const at = bytes.indexOf(LINE_FEED)
    const skipped = at === -1 ? bytes.length : at + 1
    const to = { offset: offset + skipped, line: at === -1 ? line : line + 1, inLine: at === -1 }
    this.position = moved(this.position, to)
    return skipped
  }

  /** How much of the bytes to offer: up to the last line end, not across the border of history. */
  #cut(bytes: Buffer, ends: boolean): { end: number; history: boolean; atBorder: boolean } {
    const { length } = bytes
    const left = this.position.history_until - this.position.offset
    if (left > 0 && left <= length) {
      const end = bytes.lastIndexOf(LINE_FEED, left - 1) + 1
      // A line that crosses the border was finished after first sight: live.
      if (end > 0) return { end, history: true, atBorder: true }
    }
    const lines = bytes.lastIndexOf(LINE_FEED) + 1
    const whole = lines === 0 && length === CHUNK_BYTES
    return { end: whole || ends ? length : lines, history: left >= length, atBorder: false }
  }
}
