/** uvicorn's default formatters: the level padded to ten columns, no time. Requests and sockets are told apart: only a
 *  handshake that arrived as one is a "WebSocket". Source: uvicorn/logging.py, protocols/websockets/*.py. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'

const LINE = /^(TRACE: {4}|DEBUG: {4}|INFO: {5}|WARNING: {2}|ERROR: {4}|CRITICAL: )(\S.*)$/s
/** Up to 0.34.2 a socket's client is a Python tuple. `None` is a unix socket. */
const CLIENT = String.raw`(?:\('([^']{0,100})', \d{1,5}\)|((?:\[[^\]]{1,60}\]|[^\s:]{1,100}|[0-9a-f:]{2,60}):\d{1,5})|None)`
const SOCKET = new RegExp(`^${CLIENT} - "WebSocket ([^"]{1,8000})" (\\[accepted\\]|\\d{3})`)
const REQUEST = new RegExp(`^${CLIENT} - "([A-Z]{3,10}) ([^"\\s]{1,8000}) (HTTP/[\\d.]{1,3})" (\\d{3})`)

export const uvicorn: Parser<AppRecord> = {
  id: 'uvicorn',
  description: 'uvicorn: messages, requests and WebSockets',
  examples: [
    {
      line: `INFO:     ('172.18.0.5', 40416) - "WebSocket /ws?room=7" [accepted]`,
      fields: { time: null, level: 'info' },
    },
    { line: 'INFO:     172.18.0.5:40416 - "WebSocket /ws" 403', fields: { level: 'info' } },
    { line: 'INFO:     172.18.0.5:43210 - "GET /ws HTTP/1.0" 404 Not Found', fields: { level: 'info' } },
    {
      line: 'WARNING:  Unsupported upgrade request.',
      fields: { level: 'warn', message: 'Unsupported upgrade request.' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const m = LINE.exec(plain(line))
    if (!m) return miss('no-match')
    const message = m[2] as string
    const level = levelName((m[1] as string).replace(/: *$/, ''))
    const socket = SOCKET.exec(message)
    if (socket) {
      const status = socket[4] === '[accepted]' ? '101' : socket[4]
      const extra = { request_method: 'WEBSOCKET', request_uri: socket[3], status, remote_addr: address(socket) }
      return appRecord('uvicorn', null, level, message, extras(extra))
    }
    const request = REQUEST.exec(message)
    if (!request) return appRecord('uvicorn', null, level, message)
    const extra = extras({
      request_method: request[3],
      request_uri: request[4],
      server_protocol: request[5],
      status: request[6],
      remote_addr: address(request),
    })
    return appRecord('uvicorn', null, level, message, extra)
  },
}

const address = (m: RegExpExecArray): string | undefined =>
  m[1] ?? m[2]?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
