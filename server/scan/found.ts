/** What passes between the steps of reading one record, and to those who wait for it. */
import type { Unwrapped } from '../../parsers/envelopes/unwrap.ts'
import type { Event } from '../../parsers/event.ts'
import type { EventRun } from '../../parsers/event-run.ts'
import type { EnvelopeId } from '../../parsers/envelopes/envelope.ts'
import type { MissReason } from '../../parsers/parser.ts'
import type { LogRecord, LogTime } from '../../parsers/record.ts'
import type { Evidence, Exemplar } from '../diagnosis/contract.ts'

export type OnEvents = (events: Event[], exemplar: Exemplar, offset: number) => void
/** Once for what was read, before it returns; the run is valid until more is. */
export type OnRun = (run: EventRun) => void
/** Why a line was not read. */
export type Unread = MissReason | 'too-long'
export type OnRecord = (
  record: LogRecord | null,
  line: number,
  raw: string,
  reason: Unread | null,
  wrapping: Wrapping | null,
) => void

/** The envelopes that were around a record or an unread line (`raw` is what was in them), and when they say it was
 *  written. A record has its own time, completed by theirs. */
export interface Wrapping {
  envelope: readonly EnvelopeId[]
  time: LogTime | null
}

/** Where the records of a chunk go. */
export interface Sink {
  evidence: Evidence
  onEvents: OnEvents | null
  onRun: OnRun | null
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
