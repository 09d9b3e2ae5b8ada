/** What nginx's own messages say. Tried in order on a parsed record; the first that fits names the sign.
 *  Sources: the files named at each group; levels as ngx_connection_error gives them. */
import type { EventKind } from '../event.ts'
import { knownSocket } from '../known-sockets.ts'
import { maskText } from '../masking.ts'
import type { ErrorLevel, ErrorRecord } from '../record.ts'

export interface ErrorSign {
  sign: string
  kind: Exclude<EventKind, 'handshake_ok' | 'handshake_failed' | 'session_closed'>
  message: RegExp
  /** Exact action, or null for "no action". Absent: any. */
  action?: string | null
  errno?: readonly number[]
  level?: readonly ErrorLevel[]
  /** The line comments on another line's event. */
  echo?: true
}

const UPGRADED = 'proxying upgraded connection'
const CONNECT = 'connecting to upstream'
const HEADER = 'reading response header from upstream'
const TLS = 'SSL handshaking to upstream'
// Linux, BSD/macOS and Windows numbers; texts differ by libc and never decide.
const TIMED_OUT = [110, 60, 145, 10060]
const RESET = [104, 54, 10054, 32]
const REFUSED = [111, 61, 10061]
/** The same text means the backend at `error` and the visitor at `info` (ngx_connection_error, log_error). */
const BACKEND_SIDE: readonly ErrorLevel[] = ['error', 'crit', 'alert']
const CLIENT_SIDE: readonly ErrorLevel[] = ['info', 'debug']

export const ERROR_SIGNS: readonly ErrorSign[] = [
  // http/ngx_http_upstream.c: ngx_http_upstream_process_upgraded
  { sign: 'upgraded-idle-timeout', kind: 'upstream_timeout', message: /^upstream timed out/, action: UPGRADED },
  { sign: 'upgraded-client-stalled', kind: 'client_closed', message: /^client timed out/, action: UPGRADED },
  {
    sign: 'upgraded-backend-reset',
    kind: 'upstream_reset',
    message: /^(?:recv|send|writev|sendfile)\(\) failed/,
    action: UPGRADED,
    errno: RESET,
    level: BACKEND_SIDE,
  },
  {
    sign: 'upgraded-client-reset',
    kind: 'client_closed',
    message: /^(?:recv|send|writev|sendfile)\(\) failed/,
    action: UPGRADED,
    errno: RESET,
    level: CLIENT_SIDE,
  },
  {
    sign: 'upgraded-backend-vanished',
    kind: 'abnormal_closure',
    message: /^recv\(\) failed/,
    action: UPGRADED,
    errno: TIMED_OUT,
    level: BACKEND_SIDE,
  },
  {
    sign: 'upgraded-client-vanished',
    kind: 'client_closed',
    message: /^recv\(\) failed/,
    action: UPGRADED,
    errno: TIMED_OUT,
    level: CLIENT_SIDE,
  },
  {
    sign: 'upgraded-backend-tls-error',
    kind: 'abnormal_closure',
    message: /^SSL_(?:read|write|shutdown)\(\) failed/,
    action: UPGRADED,
    level: BACKEND_SIDE,
  },
  {
    sign: 'upgraded-client-tls-error',
    kind: 'client_closed',
    message: /^SSL_(?:read|write|shutdown)\(\) failed/,
    action: UPGRADED,
    level: CLIENT_SIDE,
  },
  // ngx_http_upstream_connect, ngx_http_upstream_test_connect, event/ngx_event_connect.c
  { sign: 'connect-refused', kind: 'upstream_refused', message: /^connect\(\)/, action: CONNECT, errno: REFUSED },
  {
    sign: 'connect-unreachable',
    kind: 'upstream_refused',
    message: /^connect\(\)/,
    action: CONNECT,
    errno: [113, 101, 110, 112, 65, 51, 100],
  },
  { sign: 'connect-socket-missing', kind: 'upstream_refused', message: /^connect\(\)/, action: CONNECT, errno: [2] },
  { sign: 'connect-denied', kind: 'upstream_refused', message: /^connect\(\)/, action: CONNECT, errno: [13, 1] },
  // EADDRNOTAVAIL: a machine without IPv6 is asked for ::1; else no local port is left towards that address.
  {
    sign: 'connect-no-ipv6',
    kind: 'upstream_refused',
    message: /^connect\(\) to \[/,
    action: CONNECT,
    errno: [99, 49],
  },
  { sign: 'connect-no-port', kind: 'resource_limit', message: /^connect\(\)/, action: CONNECT, errno: [99, 49] },
  // EAGAIN of a unix socket, whose queue of connections is full.
  {
    sign: 'connect-queue-full',
    kind: 'resource_limit',
    message: /^connect\(\) to unix:/,
    action: CONNECT,
    errno: [11],
  },
  { sign: 'connect-failed', kind: 'upstream_refused', message: /^connect\(\)/, action: CONNECT },
  { sign: 'connect-timeout', kind: 'upstream_timeout', message: /^upstream timed out/, action: CONNECT },
  { sign: 'no-live-upstreams', kind: 'upstream_refused', message: /^no live upstreams/ },
  { sign: 'upstream-disabled', kind: 'upstream_refused', message: /^upstream server temporarily disabled/, echo: true },
  // ngx_http_upstream_send_request, ngx_http_upstream_process_header
  { sign: 'header-timeout', kind: 'upstream_timeout', message: /^upstream timed out/, action: HEADER },
  {
    sign: 'send-timeout',
    kind: 'upstream_timeout',
    message: /^upstream timed out/,
    action: 'sending request to upstream',
  },
  { sign: 'body-timeout', kind: 'upstream_timeout', message: /^upstream timed out/, action: 'reading upstream' },
  { sign: 'tls-timeout', kind: 'upstream_timeout', message: /^upstream timed out/, action: TLS },
  {
    sign: 'header-premature-close',
    kind: 'upstream_reset',
    message: /^upstream prematurely closed connection/,
    action: HEADER,
  },
  { sign: 'body-premature-close', kind: 'upstream_reset', message: /^upstream prematurely closed connection/ },
  { sign: 'header-reset', kind: 'upstream_reset', message: /^(?:recv|readv)\(\) failed/, action: HEADER },
  {
    sign: 'send-reset',
    kind: 'upstream_reset',
    message: /^(?:writev|send|sendfile)\(\) failed/,
    action: 'sending request to upstream',
  },
  { sign: 'header-too-big', kind: 'upstream_invalid', message: /^upstream sent too big header/ },
  // `HTT` of an answer in HTTP/1, read as the length of a frame.
  {
    sign: 'http1-answer-to-http2',
    kind: 'upstream_invalid',
    message: /^upstream sent too large http2 frame: 4740180$/,
  },
  // All of ngx_http_upstream.c and ngx_http_proxy_module.c; at `warn` nginx goes on all the same.
  {
    sign: 'header-invalid',
    kind: 'upstream_invalid',
    message:
      /^upstream sent (?:no valid HTTP|invalid |unsupported |unknown |unexpected |duplicate header|too (?:many|long|large) |"(?:Content-Length|Transfer-Encoding)" and)/,
    level: BACKEND_SIDE,
  },
  {
    sign: 'tls-wrong-version',
    kind: 'upstream_tls',
    message: /^SSL_do_handshake\(\) failed[^"]*wrong version number/,
    action: TLS,
  },
  { sign: 'tls-verify', kind: 'upstream_tls', message: /^upstream SSL certificate (?:verify error|does not match)/ },
  {
    sign: 'tls-handshake-failed',
    kind: 'upstream_tls',
    message: /^(?:SSL_do_handshake\(\) failed|peer closed connection in SSL handshake)/,
    action: TLS,
  },
  // core/ngx_resolver.c, ngx_http_upstream_resolve_handler
  {
    sign: 'name-not-resolved',
    kind: 'upstream_dns',
    message: /^\S+ could not be resolved(?: \(\d+:|$)|^no resolver defined to resolve|^DNS error/,
  },
  { sign: 'resolver-unreachable', kind: 'upstream_dns', message: /^(?:recv|send)\(\) failed/, action: 'resolving' },
  { sign: 'name-not-found', kind: 'upstream_dns', message: /^host not found in upstream/ },
  // The visitor's side
  {
    sign: 'client-left-handshake',
    kind: 'client_closed',
    message: /^(?:\w+\(\) reported that )?client prematurely closed connection, so upstream connection is closed too/,
  },
  // http/v2/ngx_http_v2.c since 1.31.0; before it was passed on, and the 101 that came back had nowhere to go
  { sign: 'http2-upgrade-refused', kind: 'other_error', message: /^client sent "Upgrade" header/ },
  { sign: 'http2-upgrade-broken', kind: 'other_error', message: /^epoll_ctl\(/, action: UPGRADED, errno: [17] },
  // ngx_proxy_protocol_read; the text behind it is the visitor's.
  { sign: 'proxy-protocol-missing', kind: 'other_error', message: /^broken header: "/, level: BACKEND_SIDE },
  { sign: 'plain-http-on-tls-port', kind: 'other_error', message: /^client sent plain HTTP request to HTTPS port/ },
  // Limits
  { sign: 'limit-req', kind: 'resource_limit', message: /^limiting requests, excess/ },
  // ngx_http_core_find_config_phase, ngx_http_request.c
  { sign: 'body-too-large', kind: 'resource_limit', message: /^client intended to send too large (?:chunked )?body/ },
  {
    sign: 'request-too-large',
    kind: 'resource_limit',
    message: /^client sent too (?:long (?:URI|header line)|large request)/,
  },
  { sign: 'limit-conn', kind: 'resource_limit', message: /^limiting connections by zone/ },
  {
    sign: 'worker-connections',
    kind: 'resource_limit',
    message: /^\d+ worker_connections are not enough(?!, reusing)/,
  },
  { sign: 'open-files', kind: 'resource_limit', message: /^(?:accept4?|socket|socketpair)\(\)/, errno: [24, 23] },
  // Configuration: ngx_conf_log_error
  { sign: 'variable-undefined', kind: 'config_error', message: /^unknown "[^"]*" variable/, level: ['emerg'] },
  { sign: 'map-misplaced', kind: 'config_error', message: /^"map" directive is not allowed here/, level: ['emerg'] },
  { sign: 'config-refused', kind: 'config_error', message: /^/, level: ['emerg'] },
  // Life of the server
  { sign: 'reload', kind: 'lifecycle', message: /^(?:reconfiguring|signal 1 \(SIGHUP\) received)/, level: ['notice'] },
  { sign: 'worker-shutdown', kind: 'lifecycle', message: /^gracefully shutting down/, level: ['notice'] },
  { sign: 'stop', kind: 'lifecycle', message: /^signal (?:3|15) \((?:SIGQUIT|SIGTERM)\) received/, level: ['notice'] },
  { sign: 'worker-exited', kind: 'lifecycle', message: /^exiting$/, level: ['notice'] },
  { sign: 'start', kind: 'lifecycle', message: /^start worker processes$/, level: ['notice'] },
  { sign: 'worker-died', kind: 'lifecycle', message: /^worker process \d+ exited on signal/, level: ['alert'] },
  {
    sign: 'sockets-left-open',
    kind: 'lifecycle',
    message: /^(?:\*\d+ )?open socket #\d+ left in connection/,
    level: ['alert'],
  },
  // Refusals: ngx_http_auth_basic_module, ngx_http_access_module, ngx_http_auth_request_module
  { sign: 'auth-credentials-refused', kind: 'auth_rejected', message: /^user "/ },
  { sign: 'auth-service-failed', kind: 'auth_rejected', message: /^auth request unexpected status/ },
  {
    sign: 'auth-refused',
    kind: 'auth_rejected',
    message: /^(?:no user\/password was provided|access forbidden by rule)/,
  },
]

/** nginx looked for a file where a path asks that is named like a socket (ngx_http_static_module): no location passes it on.
 *  Any other missing file is a web site's. The kernel leaves such lines to the parser by the words in the path. */
export const STATIC_SOCKET: ErrorSign = {
  sign: 'static-not-found',
  kind: 'other_error',
  message: /^(?:open\(\) "|"[^\n]*" is not found$)/,
  errno: [2],
}
/** A file that cannot be opened since too many are: the worker is at its limit, whatever was asked for. */
const OPEN_FILES = ERROR_SIGNS.find(({ sign }) => sign === 'open-files') ?? STATIC_SOCKET
const SOCKET_PATH = /\/(?:wss?|websockets?)\/?$/

/** Broken by a line break, or about a path. The level `emerg` and files of nginx itself have no connection. */
export const QUOTES_PATH =
  /^(?:"(?!map")|open\(\) "|(?:l?stat|opendir|realpath|directory index of|rewritten \w+)[^"\n]{0,20} ")/

/** The sign of a record; null for a line that says nothing about proxied connections (it is parsed, and no event). */
export function errorSign(record: ErrorRecord): ErrorSign | null {
  // A decoded path is quoted: what stands in it, and behind a line break in it, is the visitor's.
  if (record.connection !== null && QUOTES_PATH.test(record.message)) {
    if (record.level === 'crit' && (record.errno === 24 || record.errno === 23)) return OPEN_FILES
    return fileAtSocket(record) ? STATIC_SOCKET : null
  }
  for (const sign of ERROR_SIGNS) {
    if (sign.action !== undefined && sign.action !== record.action) continue
    if (sign.level !== undefined && !sign.level.includes(record.level)) continue
    if (sign.errno !== undefined && (record.errno === null || !sign.errno.includes(record.errno))) continue
    if (sign.message.test(record.message)) return sign
  }
  // Anything else at error or above that happened between nginx and a backend is grouped, never hidden.
  const proxied = record.action !== null && /upstream|upgraded/.test(record.action)
  if (proxied && BACKEND_SIDE.includes(record.level))
    return { sign: `unexplained: ${template(record)}`, kind: 'other_error', message: /^/ }
  return null
}

function fileAtSocket({ errno, message, request, subrequest }: ErrorRecord): boolean {
  if (errno !== 2 || subrequest !== null || request === null || !STATIC_SOCKET.message.test(message)) return false
  const uri = /^GET (\/\S*)/.exec(request)?.[1]
  return uri !== undefined && (SOCKET_PATH.test(uri.replace(/\?.*$/s, '')) || knownSocket(uri) !== null)
}

/** The message with everything variable taken out, at most 100 characters, so that equal failures group. */
function template(record: ErrorRecord): string {
  // Masked before it is cut, and for what stands in no quotes: signs are shown, and are names in the API.
  const text = maskText(record.message.slice(0, 1000))
    .slice(0, 300)
    .replace(/"[^"]*"?/g, '"…"')
    .replace(/\b[0-9a-fA-F]{4,}\b|\d+/g, 'N')
  return `${text.slice(0, 100)} while ${record.action ?? ''}`
}
