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
const BARE = /^(?:Uncaught )?Error during WebSocket handshake: Unexpected response code: (\d{3})/
const FIREFOX = new RegExp(
  String.raw`^${SCRIPT}Firefox can(?:['\u2019]|\u00e2\u20ac\u2122)t establish a connection to the server at (wss?):\/\/([^/?\s]{1,255})(\S{0,4000}?)\.?(?:\s|$)`,
)

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
      line: 'Firefox can’t establish a connection to the server at wss://chat.example/cable.',
      fields: { time: null, level: 'error' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const found = CHROMIUM.exec(line) ?? FIREFOX.exec(line)
    const bare = BARE.exec(line)?.[1]
    if (bare !== undefined) return appRecord('browser-console', null, 'error', line, extras({ status: bare }))
    if (!found) return miss('no-match')
    const [text, scheme, host, uri = '', status] = found
    return appRecord(
      'browser-console',
      null,
      'error',
      line.slice(text.indexOf(line.includes('WebSocket connection') ? 'WebSocket connection' : 'Firefox')),
      extras({ scheme, host, request_method: 'WEBSOCKET', request_uri: uri === '' ? '/' : uri, status }),
    )
  },
}
