/** Public surface of scan/: whole inputs in, evidence out. */
import type { Evidence, InputSummary } from '../diagnosis/contract.ts'
import type { Tried } from './nearest.ts'

export interface ScanOptions {
  /** Forced parser id, or null for detection. */
  format: string | null
  /** nginx log_format texts, tried before the known formats. */
  logFormat: string | readonly string[] | null
  /** IANA zone or offset for stamps without one; null: the machine's. */
  timezone: string | null
  since: number | null
  until: number | null
  onProgress: ((done: number, total: number | null) => void) | null
  /** Threads that read; null: one for two processors, up to four. */
  jobs?: number | null
  /** Aborted: reading stops after the chunk at hand, and what was read so far is the result. */
  signal?: AbortSignal
}

/** A failure that concerns one input: the rest goes on. */
export interface InputError {
  path: string
  /** not-found, permission-denied, is-a-directory, … */
  code: string
  /** One line: what, where, what to do. */
  message: string
}

/** An input of which no line could be read. */
export interface UnreadInput {
  path: string
  /** The first line, without its envelopes; masked. */
  line: number
  text: string
  tried: Tried[]
}

export interface ScanResult {
  evidence: Evidence
  inputs: InputSummary[]
  errors: InputError[]
  /** Of inputs of which nothing was read: what the parsers made of the first line. */
  unread: UnreadInput[]
  /** Reading was stopped before the end of the inputs. */
  partial: boolean
  /** Bytes read of all inputs together, compressed ones as they lie on disk; `total` is null when one has no known size. */
  read: { done: number; total: number | null }
  /** Inputs that were not opened any more. */
  left: string[]
}

export { choose } from './choose.ts'
export { explainInput, explainText, type Explanation } from './explain.ts'
export { nearestOf, type Tried } from './nearest.ts'
export { scanInputs } from './scan.ts'
export { findInputs, processEnvironment, type FoundInputs } from './inputs.ts'
export { openInput, type OpenedInput } from './open-input.ts'
export { OLD_FOLDERS } from './old-folders.ts'
export { withoutCopies } from './sets.ts'
export type { Wrapping } from './found.ts'
export { prepareKernel } from './kernel-host.ts'
export { HeapWatch, keepMemorySmall } from './memory.ts'
export { RecordReader } from './reader.ts'
export { optionProblem, readRecords } from './records.ts'
export { wallClock, zoneClock, zoneShift, type Shift } from './zone.ts'
export { unreadSummary } from './summary.ts'
