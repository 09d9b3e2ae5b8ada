/** Proxies other than nginx: Caddy, Traefik, oauth2-proxy, websockify, and HAProxy's termination states. Sources: caddy
 *  reverseproxy.go, traefik pkg/proxy/httputil/proxy.go, oauth2-proxy pkg/upstream/http.go, websockify
 *  websocketproxy.py, HAProxy configuration manual §8.5. */
import type { EventKind } from '../../event.ts'
import type { Wording } from './wording.ts'

/** A proxy as nginx is one, in its place or in front of it, followed by why it did not reach the backend. */
const PROXY = String.raw`(?:http\.log\.error|'50[0234] [A-Za-z ]{3,40}' caused by|(?:^|: )50[0234] (?:Bad Gateway|Gateway Timeout|Internal Server Error|Service Unavailable): )[\s\S]{0,300}`
/** One that is a part of the application or its guard: its own words, followed by why it did not reach what is behind it. */
const LEG = String.raw`(?:Unable to reach the origin service|Error proxying to upstream server|Failed to connect to \S{1,200}:\d{1,5})[\s\S]{0,300}`

export const PROXIES: readonly Wording[] = [
  {
    sign: 'app-http2-handshake',
    from: 'Caddy 2.10',
    text: /http2: invalid Upgrade request header/,
    example: 'http.log.error: http2: invalid Upgrade request header: ["websocket"]',
  },
  {
    sign: 'app-proxy-refused',
    from: 'Caddy, Traefik',
    text: new RegExp(
      `${PROXY}(?:connection refused|Connection refused|no route to host|network is unreachable|no upstreams available)`,
    ),
    example: 'http.log.error: dial tcp 172.18.0.3:9000: connect: connection refused',
  },
  {
    sign: 'app-proxy-name-unknown',
    from: 'Caddy, Traefik',
    text: new RegExp(`${PROXY}(?:no such host|server misbehaving)`),
    example: 'http.log.error: dial tcp: lookup app on 127.0.0.11:53: no such host',
  },
  {
    sign: 'app-proxy-timeout',
    from: 'Caddy, Traefik',
    text: new RegExp(`${PROXY}dial tcp[\\s\\S]{0,100}(?:i/o timeout|deadline exceeded)`),
    example: "'504 Gateway Timeout' caused by: dial tcp 10.0.0.4:3000: i/o timeout",
  },
  {
    // `\x15\x03` is a TLS alert: plain http was spoken to a port of https.
    sign: 'app-proxy-tls',
    from: 'Caddy, Traefik',
    text: new RegExp(
      `${PROXY}(?:x509: |tls: |remote error: tls|malformed HTTP response \\\\{0,4}"\\\\{1,4}x15\\\\{1,4}x03|Client sent an HTTP request to an HTTPS server)`,
    ),
    example: 'http.log.error: tls: first record does not look like a TLS handshake',
  },
  {
    // Its health check of a backend.
    sign: 'app-proxy-refused',
    from: 'HAProxy',
    text: /Server \S{1,200} is DOWN, reason: Layer4 connection problem/,
    example:
      'Server app/app1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left.',
  },
  {
    sign: 'app-remote-refused',
    from: 'websockify',
    text: /^handler exception: \[Errno (?:111|113)\]/,
    example: 'handler exception: [Errno 111] Connection refused',
  },
  {
    sign: 'app-proxy-reset',
    from: 'Caddy, Traefik',
    text: new RegExp(`${PROXY}(?:connection reset by peer|\\bEOF\\b)`),
    example: 'http.log.error: read tcp 172.18.0.2:40010->172.18.0.3:9000: read: connection reset by peer',
  },
  {
    sign: 'app-remote-refused',
    from: 'oauth2-proxy, websockify',
    text: new RegExp(`${LEG}(?:connection refused|Connection refused)`),
    example: 'Error proxying to upstream server: dial tcp 10.0.0.4:3000: connect: connection refused',
  },
  {
    sign: 'app-remote-name-unknown',
    from: 'oauth2-proxy',
    text: new RegExp(`${LEG}(?:no such host|Name or service not known|server misbehaving)`),
    example: 'Error proxying to upstream server: dial tcp: lookup app on 127.0.0.11:53: no such host',
  },
  {
    sign: 'app-remote-timeout',
    from: 'oauth2-proxy',
    text: new RegExp(`${LEG}(?:i/o timeout|deadline exceeded|timed out)`),
    example: 'Error proxying to upstream server: dial tcp 10.0.0.4:3000: i/o timeout',
  },
  {
    sign: 'app-remote-reset',
    from: 'oauth2-proxy',
    text: new RegExp(`${LEG}(?:connection reset by peer|forcibly closed by the remote host|\\bEOF\\b)`),
    example:
      'Error proxying to upstream server: read tcp 10.0.0.2:40010->10.0.0.4:3000: read: connection reset by peer',
  },
  {
    sign: 'app-no-hijacker',
    from: 'Traefik 1, logrus middleware',
    text: /Unable to hijack the connection/,
    example: "Unable to hijack the connection: the ResponseWriter doesn't support the Hijacker interface",
  },
  {
    sign: 'app-no-hijacker',
    from: 'Caddy',
    text: /hijack failed on protocol switch|can't switch protocols using non-Hijacker ResponseWriter/,
    example: 'http.handlers.reverse_proxy: hijack failed on protocol switch',
  },
]

export interface TerminationSign {
  sign: string
  kind: Exclude<EventKind, 'handshake_ok' | 'handshake_failed' | 'session_closed'>
  /** First two letters: who ended it, and when. */
  state: string
  /** Only for sessions that were upgraded: the same letters on a download are no WebSocket's business. */
  upgraded: boolean
}

/** HAProxy: capital = aborted, small = timed out; C client, S server; C connect, Q queue, H headers, D data. */
export const TERMINATIONS: readonly TerminationSign[] = [
  { sign: 'haproxy-tunnel-idle', kind: 'upstream_timeout', state: 'sD', upgraded: true },
  { sign: 'haproxy-tunnel-idle-client', kind: 'upstream_timeout', state: 'cD', upgraded: true },
  { sign: 'haproxy-server-reset', kind: 'upstream_reset', state: 'SD', upgraded: true },
  { sign: 'haproxy-client-reset', kind: 'client_closed', state: 'CD', upgraded: true },
  { sign: 'haproxy-connect-refused', kind: 'upstream_refused', state: 'SC', upgraded: false },
  { sign: 'haproxy-connect-timeout', kind: 'upstream_timeout', state: 'sC', upgraded: false },
  { sign: 'haproxy-queue-timeout', kind: 'resource_limit', state: 'sQ', upgraded: false },
  { sign: 'haproxy-died-before-headers', kind: 'upstream_reset', state: 'SH', upgraded: false },
  { sign: 'haproxy-response-timeout', kind: 'upstream_timeout', state: 'sH', upgraded: false },
]
