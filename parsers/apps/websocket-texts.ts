/** What WebSocket libraries say, whatever application prints it. Tokens, not sentences: gorilla alone has had three
 *  wordings for one error. Sources: gorilla/websocket server.go and conn.go, koding/websocketproxy websocketproxy.go,
 *  coder/websocket accept.go. */
import type { EventKind } from '../event.ts'

export interface TextSign {
  sign: string
  kind: EventKind
  text: RegExp
  /** Repeats an event that another line already told: a 1006 that is passed on as a close code is refused by the peer. */
  echo?: true
  /** A line it must be read as, for the registry test. */
  example: string
}

export const WEBSOCKET_TEXTS: readonly TextSign[] = [
  {
    sign: 'app-connection-token-missing',
    kind: 'handshake_failed',
    text: /'upgrade' token not found in 'Connection' header|connection header with token 'upgrade'|Connection header ".{0,80}" does not contain Upgrade|"Connection" must be "Upgrade"|invalid Connection header/i,
    example:
      "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
  },
  {
    sign: 'app-upgrade-token-missing',
    kind: 'handshake_failed',
    text: /'websocket' token not found in 'Upgrade' header|upgrade header with token 'websocket'|Upgrade header ".{0,80}" does not contain websocket|Can "Upgrade" only to "WebSocket"|invalid Upgrade header|missing Upgrade header/i,
    example:
      "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header",
  },
  {
    sign: 'app-origin-refused',
    kind: 'origin_rejected',
    text: /CheckOrigin|websocket: origin not allowed|'Origin' header value not allowed|Origin ".{0,200}" is not authorized for Host/,
    example: "websocketproxy: couldn't upgrade websocket: request origin not allowed by Upgrader.CheckOrigin",
  },
  {
    sign: 'app-handshake-invalid',
    kind: 'handshake_failed',
    text: /not found in 'Sec-Websocket-Version' header|'Sec-Web[Ss]ocket-Key' header|version != 13|request method is not GET/i,
    example: "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header",
  },
  {
    sign: 'app-agent-unreachable',
    kind: 'other_error',
    text: /couldn't dial to remote backend url|Unable to proxy websocket request to (?:agent|Edge agent)/,
    example: "websocketproxy: couldn't dial to remote backend url dial tcp 10.0.0.2:9001: connect: connection refused",
  },
  {
    sign: 'app-1006',
    kind: 'abnormal_closure',
    text: /close 1006|\b1006 \(abnormal closure\)|abnormal closure/i,
    example:
      'websocketproxy: Error when copying from backend to client: websocket: close 1006 (abnormal closure): unexpected EOF',
  },
  {
    sign: 'app-1006-echo',
    kind: 'abnormal_closure',
    text: /websocket: invalid close code|websocket: bad close code 100[56]|websocket: close sent/,
    echo: true,
    example: 'websocketproxy: Error when copying from backend to client: websocket: invalid close code',
  },
  {
    sign: 'app-copy-failed',
    kind: 'abnormal_closure',
    text: /copying from (?:client|backend)/i,
    example:
      'websocketproxy: Error when copying from client to backend: read tcp 10.0.0.2:9000->10.0.0.9:51234: i/o timeout',
  },
]

/** The sign of an application's message, or null when it says nothing about WebSockets. */
export function textSign(message: string): TextSign | null {
  for (const sign of WEBSOCKET_TEXTS) if (sign.text.test(message)) return sign
  return null
}
