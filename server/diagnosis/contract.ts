/** Public surface of diagnosis: evidence in, findings out. Pure; the clock is never read here. */
import type { Asked, EventKind, Measured, Scope } from '../../parsers/event.ts'
import type { MinuteCounts } from './minute-counts.ts'
import type { SessionEnds } from './session-ends.ts'
import type { SortedCounts } from './sorted-counts.ts'

export type { Asked, EventKind, Scope } from '../../parsers/event.ts'
export type Severity = 'critical' | 'error' | 'warning' | 'info'
export type Layer = 'nginx' | 'application' | 'edge' | 'host' | 'none'

/** A masked line kept as proof. `text` may be a getter: masking costs more than reading, and few lines are kept to the end. */
export interface Exemplar {
  source: string
  /** Line number in that source, from 1; null when the source has none (a live tail after rotation). */
  line: number | null
  text: string
  /** Epoch ms UTC. */
  time: number | null
  /** The same with at most so many characters of text, for texts that are not made yet. */
  shorter?(most: number): Exemplar
}

/** Equal lines counted together: what observations and suspects share. */
export type Occurrences = Pick<Observation, 'count' | 'first' | 'last' | 'minutes' | 'exemplars' | 'clients'>

/** Equal events counted together. Key: scope, sign, kind, status, asked, answered_by. */
export interface Observation {
  scope: Scope
  sign: string
  kind: EventKind
  status: number | null
  asked: Asked | null
  answered_by: 'backend' | 'nginx' | null
  /** True when this only echoes another event; never added to totals. */
  echo: boolean
  count: number
  /** Epoch ms UTC; null when no line of it had a time. */
  first: number | null
  last: number | null
  zone: 'known' | 'assumed'
  /** Events per minute, or per longer bucket where there are many. Untimed events are only in `count`. */
  minutes: MinuteCounts
  /** At most 5: the first three and the last two. */
  exemplars: Exemplar[]
  /** Distinct client addresses, at most 8. */
  clients: Set<string>
}

/** Lengths of upgraded sessions of one scope. Buckets as in histogram.ts: 0.1 s to 600 s, 1 s to 1 h, then logarithmic. */
export interface Lifetimes {
  scope: Scope
  measured_by: Measured
  /** bucket index → sessions */
  buckets: SortedCounts
  exemplars: { bucket: number; exemplar: Exemplar }[]
  first: number | null
  last: number | null
}

/** Requests that did not end in 2xx on a path not known to carry WebSockets. Kept because a path may turn out to be a socket later. */
export interface Suspect {
  scope: Scope
  status: number
  count: number
  first: number | null
  last: number | null
  exemplars: Exemplar[]
  clients: Set<string>
  minutes: MinuteCounts
  answered_by: 'backend' | 'nginx' | null
}

/** What one input was able to show, for the blind spots. */
export interface InputSummary {
  path: string
  /** Parser id of most of its lines; null when nothing could be read. */
  format: string | null
  bytes: number
  lines: number
  parsed: number
  unparsed: number
  /** ISO 8601 UTC, null when no line had a time. */
  from: string | null
  to: string | null
  unparsed_samples: { line: number; text: string; reason: string }[]
  /** Its stamps have no zone and this was added to its times: then its events meet those of the other inputs. */
  clock_offset_seconds?: number
  /** One sentence: what was moved, and why. */
  clock_offset_reason?: string
  /** One sentence: its clock may differ from the others', and nothing was moved. */
  clock_doubt?: string
}

/** The mergeable sum of what was read; the only thing causes see. `merge` is associative and commutative. */
export interface Evidence {
  /** A batch: small, and every minute is told apart. Else what is kept of a place is bounded (share.ts). */
  exact: boolean
  observations: Map<string, Observation>
  lifetimes: Map<string, Lifetimes>
  suspects: Map<string, Suspect>
  /** Suspects dropped because the table was full. */
  suspects_dropped: number
  /** status → access-log requests, ordinary ones included */
  status: Map<number, number>
  /** Access-log requests */
  requests_per_minute: MinuteCounts
  /** Sessions by the second in which they ended. */
  ends: SessionEnds
  /** log-scale bucket → handshakes, from `$upstream_header_time` of 101s. */
  handshake_latency: Map<number, number>
  /** Lowest error_log severity seen ('info' beats 'error'); null when no error log was read. */
  error_levels: Set<string>
  /** Variables beyond combined that access logs carried. */
  variables: Set<string>
  /** Parser ids that read at least one line. */
  formats: Set<string>
  first: number | null
  last: number | null
}

/** What is known of the user's nginx. Null members: not given. Filled from nginx-config/. */
export interface ConfigView {
  /** nginx version such as `1.22.1`, when a log or the user told. */
  version: string | null
  /** Folder of the main file: what to back up. Null when it is not known, as for an `nginx -T` dump or standard input. */
  folder: string | null
  /** The file that nginx has to be told of with -c; null or absent: its own, or not known. */
  main?: string | null
  /** The program whose files these are, where they show it; null or absent: nobody's but the user's. */
  installation?: 'npm' | 'swag' | null
  /** Newest modification time (epoch ms) of the files read; null for a dump or standard input. */
  changed_at: number | null
  /** Seconds of `worker_shutdown_timeout`; null or absent: not set, and old workers stay until their last session ends. */
  shutdown_timeout?: number | null
  /** Effective proxy settings for a request, or null when the config does not serve it. */
  settings(server: string | null, path: string): EffectiveProxy | null
  /** Unified diff that sets these directives: those of context `main`, `events` and `http` there, others in the block that
   *  serves the request. Null when it cannot be written. `path` null: no request is meant. */
  patch(server: string | null, path: string | null, directives: readonly Directive[]): ConfigPatch | null
  /** What takes more than setting directives; null when it cannot be told. `path` null: that of the only location that
   *  passes upgrades on. */
  repair?(kind: RepairKind, server: string | null, path: string | null): Repair | null
  /** Main and events context are part of what was given. */
  whole?: boolean
  /** What `resolver` may ask, as it takes them. */
  name_servers?: readonly string[]
  /** Arguments of each line of that name in effect for the request: those of the innermost level that has any. `path`
   *  null: of main and events context. Empty: there is none. */
  args?(server: string | null, path: string | null, name: string): readonly (readonly string[])[]
  /** Where the line of that name stands that is in effect for the request. Null: there is none, or it is not certain. */
  where?(server: string | null, path: string, name: string): { file: string; line: number } | null
  /** The line that says which backend is asked: proxy_pass, a `server` of an upstream group, a `set`. `address`: as the error log
   *  has it. Null: no line, or it is not certain. */
  backend_line?(
    server: string | null,
    path: string | null,
    address: string | null,
  ): { file: string; line: number } | null
  /** What proxy_ssl_name has to say for the backend to learn its name; `''`: nothing, null: nothing tells. */
  tls_name?(server: string | null, path: string): string | null
}

/** `host`: the Host and scheme that the application sees; `path`: the location and the path a socket gets; `sticky`: a
 *  visitor stays on one backend. */
export type RepairKind = 'host' | 'path' | 'sticky'

export interface Repair {
  /** Null: nothing is to be changed here, or only a person can. */
  patch: ConfigPatch | null
  /** Lines of the patch, where it sets directives. */
  directives: Directive[]
  /** What the patch does, or why there is none: whole sentences. */
  text: string
}

export interface EffectiveProxy {
  /** `location /ws/`, `server sweet.example` … */
  context: string
  file: string
  line: number
  proxy_pass: string | null
  /** Header name in lower case → value as written; only what is effective after inheritance. */
  set_headers: ReadonlyMap<string, { value: string; file: string; line: number }>
  proxy_http_version: string | null
  /** Seconds; null when the default (60) applies. */
  proxy_read_timeout: number | null
  proxy_send_timeout: number | null
  /** True when `map … $connection_upgrade` (or the variable used in Connection) exists in http context. */
  connection_map: boolean
  /** As written; empty when the block has none. */
  server_names: string[]
  /** Where the serving server listens, TLS first. `host`: its first name that is no pattern. Null when nothing tells. */
  public: { scheme: 'http' | 'https'; host: string | null; port: number } | null
  /** Where a request for that path is sent, path included; null when variables, rewrites or sockets hide it. */
  backend: { url: string } | null
}

export interface Directive {
  /** `http`, `location /ws/`, … */
  context: string
  text: string
}

export interface ConfigPatch {
  patch: string
  target: { file: string; line: number }
}

export interface Fix {
  layer: Layer
  summary: string
  directives: Directive[]
  snippet: string | null
  patch: string | null
  target: { file: string; line: number } | null
  /** Commands to run before the change. */
  prepare: string[]
  verify: string[]
  rollback: string[]
}

export interface Alternative {
  cause: string
  confidence: number
  check: string
}

/** The JSON of CONTRACT.md; also what the dashboard and alerts show. */
export interface Finding {
  id: string
  cause: string
  title: string
  severity: Severity
  confidence: number
  because: string[]
  against: string[]
  count: number
  first_seen: string | null
  last_seen: string | null
  scope: Scope & { source: string | null }
  evidence: { source: string; line: number | null; text: string }[]
  alternatives: Alternative[]
  fix: Fix
  /** Set when the failure has stopped. `since`: ISO 8601. */
  over?: {
    since: string
    successes: number
    why: 'succeeded' | 'config-changed'
    /** As it is graded and named while it fails. Absent in what older versions stored. */
    was?: { title: string; severity: Severity }
  }
  /** What worked after the last failure; more than 100 handshakes are 101. `told` is the sentence, `decides`: enough to say that the failure is gone. */
  worked?: {
    since: string
    handshakes: number
    by: 'place' | 'path'
    dated: 'start' | 'end'
    decides: boolean
    told: string
  }
}

export interface BlindSpot {
  what: string
  why: string
  change: string
  /** The change in the dashboard's terms, where `change` speaks of the command line. */
  in_dashboard?: string
}

export interface Totals {
  requests: number
  handshakes: number
  upgraded: number
  failed_handshakes: number
  events: Partial<Record<EventKind, number>>
  status: Record<string, number>
  session_seconds: { count: number; p50: number; p95: number; max: number }
}

export interface Report {
  schema: 'halfopen.report/1'
  generated_at: string
  /** Reading was stopped (Ctrl-C) before the end of the inputs; absent otherwise, with `read`. */
  partial?: true
  /** How far it got, in bytes as they lie on disk; `of` and `fraction` (0..1) are null when an input has no known size.
   *  `inputs_left` were not opened any more. */
  read?: { bytes: number; of: number | null; fraction: number | null; inputs_left: string[] }
  /** The times that were asked for (--since, --until); absent when all were. Lines outside are read and not counted. */
  asked?: { from: string | null; to: string | null }
  window: { from: string | null; to: string | null }
  resolution_seconds: number
  inputs: InputSummary[]
  /** What was named and could not be read, or not to its end; absent when all could. */
  not_read?: { path: string; reason: string }[]
  totals: Totals
  findings: Finding[]
  blind_spots: BlindSpot[]
}

export { replaceRemark } from './advice.ts'
export { consider, type Considered } from './consider.ts'
export { diagnose } from './diagnose.ts'
export { workedLater } from './worked-since.ts'
export {
  add,
  emptyEvidence,
  foldEvent,
  foldRequest,
  merge,
  minuteOf,
  observationAgain,
  occur,
  span,
} from './evidence.ts'
export { MinuteCounts } from './minute-counts.ts'
export { settleShares, shareOf, shorter } from './share.ts'
export { SessionEnds } from './session-ends.ts'
export { SortedCounts } from './sorted-counts.ts'
export {
  keepExemplar,
  keepExemplars,
  lifetimesKey,
  MAX_PROOFS,
  observationKey,
  suspectKey,
  suspectOf,
} from './evidence.ts'
export { latencyBucket, latencyOf, lifetimeBucket, lifetimeOf } from './histogram.ts'
export { findPeaks } from './peaks.ts'
export { surprise } from './poisson.ts'
export { ownText } from './own-text.ts'
export { Clocks } from './clocks.ts'
export { emptyErrorLogs, quietErrorLogs } from './blind-spots.ts'
export { buildReport } from './report.ts'
export { allCauses } from './causes/index.ts'
export { LOGGED_VARIABLES, recommendedLogging } from './log-format.ts'
