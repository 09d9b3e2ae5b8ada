/** What the parts of each input, and the inputs, come to. Results are taken in as soon as all before them are there, so
 *  that not every one of many files is held at a time. */
import { Clocks, emptyEvidence, merge } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { ScanResult } from './contract.ts'
import { unreadInput } from './nearest.ts'
import type { OpenedInput } from './open-input.ts'
import type { PoolResult } from './pool.ts'
import { joinSummaries } from './summary.ts'
import type { Range, TaskResult } from './task.ts'

/** One input, opened, with the ranges that it is read in. */
export interface Part {
  name: string
  input: OpenedInput
  ranges: Range[]
}

export interface JoinTask {
  id: number
  name: string
  input: OpenedInput
  range: Range
}

type Joined = Omit<ScanResult, 'partial' | 'read'>

export class Joiner {
  readonly tasks: readonly JoinTask[]
  private readonly parts: readonly Part[]
  private readonly parsers: readonly Parser[]
  private readonly clocks = new Clocks()
  private readonly result: Joined = { evidence: emptyEvidence(), inputs: [], errors: [], unread: [], left: [] }
  private readonly waiting = new Map<number, PoolResult>()
  /** Inputs of which nothing was read, with their first line. Explained at the end: it takes its time, and makes the
   *  engine's code for the matchers more general. */
  private readonly misses: (() => void)[] = []
  /** The next part, and the id of its first task. */
  private part = 0
  private first = 0

  private readonly stopped: () => boolean

  /** `stopped`: inputs that come now are not opened any more. */
  constructor(parts: readonly Part[], parsers: readonly Parser[], stopped: () => boolean) {
    this.stopped = stopped
    this.parts = parts
    this.parsers = parsers
    this.tasks = parts
      .flatMap(({ name, input, ranges }) => ranges.map((range) => ({ name, input, range })))
      .map((task, id) => ({ id, ...task }))
  }

  put(id: number, result: PoolResult): void {
    this.waiting.set(id, result)
    this.advance(false)
  }

  /** Everything that was put. `given`: the user named the zone of stamps that have none. */
  finish(given: boolean): Joined {
    this.advance(true)
    for (const explain of this.misses) explain()
    const evidence = this.clocks.settle(given)
    return evidence === null ? this.result : { ...this.result, evidence }
  }

  private advance(all: boolean): void {
    for (; this.part < this.parts.length; this.part++) {
      const { name, input, ranges } = this.parts[this.part] as Part
      const ids = ranges.map((_, i) => this.first + i)
      if (input.kind === 'refused') {
        if (this.stopped()) this.result.left.push(name)
        else this.result.errors.push(input.error)
      } else {
        if (!all && !ids.every((id) => this.waiting.has(id))) return
        this.take(
          name,
          ids.flatMap((id) => this.waiting.get(id) ?? []),
        )
        for (const id of ids) this.waiting.delete(id)
      }
      this.first += ranges.length
    }
  }

  /** All results of one input, in their order. */
  private take(name: string, results: readonly PoolResult[]): void {
    if (results.length === 0) {
      this.result.left.push(name)
      return
    }
    let lines = 0
    let evidence: Evidence | null = null
    const done: Omit<TaskResult, 'evidence'>[] = []
    for (const range of results) {
      const { evidence: more, ...one } = range(lines)
      lines = one.whole ? lines + one.summary.lines : NaN
      done.push(one)
      evidence = evidence === null ? more : merge(evidence, more)
    }
    const summary = joinSummaries(done)
    const error = done.find((one) => one.error !== null)?.error ?? null
    if (error !== null) this.result.errors.push(error)
    if (error !== null && summary.lines === 0) return
    if (evidence !== null) this.clocks.add(summary, evidence)
    this.result.inputs.push(summary)
    const miss = done.find(({ firstMiss }) => firstMiss !== null)?.firstMiss ?? null
    if (summary.parsed === 0)
      this.misses.push(() => this.result.unread.push(...unreadInput(summary, miss, this.parsers)))
  }
}
