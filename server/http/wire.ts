/** Everything that goes over the wire between the service and its dashboard. Types only; times are ISO 8601 UTC. */
import type { BlindSpot, Finding, InputSummary, Report, Severity } from '../diagnosis/contract.ts'

export type {
  Alternative,
  BlindSpot,
  Directive,
  Finding,
  Fix,
  InputSummary,
  Report,
  Severity,
  Totals,
} from '../diagnosis/contract.ts'

/** A finding that lives on. `new`: first live occurrence within the last hour; `imported`: seen only in history. */
export type ProblemState = 'new' | 'ongoing' | 'resolved' | 'regressed' | 'muted' | 'imported'

export interface Problem {
  id: string
  state: ProblemState
  opened_at: string
  changed_at: string
  resolved_at: string | null
  /** How a resolved problem ended: handshakes succeeded at the same place since (`finding.over` says how many), somebody
   *  said so (`hand`), or it was just not seen again; null while it is not resolved. */
  resolved_by: 'succeeded-since' | 'hand' | 'quiet' | null
  /** Null unless muted. `until`: a time; `regressed`: until it has ended and comes back; null: until it is unmuted. */
  muted: { until: string | null } | null
  /** How many notes are on it. */
  notes: number
  /** Why nothing can be said of it at the moment: a log that showed it cannot be read. One sentence. */
  held: string | null
  finding: Finding
  /** Occurrences over the last 24 h in 48 half-hour steps, oldest first. */
  sparkline: number[]
}

/** GET problems/ID/history, the oldest first. */
export interface ProblemHistory {
  entries: {
    id: number
    at: string
    what: ProblemState | 'unmuted' | 'resolved-by-hand' | 'reopened' | 'note'
    /** Of `muted`, as in Problem; else null. */
    until: string | null
    /** Of `resolved`; else null. */
    resolved_by: 'succeeded-since' | 'quiet' | null
    /** Of `note`; else null. As it was written. */
    text: string | null
  }[]
}

/** One step of the trend. */
export interface Bucket {
  /** Start of the step. */
  time: string
  handshakes_ok: number
  /** status → failed handshakes; `"0"` when no status is known. */
  handshakes_failed: Record<string, number>
  /** `abnormal_closure`, `upstream_reset`, `client_closed`, `session_closed` → count */
  closures: Record<string, number>
  /** `upstream_timeout`, `upstream_refused` → count */
  timeouts: Record<string, number>
  requests: number
}

/** GET series?from&to&step */
export interface Series {
  from: string
  to: string
  step_seconds: number
  buckets: Bucket[]
}

/** GET series?metric=events&by&… */
export interface Breakdown {
  /** What was counted, ISO 8601: the range asked for in whole steps. */
  from: string
  to: string
  step_seconds: number
  /** The 20 with the highest counts, then `(other)`, which says in `values` how many it stands for. `n`: one per step. Of
   *  paths it holds those that found no room in the database too, whose number is estimated, for the whole retention. */
  groups: { value: string | null; values: number; n: number[] }[]
}

/** GET series?metric=session_length&quantiles&… */
export interface Quantiles {
  from: string
  to: string
  step_seconds: number
  /** `values` in seconds, in the order asked for; null when nothing was measured. */
  steps: { time: string; count: number; values: (number | null)[] }[]
}

/** GET lengths?from&to&… */
export interface SessionLengths {
  from: string
  to: string
  count: number
  /** Sessions from `from` up to `to` seconds long. Narrow where timeouts are, wide behind; only up to the longest. */
  bars: { from: number; to: number; count: number }[]
  /** Lengths at which many ended within a few tenths of a second, the strongest first. */
  peaks: {
    seconds: number
    count: number
    /** What is known to end sessions after that time, one phrase each, the surest first. */
    matches: string[]
  }[]
}

/** GET events?cursor&limit, and SSE `event` messages: newest first in the list. */
export interface EventRow {
  id: number
  time: string | null
  kind: string
  sign: string
  server: string | null
  path: string | null
  upstream: string | null
  status: number | null
  client: string | null
  source: string
  line: number | null
  /** Masked log text. */
  text: string
}
export interface EventPage {
  events: EventRow[]
  next_cursor: string | null
}

/** GET sources */
export interface SourceState extends InputSummary {
  state: 'reading' | 'idle' | 'missing' | 'unreadable'
  /** Bytes not read yet, as far as they can be seen: of a container, those that have arrived. */
  lag_bytes: number
  /** 0 when everything was read, else the age of the newest line that was, s; null when that cannot be told. */
  lag_seconds: number | null
  /** What to do when the state is not good; one sentence. */
  hint: string | null
  last_read_at: string | null
}
export interface Sources {
  sources: SourceState[]
  blind_spots: BlindSpot[]
  /** Places that were looked at when no input was named. */
  searched: { path: string; found: string }[]
  /** What cannot be read or used now, one sentence each. */
  notices: string[]
}

/** GET problems/ID/context?source&line: masked lines of the log around one of the evidence. */
export interface ContextLines {
  source: string
  lines: { line: number; text: string }[]
}

/** GET config: the nginx configuration that halfopen was told of. */
export interface ConfigState {
  /** As it was named; null when none was. */
  path: string | null
  /** Newest change of its files; null for the output of `nginx -T`. */
  changed_at: string | null
  /** Why what is on disk now cannot be used. */
  notice: string | null
  files: { path: string; lines: number }[]
  /** What in it is missing or wrong. */
  problems: { file: string; line: number; message: string }[]
}

/** GET config/serves?url (or problem): which block answers this address. */
export interface ServedBy {
  /** What was asked for; of a problem the address its clients use, as far as that is known. */
  url: string
  /** How to ask it on the command line. */
  command: string
  server: string
  path: string
  /** Null when the configuration does not serve it, or the choice is not certain. */
  block: ServingBlock | null
}
export interface ServingBlock {
  /** `location /ws/` */
  context: string
  file: string
  line: number
  proxy_pass: string | null
  proxy_http_version: string | null
  /** Seconds; null: nginx's 60. */
  proxy_read_timeout: number | null
  proxy_send_timeout: number | null
  /** What reaches the backend after inheritance; secrets are masked. */
  set_headers: { name: string; value: string; file: string; line: number }[]
  backend: string | null
  /** The lines of the file from `line` on, secrets masked. */
  text: { line: number; text: string }[]
}

/** GET config/lint: what `halfopen lint` says of the configuration, the worst first. */
export interface ConfigLint {
  /** Blocks that pass requests on, and those of them that show signs of WebSockets. */
  places: number
  sockets: number
  /** Findings that a comment told to leave out, and those that are left out here because there are too many. */
  ignored: number
  more: number
  findings: LintedLine[]
}
export interface LintedLine {
  rule: string
  severity: Severity
  title: string
  message: string
  file: string
  /** From 1; 0: the file as a whole. */
  line: number
  /** The line as it stands, secrets masked. */
  text: string
  /** Lines to write instead; null: only a person can tell. */
  fix: string | null
  docs: string | null
}

/** POST config/probe?url and POST config/prove?url (or problem): a line of JSON for each step, as it is done. The last one is a
 *  `result` or an error. */
export type RunLine = { started: RunStarted } | { step: RunStep } | { result: RunResult } | ErrorReply
export interface RunStarted {
  what: 'probe' | 'prove'
  /** What is asked, and where, as a sentence. */
  text: string
  /** The same on the command line. */
  command: string
}
export interface RunStep {
  /** Which side or which configuration: proxy, backend; before, after the patch. */
  of: 'proxy' | 'backend' | 'before' | 'after'
  verdict: 'ok' | 'info' | 'warning' | 'failed'
  title: string
  /** A line each. */
  seen: string[]
  /** How long it took; null where that says nothing. */
  ms: number | null
}
export interface RunResult {
  ok: boolean
  title: string
  /** A sentence each: causes, limits, the next test. */
  more: string[]
}

/** GET problems */
export interface Problems {
  problems: Problem[]
  /** What cannot be seen; shown next to "no problems". */
  blind_spots: BlindSpot[]
  watching: number
}

/** A receiver of alerts. Its address and keys are nowhere in the API. */
export interface AlertChannel {
  name: string
  /** `slack`, `ntfy`, … */
  type: string
  /** `waiting`: it did not take the last message and is tried again; `refused`: it did not take the last message, which was
   *  given up; `gone`: it said that nothing is there any more. */
  state: 'ready' | 'waiting' | 'refused' | 'gone'
  reason: string | null
  next_attempt_at: string | null
  last_delivered_at: string | null
}

/** The first rule that matches decides. Empty lists and null: any. */
export interface AlertRule {
  name: string
  kinds: string[]
  causes: string[]
  severity: 'critical' | 'error' | 'warning' | 'info'
  confidence: number
  host: string | null
  path: string | null
  upstream: string | null
  rate: { count: number; within_seconds: number } | null
  channels: string[] | null
  send: boolean
  cooldown_seconds: number
  /** The first return within the cooldown is told at once. */
  tells_return: boolean
  remind_every_seconds: number | null
}

/** GET alerts */
export interface Alerts {
  channels: AlertChannel[]
  rules: AlertRule[]
  /** Messages that wait, and those that were given up. */
  waiting: number
  dead: number
}

/** POST alerts/test?channel=NAME */
export interface AlertTest {
  channel: string
  type: string
  delivered: boolean
  /** HTTP status of the answer; null when there was none. */
  status: number | null
  reason: string | null
  took_ms: number
}

/** One message to one receiver. `dead`: given up, `error` says why. */
export interface AlertDelivery {
  id: string
  channel: string
  type: string
  /** Why it was sent, as a name and in words, and by which rule. Of several problems in one: the first. */
  reason: string
  why: string
  rule: string
  problem_ids: string[]
  title: string
  state: 'waiting' | 'delivered' | 'dead'
  attempts: number
  created_at: string
  last_attempt_at: string | null
  delivered_at: string | null
  error: string | null
}

/** GET alerts/deliveries?cursor&limit&state&channel&from&to, the newest first; POST alerts/deliveries/ID/replay: what is sent again. */
export interface AlertDeliveries {
  deliveries: AlertDelivery[]
  next_cursor: string | null
}

/** GET alerts/preview?days: what the rules would have sent for what is stored, in steps of 10 minutes. */
export interface AlertPreview {
  from: string
  to: string
  step_seconds: number
  total: number
  /** Problems that were not gone through because there are too many. */
  left_out: number
  /** Empty when there is no receiver; then the messages are those of one that is told everything, and their channel is ''. */
  channels: { name: string; n: number }[]
  rules: { name: string; n: number }[]
  /** In the order of time; the last 200. */
  messages: (Pick<AlertDelivery, 'channel' | 'type' | 'reason' | 'why' | 'rule' | 'problem_ids' | 'title'> & {
    time: string
  })[]
}

/** POST share?form=markdown|html: what to hand on. The answer is a file of that form, with words in place of addresses, host
 *  names and users. */
export interface ShareBody {
  findings: Finding[]
}

/** GET problems/ID → Problem. GET report?from&to → Report. */
export type ReportReply = Report

/** Server-Sent Events at BASE/api/v1/stream: `event:` name → data. A comment line every 15 s is the heartbeat. */
export interface StreamMessages {
  /** A problem opened or changed. */
  problem: Problem
  /** Minutes that changed since the last message, at one-minute step. */
  series: Bucket[]
  event: EventRow
  source: SourceState
  /** Sent first: lets the page notice a restarted or upgraded server. Sent again with `skipped` when messages were left
   *  out because the page read too slowly or was away too long: read everything again. */
  hello: { version: string; started_at: string; skipped?: number }
}

/** Every error answer: status 4xx/5xx with this body. */
export interface ErrorReply {
  error: { code: string; message: string; hint: string | null }
}
