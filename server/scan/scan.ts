/** Whole inputs in, evidence out. One buffer, reused; memory does not grow with the input. */
import { closeSync, openSync, readSync } from 'node:fs'
import { emptyEvidence } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'
import { choose } from './choose.ts'
import type { InputError, ScanOptions, ScanResult } from './contract.ts'
import { systemError } from './input-errors.ts'
import { LineFeeder } from './lines.ts'
import { unreadInput } from './nearest.ts'
import { openInput, type OpenedInput } from './open-input.ts'
import { RecordReader } from './reader.ts'
import { untilAborted } from './until-aborted.ts'
import { zoneShift } from './zone.ts'

const CHUNK = 1 << 20
/** Signals are only handled between turns of the event loop: it gets one after this many chunks. */
const CHUNKS_PER_TURN = 32

/** Reads every input into one evidence. An input that fails is in `errors`; what was read before stays.
 *  Throws RangeError for an unusable format, log_format or zone: nothing was read then. */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const parsers = choose(options)
  const shift = zoneShift(options.timezone)
  const { since, until, signal } = options
  const result: ScanResult = {
    evidence: emptyEvidence(),
    inputs: [],
    errors: [],
    unread: [],
    partial: false,
    read: { done: 0, total: null },
    left: [],
  }
  const opened = inputs.map((path) => ({ path, input: openInput(path) }))
  const progress = new Progress(
    opened.map(({ input }) => input),
    options.onProgress,
  )
  const readers: RecordReader[] = []
  for (const { path, input } of opened) {
    if (signal?.aborted) {
      result.left.push(path)
      continue
    }
    const reader = new RecordReader({ path: path === '-' ? 'stdin' : path, parsers, shift, since, until })
    const error =
      input.kind === 'refused' ? input.error : await scanOne(input, reader, result.evidence, progress, signal)
    if (error !== null) result.errors.push(error)
    readers.push(reader)
    if (error === null || reader.summary.lines > 0) result.inputs.push(reader.summary)
  }
  // At the end: explaining takes its time, and makes the engine's code for the matchers more general.
  for (const { summary, detection } of readers)
    result.unread.push(...unreadInput(summary, detection.firstMiss, parsers))
  // Ctrl-C ends the program at the other end of a pipe, too: its end may be seen before the signal, which is taken from
  // the loop's next turn.
  for (let turn = 0; turn < 2 && signal !== undefined; turn++) await new Promise(setImmediate)
  result.read = progress.state()
  result.partial = signal?.aborted === true
  return result
}

async function scanOne(
  input: Exclude<OpenedInput, { kind: 'refused' }>,
  reader: RecordReader,
  evidence: Evidence,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<InputError | null> {
  const feeder = new LineFeeder((bytes, final) => reader.read(bytes, reader.summary.lines + 1, evidence, null, final))
  try {
    if (input.kind === 'file') await readFile(input.path, feeder, progress, signal)
    else
      for await (const chunk of untilAborted(input.chunks, signal)) {
        feeder.push(chunk)
        progress.at(input.consumed())
      }
  } catch (error) {
    feeder.end()
    reader.finish()
    return systemError(input.path, error)
  }
  // What is behind the last line end of an input that goes on is no whole line.
  if (signal?.aborted !== true) feeder.end()
  reader.finish()
  progress.next()
  return input.kind === 'stream' ? input.problem() : null
}

/** Synchronous reads: a file comes as fast as the disk gives it, and nothing else is to be done meanwhile. */
async function readFile(
  path: string,
  feeder: LineFeeder,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    let done = 0
    for (
      let n = readSync(fd, buffer, 0, CHUNK, null), turn = 1;
      n > 0 && signal?.aborted !== true;
      n = readSync(fd, buffer, 0, CHUNK, null), turn++
    ) {
      feeder.push(buffer.subarray(0, n))
      done += n
      progress.at(done)
      if (turn % CHUNKS_PER_TURN === 0) await new Promise(setImmediate)
    }
  } finally {
    closeSync(fd)
  }
}

/** Bytes read of all inputs together. */
class Progress {
  private before = 0
  private current = 0
  private readonly total: number | null
  private readonly report: ScanOptions['onProgress']

  constructor(inputs: readonly OpenedInput[], report: ScanOptions['onProgress']) {
    this.report = report
    this.total = inputs.reduce<number | null>((sum, input) => {
      if (input.kind === 'refused' || sum === null) return sum
      return input.size === null ? null : sum + input.size
    }, 0)
  }

  at(done: number): void {
    this.current = done
    this.report?.(this.before + done, this.total)
  }

  state(): { done: number; total: number | null } {
    return { done: this.before + this.current, total: this.total }
  }

  next(): void {
    this.before += this.current
    this.current = 0
  }
}
