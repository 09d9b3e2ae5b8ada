/** What an access-log record says: a WebSocket handshake with its outcome, a request that failed, or an ordinary request. */
import type { Asked, Event, Scope } from '../event.ts'
import { knownSocket, SOCKET_NAME } from '../known-sockets.ts'
import { pathGroup } from '../masking.ts'
import type { AccessRecord, FieldValue } from '../record.ts'
import { engineAnswer } from './engine-io-answers.ts'

/** Signs of all events that access lines of nginx make. */
export const REQUEST_SIGNS: ReadonlySet<string> = new Set([
  'client-left-handshake-499',
  'engine-io-no-upgrade',
  'engine-io-session-unknown',
  'engine-io-upgrade-refused',
  'engine-io-version-refused',
  'handshake-101',
  'handshake-101-at-close',
  'handshake-426',
  'handshake-refused',
  'handshake-refused-known-url',
  'plain-http-page',
  'proxy-protocol-unexpected',
  'session-closed',
  'session-cut',
  'upgrade-lost-before-nginx',
])

export interface FailedRequest {
  status: number
  scope: Scope
  answered_by: 'backend' | 'nginx' | null
}

export interface AccessReading {
  status: number | null
  events: Event[]
  /** A non-2xx answer on a path not known to carry WebSockets; it may turn out to be one. */
  failed: FailedRequest | null
}

/** `time` is the record's time as epoch ms UTC (the end of the request, as nginx logs it). */
export function readAccess(record: AccessRecord, time: number | null, zone: 'known' | 'assumed'): AccessReading {
  const { fields } = record
  // A stream is no request: its $status says how a TCP session ended.
  const status = record.variables.has('session_time') ? null : (fields.status ?? null)
  const uri = uriOf(fields)
  if (status === null || uri === null) {
    const events = status === 400 && PROXY_HEADER.test(fields.request ?? '') ? [proxyHeader(record, time, zone)] : []
    return { status, events, failed: null }
  }
  const asked = whoAsked(record, uri)
  const scope: Scope = {
    server: serverName(fields.server_name ?? null) ?? serverName(fields.host ?? lastText(fields['http_host'])),
    path: pathGroup(uri),
    upstream: lastText(fields.upstream_addr)?.slice(0, 200) ?? null,
  }
  const base = { zone, scope, client: fields.remote_addr ?? null, connection: fields.connection ?? null }
  if (status === 101) return { status, events: upgraded(record, time, base), failed: null }
  const answered_by = answerer(record, status)
  const bytes = fields.body_bytes_sent
  const engine = status === 400 && typeof bytes === 'number' ? engineAnswer(uri, bytes) : null
  if (engine === 'session-unknown')
    return { status, events: [{ ...base, time, kind: 'sticky_lost', sign: 'engine-io-session-unknown' }], failed: null }
  if (engine === 'version-refused')
    return { status, events: [{ ...base, time, kind: 'other_error', sign: 'engine-io-version-refused' }], failed: null }
  // RFC 6455, 4.1: a handshake is a GET. Monitors ask by HEAD, polling transports send by POST, browsers ask leave by OPTIONS.
  // A backend that is down is so for them as well: from 500 on they are kept.
  if (asked !== 'yes' && (fields.request_method ?? 'GET') !== 'GET')
    return { status, events: [], failed: status >= 500 && asked !== 'no' ? { status, scope, answered_by } : null }
  if (asked === 'no' && !saysNothing(status) && knownSocket(uri) !== null) {
    const event: Event = {
      ...base,
      time,
      kind: 'handshake_failed',
      sign: 'upgrade-lost-before-nginx',
      status,
      asked,
      answered_by,
    }
    return { status, events: [event], failed: null }
  }
  // 426 is sent for nothing else than an upgrade that did not arrive (RFC 9110 §15.5.22).
  const handshake = asked === 'yes' || asked === 'likely' || (status === 426 && asked === 'unknown')
  if (handshake && status === 499) {
    return {
      status,
      events: [{ ...base, time, kind: 'client_closed', sign: 'client-left-handshake-499' }],
      failed: null,
    }
  }
  if (handshake) {
    const sign =
      engine !== null
        ? `engine-io-${engine}`
        : asked === 'yes'
          ? 'handshake-refused'
          : status === 426
            ? 'handshake-426'
            : 'handshake-refused-known-url'
    return {
      status,
      events: [{ ...base, time, kind: 'handshake_failed', sign, status, asked, answered_by }],
      failed: null,
    }
  }
  if (status === 400 && asked === 'unknown' && answered_by !== 'backend' && isPlainHttpPage(fields, scope))
    return { status, events: [{ ...base, time, kind: 'other_error', sign: 'plain-http-page' }], failed: null }
  const failed =
    asked !== 'no' && (status >= 300 || status < 200) && status !== 304 ? { status, scope, answered_by } : null
  return { status, events: [], failed }
}

/** Bytes of nginx's own page "The plain HTTP request was sent to HTTPS port" (ngx_http_special_response.c), from the bare
 *  `nginx` of server_tokens off to `nginx/1.18.0 (Ubuntu)` at its end. Its other page for 400 has a hundred bytes less. The
 *  kernel leaves lines of this size to the parser. */
export const PLAIN_HTTP_PAGE = { least: 248, most: 266 } as const

function isPlainHttpPage({ body_bytes_sent: bytes }: AccessRecord['fields'], { path, upstream }: Scope): boolean {
  if (typeof bytes !== 'number' || bytes < PLAIN_HTTP_PAGE.least || bytes > PLAIN_HTTP_PAGE.most) return false
  return upstream === null && path !== null && SOCKET_NAME.test(path)
}

/** The head of the PROXY protocol (haproxy.org, proxy-protocol.txt, section 2.1), which a listener without `proxy_protocol`
 *  takes for a request line. */
const PROXY_HEADER = /^PROXY (?:TCP[46]|UNKNOWN)\b/

const proxyHeader = ({ fields }: AccessRecord, time: number | null, zone: Event['zone']): Event => ({
  kind: 'other_error',
  sign: 'proxy-protocol-unexpected',
  time,
  zone,
  scope: { server: serverName(fields.server_name ?? null), path: null, upstream: null },
  client: fields.remote_addr ?? null,
  connection: fields.connection ?? null,
})

/** Formats without `$request` and `$request_uri` mostly have the path as nginx uses it, and the query beside it. */
function uriOf(fields: AccessRecord['fields']): string | null {
  if (fields.request_uri !== undefined) return fields.request_uri
  const path = fields['uri'] ?? fields['document_uri']
  if (typeof path !== 'string' || fields.request !== undefined) return null
  const args = fields['args'] ?? fields['query_string']
  return typeof args === 'string' && args !== '' ? `${path}?${args}` : path
}

/** A 101 is logged once, when the session ends: its handshake lies `$request_time` earlier.
 *  `$upstream_response_time` is the session; `$request_time` can be up to 30 s longer through lingering close. */
function upgraded(
  record: AccessRecord,
  time: number | null,
  base: Pick<Event, 'zone' | 'scope' | 'client' | 'connection'>,
): Event[] {
  const { fields } = record
  const session = lastNumber(fields.upstream_response_time)
  const request = typeof fields.request_time === 'number' ? fields.request_time : null
  const began = time === null || request === null ? time : time - Math.round(request * 1000)
  const events: Event[] = [
    {
      ...base,
      time: began,
      kind: 'handshake_ok',
      // Without $request_time the line tells when the session ended, not when it began.
      sign: request === null ? 'handshake-101-at-close' : 'handshake-101',
      status: 101,
      upstream_header_time: lastNumber(fields.upstream_header_time),
    },
  ]
  const seconds = session ?? request
  if (seconds === null) events[0] = { ...(events[0] as Event & { kind: 'handshake_ok' }), ended: true }
  else {
    const source = session !== null ? 'upstream_response_time' : 'request_time'
    const measured_by = fields.body_bytes_sent === 0 ? (`${source}_unused` as const) : source
    events.push({
      ...base,
      time,
      kind: 'session_closed',
      sign: cut(record) ? 'session-cut' : 'session-closed',
      seconds,
      measured_by,
    })
  }
  return events
}

/** `$request_completion` is OK whoever closed, and empty where nginx itself broke the session off: a visitor who does not
 *  read, a failed write, or worker_shutdown_timeout (ngx_http_upstream_finalize_request). */
const cut = ({ variables, fields }: AccessRecord): boolean =>
  variables.has('request_completion') && (fields.request_completion ?? '') === ''

function whoAsked(record: AccessRecord, uri: string): Asked {
  const upgrade = record.fields.http_upgrade
  if (upgrade !== undefined) return /websocket/i.test(upgrade) ? 'yes' : 'no'
  if (record.variables.has('http_upgrade')) return 'no'
  return knownSocket(uri) === null ? 'unknown' : 'likely'
}

/** Answers that say nothing about an upgrade: the visitor left, or has to log in first. */
const saysNothing = (status: number): boolean => status === 499 || status === 401 || status === 403 || status === 407

/** nginx answers itself when no try reached a status, or when its own error replaced the backend's answer. */
function answerer(record: AccessRecord, status: number): 'backend' | 'nginx' | null {
  if (!record.variables.has('upstream_status')) return null
  const last = lastNumber(record.fields.upstream_status)
  // 502 and 504 as $upstream_status mean that nginx got no answer at all (ngx_http_upstream_next).
  if (last === null) return 'nginx'
  if (status === 502 || status === 504)
    return lastNumber(record.fields.upstream_header_time) === null ? 'nginx' : 'backend'
  return last === status ? 'backend' : 'nginx'
}

/** The last try's value; null when it has none. */
function lastText(value: FieldValue | undefined): string | null {
  const last = typeof value === 'object' ? value.at(-1) : value
  return last === undefined || last === '' || last === '-' ? null : String(last)
}

function lastNumber(value: FieldValue | undefined): number | null {
  const last = Number(lastText(value) ?? NaN)
  return Number.isNaN(last) ? null : last
}

/** Lower-case name without port; null for the catch-all `_` and for an empty name. */
export function serverName(name: string | null): string | null {
  if (name === null) return null
  const plain = name
    .toLowerCase()
    .replace(/^(\[[^\]]*\]|[^:]*):\d+$/, '$1')
    .slice(0, 253)
  return plain === '' || plain === '_' ? null : plain
}
