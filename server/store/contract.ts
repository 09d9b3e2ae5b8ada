/** Public surface of the store: what the rest of the server may ask of it. No SQL above this line.
 *  One statement per method, named for the question it answers. */
import type { Evidence, Exemplar, Finding, InputSummary } from '../diagnosis/contract.ts'
import type { Event } from '../../parsers/event.ts'
import type { EventPage, Series } from '../http/wire.ts'

/** How a source is known across renames and restarts, and how far it was read.
 *  `position` is opaque JSON owned by the source. */
export interface SourcePosition {
  /** Random id given at first sight of this generation of the source. */
  generation: string
  path: string
  /** Monotone within a generation: for files, the byte offset after the last committed record. */
  seq: number
  position: string
  summary: InputSummary
}

export interface StoredEvent {
  event: Event
  /** Identity with generation: (generation, seq, ordinal). A replayed batch inserts nothing. */
  seq: number
  ordinal: number
  exemplar: Exemplar
}

/** What was read from one source between two positions. Committed whole or not at all. */
export interface Batch {
  source: SourcePosition
  /** `seq` before this batch; a batch whose `from_seq` is not the stored seq is refused (already applied, or a gap). */
  from_seq: number
  events: StoredEvent[]
  /** The same records folded, for the per-minute slabs. Its observations count `events` and nothing else;
   *  requests, levels, variables and formats are only here. */
  evidence: Evidence
}

export type CommitResult = 'committed' | 'already-applied'

/** A problem as it is kept; the dashboard's Problem is derived from it. Times are epoch ms. */
export interface ProblemRow {
  id: string
  state: 'new' | 'ongoing' | 'resolved' | 'regressed' | 'muted' | 'imported'
  opened_at: number
  changed_at: number
  resolved_at: number | null
  /** Last occurrence that was read live (not history); null when none. */
  last_live: number | null
  /** True from the `problem.opened` message until the `problem.resolved` one: each is sent once per episode, also when
   *  the finding's severity or confidence changes in between. */
  alerted: boolean
  finding: Finding
}

/** A message that must reach a receiver; written in the transaction that changes the problem. */
export interface OutboxRow {
  id: string
  problem_id: string
  channel: string
  /** `problem.opened` | `problem.resolved` */
  type: string
  body: string
  created_at: number
  attempts: number
  delivered_at: number | null
  last_error: string | null
}

export interface Store {
  positions(): SourcePosition[]
  commit(batch: Batch): CommitResult
  /** Evidence of [from, to) in epoch ms, merged from the per-minute slabs. */
  evidence(from: number, to: number): Evidence
  /** Inputs read so far, for reports and blind spots. */
  inputs(): InputSummary[]
  series(from: number, to: number, stepSeconds: number): Series
  /** Newest first; `cursor` from the page before. */
  events(query: { cursor: string | null; limit: number }): EventPage
  problems(): ProblemRow[]
  /** Saves changed problems and their outgoing messages in one transaction. */
  saveProblems(changed: ProblemRow[], messages: OutboxRow[]): void
  undelivered(limit: number): OutboxRow[]
  markDelivery(id: string, result: { delivered_at: number } | { error: string }): void
  /** Occurrences of a problem's observations per step, for sparklines: server+path+upstream of its scope. */
  sparkline(finding: Finding, from: number, to: number, steps: number): number[]
  /** Deletes events and slabs older than the given time, in small steps; returns true while there is more. */
  expire(before: number): boolean
  close(): void
}

export { openSqliteStore } from './sqlite/store.ts'
export { StoreError } from './store-error.ts'
