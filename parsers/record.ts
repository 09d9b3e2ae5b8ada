/** What a parser read from one line (or several joined lines). Nothing is judged here. */

/** A time stamp as the line gave it.
 *  `ms` is epoch milliseconds UTC when `zoned`; otherwise the wall-clock reading taken as if it were UTC,
 *  to be shifted by the zone of its source. `iso` is what `halfopen parse` prints: with `Z` or an offset
 *  when the line had a zone, without when it had none. */
export interface LogTime {
  ms: number
  zoned: boolean
  iso: string
  /** Smallest step the stamp can show, in ms: 1 for nginx `$msec`, 1000 for most logs, 60000 for Portainer's console. */
  resolution: number
}

/** nginx's upstream variables are lists of strings, one element per try; a try without a value is `-`. Other proxies'
 *  logs give the one value. */
export type FieldValue = string | number | readonly string[]

/** nginx's own variable names without `$`. `-` and absent are left out; a value that is empty is an empty string. */
export interface AccessFields {
  remote_addr?: string
  remote_user?: string
  request?: string
  request_method?: string
  request_uri?: string
  server_protocol?: string
  status?: number
  body_bytes_sent?: number
  http_referer?: string
  http_user_agent?: string
  http_upgrade?: string
  http_connection?: string
  host?: string
  server_name?: string
  connection?: number
  request_time?: number
  request_completion?: string
  upstream_addr?: FieldValue
  upstream_status?: FieldValue
  upstream_header_time?: FieldValue
  upstream_response_time?: FieldValue
  [variable: string]: FieldValue | undefined
}

/** One line of an nginx access log. */
export interface AccessRecord {
  type: 'access'
  format: string
  time: LogTime | null
  fields: AccessFields
  /** Variables the log format carries, also those that were `-` on this line: "logged and absent" differs from "not logged". */
  variables: ReadonlySet<string>
}

export type ErrorLevel = 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg'

/** One entry of an nginx error log. Source: ngx_log_error_core, ngx_http_log_error_handler. */
export interface ErrorRecord {
  type: 'error'
  format: string
  time: LogTime | null
  level: ErrorLevel
  pid: number | null
  tid: number | null
  connection: number | null
  /** Everything before the context fields, as nginx wrote it. */
  text: string
  /** `text` without ` while ACTION` and without the errno suffix. */
  message: string
  errno: number | null
  /** The text after `while`, e.g. `proxying upgraded connection`. */
  action: string | null
  client: string | null
  server: string | null
  request: string | null
  subrequest: string | null
  upstream: string | null
  host: string | null
  referrer: string | null
  /** Context that only some modules print: `resolver`, `login`, byte counts of streams. */
  extra: ReadonlyMap<string, string>
}

/** One entry of an application's log, in that application's own shape. */
export interface AppRecord {
  type: 'app'
  format: string
  time: LogTime | null
  level: string | null
  /** The text without time and level, e.g. `websocketproxy: couldn't upgrade websocket: …`. */
  message: string
  /** Other keys the line carried (`caller`, `logger`, …). */
  extra: ReadonlyMap<string, string>
}

export type LogRecord = AccessRecord | ErrorRecord | AppRecord
