/** Whole inputs in, evidence out. One buffer, reused; memory does not grow with the input. */
import { closeSync, openSync, readSync } from 'node:fs'
import { Clocks, emptyEvidence } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'
import { choose } from './choose.ts'
import type { InputError, ScanOptions, ScanResult } from './contract.ts'
import { systemError } from './input-errors.ts'
import { LineFeeder } from './lines.ts'
import { openInput, type OpenedInput } from './open-input.ts'
import { RecordReader } from './reader.ts'
import { zoneClock } from './zone.ts'

const CHUNK = 1 << 20
/** Signals are only handled between turns of the event loop: it gets one after this many chunks. */
const CHUNKS_PER_TURN = 32

/** Reads every input into one evidence. An input that fails is in `errors`; what was read before stays.
 *  Throws RangeError for an unusable format, log_format or zone: nothing was read then. */
export async function scanInputs(inputs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const parsers = choose(options)
  const zone = zoneClock(options.timezone)
  const result: ScanResult = { evidence: emptyEvidence(), inputs: [], errors: [] }
  const opened = inputs.map((path) => ({ path, input: openInput(path) }))
  const progress = new Progress(
    opened.map(({ input }) => input),
    options.onProgress,
  )
  const clocks = new Clocks()
  for (const { path, input } of opened) {
    const { since, until } = options
    const shift = zone.follow()
    const reader = new RecordReader({ path: path === '-' ? 'stdin' : path, parsers, shift, since, until })
    const evidence = emptyEvidence()
    const error = input.kind === 'refused' ? input.error : await scanOne(input, reader, evidence, progress)
    if (error !== null) result.errors.push(error)
    if (error !== null && reader.summary.lines === 0) continue
    clocks.add(reader.summary, evidence)
    result.inputs.push(reader.summary)
  }
  result.evidence = clocks.settle(options.timezone !== null) ?? result.evidence
  return result
}

async function scanOne(
  input: Exclude<OpenedInput, { kind: 'refused' }>,
  reader: RecordReader,
  evidence: Evidence,
  progress: Progress,
): Promise<InputError | null> {
  const feeder = new LineFeeder((bytes, final) => reader.read(bytes, reader.summary.lines + 1, evidence, null, final))
  try {
    if (input.kind === 'file') await readFile(input.path, feeder, progress)
    else
      for await (const chunk of input.chunks) {
        feeder.push(chunk)
        progress.at(input.consumed())
      }
  } catch (error) {
    feeder.end()
    reader.finish()
    return systemError(input.path, error)
  }
  feeder.end()
  reader.finish()
  progress.next()
  return input.kind === 'stream' ? input.problem() : null
}

/** Synchronous reads: a file comes as fast as the disk gives it, and nothing else is to be done meanwhile. */
async function readFile(path: string, feeder: LineFeeder, progress: Progress): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    let done = 0
    for (
      let n = readSync(fd, buffer, 0, CHUNK, null), turn = 1;
      n > 0;
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

  next(): void {
    this.before += this.current
    this.current = 0
  }
}
