/** Why a browser's WebSocket did not open, in the browser's own words: what stands behind `failed:`. A status is told apart.
 *  Sources: Chromium net/base/net_error_list.h, net/websockets (websocket_basic_handshake_stream.cc, websocket_channel.cc),
 *  blink websocket_channel_impl.cc. */
import type { EventKind } from '../event.ts'

export interface BrowserReason {
  sign: string
  kind: Exclude<EventKind, 'handshake_ok' | 'session_closed' | 'handshake_failed'>
  text: RegExp
  example: string
}

export const BROWSER_REASONS: readonly BrowserReason[] = [
  {
    sign: 'browser-no-tls-there',
    kind: 'other_error',
    text: /ERR_SSL_(?:PROTOCOL_ERROR|VERSION_OR_CIPHER_MISMATCH|UNRECOGNIZED_NAME_ALERT)|WRONG_VERSION_NUMBER/,
    example: 'Error in connection establishment: net::ERR_SSL_PROTOCOL_ERROR',
  },
  {
    sign: 'browser-certificate-refused',
    kind: 'other_error',
    text: /ERR_CERT_[A-Z_]+|ERR_SSL_PINNED_KEY|SSL_ERROR_BAD_CERT|certificate (?:for this server )?is invalid/,
    example: 'Error in connection establishment: net::ERR_CERT_AUTHORITY_INVALID',
  },
  {
    sign: 'browser-nobody-there',
    kind: 'other_error',
    text: /ERR_CONNECTION_REFUSED|ERR_NAME_NOT_RESOLVED|ERR_ADDRESS_UNREACHABLE|ERR_CONNECTION_TIMED_OUT|Could not connect to the server/,
    example: 'Error in connection establishment: net::ERR_CONNECTION_REFUSED',
  },
  {
    sign: 'browser-unauthorised',
    kind: 'auth_rejected',
    text: /HTTP Authentication failed/,
    example: 'HTTP Authentication failed; no valid credentials available',
  },
  {
    sign: 'browser-subprotocol-refused',
    kind: 'other_error',
    text: /'Sec-WebSocket-(?:Protocol|Extensions)' header/,
    example:
      "Error during WebSocket handshake: Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received",
  },
  {
    sign: 'browser-answer-stripped',
    kind: 'other_error',
    text: /'(?:Upgrade|Connection|Sec-WebSocket-Accept)' header (?:is missing|value)|Incorrect 'Sec-WebSocket-Accept'/,
    example: "Error during WebSocket handshake: 'Upgrade' header is missing",
  },
  {
    sign: 'browser-invalid-frame',
    kind: 'other_error',
    text: /Invalid frame header|reserved bits are on|Could not decode a text frame|must not mask|unexpected continuation frame|Unrecognized frame opcode|control frame/,
    example: 'One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0',
  },
  {
    sign: 'browser-page-left',
    kind: 'client_closed',
    text: /closed before the connection is established|was interrupted while the page was loading|due to suspension/,
    example: 'WebSocket is closed before the connection is established.',
  },
]

/** The reason in what a console printed; null when it gives none. */
export const browserReason = (text: string): BrowserReason | null =>
  BROWSER_REASONS.find((reason) => reason.text.test(text)) ?? null
