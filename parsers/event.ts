/** What a record says about WebSocket proxying, before any cause. Ordinary requests become counts, not events. */

export const EVENT_KINDS = [
  'handshake_ok',
  'handshake_failed',
  'session_closed',
  'abnormal_closure',
  'upstream_timeout',
  'upstream_refused',
  'upstream_reset',
  'upstream_tls',
  'upstream_dns',
  'upstream_invalid',
  'resource_limit',
  'config_error',
  'client_closed',
  'origin_rejected',
  'auth_rejected',
  'sticky_lost',
  'lifecycle',
  'other_error',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** Where something happened. `path` is a path group: no query, secrets masked, ids replaced (see masking.ts). */
export interface Scope {
  /** Lower-case server_name, else host. */
  server: string | null
  path: string | null
  /** `host:port`, `unix:/path`, or the upstream block's name. */
  upstream: string | null
}

/** How sure we are that the client asked for an upgrade: the `$http_upgrade` header was logged (`yes`/`no`),
 *  the URL belongs to a protocol that only speaks WebSocket there (`likely`), or nothing tells (`unknown`). */
export type Asked = 'yes' | 'likely' | 'unknown' | 'no'

/** What a session's length was read from. `$request_time` may be up to 30 s longer than the session (lingering close).
 *  `_unused`: not a byte went to the client after the handshake (`$body_bytes_sent` is 0), so it was idle from the start. */
export type Measured = `${'upstream_response_time' | 'request_time'}${'' | '_unused'}`

interface EventBase {
  /** Epoch ms UTC; null when the line has no time. */
  time: number | null
  /** `assumed` when the line had no zone and one was supplied. */
  zone: 'known' | 'assumed'
  scope: Scope
  /** The id of the text shape or field pattern that decided, unique over all parsers, e.g. `upgraded-idle-timeout`. */
  sign: string
  client: string | null
  /** nginx connection serial (`*N`, `$connection`): the join key between error and access log. */
  connection: number | null
  /** The line repeats an event that another line already told; it is shown but not counted. */
  echo?: true
}

export type Event = EventBase &
  (
    | {
        kind: 'handshake_ok'
        status: 101
        upstream_header_time: number | null
        /** The line was written when the session ended, at `time`, and does not tell how long it was. */
        ended?: true
      }
    | { kind: 'handshake_failed'; status: number | null; asked: Asked; answered_by: 'backend' | 'nginx' | null }
    | {
        kind: 'session_closed'
        /** Session length in seconds. */
        seconds: number
        measured_by: Measured
      }
    | { kind: Exclude<EventKind, 'handshake_ok' | 'handshake_failed' | 'session_closed'> }
  )
