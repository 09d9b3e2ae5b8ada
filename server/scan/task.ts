/** What one thread reads by itself: an input, or a part of a large file. */
import { closeSync, openSync, readSync } from 'node:fs'
import { emptyEvidence } from '../diagnosis/contract.ts'
import type { Evidence, InputSummary } from '../diagnosis/contract.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { InputError } from './contract.ts'
import { systemError } from './input-errors.ts'
import { LineFeeder } from './lines.ts'
import { BufferWatch } from './memory.ts'
import type { OpenedInput } from './open-input.ts'
import { RecordReader } from './reader.ts'
import { untilAborted } from './until-aborted.ts'

/** Bytes [from, to) of a plain file, cut at line ends; the end may have moved on for a live log when `to` is null. */
export interface Range {
  from: number
  to: number | null
}

export interface TaskResult {
  evidence: Evidence
  summary: InputSummary
  /** Parser id → lines it read. */
  formats: ReadonlyMap<string, number>
  /** The first line that nothing read, as the parsers got it. */
  firstMiss: string | null
  error: InputError | null
  /** It was read to its end. */
  whole: boolean
}

export interface TaskContext {
  parsers: readonly Parser[]
  shift: (wall: number) => number
  since: number | null
  until: number | null
  /** Bytes of this task that were read so far, as they lie on disk. */
  onProgress: (done: number) => void
  stopped: () => boolean
  /** Ends the wait for input that does not come. */
  signal: AbortSignal | undefined
}

const CHUNK = 1 << 18
/** Signals and messages are only handled between turns of the event loop: it gets one after this many chunks. */
const CHUNKS_PER_TURN = 64

/** One for all inputs of a thread: its context stays. */
const buffers = new BufferWatch()

/** Never throws for what is in the input: a failure is in `error`, what was read before stays. */
export async function runTask(
  input: Exclude<OpenedInput, { kind: 'refused' }>,
  name: string,
  range: Range,
  context: TaskContext,
): Promise<TaskResult> {
  const { parsers, shift, since, until, onProgress, stopped, signal } = context
  const reader = new RecordReader({ path: name, parsers, shift, since, until })
  const evidence = emptyEvidence()
  const feeder = new LineFeeder((bytes, final) => reader.read(bytes, reader.summary.lines + 1, evidence, null, final))
  let error: InputError | null = null
  try {
    if (input.kind === 'file') await readRange(input.path, range, feeder, onProgress, stopped)
    else
      for await (const chunk of untilAborted(input.chunks, signal)) {
        feeder.push(chunk)
        onProgress(input.consumed())
        buffers.read(chunk.length)
      }
  } catch (cause) {
    error = systemError(input.path, cause)
  }
  // What is behind the last line end of an input that goes on is no whole line.
  const whole = !stopped()
  if (whole) feeder.end()
  reader.finish()
  if (input.kind === 'stream') error ??= input.problem()
  const { summary, detection } = reader
  return { evidence, summary, formats: detection.formats, firstMiss: detection.firstMiss, error, whole }
}

/** Synchronous reads: a file comes as fast as the disk gives it, and nothing else is to be done meanwhile. Pieces of
 *  256 KiB stay in the processor's cache while they are read: with 1 MiB a scan of 1 GB takes a fifth longer. */
async function readRange(
  path: string,
  { from, to }: Range,
  feeder: LineFeeder,
  onProgress: TaskContext['onProgress'],
  stopped: () => boolean,
): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    let at = from
    for (let turn = 1; !stopped(); turn++) {
      const n = readSync(fd, buffer, 0, to === null ? CHUNK : Math.min(CHUNK, to - at), at)
      if (n === 0) break
      feeder.push(buffer.subarray(0, n))
      at += n
      onProgress(at - from)
      buffers.read(n)
      if (turn % CHUNKS_PER_TURN === 0) await new Promise(setImmediate)
    }
  } finally {
    closeSync(fd)
  }
}
