/** What passes between the steps of reading one record. */
import type { Unwrapped } from '../../parsers/envelopes/unwrap.ts'
import type { Evidence } from '../diagnosis/contract.ts'
import type { OnEvents } from './reader.ts'

/** Where the records of a chunk go. */
export interface Sink {
  evidence: Evidence
  onEvents: OnEvents | null
  final: boolean
}

/** The lines of a record, and the index of their end. */
export interface Read {
  lines: number
  newline: number
}

/** A record's text and where it stands. */
export interface Found {
  /** Without envelopes and colours. */
  text: string
  /** What is shown when nothing reads it. */
  raw: string
  line: number
  offset: number
  lines: number
  wrapped: Unwrapped | null
}
