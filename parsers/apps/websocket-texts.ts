/** What applications and libraries say about WebSockets, as signs. A sign is a meaning; its wordings are in signs/, one
 *  file per family of software. Tokens, not sentences: gorilla alone has had three wordings for one error.
 *  A line that prints what the backend received decides; a line that prints what became of a socket does not. */
import type { EventKind } from '../event.ts'
import { GO } from './signs/go.ts'
import { NODE } from './signs/node.ts'
import { PLATFORMS } from './signs/platforms.ts'
import { PROXIES } from './signs/proxies.ts'
import { PYTHON } from './signs/python.ts'
import type { Wording } from './signs/wording.ts'

export interface TextSign {
  sign: string
  kind: Exclude<EventKind, 'handshake_ok' | 'session_closed'>
  /** Repeats an event that another line already told: a 1006 that is passed on as a close code is refused by the peer. */
  echo?: true
  /** A line it must be read as, for the registry test. */
  example: string
  wordings: readonly Wording[]
}

/** In the order they are tried: a line with a reason and a symptom in it is read as the reason. */
const MEANINGS: readonly (readonly [sign: string, kind: TextSign['kind'], echo?: 'echo'])[] = [
  // The application dials its own remote; the error of that may quote any of the texts below.
  ['app-agent-unreachable', 'other_error'],
  // What arrived
  ['app-connection-token-missing', 'handshake_failed'],
  ['app-upgrade-token-missing', 'handshake_failed'],
  ['app-http10-handshake', 'handshake_failed'],
  ['app-http2-handshake', 'handshake_failed'],
  ['app-origin-refused', 'origin_rejected'],
  ['app-origin-refused-echo', 'origin_rejected', 'echo'],
  ['app-handshake-invalid', 'handshake_failed'],
  ['app-unsupported-upgrade', 'handshake_failed'],
  ['app-forwarded-untrusted', 'other_error'],
  ['app-auth-refused', 'auth_rejected'],
  ['app-auth-missing', 'client_closed'],
  ['app-no-route', 'handshake_failed'],
  ['app-other-port', 'handshake_failed'],
  ['app-session-unknown', 'sticky_lost'],
  ['app-engine-io-mismatch', 'handshake_failed'],
  ['app-engine-io-bad-request', 'handshake_failed'],
  // The application itself, or its own remote
  ['app-websocket-library-missing', 'other_error'],
  ['app-no-hijacker', 'other_error'],
  ['app-proxy-refused', 'upstream_refused'],
  ['app-proxy-name-unknown', 'upstream_dns'],
  ['app-proxy-timeout', 'upstream_timeout'],
  ['app-proxy-tls', 'upstream_tls'],
  ['app-proxy-reset', 'upstream_reset'],
  ['app-remote-refused', 'upstream_refused'],
  ['app-remote-name-unknown', 'upstream_dns'],
  ['app-remote-timeout', 'upstream_timeout'],
  ['app-remote-reset', 'upstream_reset'],
  ['app-remote-failed', 'other_error'],
  ['app-fault', 'other_error'],
  // How a session ended
  ['app-ping-timeout', 'client_closed'],
  ['app-client-slow', 'client_closed'],
  ['app-client-left', 'client_closed'],
  ['app-protocol-error', 'other_error'],
  ['app-service-restart', 'abnormal_closure'],
  ['app-1006', 'abnormal_closure'],
  ['app-1006-echo', 'abnormal_closure', 'echo'],
  ['app-copy-failed', 'abnormal_closure'],
  // Where nothing above says why
  ['app-client-got-no-101', 'handshake_failed'],
  ['app-negotiate-refused', 'other_error'],
  ['app-page-got-no-socket', 'handshake_failed'],
  ['app-fell-back-to-http', 'handshake_failed'],
  ['app-connection-rejected', 'handshake_failed'],
  ['app-not-http', 'other_error'],
  ['app-plain-at-tls', 'upstream_tls'],
  ['app-upgrade-failed', 'handshake_failed', 'echo'],
  ['app-answered-twice', 'other_error'],
  ['app-written-after-hijack', 'abnormal_closure', 'echo'],
]

const WORDINGS: readonly Wording[] = [...GO, ...NODE, ...PYTHON, ...PLATFORMS, ...PROXIES]

export const WEBSOCKET_TEXTS: readonly TextSign[] = MEANINGS.map(([sign, kind, echo]) => {
  const wordings = WORDINGS.filter((w) => w.sign === sign)
  return { sign, kind, example: wordings[0]?.example ?? '', wordings, ...(echo ? { echo: true as const } : {}) }
})

/** Texts that contain a token of some sign and report nothing: a clean close, a keepalive, a port probe. */
export const NORMAL: readonly { text: RegExp; example: string }[] = [
  {
    text: /copying from .{1,80} completed without error/,
    example: 'websocketproxy: copying from client to backend completed without error.',
  },
  {
    text: /websocket: close 100[01](?: |$)|\b100[01] \((?:OK|normal|going away|normal closure)\)|StatusGoingAway|StatusNormalClosure/,
    example: 'websocketproxy: Error when copying from client to backend: websocket: close 1001 (going away)',
  },
  { text: /stream ends after 0 bytes/, example: 'opening handshake failed: EOFError: stream ends after 0 bytes' },
]

/** Every sign needs one of these words; most lines have none and are done after one look. */
const HINT =
  /websocket|upgrade|origin|1006|closure|copying from|proxy|dial|tunnel|handshake|session|socket|close|ping|pong|engine|transport|connection|host|forward|pending|authent|hijack|WriteHeader|Errno|message|"code"|protocol|Invalid|No route|TLS|gevent|client|frame|dropping|shut down|server response|version|token|error code|\bWS[ _]|CORS|caused by|negotiation|Bad Gateway|http\.log\.error|Internal Server Error/i
/** The decisive part is at the beginning, in a joined record within the first few lines. */
const LOOKED_AT = 8192

/** Whether a text says that nothing went wrong. */
export const isNormal = (text: string): boolean => NORMAL.some((n) => n.text.test(text))

/** The sign of an application's message, or null when it says nothing about WebSockets. */
export function textSign(message: string): TextSign | null {
  const text = message.length > LOOKED_AT ? message.slice(0, LOOKED_AT) : message
  if (!HINT.test(text)) return null
  if (isNormal(text)) return null
  for (const sign of WEBSOCKET_TEXTS) for (const { text: pattern } of sign.wordings) if (pattern.test(text)) return sign
  return null
}
