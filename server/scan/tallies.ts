/** The things that lines are counted into, by small numbers, for tables of what was seen before. */
import { occur, shareOf, type Evidence, type Occurrences } from '../diagnosis/contract.ts'
import { MaskedLine } from './masked-line.ts'
import { MinuteBook } from './minute-book.ts'
import { Blocks, Tally } from './tally.ts'

/** One line of a chunk: all of it is [start, end), its client [client, clientEnd), where empty is none. */
export interface TalliedLine {
  start: number
  end: number
  client: number
  clientEnd: number
}

export class Tallies {
  private readonly source: string
  private all: Occurrences[] = []
  /** Null until three lines of it are kept. */
  private tallies: (Tally | null)[] = []
  private numbers = new Map<Occurrences, number>()
  private touched: Tally[] = []
  private blocks = new Blocks()
  private book = new MinuteBook()

  constructor(source: string) {
    this.source = source
  }

  /** Counts a line. `second` and `minute` are since 1970, `number` is the line's. */
  count(
    evidence: Evidence,
    index: number,
    bytes: Buffer,
    second: number,
    minute: number,
    number: number,
    line: TalliedLine,
  ): void {
    const tally = this.tallies[index] as Tally | null
    if (tally === null || second < tally.from) return this.occur(evidence, index, bytes, second, number, line)
    tally.add(second, minute, number, line.start, line.end)
    if (line.client < line.clientEnd) tally.client(bytes, line.client, line.clientEnd)
    if (!tally.touched) {
      tally.touched = true
      this.touched.push(tally)
    }
  }

  /** The number of what lines are counted into. */
  numberOf(into: Occurrences): number {
    const known = this.numbers.get(into)
    if (known !== undefined) return known
    const number = this.all.push(into) - 1
    this.tallies.push(this.tally(into))
    this.numbers.set(into, number)
    return number
  }

  /** The bytes that lines were counted from are about to be overwritten. */
  copyKept(bytes: DataView): void {
    for (const tally of this.touched) tally.copy(bytes, this.blocks)
    this.touched.length = 0
  }

  /** Moves what was counted into the evidence it was learned from. */
  settle(evidence: Evidence): void {
    const { text } = shareOf(evidence, evidence.observations.size)
    for (const tally of this.tallies) tally?.settle(this.source, text)
    this.book.settle()
  }

  /** Another evidence is folded into from now on. */
  forget(): void {
    this.all = []
    this.tallies = []
    this.numbers = new Map()
    this.blocks = new Blocks()
    this.book = new MinuteBook()
  }

  /** A line that may be one of the first three that are kept. */
  private occur(
    evidence: Evidence,
    index: number,
    bytes: Buffer,
    second: number,
    number: number,
    line: TalliedLine,
  ): void {
    const into = this.all[index] as Occurrences
    const text = bytes.toString('utf8', line.start, line.end)
    const client = line.client < line.clientEnd ? bytes.toString('latin1', line.client, line.clientEnd) : null
    const exemplar = new MaskedLine(this.source, number, text, second * 1000)
    occur(into, second * 1000, client, exemplar, shareOf(evidence, evidence.observations.size))
    this.tallies[index] ??= this.tally(into)
  }

  private tally(into: Occurrences): Tally | null {
    const third = into.exemplars[2]
    if (third === undefined || third.time === null) return null
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    const from = Math.floor(third.time / 1000) + (third.source === this.source && third.time % 1000 === 0 ? 0 : 1)
    return new Tally(into, from, this.book)
  }
}
