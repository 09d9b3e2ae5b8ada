/** What one thread reads by itself: an input, or a part of a large file. */
import { closeSync, openSync, read, readSync } from 'node:fs'
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

/** One piece is read while the one before it is looked at. Larger ones do not stay in the processor's cache, for smaller
 *  ones the turns in between cost more (measured: 256 KiB 2.30 s/GB, 512 KiB 2.10, 1 MiB 2.04, one after the other 2.19). */
const CHUNK = 1 << 20
/** The beginning of a file is read in pieces of this size, at once: most logs are short, and memory and threads that are
 *  used for the first time cost more than turns (1 MB: 250 pages of memory and four threads less). */
const FIRST = 1 << 17

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

/** Every megabyte gives the event loop a turn: signals and messages are handled there. */
async function readRange(
  path: string,
  { from, to }: Range,
  feeder: LineFeeder,
  onProgress: TaskContext['onProgress'],
  stopped: () => boolean,
): Promise<void> {
  const fd = openSync(path, 'r')
  let pending: Promise<Buffer> = Promise.resolve(Buffer.alloc(0))
  try {
    const first = Buffer.allocUnsafeSlow(FIRST)
    let at = from
    while (at - from < CHUNK) {
      const n = readSync(fd, first, 0, roomFor(first, at, to), at)
      if (n === 0) return
      at += n
      feeder.push(first.subarray(0, n))
      onProgress(at - from)
    }
    buffers.read(at - from)
    await new Promise(setImmediate)
    let [now, next] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)]
    pending = readInto(fd, now, at, to)
    while (!stopped()) {
      const piece = await pending
      if (piece.length === 0) break
      at += piece.length
      ;[now, next] = [next, now]
      pending = readInto(fd, now, at, to)
      // Looked at when its turn comes; that it failed must not end the program before.
      pending.catch(() => undefined)
      feeder.push(piece)
      onProgress(at - from)
      buffers.read(piece.length)
    }
  } finally {
    // The descriptor must not be another file's while it is read.
    await pending.catch(() => undefined)
    closeSync(fd)
  }
}

/** What is at `at`, up to `to`; empty at the end. */
function readInto(fd: number, into: Buffer, at: number, to: number | null): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, roomFor(into, at, to), at, (error, n) => (error ? reject(error) : resolve(into.subarray(0, n))))
  })
}

const roomFor = (into: Buffer, at: number, to: number | null): number =>
  to === null ? into.length : Math.min(into.length, to - at)
