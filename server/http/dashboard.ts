/** What the HTTP API asks of the rest of halfopen. main.ts hands in the real thing. */
import type { BreakdownQuery, DeliveryQuery, QuantilesQuery, Where } from '../store/contract.ts'
import type { Upload } from '../upload/contract.ts'
import type { Metric } from './metrics.ts'
import type {
  AlertDeliveries,
  AlertPreview,
  Alerts,
  AlertTest,
  Breakdown,
  ConfigLint,
  ConfigState,
  ContextLines,
  EventPage,
  Problem,
  ProblemHistory,
  Problems,
  Quantiles,
  Report,
  RunLine,
  Series,
  ServedBy,
  SessionLengths,
  Sources,
} from './wire.ts'

/** What a person does with a problem. `until`: epoch ms, or as in Problem.muted. */
export type ProblemChange =
  | { what: 'mute'; until: number | 'regressed' | null }
  | { what: 'unmute' | 'resolve' | 'reopen' }
  | { what: 'note'; text: string }
  | { what: 'forget'; note: number }

/** Times in epoch ms, [from, to). */
export interface Dashboard {
  /** Either end may be infinite. */
  report(from: number, to: number): Report
  problems(): Problems
  problem(id: string): Problem | null
  /** Null when there is no such problem. Throws HalfopenError: unknown-note, too-many-notes. */
  change(id: string, change: ProblemChange): Problem | null
  /** Null when there is no such problem. */
  history(id: string): ProblemHistory | null
  series(from: number, to: number, stepSeconds: number): Series
  counts(query: BreakdownQuery): Breakdown
  quantiles(query: QuantilesQuery): Quantiles
  lengths(query: { from: number; to: number; where: Where }): SessionLengths
  events(query: { cursor: string | null; limit: number }): EventPage
  sources(): Sources
  /** Rejects with HalfopenError: unknown-problem, no-context. */
  context(id: string, source: string, line: number): Promise<ContextLines>
  config(): ConfigState
  servedBy(url: URL): ServedBy
  /** Null when the problem names no path. Rejects with HalfopenError: unknown-problem. */
  servesProblem(id: string): Promise<ServedBy | null>
  /** Rejects with HalfopenError: no-nginx-config. */
  lint(): Promise<ConfigLint>
  /** One at a time, bounded in time, ended by `gone`. What is refused is thrown before the first line: no-nginx-config,
   *  not-served, run-busy; of proofs also unknown-problem, nothing-to-prove. */
  probe(url: URL, gone: AbortSignal): AsyncGenerator<RunLine>
  prove(what: { url: URL } | { problem: string }, gone: AbortSignal): AsyncGenerator<RunLine>
  /** The report on logs that are handed in, as JSON text. Rejects with HalfopenError. */
  analyze(upload: Upload): Promise<string>
  alerts(): Alerts
  previewAlerts(days: number): Promise<AlertPreview>
  /** Null when there is no such channel. */
  testAlert(channel: string): Promise<AlertTest | null>
  deliveries(query: DeliveryQuery): AlertDeliveries
  /** What is sent again; null when there is no such message. */
  replay(id: string): AlertDeliveries | null
  /** False until the lines that existed at start are imported. */
  ready(): boolean
  metrics(): Metric[]
}
