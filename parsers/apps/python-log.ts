/** Python's `logging.basicConfig()`: `LEVEL:logger:message`, no time. Source: Lib/logging/__init__.py, BASIC_FORMAT. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { isAiohttpRequest } from './aiohttp.ts'
import { isDjangoRequest } from './daphne.ts'
import { requestLine } from './tornado.ts'
import { isUvicornRequest } from './uvicorn.ts'

const LINE = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.-]{1,200}):(.*)$/s
/** Script-server and others: `[tornado.access.WARNING] text`. */
const BRACKETS = /^\[((?:[a-z]\w{0,60}\.){1,6})(DEBUG|INFO|WARNING|ERROR|CRITICAL)\] (.*)$/s

export const pythonLog: Parser<AppRecord> = {
  id: 'python-log',
  description: 'Python logging without a time: LEVEL:logger:message (websockets, Tornado, aiohttp)',
  examples: [
    {
      line: 'INFO:websockets.server:connection rejected (426 Upgrade Required)',
      fields: { time: null, level: 'info', message: 'connection rejected (426 Upgrade Required)' },
    },
    {
      line: 'WARNING:tornado.access:400 GET /ws (192.0.2.7) 1.53ms',
      fields: { level: 'warn', message: '400 GET /ws (192.0.2.7) 1.53ms' },
    },
    {
      line: '[tornado.access.WARNING] 400 GET /ws (192.0.2.7) 1.53ms',
      fields: { level: 'warn', message: '400 GET /ws (192.0.2.7) 1.53ms' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const tagged = BRACKETS.exec(text)
    const m = tagged ? [text, tagged[2], tagged[1]?.slice(0, -1), tagged[3]] : LINE.exec(text)
    if (!m) return miss('no-match')
    const message = m[3] as string
    if (isUvicornRequest(message) || isAiohttpRequest(message)) return miss('no-match')
    if ((m[2] as string).startsWith('django.') && isDjangoRequest(message)) return miss('no-match')
    const extra = extras({ logger: m[2], ...requestLine(message) })
    return appRecord('python-log', null, levelName(m[1] as string), message, extra)
  },
}
