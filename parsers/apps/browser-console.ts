/** What a browser's console says of a WebSocket that did not open, as people paste it into a question: the URL, and in
 *  Chromium the status. The page's script stands in front. Sources: Chromium net/websockets/websocket_basic_handshake_stream.cc
 *  (`Error during WebSocket handshake: Unexpected response code: 400`), Firefox dom/locales appstrings (connectionFailure). */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras } from './app-record.ts'

/** `main.7a1.js:12 `, `(index):5 `, `[Error] `. */
const SCRIPT = String.raw`(?:(?:\[Error\]|\[?\d\d:\d\d:\d\d\.\d{3}\]?|(?:[\w.@/-]{1,120}|\(\w{1,20}\)):\d{1,7}(?::\d{1,7})?|Uncaught) {1,4})?`
const CHROMIUM = new RegExp(
  String.raw`^${SCRIPT}WebSocket connection to '(wss?):\/\/([^/'?\s]{1,255})([^'\s]{0,4000})' failed:(?: Error during WebSocket handshake:)?(?: Unexpected response code: (\d{3}))?`,
)
const INTERRUPTED =
  /^The connection to (wss?):\/\/([^/\s]{1,255})(\S{0,2000}) was interrupted while the page was loading/
const BARE =
  /^(?:Uncaught )?(?:Error: )?(?:WebSocket connection failed: )?Error during WebSocket handshake: Unexpected response code: (\d{3})/
const FIREFOX = new RegExp(
  String.raw`^${SCRIPT}Firefox can(?:['\u2019]|\u00e2\u20ac\u2122)t establish a connection to the server at (wss?):\/\/([^/?\s]{1,255})(\S{0,4000}?)\.?(?:\s|$)`,
)

/** A page of https that asks for ws://, which no browser opens. Sources: Chromium content/renderer mixed_content_checker, its
 *  websocket_channel_impl.cc and DOMWebSocket; Firefox security.properties (BlockMixedActiveContent); WebKit. */
const MIXED =
  /^(?:.{0,120}?[ :])?(?:Mixed Content: The page at '[^'\n]{1,2000}' was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint '(wss?):\/\/([^/'?\s]{1,255})([^'\s]{0,2000})'|Blocked loading mixed active content [\u201c"'](wss?):\/\/([^/\u201d"'?\s]{1,255})([^\u201d"'\s]{0,2000})|(?:Uncaught )?(?:\w{0,20}: )?(?:Failed to construct 'WebSocket': )?An insecure WebSocket connection may not be initiated from a page loaded over HTTPS|(?:\[blocked\] )?The page at https:\/\/\S{1,2000} was not allowed to (?:display|run) insecure content from (wss?):\/\/([^/\s]{1,255})(\S{0,2000}))/

export const browserConsole: Parser<AppRecord> = {
  id: 'browser-console',
  description: "a browser's console: WebSocket connection to … failed",
  examples: [
    {
      line: "WebSocket connection to 'wss://chat.example/ws?v=2' failed: Error during WebSocket handshake: Unexpected response code: 400",
      fields: { time: null, level: 'error' },
    },
    {
      line: "client.js:356 WebSocket connection to 'wss://chat.example/ws' failed: Unexpected response code: 502",
      fields: { time: null, level: 'error' },
    },
    {
      line: "Mixed Content: The page at 'https://chat.example/' was loaded over HTTPS, but attempted to connect to the insecure WebSocket endpoint 'ws://chat.example/ws'. This request has been blocked; this endpoint must be available over WSS.",
      fields: { time: null, level: 'error' },
    },
    {
      line: 'Firefox can’t establish a connection to the server at wss://chat.example/cable.',
      fields: { time: null, level: 'error' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const mixed = /insecure|mixed/.test(line) ? MIXED.exec(line) : null
    if (mixed) {
      const [scheme, host, uri] = mixed.slice(1).filter((part) => part !== undefined)
      return appRecord('browser-console', null, 'error', line, extras({ scheme, host, request_uri: uri, mixed: 'yes' }))
    }
    const found = CHROMIUM.exec(line) ?? FIREFOX.exec(line) ?? INTERRUPTED.exec(line)
    const bare = BARE.exec(line)?.[1]
    if (bare !== undefined) return appRecord('browser-console', null, 'error', line, extras({ status: bare }))
    if (!found) return miss('no-match')
    const [text, scheme, host, uri = '', status] = found
    return appRecord(
      'browser-console',
      null,
      'error',
      line.slice(Math.max(0, text.search(/WebSocket connection to|Firefox can|The connection to/))),
      extras({ scheme, host, request_method: 'WEBSOCKET', request_uri: uri === '' ? '/' : uri, status }),
    )
  },
}
