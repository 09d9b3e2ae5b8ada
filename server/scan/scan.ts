/** Whole inputs in, evidence out. Memory does not grow with the input. */
import { availableParallelism } from 'node:os'
import { emptyEvidence, merge } from '../diagnosis/contract.ts'
import type { Evidence, InputSummary } from '../diagnosis/contract.ts'
import type { Parser } from '../../parsers/parser.ts'
import { choose } from './choose.ts'
import type { ScanOptions, ScanResult } from './contract.ts'
import { unreadInput } from './nearest.ts'
import { openInput, type OpenedInput } from './open-input.ts'
import type { PoolResult, PoolTask } from './pool.ts'
import { Progress } from './progress.ts'
import { joinSummaries } from './summary.ts'
import { runTask, type Range, type TaskResult } from './task.ts'
import { zoneShift } from './zone.ts'

/** Below this many bytes a second thread costs more than it saves. */
const WORTH_A_THREAD = 64 << 20
/** Compressed logs unpack to about this many times their size. */
const UNPACKED = 8
/** More threads than this wait for memory and disk, and each takes 15 MB. */
const MOST_THREADS = 4

/** One input, opened, with the parts that it is read in. */
interface Part {
  name: string
  input: OpenedInput
  ranges: Range[]
}

/** Reads every input into one evidence. An input that fails is in `errors`; what was read before stays.
 *  Throws RangeError for an unusable format, log_format or zone: nothing was read then. */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const parsers = choose(options)
  zoneShift(options.timezone)
  const opened = inputs.map((path) => openInput(path))
  const bytes = opened.reduce((sum, input) => sum + weight(input), 0)
  const jobs = options.jobs ?? Math.min(availableParallelism(), MOST_THREADS)
  const threads = Math.max(1, Math.min(jobs, Math.floor(bytes / WORTH_A_THREAD)))
  const progress = new Progress(opened, options.onProgress)
  const parts: Part[] = await Promise.all(
    opened.map(async (input, i) => {
      const path = inputs[i] as string
      const ranges = await rangesOf(input, Math.round((threads * weight(input)) / Math.max(1, bytes)), parsers)
      return { name: path === '-' ? 'stdin' : path, input, ranges }
    }),
  )
  const results = await read(parts, options, threads, parsers, progress)
  // Ctrl-C ends the program at the other end of a pipe, too: its end may be seen before the signal, which is taken from
  // the loop's next turn.
  for (let turn = 0; turn < 2 && options.signal !== undefined; turn++) await new Promise(setImmediate)
  return { ...joined(parts, results, parsers), partial: options.signal?.aborted === true, read: progress.state() }
}

const weight = (input: OpenedInput): number =>
  input.kind === 'refused' || input.size === null ? 0 : input.kind === 'file' ? input.size : input.size * UNPACKED

async function rangesOf(input: OpenedInput, parts: number, parsers: readonly Parser[]): Promise<Range[]> {
  const whole: Range[] = [{ from: 0, to: null }]
  if (input.kind !== 'file' || parts < 2) return whole
  const { cut } = await import('./ranges.ts')
  return cut(input.path, input.size, parts, parsers)
}

/** One result per range of each part, null for those that were not begun. */
async function read(
  parts: readonly Part[],
  options: ScanOptions,
  threads: number,
  parsers: readonly Parser[],
  progress: Progress,
): Promise<(PoolResult | null)[][]> {
  const { since, until, signal } = options
  const tasks = parts.flatMap(({ name, input, ranges }, part) =>
    ranges.map((range, index) => ({ name, input, range, part, index })),
  )
  const begun = new Map<string, PoolResult>()
  const pooled = tasks.flatMap(({ name, input, range }, id): PoolTask[] => {
    if (input.kind === 'refused') return []
    const onProgress = (done: number): void => progress.at(id, done)
    const stopped = (): boolean => signal?.aborted === true
    const here = (): Promise<TaskResult | null> =>
      stopped()
        ? Promise.resolve(null)
        : runTask(input, name, range, {
            parsers,
            shift: zoneShift(options.timezone),
            since,
            until,
            onProgress,
            stopped,
            signal,
          })
    const elsewhere = name !== 'stdin' && input.size !== null
    return [{ id, path: input.path, name, range, here, elsewhere, onProgress }]
  })
  const { runTasks } = await import('./pool.ts')
  const { format, logFormat, timezone } = options
  const settings = { format, logFormat, timezone, since, until }
  const results = await runTasks(pooled, Math.min(threads, pooled.length), settings, signal)
  for (const [id, result] of results) begun.set(`${tasks[id]?.part} ${tasks[id]?.index}`, result)
  return parts.map(({ ranges }, part) => ranges.map((_, index) => begun.get(`${part} ${index}`) ?? null))
}

/** What the parts of each input and the inputs come to. */
function joined(
  parts: readonly Part[],
  results: readonly (readonly (PoolResult | null)[])[],
  parsers: readonly Parser[],
): Omit<ScanResult, 'partial' | 'read'> {
  const result: Omit<ScanResult, 'partial' | 'read'> = {
    evidence: emptyEvidence(),
    inputs: [],
    errors: [],
    unread: [],
    left: [],
  }
  let evidence: Evidence | null = null
  for (const [i, { name, input }] of parts.entries()) {
    if (input.kind === 'refused') {
      result.errors.push(input.error)
      continue
    }
    let lines = 0
    const done: TaskResult[] = []
    for (const range of results[i] ?? []) {
      if (range === null) continue
      const one = range(lines)
      lines = one.whole ? lines + one.summary.lines : NaN
      done.push(one)
      evidence = evidence === null ? one.evidence : merge(evidence, one.evidence)
    }
    if (done.length === 0) {
      result.left.push(name)
      continue
    }
    const summary: InputSummary = joinSummaries(done)
    const error = done.find((one) => one.error !== null)?.error ?? null
    if (error !== null) result.errors.push(error)
    if (error === null || summary.lines > 0) result.inputs.push(summary)
    const miss = done.find(({ firstMiss }) => firstMiss !== null)?.firstMiss ?? null
    // At the end: explaining takes its time, and makes the engine's code for the matchers more general.
    result.unread.push(...unreadInput(summary, miss, parsers))
  }
  return { ...result, evidence: evidence ?? result.evidence }
}
