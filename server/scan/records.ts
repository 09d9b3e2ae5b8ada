/** One input as records, for `halfopen parse`: the reader of the scan, with nothing folded. */
import { createReadStream } from 'node:fs'
import { emptyEvidence } from '../diagnosis/contract.ts'
import type { InputSummary } from '../diagnosis/contract.ts'
import type { InputError, ScanOptions, UnreadInput } from './contract.ts'
import { systemError } from './input-errors.ts'
import { LineFeeder } from './lines.ts'
import { unreadInput } from './nearest.ts'
import { openInput } from './open-input.ts'
import type { OnRecord } from './found.ts'
import { RecordReader } from './reader.ts'
import { choose, type ChooseOptions } from './choose.ts'
import { zoneClock, zoneShift } from './zone.ts'

export interface RecordsResult {
  summary: InputSummary
  /** The input could not be opened, or ended early. */
  error: InputError | null
  /** Set when nothing of it was read. */
  unread: UnreadInput[]
}

export type RecordOptions = Pick<ScanOptions, 'format' | 'logFormat' | 'timezone'>

/** Reads one input. `onChunk` is called after each chunk whose records were handed over; false stops the reading.
 *  Never throws for what is in the input. */
export async function readRecords(
  path: string,
  options: RecordOptions,
  onRecord: OnRecord,
  onChunk: () => Promise<boolean>,
): Promise<RecordsResult> {
  const parsers = choose({ ...options, plainFormat: true })
  const shift = zoneClock(options.timezone).follow()
  const reader = new RecordReader({ path: path === '-' ? 'stdin' : path, parsers, shift })
  reader.onRecord = onRecord
  const opened = openInput(path)
  if (opened.kind === 'refused') return { summary: reader.summary, error: opened.error, unread: [] }
  const chunks: AsyncIterable<Buffer> =
    opened.kind === 'stream' ? opened.chunks : createReadStream(path, { highWaterMark: 1 << 20 })
  let unused = emptyEvidence()
  const feeder = new LineFeeder((lines, final) => {
    const done = reader.read(lines, reader.summary.lines + 1, unused, null, final)
    // Counted along, needed by nobody here: dropped so that memory does not grow with the input.
    unused = emptyEvidence()
    return done
  })
  let error: InputError | null = null
  try {
    for await (const chunk of chunks) {
      feeder.push(chunk)
      if (!(await onChunk())) return { summary: reader.summary, error: null, unread: [] }
    }
  } catch (cause) {
    error = systemError(path, cause)
  }
  feeder.end()
  await onChunk()
  if (opened.kind === 'stream') error ??= opened.problem()
  return { summary: reader.summary, error, unread: unreadInput(reader.summary, reader.detection.firstMiss, parsers) }
}

/** Why these options cannot be used, by the name of the command-line option; null when they can. */
export function optionProblem(options: RecordOptions & ChooseOptions): { option: string; reason: string } | null {
  try {
    choose({ ...options, format: null })
  } catch (error) {
    return { option: '--log-format', reason: (error as Error).message }
  }
  try {
    choose(options)
  } catch (error) {
    return { option: '--format', reason: (error as Error).message }
  }
  try {
    zoneShift(options.timezone)
  } catch {
    return {
      option: '--timezone',
      reason: `unknown zone ${JSON.stringify(options.timezone)}; one such as Europe/Berlin, UTC or +02:00`,
    }
  }
  return null
}
