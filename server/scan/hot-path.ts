/** The hot path over access logs: from bytes alone it counts ordinary successes, and failures and handshakes that say
 *  again what the parser read before. Everything it cannot prove goes to the parser. */
import type { Evidence } from '../diagnosis/contract.ts'
import { CombinedLine } from './combined-line.ts'
import { MinuteClock } from './minute-clock.ts'
import { RepeatedRequests, type Learned } from './repeated.ts'

export type { Learned } from './repeated.ts'

export class HotPath {
  private readonly line = new CombinedLine()
  private readonly clock = new MinuteClock()
  private readonly repeated: RepeatedRequests
  private readonly since: number
  private readonly until: number
  /** The line that was refused last was located and may be learned. */
  private learnable = false
  private evidence: Evidence | null = null

  constructor(source: string, since: number | null, until: number | null) {
    this.repeated = new RepeatedRequests(source)
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Call before the lines of a chunk. `repeats`: requests that were seen before may be counted without the parser,
   *  which is so when nobody waits for their events. */
  begin(evidence: Evidence): void {
    if (this.evidence !== evidence) {
      this.repeated.flush()
      this.repeated.forget()
    }
    this.evidence = evidence
  }

  /** Counts the line [start, end), number `number`; false leaves it to the parser. */
  count(bytes: Buffer, start: number, end: number, quoted: 2 | 3, number: number, repeats: boolean): boolean {
    const { line, clock } = this
    this.learnable = false
    if (!line.locate(bytes, start, end, quoted)) return false
    const { status } = line
    const ordinary = !line.socketWord && ((status >= 200 && status < 300) || status === 304)
    if (!ordinary && !repeats) return false
    const time = clock.timeAt(bytes, line.time)
    if (Number.isNaN(time)) return false
    if (time < this.since || time >= this.until) return ordinary
    if (!ordinary) {
      this.learnable = true
      if (!this.repeated.count(bytes, end, line, number, time)) return false
    }
    clock.count(time, status)
    return true
  }

  /** The parser read the line that `count` refused, and it was folded into `into`. */
  learn(bytes: Buffer, into: Learned): void {
    if (this.learnable) this.repeated.learn(bytes, this.line, into)
  }

  /** Moves the totals into the evidence. Call after the lines of a chunk. */
  flush(evidence: Evidence): void {
    this.clock.flush(evidence)
  }

  /** Moves the repeated requests too. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    this.repeated.flush()
  }
}
