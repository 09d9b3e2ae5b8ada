/** Chunks in, whole lines out. Keeps the piece after the last line end, bounded: of a line that is longer than the
 *  cap only the head is kept, so that a line of any length costs its bytes once and a megabyte of memory at most. */

const NEWLINE = 10
/** More than the reader accepts as a line, so that the reader sees that it is too long. */
const CAP = 1 << 20

/** Consumes whole lines, returns the bytes it is done with (see RecordReader.read). */
export type Consume = (lines: Buffer, final: boolean) => number

export class LineFeeder {
  private readonly consume: Consume
  private carry: Buffer[] = []
  private carried = 0
  /** Inside a line whose head has filled the cap: bytes are dropped up to its end. */
  private skipping = false

  constructor(consume: Consume) {
    this.consume = consume
  }

  /** `chunk` may be reused by the caller afterwards. */
  push(chunk: Buffer): void {
    let from = 0
    if (this.skipping) {
      const end = chunk.indexOf(NEWLINE)
      if (end < 0) return
      this.skipping = false
      from = end
    }
    const last = chunk.lastIndexOf(NEWLINE)
    if (last < from) return this.keep(chunk.subarray(from))
    let lines = chunk.subarray(from, last + 1)
    if (this.carried > 0) {
      // Only the first line of the chunk continues the carry: joining it alone avoids copying the whole chunk.
      const end = lines.indexOf(NEWLINE)
      const joined = Buffer.concat([...this.carry, lines.subarray(0, end + 1)])
      this.drop()
      this.offer(joined, false)
      lines = lines.subarray(end + 1)
      // The reader may hold back an unfinished record: then everything has to follow it in one piece.
      if (this.carried > 0) {
        lines = Buffer.concat([...this.carry, lines])
        this.drop()
      }
    }
    if (lines.length > 0) this.offer(lines, false)
    this.keep(chunk.subarray(last + 1))
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.carried === 0) return
    const rest = Buffer.concat(this.carry)
    this.drop()
    this.offer(rest, true)
  }

  private offer(lines: Buffer, final: boolean): void {
    const done = this.consume(lines, final)
    if (done < lines.length) this.keep(lines.subarray(done))
  }

  private keep(rest: Buffer): void {
    if (rest.length === 0) return
    const room = CAP - this.carried
    if (rest.length > room) this.skipping = true
    const kept = Buffer.from(rest.subarray(0, Math.max(0, room)))
    this.carry.push(kept)
    this.carried += kept.length
  }

  private drop(): void {
    this.carry = []
    this.carried = 0
  }
}
