/** Requests that say again what a parsed line said before: the same status at the same path. The parser reads the first
 *  few of each kind; the rest is counted here, from bytes, and gives the same evidence (a property test compares). */
import type { Occurrences } from '../diagnosis/contract.ts'
import type { CombinedLine } from './combined-line.ts'
import { RequestTable } from './request-table.ts'
import { Blocks, Tally } from './tally.ts'

/** Where lines like one that was parsed are counted. `ordinary`: in nothing but the totals; `dropped`: among the suspects
 *  that found no room. */
export type Learned = Occurrences | 'ordinary' | 'dropped'

/** Values of the table; from 2 on they are tallies. */
const ORDINARY = 0
const DROPPED = 1
const FIRST = 2

export class RepeatedRequests {
  private readonly source: string
  private readonly table = new RequestTable()
  private tallies: Tally[] = []
  private numbers = new Map<Occurrences, number>()
  private touched: Tally[] = []
  private blocks = new Blocks()
  /** Requests that were dropped since the last `takeDropped`. */
  private dropped = 0

  constructor(source: string) {
    this.source = source
  }

  /** Counts the located line when it repeats a known one; false leaves it to the parser. */
  count(bytes: Buffer, line: CombinedLine, number: number, minute: number, second: number): boolean {
    const value = this.table.find(bytes, line)
    if (value < FIRST) {
      if (value < 0) return false
      this.dropped += value
      return true
    }
    const tally = this.tallies[value - FIRST] as Tally
    if (second < tally.from) return false
    tally.add(second, minute, number, line.start, line.end)
    tally.client(bytes, line.start, line.addressEnd)
    if (!tally.touched) {
      tally.touched = true
      this.touched.push(tally)
    }
    return true
  }

  /** The line that `count` refused last went to the parser and was counted in `into`: the next ones like it count here,
   *  once the first three lines of it are kept. */
  learn(into: Learned): void {
    if (!this.table.usable) return
    if (into === 'ordinary') return this.table.keep(ORDINARY)
    if (into === 'dropped') return this.table.keep(DROPPED)
    const third = into.exemplars[2]
    if (third === undefined || third.time === null) return
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    const from = Math.floor(third.time / 1000) + (third.source === this.source && third.time % 1000 === 0 ? 0 : 1)
    let number = this.numbers.get(into)
    if (number === undefined) {
      number = this.tallies.length
      this.tallies.push(new Tally(into, from))
      this.numbers.set(into, number)
    }
    this.table.keep(number + FIRST)
  }

  /** The bytes that lines were counted from are about to be overwritten. */
  copyKept(bytes: Buffer): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (const tally of this.touched) tally.copy(view, this.blocks)
    this.touched.length = 0
  }

  takeDropped(): number {
    const { dropped } = this
    this.dropped = 0
    return dropped
  }

  /** Moves what was counted into the evidence it was learned from. */
  settle(): void {
    for (const tally of this.tallies) tally.settle(this.source)
  }

  /** Another evidence is folded into from now on. */
  forget(): void {
    this.table.clear()
    this.tallies = []
    this.numbers = new Map()
    this.blocks = new Blocks()
  }
}
