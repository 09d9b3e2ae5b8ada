/** Rows of a run, folded as foldEvent folds their events one by one. */
import type { Event } from '../../parsers/event.ts'
import type { EventRun, Said } from '../../parsers/event-run.ts'
import { keepExemplars, observationAgain } from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, Observation } from '../diagnosis/contract.ts'
import { MaskedLine } from './masked-line.ts'

const MINUTE = 60_000
const MAX_CLIENTS = 8
const MAX_CLIENT = 64
/** Lines that are kept: the first three and the last two. */
const KEPT = 5

/** What is counted in one place, and not in the evidence yet. */
class Account {
  readonly into: Observation
  count = 0
  first = 0
  last = 0
  minute = 0
  inMinute = 0
  /** Rows of the lines to keep, in the order of time. */
  readonly kept = new Int32Array(KEPT)

  constructor(into: Observation) {
    this.into = into
  }

  add(row: number, at: number, time: Float64Array): void {
    const minute = Math.floor(at / MINUTE)
    if (this.count === 0) {
      this.first = this.last = at
      this.minute = minute
    } else if (minute !== this.minute) this.turn(minute)
    this.inMinute++
    if (at < this.first) this.first = at
    if (at > this.last) this.last = at
    this.keep(row, at, time)
    this.count++
  }

  /** Moves the sums into the evidence. */
  settle(): void {
    const { into, first, last } = this
    this.turn(0)
    into.count += this.count
    if (into.first === null || first < into.first) into.first = first
    if (into.last === null || last > into.last) into.last = last
    this.count = 0
  }

  private turn(minute: number): void {
    this.into.minutes.add(this.minute * MINUTE, this.inMinute)
    this.minute = minute
    this.inMinute = 0
  }

  /** keepExemplar, by row: of equal time the later row is the later line. */
  private keep(row: number, at: number, time: Float64Array): void {
    const { kept, count } = this
    const timeOf = (place: number): number => time[kept[place] as number] as number
    if (count >= KEPT) {
      if (at >= timeOf(3)) {
        if (at >= timeOf(4)) {
          kept[3] = kept[4] as number
          kept[4] = row
        } else kept[3] = row
        return
      }
      if (at >= timeOf(2)) return
    }
    let to = count < KEPT ? count : 2
    for (; to > 0 && at < timeOf(to - 1); to--) kept[to] = kept[to - 1] as number
    kept[to] = row
  }
}

export class RunFold {
  private readonly source: string
  /** By what is said, and by where it is counted: texts of one place are counted together. */
  private accounts: Account[] = []
  private byEvent = new Map<Event, Account>()
  /** Those that have something to settle. */
  private readonly open: Account[] = []
  /** Rows up to here are folded. */
  private done = 0
  /** Those of the run. */
  private bytes: Buffer = Buffer.alloc(0)

  /** @param source what exemplars are said to be of */
  constructor(source: string) {
    this.source = source
  }

  /** Another chunk, with an evidence of its own. */
  begin(): void {
    this.done = 0
    this.accounts = []
    this.byEvent = new Map()
  }

  /** Folds the rows that came since the last call. */
  fold(run: EventRun, evidence: Evidence): void {
    if (this.done === run.size) return
    const { which, time, bytes, said } = run
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let row = this.done; row < run.size; row++) {
      const index = which[row] as number
      const account = (this.accounts[index] ??= this.accountOf((said[index] as Said).event, evidence))
      if (account.count === 0) this.open.push(account)
      account.add(row, time[row] as number, time)
      if (account.into.clients.size < MAX_CLIENTS) this.noteClient(account.into, run, row)
    }
    this.done = run.size
    for (const account of this.open) this.settle(account, run)
    this.open.length = 0
  }

  private accountOf(event: Event, evidence: Evidence): Account {
    let account = this.byEvent.get(event)
    if (account === undefined) this.byEvent.set(event, (account = new Account(observationAgain(evidence, event))))
    return account
  }

  private noteClient({ clients }: Observation, run: EventRun, row: number): void {
    const length = Math.min(run.clientLength[row] as number, MAX_CLIENT)
    const from = run.client[row] as number
    if (length > 0) clients.add(this.bytes.toString('latin1', from, from + length))
  }

  private settle(account: Account, run: EventRun): void {
    const { into, kept } = account
    const lines: Exemplar[] = []
    for (let i = 0; i < Math.min(account.count, KEPT); i++) lines.push(this.exemplar(run, kept[i] as number))
    account.settle()
    into.exemplars = into.exemplars.length === 0 ? lines : keepExemplars(into.exemplars, lines)
  }

  private exemplar(run: EventRun, row: number): Exemplar {
    return MaskedLine.unpack(this.source, run.line[row] as number, this.textOf(run, row), run.time[row] as number, true)
  }

  /** textAt, from the line's bytes: behind its client they may have to be masked. */
  private textOf(run: EventRun, row: number): string {
    const { text } = run.said[run.which[row] as number] as Said
    if (text === null) return run.texts.get(row) ?? ''
    const from = run.at[row] as number
    const raw = this.bytes.toString('latin1', from, from + (run.length[row] as number))
    const behind = (run.client[row] as number) + (run.clientLength[row] as number) - from
    return raw.length === behind + text[2].length && raw.endsWith(text[2]) ? raw : raw.slice(0, behind) + text[2]
  }
}
