/** What an application's record says. Its words are searched for signs; a request line is not, because it quotes what
 *  the visitor sent: there the method, the path and the status speak. */
import type { Asked, Event } from '../event.ts'
import { knownSocket, SOCKET_NAME } from '../known-sockets.ts'
import { pathGroup } from '../masking.ts'
import { serverName } from '../nginx/access-events.ts'
import type { AccessRecord, AppRecord } from '../record.ts'
import { TERMINATIONS } from './signs/proxies.ts'
import { browserReason } from './browser-reasons.ts'
import { unexplained } from './unexplained.ts'
import { isNormal, textSign, type TextSign } from './websocket-texts.ts'

type Zone = Event['zone']

/** At most one event per record. `time` is the record's, as epoch ms UTC. */
export function readApp(record: AppRecord, time: number | null, zone: Zone): Event[] {
  if (record.format === 'browser-console') return readBrowser(record, time, zone)
  const request = requestOf(record)
  const words = searchedText(record, request)
  const sign = textSign(words)
  if (sign !== null) {
    const client = request?.client ?? null
    const base = { sign: sign.sign, time, zone, scope: NOWHERE, client, connection: null }
    const echo = sign.echo === true || ECHOES.has(`${record.format} ${sign.sign}`) ? { echo: true as const } : {}
    const { kind } = sign
    if (sign.sign === 'app-negotiate-refused') return [{ ...base, ...negotiated(words) }]
    const status = sign.sign === 'app-client-got-no-101' ? answered(words) : null
    if (status !== null)
      return [
        { ...base, sign: 'app-client-got-status', kind: 'handshake_failed', status, asked: 'yes', answered_by: null },
      ]
    return kind === 'handshake_failed'
      ? [{ ...base, kind, status: null, asked: askedBy(record, sign), answered_by: 'backend', ...echo }]
      : [{ ...base, kind, ...echo }]
  }
  if (request !== null) return readRequest(record.format, request, time, zone)
  const shape = isNormal(words) ? null : unexplained(record, words)
  if (shape === null) return []
  const of = `unexplained: ${shape}`
  return [{ kind: 'other_error', sign: of, time, zone, scope: NOWHERE, client: null, connection: null }]
}

/** SignalR's negotiation is an ordinary POST: what is answered to it is of every request there. */
function negotiated(words: string): { kind: 'auth_rejected' | 'upstream_refused' | 'other_error'; sign: string } {
  const status = Number(/Status code '(\d{3})'/.exec(words)?.[1])
  if (status === 401 || status === 403) return { kind: 'auth_rejected', sign: 'app-auth-refused' }
  if (status >= 502 && status <= 504) return { kind: 'upstream_refused', sign: 'app-proxy-away' }
  return {
    kind: 'other_error',
    sign: status === 404 || status === 405 ? 'app-negotiate-not-there' : 'app-negotiate-refused',
  }
}

/** What a WebSocket client got in place of 101: its library asked for the upgrade, whoever answered. */
function answered(words: string): number | null {
  const status =
    /(?:response: |HTTP(?: error:)? |from the server \[|was not 101: |but got |with resp: |HandshakeError: |received: |status(?: code)?:? '?)([2-5]\d\d)\b/i.exec(
      words,
    )?.[1]
  return status === undefined ? null : Number(status)
}

const NOWHERE = { server: null, path: null, upstream: null } as const

/** Lines that comment on another line of the same program: uvicorn has already printed the socket with its 403. */
const ECHOES: ReadonlySet<string> = new Set(['uvicorn app-connection-rejected'])

const MIXED_CONTENT = { kind: 'other_error', sign: 'browser-mixed-content' } as const

/** A page's WebSocket asked for the upgrade by itself: what it does not tell is who answered. */
function readBrowser({ extra, message }: AppRecord, time: number | null, zone: Zone): Event[] {
  const status = extra.get('status')
  const uri = extra.get('request_uri')
  const scope = {
    server: serverName(extra.get('host') ?? null),
    path: uri === undefined ? null : pathGroup(uri || '/'),
    upstream: null,
  }
  const reason = status === undefined ? (extra.has('mixed') ? MIXED_CONTENT : browserReason(message)) : null
  if (reason !== null)
    return [{ kind: reason.kind, sign: reason.sign, time, zone, scope, client: null, connection: null }]
  return [
    {
      kind: 'handshake_failed',
      sign: status === undefined ? 'browser-not-opened' : 'browser-unexpected-response',
      time,
      zone,
      scope,
      client: null,
      connection: null,
      status: status === undefined ? null : Number(status),
      asked: 'yes',
      answered_by: null,
    },
  ]
}

/** What signs are looked for in. */
export function searchedText(record: AppRecord, request = requestOf(record)): string {
  return request === null ? wordsOf(record) : (record.extra.get('error') ?? '')
}

/** Logger, message and error as one text: which of them holds the reason differs between applications. */
function wordsOf({ message, extra }: AppRecord): string {
  const logger = extra.get('logger')
  const error = extra.get('error') ?? extra.get('err')
  // zerolog's `message` is Portainer's heading; what it is about stands in a key of its own.
  const about = extra.get('msg')
  const words = [message, about, error].filter((part) => part !== undefined && part !== '').join(': ')
  return logger === undefined ? words : `${logger}: ${words}`
}

/** Portainer's exec endpoints ask for a valid session before they upgrade: who gets there is the application's own page. */
function askedBy(record: AppRecord, sign: TextSign): Asked {
  if (/^websocketproxy:|websocket (?:exec|attach) operation/.test(`${record.message} ${record.extra.get('msg') ?? ''}`))
    return 'likely'
  // Nobody but a WebSocket client's library sends these.
  return sign.sign === 'app-engine-io-mismatch' ? 'likely' : 'unknown'
}

interface RequestLine {
  method: string
  uri: string
  status: number | null
  protocol: string | null
  client: string | null
}

/** Formats whose parsers take request lines apart. In others a key of that name is the application's own. */
const REQUEST_FORMATS: ReadonlySet<string> = new Set([
  'aiohttp',
  'daphne',
  'gin',
  'python-log',
  'rails',
  'tornado',
  'uvicorn',
  'websockify',
])

function requestOf({ format, extra }: AppRecord): RequestLine | null {
  const uri = extra.get('request_uri')
  if (format === 'logfmt' && extra.get('path') !== undefined) return grafana(extra)
  if (uri === undefined || !REQUEST_FORMATS.has(format)) return null
  const status = extra.get('status')
  return {
    method: extra.get('request_method') ?? '',
    uri,
    status: status === undefined ? null : Number(status),
    protocol: extra.get('server_protocol') ?? null,
    client: extra.get('remote_addr') ?? null,
  }
}

/** `msg="Request Completed" method=GET path=/api/live/ws status=400`: pkg/middleware/loggermw. */
function grafana(extra: AppRecord['extra']): RequestLine | null {
  const { method, path, status, remote_addr } = Object.fromEntries(extra)
  if (method === undefined || path === undefined || !/^\d{3}$/.test(status ?? '')) return null
  return { method, uri: path, status: Number(status), protocol: null, client: remote_addr ?? null }
}

/** Servers that print a handshake differently from a request: a GET in their log is one that lost its headers. */
const TELLS_APART: ReadonlySet<string> = new Set(['daphne', 'uvicorn', 'websockify'])
/** Their applications keep sockets below such a folder: `/ws/chat/7/`. */
const SOCKET_FOLDER = /\/(?:wss?|websockets?)\/[^/]/i
const ENGINE_IO = /\/(?:socket|engine)\.io\/?$/
/** Gotify's socket: a usual name for other things elsewhere. */
const GOTIFY = /^(?:\/[\w-]{1,60})?\/stream$/
/** What a server answers to a plain GET where it has a socket. */
const PLAIN_ANSWERS: ReadonlySet<number> = new Set([400, 404, 405, 426])
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 426])

/** JupyterHub for a server that does not run (424 since its version 3), gateways for a kernel that cannot be reached. */
const AWAY: ReadonlySet<number> = new Set([424, 502, 503, 504, 599])

/** The status of an application's line is often not the one on the wire (gin prints 200 for an accepted upgrade), so it
 *  is not passed on: what it tells is in the sign. */
function readRequest(format: string, request: RequestLine, time: number | null, zone: Zone): Event[] {
  const { method, uri, status, client } = request
  const known = knownSocket(uri) !== null
  const event = (sign: string, asked: Asked, echo = false): Event[] => [
    {
      kind: 'handshake_failed',
      sign,
      time,
      zone,
      scope: { ...NOWHERE, path: pathGroup(uri) },
      client,
      connection: null,
      status: null,
      asked,
      answered_by: 'backend',
      ...(echo ? { echo: true as const } : {}),
    },
  ]
  if (method === 'WEBSOCKET') return status !== null && status >= 400 ? event('app-closed-before-accept', 'yes') : []
  if (method === 'GET' && status !== null && format === 'tornado' && known && AWAY.has(status))
    return event('app-socket-remote-away', 'likely')
  if (method !== 'GET' || status === null || !REFUSALS.has(status)) return []
  const path = uri.replace(/[?#].*$/s, '')
  // Engine.IO's long polling is no handshake, whatever folder it is in.
  if (!known && ENGINE_IO.test(path)) return []
  const apart = TELLS_APART.has(format)
  const folder = apart && SOCKET_FOLDER.test(path)
  if (!known && !folder && !SOCKET_NAME.test(path) && !(format === 'gin' && GOTIFY.test(path))) return []
  const asked = known ? 'likely' : 'unknown'
  if ((apart || request.protocol === 'HTTP/1.0') && PLAIN_ANSWERS.has(status))
    return event(request.protocol === 'HTTP/1.0' ? 'app-http10-get-on-socket' : 'app-plain-get-on-socket', asked)
  // Tornado answers 400 to a GET without the upgrade: 404 is a kernel or terminal that is gone, or another path.
  if (format === 'tornado' && status === 404) return event('app-socket-not-there', asked)
  // Jupyter and gin print the reason of a refusal on a line of its own; Tornado's 400 has none.
  const sign = status === 401 || status === 403 ? 'app-socket-request-forbidden' : 'app-socket-request-refused'
  return event(sign, asked, format === 'gin' || status === 403)
}

/** HAProxy says itself how a session ended. */
export function readTermination(record: AccessRecord, time: number | null, zone: Zone): Event[] {
  const state = record.fields['termination_state']
  if (typeof state !== 'string') return []
  const found = TERMINATIONS.find((t) => state.startsWith(t.state) && (!t.upgraded || record.fields.status === 101))
  if (found === undefined || record.fields.status === undefined) return []
  const { request_uri, remote_addr, upstream_addr } = record.fields
  const upstream = typeof upstream_addr === 'string' ? upstream_addr.slice(0, 200) : null
  const scope = { server: null, path: request_uri === undefined ? null : pathGroup(request_uri), upstream }
  return [{ kind: found.kind, sign: found.sign, time, zone, scope, client: remote_addr ?? null, connection: null }]
}
