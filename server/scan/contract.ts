/** Public surface of scan/: whole inputs in, evidence out. */
import type { Evidence, InputSummary } from '../diagnosis/contract.ts'

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
}

/** A failure that concerns one input: the rest goes on. */
export interface InputError {
  path: string
  /** not-found, permission-denied, is-a-directory, … */
  code: string
  /** One line: what, where, what to do. */
  message: string
}

export interface ScanResult {
  evidence: Evidence
  inputs: InputSummary[]
  errors: InputError[]
}

export { choose } from './choose.ts'
export { scanInputs } from './scan.ts'
export { findInputs, processEnvironment } from './inputs.ts'
export { RecordReader, type Wrapping } from './reader.ts'
export { optionProblem, readRecords } from './records.ts'
export { zoneClock, zoneShift, type Shift } from './zone.ts'
export { unreadSummary } from './summary.ts'
