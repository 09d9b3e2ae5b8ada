/** The error kernel's tallies: what of the evidence its counts belong to. */
import { keepExemplars, occur, shareOf, shorter } from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, Occurrences } from '../diagnosis/contract.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import { MaskedLine } from './masked-line.ts'
import { MinuteBook } from './minute-book.ts'

const MAX_CLIENTS = 8

export class ErrorTallies {
  private readonly source: string
  private all: Occurrences[] = []
  /** Their minutes in the book. */
  private accounts: number[] = []
  private numbers = new Map<Occurrences, number>()
  private book = new MinuteBook()

  constructor(source: string) {
    this.source = source
  }

  /** The number of what lines are counted into; null when there is no room for more. */
  numberOf(kernel: Kernel, into: Occurrences): number | null {
    const known = this.numbers.get(into)
    if (known !== undefined) return known
    if (this.all.length >= K.MAX_ERROR_TALLIES) return null
    const number = this.all.push(into) - 1
    this.accounts.push(this.book.open(into.minutes))
    this.numbers.set(into, number)
    kernel.exports.resetTally(number, this.from(into), 0, 0)
    return number
  }

  /** A line that may be one of the first three that are kept. */
  occur(kernel: Kernel, evidence: Evidence, number: number, client: string | null, line: MaskedLine): void {
    const into = this.all[number]
    if (into === undefined) return
    occur(into, line.time, client, line, shareOf(evidence, evidence.observations.size))
    const from = (K.TALLIES + number * K.TALLY_SIZE) / 8
    if (kernel.doubles[from] === Infinity) kernel.doubles[from] = this.from(into)
  }

  /** So many of them were counted in a minute since 1970. */
  note(kernel: Kernel, number: number, minute: number, n: number): void {
    if (!this.book.note(this.accounts[number] as number, minute, n)) return
    for (const [index, { minutes }] of this.all.entries()) {
      const at = (K.TALLIES + index * K.TALLY_SIZE) / 4
      const current = kernel.words[at + 68 / 4] as number
      kernel.words[at + 176 / 4] = minutes.step
      kernel.words[at + 68 / 4] = current - (current % minutes.step)
    }
  }

  /** True when no more clients of it are wanted. */
  client(number: number, client: string): boolean {
    const clients = this.all[number]?.clients
    if (clients === undefined) return true
    if (clients.size < MAX_CLIENTS) clients.add(client)
    return clients.size >= MAX_CLIENTS
  }

  /** Moves what was counted into the evidence it was learned from. Every kept line was copied before. */
  settle(kernel: Kernel, evidence: Evidence): void {
    const { text } = shareOf(evidence, evidence.observations.size)
    for (const [number, into] of this.all.entries()) this.settleOne(kernel, number, into, text)
    this.book.settle()
  }

  /** Another evidence is folded into from now on. */
  forget(): void {
    this.all = []
    this.accounts = []
    this.numbers = new Map()
    this.book = new MinuteBook()
  }

  private settleOne(kernel: Kernel, number: number, into: Occurrences, text: number): void {
    const at = K.TALLIES + number * K.TALLY_SIZE
    const [words, doubles] = [at / 4, at / 8]
    const word = (offset: number): number => kernel.words[words + offset / 4] as number
    const double = (offset: number): number => kernel.doubles[doubles + offset / 8] as number
    const count = word(64)
    if (count === 0) return
    kernel.exports.settleMinute(number)
    into.count += count
    into.first = Math.min(into.first ?? Infinity, double(8))
    into.last = Math.max(into.last ?? -Infinity, double(16))
    const newest = word(84)
    const kept: Exemplar[] = []
    const keep = (time: number, line: number, place: number, length: number): void => {
      if (time === -Infinity) return
      const from = K.KEPT + (number * 2 + place) * K.KEPT_ERROR_SIZE
      kept.push(new MaskedLine(this.source, line, kernel.bytes.toString('latin1', from, from + length), time))
    }
    keep(double(40), double(48), newest ^ 1, word(100))
    keep(double(24), double(32), newest, word(60))
    into.exemplars = keepExemplars(into.exemplars, kept).map((exemplar) => shorter(exemplar, text))
    kernel.words[words + 64 / 4] = 0
    kernel.doubles[doubles + 8 / 8] = Infinity
    for (const offset of [16, 24, 40]) kernel.doubles[doubles + offset / 8] = -Infinity
  }

  /** Epoch ms before which lines may belong to the first three that are kept. */
  private from({ exemplars: [, , third] }: Occurrences): number {
    if (third === undefined || third.time === null) return Infinity
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    return third.time + (third.source === this.source ? 0 : 1)
  }
}
