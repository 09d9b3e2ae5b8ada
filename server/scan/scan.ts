/** Whole inputs in, evidence out. Memory does not grow with the input. */
import { availableParallelism } from 'node:os'
import type { Parser } from '../../parsers/parser.ts'
import { choose } from './choose.ts'
import type { ScanOptions, ScanResult } from './contract.ts'
import { Joiner, type Part } from './join.ts'
import { prepareKernel } from './kernel-host.ts'
import { keepMemorySmall } from './memory.ts'
import { openInput, type OpenedInput } from './open-input.ts'
import type { PoolTask } from './pool.ts'
import { Progress } from './progress.ts'
import { runTask, type Range, type TaskResult } from './task.ts'
import { zoneClock } from './zone.ts'

/** Below this many bytes for each a second thread costs more than it saves. */
const WORTH_A_THREAD = 128 << 20
/** From here on it pays to tell V8 (which then no longer takes code from its cache). */
const LARGE = 32 << 20
/** Compressed logs unpack to about this many times their size. */
const UNPACKED = 8
/** More threads than this wait for memory and disk. Of two processors that share a core the second one gains nothing, at
 *  40 MB of memory (measured, 1 GB): half of them are used. */
const MOST_THREADS = 4

/** Reads every input into one evidence. An input that fails is in `errors`; what was read before stays.
 *  Throws RangeError for an unusable format, log_format or zone: nothing was read then. */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const parsers = choose(options)
  zoneClock(options.timezone)
  const opened = inputs.map((path) => openInput(path))
  const bytes = opened.reduce((sum, input) => sum + weight(input), 0)
  const jobs = options.jobs ?? Math.min(Math.ceil(availableParallelism() / 2), MOST_THREADS)
  if (bytes > LARGE || opened.some((input) => input.kind === 'stream' && input.size === null)) keepMemorySmall()
  const threads = Math.max(1, Math.min(jobs, Math.floor(bytes / WORTH_A_THREAD)))
  const progress = new Progress(opened, options.onProgress)
  const parts: Part[] = []
  for (const [i, input] of opened.entries()) {
    const path = inputs[i] as string
    const ranges = await rangesOf(input, Math.round((threads * weight(input)) / Math.max(1, bytes)), parsers)
    parts.push({ name: path === '-' ? 'stdin' : path, input, ranges })
  }
  await prepareKernel()
  const joiner = new Joiner(parts, parsers, () => options.signal?.aborted === true)
  await read(joiner, options, threads, parsers, progress)
  // Ctrl-C ends the program at the other end of a pipe, too: its end may be seen before the signal, which is taken from
  // the loop's next turn.
  for (let turn = 0; turn < 2 && options.signal !== undefined; turn++) await new Promise(setImmediate)
  const joined = joiner.finish(options.timezone !== null)
  return { ...joined, partial: options.signal?.aborted === true, read: progress.state() }
}

const weight = (input: OpenedInput): number =>
  input.kind === 'refused' || input.size === null ? 0 : input.kind === 'file' ? input.size : input.size * UNPACKED

async function rangesOf(input: OpenedInput, parts: number, parsers: readonly Parser[]): Promise<Range[]> {
  const whole: Range[] = [{ from: 0, to: null }]
  if (input.kind !== 'file' || parts < 2) return whole
  const { cut } = await import('./ranges.ts')
  return cut(input.path, input.size, parts, parsers)
}

async function read(
  joiner: Joiner,
  options: ScanOptions,
  threads: number,
  parsers: readonly Parser[],
  progress: Progress,
): Promise<void> {
  const { since, until, signal, format, logFormat, timezone } = options
  const stopped = (): boolean => signal?.aborted === true
  const tasks = joiner.tasks.flatMap(({ id, name, input, range }): PoolTask[] => {
    if (input.kind === 'refused') return []
    const onProgress = (done: number): void => progress.at(id, done)
    const here = async (): Promise<TaskResult | null> => {
      const shift = zoneClock(timezone).follow()
      const context = { parsers, shift, since, until, onProgress, stopped, signal }
      return stopped() ? null : runTask(input, name, range, context)
    }
    return [{ id, path: input.path, name, range, here, elsewhere: name !== 'stdin' && input.size !== null, onProgress }]
  })
  const { runTasks } = await import('./pool.ts')
  const settings = { format, logFormat, timezone, since, until }
  await runTasks(tasks, Math.min(threads, tasks.length), settings, signal, (id, result) => joiner.put(id, result))
}
