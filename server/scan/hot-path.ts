/** The hot path over access logs: from bytes alone it counts ordinary successes, and failures and handshakes that say
 *  again what the parser read before. Everything it cannot prove goes to the parser. */
import type { Evidence } from '../diagnosis/contract.ts'
import { CombinedLine } from './combined-line.ts'
import { MinuteClock } from './minute-clock.ts'
import { RepeatedRequests, type Learned } from './repeated.ts'

export type { Learned } from './repeated.ts'

const NEWLINE = 10
const RETURN = 13
const ESCAPE = 27

export class HotPath {
  /** Lines that `run` counted. */
  counted = 0
  private readonly line = new CombinedLine()
  private readonly clock = new MinuteClock()
  private readonly source: string
  private readonly since: number
  private readonly until: number
  private repeated: RepeatedRequests | null = null
  private bytes: Buffer = Buffer.alloc(0)
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** The line that `run` stopped at was located and may be learned. */
  private learnable = false
  private evidence: Evidence | null = null
  private colours = -1

  constructor(source: string, since: number | null, until: number | null) {
    this.source = source
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Call before the lines of a chunk. `repeats`: requests that were seen before may be counted without the parser,
   *  which is so when nobody waits for their events. */
  begin(bytes: Buffer, evidence: Evidence, repeats: boolean): void {
    if (this.evidence !== evidence) {
      this.repeated?.settle()
      this.repeated?.forget()
    }
    this.evidence = evidence
    this.bytes = bytes
    this.colours = -1
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (repeats) this.repeated ??= new RepeatedRequests(this.source)
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. */
  run(from: number, number: number, quoted: 2 | 3, repeats: boolean): number {
    const { bytes } = this
    const { length } = bytes
    const limit = this.coloursFrom(from)
    let at = from
    let counted = 0
    while (at < length) {
      let newline = bytes.indexOf(NEWLINE, at)
      if (newline < 0) newline = length
      if (newline > limit) break
      const end = newline > at && bytes[newline - 1] === RETURN ? newline - 1 : newline
      if (!this.count(bytes, at, end, quoted, number + counted, repeats)) break
      counted++
      at = newline + 1
    }
    this.counted = counted
    return at
  }

  /** The same for one line outside of the chunk, which is all of `bytes` up to `end`. */
  countAlone(bytes: Buffer, end: number, number: number, quoted: 2 | 3, repeats: boolean): boolean {
    const { view } = this
    this.repeated?.copyKept(this.bytes)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const counted = this.count(bytes, 0, end, quoted, number, repeats)
    this.repeated?.copyKept(bytes)
    this.view = view
    return counted
  }

  /** Where the next line with colours is: they are taken off before a parser sees it. */
  private coloursFrom(at: number): number {
    if (this.colours < at) {
      const found = this.bytes.indexOf(ESCAPE, at)
      this.colours = found < 0 ? this.bytes.length : found
    }
    return this.colours
  }

  private count(bytes: Buffer, start: number, end: number, quoted: 2 | 3, number: number, repeats: boolean): boolean {
    const { line, clock } = this
    this.learnable = false
    if (!line.locate(bytes, start, end, quoted)) return false
    const { status } = line
    const ordinary = !line.socketWord && ((status >= 200 && status < 300) || status === 304)
    if (!ordinary && !repeats) return false
    const second = clock.secondAt(this.view, line.time)
    if (second < 0) return false
    const time = clock.timeOf(second)
    if (time < this.since || time >= this.until) return ordinary
    if (!ordinary) {
      this.learnable = true
      if (this.repeated?.count(bytes, line, number, clock.minute, clock.minute * 60 + second) !== true) return false
    }
    clock.count(second, status)
    return true
  }

  /** The parser read the line that `run` stopped at, and it was folded into `into`. */
  learn(into: Learned): void {
    if (this.learnable) this.repeated?.learn(into)
  }

  /** Moves the totals into the evidence. Call after the lines of a chunk. False when there was nothing to count. */
  endChunk(evidence: Evidence): boolean {
    this.repeated?.copyKept(this.bytes)
    evidence.suspects_dropped += this.repeated?.takeDropped() ?? 0
    return this.clock.flush(evidence)
  }

  /** Moves the repeated requests too. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    this.repeated?.settle()
  }
}
