/** uvicorn's default formatters: the level padded to ten columns, no time; requests also behind other
 *  loggers' heads. Requests and sockets are told apart: only a
 *  handshake that arrived as one is a "WebSocket". Source: uvicorn/logging.py, protocols/websockets/*.py. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { behindHead, type LoggerHead } from './logger-head.ts'

const LINE = /^(TRACE: {4}|DEBUG: {4}|INFO: {5}|WARNING: {2}|ERROR: {4}|CRITICAL: )(\S.*)$/s
/** Up to 0.34.2 a socket's client is a Python tuple. `None` is a unix socket. */
const CLIENT = String.raw`(?:\('([^']{0,100})', \d{1,5}(?:, \d{1,10}){0,2}\)|((?:\[[^\]]{1,60}\]|[^\s:]{1,100}|[0-9a-f:]{2,60}):\d{1,5})|None)`
const SOCKET = new RegExp(`^${CLIENT} - "WebSocket ([^"]{1,8000})" (\\[accepted\\]|\\d{3})`)
const REQUEST = new RegExp(`^${CLIENT} - "([A-Z]{3,10}) ([^"\\s]{1,8000}) (HTTP/[\\d.]{1,3})" (\\d{3})`)
const EITHER = new RegExp(`${SOCKET.source}|${REQUEST.source}`)

/** For the general parsers, which leave such lines. */
export const isUvicornRequest = (text: string): boolean => text.includes(' - "') && EITHER.test(text)

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
    {
      line: '[2026-11-21 06:13:34 +0000] [13] [INFO] 172.18.0.5:40416 - "WebSocket /ws" 403',
      fields: { time: '2026-11-21T06:13:34Z', level: 'info', message: '172.18.0.5:40416 - "WebSocket /ws" 403' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const head = own(text) ?? (text.includes(' - "') ? behindHead(text, EITHER) : null)
    if (head === null) return miss('no-match')
    const { time, level, rest: message } = head
    const socket = SOCKET.exec(message)
    if (socket) {
      const status = socket[4] === '[accepted]' ? '101' : socket[4]
      const extra = { request_method: 'WEBSOCKET', request_uri: socket[3], status, remote_addr: address(socket) }
      return appRecord('uvicorn', time, level, message, extras(extra))
    }
    const request = REQUEST.exec(message)
    if (!request) return appRecord('uvicorn', time, level, message)
    const extra = extras({
      request_method: request[3],
      request_uri: request[4],
      server_protocol: request[5],
      status: request[6],
      remote_addr: address(request),
    })
    return appRecord('uvicorn', time, level, message, extra)
  },
}

const address = (m: RegExpExecArray): string | undefined =>
  m[1] ?? m[2]?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

/** uvicorn's own head; other loggers' (gunicorn's, the application's) are looked for after it. */
function own(text: string): LoggerHead | null {
  const m = LINE.exec(text)
  return m && { time: null, level: levelName((m[1] as string).replace(/: *$/, '')), rest: m[2] as string }
}
