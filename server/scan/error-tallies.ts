/** The error kernel's tallies: what of the evidence its counts belong to. */
import { occur, shareOf } from '../diagnosis/contract.ts'
import type { Evidence, Occurrences } from '../diagnosis/contract.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import type { MaskedLine } from './masked-line.ts'
import { MinuteBook } from './minute-book.ts'
import { countIn, settleInto } from './settle-tally.ts'

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
    for (const [number, into] of this.all.entries())
      if (countIn(kernel, number) > 0) settleInto(kernel, number, into, this.source, text, K.KEPT_ERROR_SIZE)
    this.book.settle()
  }

  /** Another evidence is folded into from now on. */
  forget(): void {
    this.all = []
    this.accounts = []
    this.numbers = new Map()
    this.book = new MinuteBook()
  }

  /** Epoch ms before which lines may belong to the first three that are kept. */
  private from({ exemplars: [, , third] }: Occurrences): number {
    if (third === undefined || third.time === null) return Infinity
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    return third.time + (third.source === this.source ? 0 : 1)
  }
}
