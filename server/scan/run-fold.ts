/** Rows of a run, folded as foldEvent folds their events one by one. */
import type { EventRun, Said } from '../../parsers/event-run.ts'
import { keepExemplars, observationAgain } from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, Observation } from '../diagnosis/contract.ts'
import { MaskedLine } from './masked-line.ts'

const MINUTE = 60_000
const MAX_CLIENTS = 8
const MAX_CLIENT = 64
/** Lines that are kept: the first three and the last two. */
const KEPT = 5

export class RunFold {
  private readonly source: string
  /** By what is said: where it is counted, and what is not counted there yet. */
  private into: Observation[] = []
  private count = new Int32Array(0)
  private first = new Float64Array(0)
  private last = new Float64Array(0)
  private minute = new Float64Array(0)
  private inMinute = new Int32Array(0)
  /** Rows of the lines to keep, in the order of time. */
  private kept = new Int32Array(0)
  /** What of it was said since the last time. */
  private open: number[] = []
  /** Rows up to here are folded. */
  private done = 0
  /** Those of the run. */
  private bytes: Buffer = Buffer.alloc(0)

  /** @param source what exemplars are said to be of */
  constructor(source: string) {
    this.source = source
  }

  begin(): void {
    this.done = 0
    this.into = []
  }

  /** Folds the rows that came since the last call. */
  fold(run: EventRun, evidence: Evidence): void {
    if (this.done === run.size) return
    if (this.count.length < run.said.length) this.grow(run.said.length)
    const { which, time, bytes } = run
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let row = this.done; row < run.size; row++) {
      const index = which[row] as number
      const at = time[row] as number
      if (this.count[index] === 0) this.begins(index, run, evidence, at)
      const minute = Math.floor(at / MINUTE)
      if (minute !== this.minute[index]) this.turn(index, minute)
      this.inMinute[index] = (this.inMinute[index] as number) + 1
      if (at < (this.first[index] as number)) this.first[index] = at
      if (at > (this.last[index] as number)) this.last[index] = at
      this.keep(index, row, time)
      this.noteClient(index, run, row)
    }
    this.done = run.size
    for (const index of this.open) this.settle(index, run)
    this.open.length = 0
  }

  private begins(index: number, run: EventRun, evidence: Evidence, time: number): void {
    this.into[index] ??= observationAgain(evidence, (run.said[index] as Said).event)
    this.open.push(index)
    this.first[index] = time
    this.last[index] = time
    this.minute[index] = Math.floor(time / MINUTE)
    this.inMinute[index] = 0
  }

  private turn(index: number, minute: number): void {
    this.into[index]?.minutes.add((this.minute[index] as number) * MINUTE, this.inMinute[index] as number)
    this.minute[index] = minute
    this.inMinute[index] = 0
  }

  /** keepExemplar, by row: one more was counted. */
  private keep(index: number, row: number, time: Float64Array): void {
    const { kept } = this
    const n = this.count[index] as number
    this.count[index] = n + 1
    const from = index * KEPT
    const at = time[row] as number
    // Of equal time the later row is the later line.
    if (n >= KEPT) {
      if (at >= (time[kept[from + 4] as number] as number)) {
        kept[from + 3] = kept[from + 4] as number
        kept[from + 4] = row
        return
      }
      if (at >= (time[kept[from + 3] as number] as number)) {
        kept[from + 3] = row
        return
      }
      if (at >= (time[kept[from + 2] as number] as number)) return
    }
    let to = from + Math.min(n, 2)
    if (n < KEPT) to = from + n
    for (; to > from && at < (time[kept[to - 1] as number] as number); to--) kept[to] = kept[to - 1] as number
    kept[to] = row
  }

  private noteClient(index: number, run: EventRun, row: number): void {
    const clients = this.into[index]?.clients
    if (clients === undefined || clients.size >= MAX_CLIENTS) return
    const length = Math.min(run.clientLength[row] as number, MAX_CLIENT)
    const from = run.client[row] as number
    if (length > 0) clients.add(this.bytes.toString('latin1', from, from + length))
  }

  private settle(index: number, run: EventRun): void {
    const into = this.into[index]
    if (into === undefined) return
    this.turn(index, 0)
    const n = this.count[index] as number
    this.count[index] = 0
    into.count += n
    const [first, last] = [this.first[index] as number, this.last[index] as number]
    if (into.first === null || first < into.first) into.first = first
    if (into.last === null || last > into.last) into.last = last
    const lines: Exemplar[] = []
    for (let i = 0; i < Math.min(n, KEPT); i++) lines.push(this.exemplar(run, this.kept[index * KEPT + i] as number))
    into.exemplars = into.exemplars.length === 0 ? lines : keepExemplars(into.exemplars, lines)
  }

  private exemplar(run: EventRun, row: number): Exemplar {
    const { text } = run.said[run.which[row] as number] as Said
    const from = run.at[row] as number
    const raw =
      text === null ? run.texts.get(row) : this.bytes.toString('latin1', from, from + (run.length[row] as number))
    const masked =
      text === null
        ? (raw ?? '')
        : withRest(raw ?? '', (run.client[row] as number) + (run.clientLength[row] as number) - from, text[2])
    return MaskedLine.unpack(this.source, run.line[row] as number, masked, run.time[row] as number, true)
  }

  private grow(least: number): void {
    const room = Math.max(least, this.count.length * 2, 64)
    const count = new Int32Array(room)
    count.set(this.count)
    this.count = count
    // Nothing is open between two calls.
    this.first = new Float64Array(room)
    this.last = new Float64Array(room)
    this.minute = new Float64Array(room)
    this.inMinute = new Int32Array(room)
    this.kept = new Int32Array(room * KEPT)
  }
}

/** The line with what stands behind its client masked. */
const withRest = (raw: string, from: number, rest: string): string =>
  raw.endsWith(rest) && raw.length === from + rest.length ? raw : raw.slice(0, from) + rest
