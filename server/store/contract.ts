/** Public surface of the store: what the rest of the server may ask of it. No SQL above this line: dimensions and measures
 *  are enums, quantiles come from the histograms of diagnosis/histogram.ts, so that they merge and are the same number on
 *  every engine. One method per question, named for it; test/store/suite.ts is what every implementation has to answer. */
import type { EventKind, Evidence, Exemplar, Finding, InputSummary } from '../diagnosis/contract.ts'
import type { Event } from '../../parsers/event.ts'
import type { EventRun } from '../../parsers/event-run.ts'
import type { Breakdown, EventPage, Quantiles, Series } from '../http/wire.ts'

export type { Breakdown, Quantiles } from '../http/wire.ts'

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
  /** More of them, in columns; a row's `seq` is `offset` and the place of its line, and none has one that `events` have.
   *  Both are in the order of `seq`, and numbered in it together. */
  repeated?: { run: EventRun; offset: number } | null
  /** The same records folded, for the per-minute slabs. Its observations count the events and nothing else;
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
  /** Absent: nothing was ever said of it, nor held back. */
  told?: Told
  /** Absent: nobody decided anything about it that still holds. */
  hand?: Hand
  /** How many notes are on it; the store counts them, and takes no other number. Absent: none. */
  notes?: number
}

/** What a person decided. `until`: epoch ms; `regressed`: until it has ended and comes back; null: until it is unmuted. */
export type Hand = { is: 'muted'; until: number | 'regressed' | null } | { is: 'resolved' }

/** One step of a problem's life, or a note. */
export interface HistoryRow {
  id: number
  /** Epoch ms. */
  at: number
  what: ProblemRow['state'] | 'unmuted' | 'resolved-by-hand' | 'reopened' | 'note'
  /** Of a note, what it says; of `muted`, until when, as JSON of Hand's `until`; of `resolved`, how (`endedBy` of alerts). */
  text: string | null
}

/** What the receivers were told of a problem. Times are epoch ms. */
export interface Told {
  /** When its beginning was last announced; null: never. */
  opened_at: number | null
  /** When anything was last said. */
  last_at: number | null
  /** Name of the rule that announced it: the end goes where the beginning went. */
  rule: string
  /** Reason of alerts/contract.ts for which its beginning is held back; null: nothing is. */
  held: string | null
  /** It was announced within its cooldown already, since it came back. */
  returned?: boolean
}

/** A message that must reach a receiver; written in the transaction that changes the problem. */
export interface OutboxRow {
  id: string
  /** A problem, `source:PATH`, or `group` for what says something of several. */
  problem_id: string
  /** Name of the receiver. */
  channel: string
  /** MessageType of alerts/contract.ts. */
  type: string
  /** Why it is sent (Reason of alerts/contract.ts), and the name of the rule that says so. */
  reason: string
  rule: string
  body: string
  created_at: number
  attempts: number
  last_attempt_at: number | null
  delivered_at: number | null
  /** Given up; `last_error` says why. */
  dead_at: number | null
  /** Sent again by hand: its age counts from then. */
  replayed_at: number | null
  last_error: string | null
}

/** What became of an attempt, at epoch ms `at`. */
export type DeliveryResult =
  | { delivered_at: number }
  | { error: string; at: number }
  /** Given up. `attempted`: it was tried once more before. */
  | { dead_at: number; error: string; attempted: boolean }

export type DeliveryState = 'waiting' | 'delivered' | 'dead'
export interface DeliveryQuery {
  cursor: string | null
  limit: number
  state: DeliveryState | null
  channel: string | null
  /** Made in [from, to), epoch ms; absent: whenever. */
  from?: number
  to?: number
}

/** A receiver that answered that there is nothing at its address any more. */
export interface GoneReceiver {
  name: string
  /** Hash of its settings then: with other settings it is tried again. */
  address: string
  /** Epoch ms. */
  since: number
  reason: string
}

/** What is known of how a source writes, for telling that it fell silent. Times are epoch ms. */
export interface WatchedSource {
  path: string
  /** When it was first looked at. */
  since: number
  /** When lines of it were last read. */
  last_line: number | null
  /** Longest pause between lines, ms, by day (days since 1970), the newest eight days. */
  pauses: [day: number, ms: number][]
  /** Since when it cannot be read. */
  broken_since: number | null
  /** What was said and not taken back. */
  told: 'silent' | 'unreadable' | null
}

/** What counts can be told apart by. `server`, `path` and `upstream` are the parts of a scope; `status_class` is `4xx`. */
export const DIMENSIONS = ['server', 'path', 'upstream', 'kind', 'status_class'] as const
export type Dimension = (typeof DIMENSIONS)[number]
/** What has a length, in seconds. */
export const MEASURES = ['handshake_latency', 'session_length'] as const
export type Measure = (typeof MEASURES)[number]

/** Which counts: those that have all of these values. A member that is absent stands for any, null for "not known". */
export interface Where {
  server?: string | null
  path?: string | null
  upstream?: string | null
  /** `request`: an ordinary request that failed. */
  kind?: EventKind | 'request'
  status_class?: string | null
}

/** Times in epoch ms, [from, to), widened to whole steps; never more than 1,500 steps. */
export interface BreakdownQuery {
  from: number
  to: number
  stepSeconds: number
  /** Null: all in one group. */
  by: Dimension | null
  where: Where
}
export interface QuantilesQuery {
  measure: Measure
  from: number
  to: number
  /** Null: one answer for the whole range. */
  stepSeconds: number | null
  /** 0 to 1. */
  quantiles: readonly number[]
  where: Pick<Where, 'server' | 'path' | 'upstream'>
}
/** How the store is. */
export interface StoreState {
  /** Size of the database, and what of it is free for what comes next. */
  bytes: number
  free_bytes: number
  /** Why nothing can be stored now, as one line; null when the last commit succeeded. */
  trouble: string | null
  /** Places that have counts of their own, how many can have, and how often something happened at one that found no room
   *  and is counted as `(other)`. */
  places: number
  max_places: number
  other: number
  /** About how many different paths those had: right to 3 %, and at least so many (floods are not looked at line by line). */
  other_paths: number
  /** Blocks of events that were found damaged since the start. */
  damaged_blocks: number
  /** What was moved away at the start because it belonged to another file, one sentence; null when nothing was. */
  set_aside: string | null
}

export interface Store {
  positions(): SourcePosition[]
  commit(batch: Batch): CommitResult
  /** Evidence of [from, to) in epoch ms, merged from the per-minute slabs. */
  evidence(from: number, to: number): Evidence
  /** `lifetimes` of the same evidence alone: a tenth of the work. */
  lifetimes(from: number, to: number): Evidence['lifetimes']
  /** Inputs read so far, for reports and blind spots. */
  inputs(): InputSummary[]
  series(from: number, to: number, stepSeconds: number): Series
  /** Newest first; `cursor` from the page before. */
  events(query: { cursor: string | null; limit: number }): EventPage
  problems(): ProblemRow[]
  /** Saves changed problems, their outgoing messages and what is known of sources in one transaction. Messages to one
   *  receiver keep their order also when the clock was set back. */
  saveProblems(changed: ProblemRow[], messages: OutboxRow[], watched?: readonly WatchedSource[]): void
  /** What became of a problem and what was noted, the oldest first; bounded. `saveProblems` writes it. */
  history(problem: string): HistoryRow[]
  /** False: it has as many notes as one may have. */
  addNote(problem: string, at: number, text: string): boolean
  /** False: there is no such note on it. */
  deleteNote(problem: string, note: number): boolean
  watchedSources(): WatchedSource[]
  /** Messages that wait, the oldest first; of one receiver when it is named. */
  undelivered(limit: number, channel?: string): OutboxRow[]
  /** Names of receivers that messages wait for. */
  awaited(): string[]
  markDelivery(id: string, result: DeliveryResult): void
  /** The newest earlier message to the same receiver about the same problem was given up, so this one makes no sense. */
  followsDead(id: string): boolean
  /** Messages of all states, the newest first. */
  deliveries(query: DeliveryQuery): { rows: OutboxRow[]; next_cursor: string | null }
  delivery(id: string): OutboxRow | null
  /** Messages to the same receiver that were made after this one, and no longer wait, the oldest first. */
  laterDeliveries(id: string, limit: number): OutboxRow[]
  /** Makes messages wait again, at epoch ms `at`. */
  replay(ids: readonly string[], at: number): void
  /** How many messages wait and how many were given up. */
  outboxCounts(): { waiting: number; dead: number }
  goneReceivers(): GoneReceiver[]
  setGone(receiver: GoneReceiver): void
  forgetGone(name: string): void
  /** Occurrences of a problem's observations per step, for sparklines: server+path+upstream of its scope. */
  sparkline(finding: Finding, from: number, to: number, steps: number): number[]
  counts(query: BreakdownQuery): Breakdown
  quantiles(query: QuantilesQuery): Quantiles
  /** Deletes what is older than `before` (epoch ms), and the oldest hours while there is more than `maxBytes`. One small
   *  step; returns true while there is more. Up to five lines of proof per place stay. */
  expire(before: number, maxBytes?: number): boolean
  /** Sums up minutes and packs events, one small step; returns true while there is more. What is asked meanwhile is
   *  answered all the same. */
  tidy(): boolean
  state(): StoreState
  close(): void
}

/** What `halfopen db check` found. */
export interface DatabaseCheck {
  database: string
  /** Of the form of the file; the next start of `serve` brings an older one up to date. */
  version: number
  current_version: number
  /** A server writes to it now. */
  in_use: boolean
  bytes: number
  free_bytes: number
  /** False: a file of before it could give room back; `halfopen db compact` changes that. */
  shrinks: boolean
  events: number
  /** Minutes that have counts. */
  minutes: number
  places: number
  problems: number
  sources: number
  /** One line each; none: all is well. */
  faults: string[]
}

export { backupDatabase } from './sqlite/backup.ts'
export { checkDatabase } from './sqlite/check.ts'
export { compactDatabase } from './sqlite/compact.ts'
export { openSqliteStore } from './sqlite/store.ts'
export { StoreError } from './store-error.ts'
