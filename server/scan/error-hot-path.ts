/** The hot path over nginx's error logs: entries that say again what the parser read before are counted from their bytes.
 *  Everything it cannot prove goes to the parser. For whoever waits for events it is no use: it hands over none. */
import { span, type Evidence, type Occurrences } from '../diagnosis/contract.ts'
import { ErrorClock } from './error-clock.ts'
import { ErrorLine, MARGIN } from './error-line.ts'
import { ErrorTable, speaksForOthers } from './error-table.ts'
import { Tallies } from './tallies.ts'

/** What an entry was counted in. `ordinary`: it is no event; `outside`: of the asked window, where nothing is counted. */
export type LearnedError = Occurrences | 'ordinary' | 'outside'

const NEWLINE = 10
/** Value in the table for entries that are no events; the tally with the number n has n + 1. */
const ORDINARY = 0

export class ErrorHotPath {
  /** Lines that `run` counted. */
  counted = 0
  private readonly line = new ErrorLine()
  private readonly clock: ErrorClock
  private readonly table = new ErrorTable()
  private readonly tallies: Tallies
  private readonly since: number
  private readonly until: number
  private evidence: Evidence | null = null
  private bytes: Buffer = Buffer.alloc(0)
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** Lines that begin before it have MARGIN bytes behind their end. */
  private safe = 0
  /** The line that `run` stopped at was located and may be learned. */
  private learnable = false
  /** Seconds since 1970 of the lines counted since the last `endChunk`. */
  private first = Infinity
  private last = -Infinity

  /** `source`: what the input is called in evidence. `shift`: wall-clock ms → epoch ms. Lines outside of [since, until),
   *  epoch ms, are read and not counted. */
  constructor(source: string, shift: (wall: number) => number, since: number | null, until: number | null) {
    this.tallies = new Tallies(source)
    this.clock = new ErrorClock(shift)
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): void {
    if (this.evidence !== evidence) {
      this.tallies.settle()
      this.tallies.forget()
      this.table.clear()
    }
    this.evidence = evidence
    this.learnable = false
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.safe = bytes.length > MARGIN ? bytes.lastIndexOf(NEWLINE, bytes.length - 1 - MARGIN) + 1 : 0
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. */
  run(from: number, number: number): number {
    const { line, safe } = this
    let at = from
    let counted = 0
    this.learnable = false
    if (at < safe) this.clock.refresh()
    while (at < safe && this.count(at, number + counted)) {
      counted++
      at = line.next
    }
    this.counted = counted
    return at
  }

  private count(at: number, number: number): boolean {
    const { line, clock, view, bytes } = this
    this.learnable = false
    if (!line.locate(bytes, view, at)) return false
    const second = clock.secondAt(view, at)
    if (second < 0) return false
    this.learnable = true
    const time = second * 1000
    if (time < this.since || time >= this.until) return this.table.knows(line)
    const value = this.table.find(view, line)
    if (value < 0) return false
    if (value !== ORDINARY) this.tallies.count(value - 1, bytes, second, clock.minute, number, line)
    if (second < this.first) this.first = second
    if (second > this.last) this.last = second
    return true
  }

  /** The parser read the line at `at`, and it was counted in `into`. Only the one that `run` stopped at is learned. */
  learn(into: LearnedError, at: number): void {
    if (!this.learnable || this.line.start !== at) return
    const { line, view, table } = this
    if (into === 'outside') return table.keepMessage(line)
    if (into === 'ordinary') return table.keep(view, line, ORDINARY)
    if (!speaksForOthers(line)) return
    table.keep(view, line, this.tallies.numberOf(into) + 1)
  }

  /** Call after the lines of a chunk. */
  endChunk(evidence: Evidence): void {
    this.tallies.copyKept(this.view)
    if (this.last >= this.first) span(evidence, this.first * 1000, this.last * 1000)
    this.first = Infinity
    this.last = -Infinity
  }

  /** Moves what was counted into the evidence. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    this.tallies.settle()
  }
}
