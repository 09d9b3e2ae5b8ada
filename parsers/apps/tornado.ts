/** Tornado's log format, which Jupyter and JupyterHub share: `[W 2026-11-21 06:13:34.636 ServerApp] message`; older
 *  Jupyter prints a time of day only, plain Tornado `[W 261121 06:13:34 web:2239]`. An uncaught exception is followed by
 *  the request as `HTTPServerRequest(…)`. Sources: tornado/log.py LogFormatter, tornado/web.py log_request and
 *  log_exception, traitlets' and JupyterHub's log format. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { appTime } from './app-time.ts'
import { behindHead } from './logger-head.ts'

const HEAD =
  /^\[([DIWEC]) (?:(\d{4}-\d\d-\d\d|\d{6}) )?(\d\d:\d\d:\d\d(?:\.\d{3})?)(?: ([\w.-]{1,100})(?![\w.:-]))?(?: ([\w.-]{1,100}):\d{1,6})?\] (.*)$/s
const REQUEST =
  /^(\d{3}) ([A-Z]{3,10}) (\S{1,4000}) \((?:[^@()\s]{0,200}@)?([0-9A-Za-z.:%-]{1,100})\) (?:\[[\w .-]{1,60}\] )?\d{1,12}(?:\.\d{1,3})?ms/
/** The dump of a request, printed on a line of its own; LogFormatter indents what follows a first line. */
const DUMP = /^ {0,8}HTTPServerRequest\(protocol='/

export const tornado: Parser<AppRecord> = {
  id: 'tornado',
  description: 'Tornado, Jupyter and JupyterHub',
  startsRecord: /^(?:\x1b\[[\d;]*m)?\[[DIWEC] (?:\d{4}-\d\d-\d\d |\d{6} )?\d\d:\d\d:\d\d/,
  unfinished(record) {
    const end = record.lastIndexOf('\n')
    return end < 0
      ? /\] Uncaught exception [A-Z]/.test(record.slice(0, 300))
      : DUMP.test(record.slice(end + 1)) && !record.trimEnd().endsWith(')') && record.length < 16_000
  },
  examples: [
    {
      line: '[W 2026-11-21 06:13:34.636 ServerApp] Blocking Cross Origin WebSocket Attempt.  Origin: https://lab.example:8443, Host: lab.example',
      fields: { time: '2026-11-21T06:13:34.636', level: 'warn' },
    },
    {
      line: '[W 06:13:34.947 LabApp] 400 GET /api/kernels/3fa95f64/channels?session_id=7 (192.0.2.7) 1.53ms referer=None',
      fields: { time: null, level: 'warn' },
    },
    {
      line: '[W 2026-11-21 06:13:34.686 SingleUserNotebookApp log:189] 403 GET /user/ann/terminals/websocket/1 (ann@192.0.2.7) 1.41ms',
      fields: { level: 'warn', message: '403 GET /user/ann/terminals/websocket/1 (ann@192.0.2.7) 1.41ms' },
    },
    {
      line: '[W 261121 06:13:34 web:2239] 404 GET /ws (192.0.2.7) 0.62ms',
      fields: { time: '2026-11-21T06:13:34', message: '404 GET /ws (192.0.2.7) 0.62ms' },
    },
    {
      line: '2026-11-21 06:13:34.947 400 GET /_stcore/stream (192.0.2.7) 1.53ms',
      fields: { time: '2026-11-21T06:13:34.947', level: null, message: '400 GET /_stcore/stream (192.0.2.7) 1.53ms' },
    },
    {
      line: "[E 2026-11-21 06:13:34.100 ServerApp] Uncaught exception GET /terminals/websocket/1 (192.0.2.7)\nHTTPServerRequest(protocol='http', host='10.0.0.4:8888', method='GET', uri='/terminals/websocket/1', version='HTTP/1.0', remote_ip='192.0.2.7')",
      fields: { level: 'error' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const m = HEAD.exec(text)
    if (!m) {
      // Where lines were not joined the dump stands alone; nothing else looks like it.
      if (DUMP.test(text)) return appRecord('tornado', null, null, text)
      // Streamlit and others with a logger of their own. Without a time it is Python's basic format.
      const head = text[4] === '-' && text.includes('ms', 30) ? behindHead(text, REQUEST) : null
      if (head === null) return miss('no-match')
      return appRecord('tornado', head.time, head.level, head.rest, extras(requestLine(head.rest)))
    }
    const day = m[2]?.length === 6 ? `20${m[2].slice(0, 2)}-${m[2].slice(2, 4)}-${m[2].slice(4)}` : m[2]
    const time = day === undefined ? null : appTime(`${day} ${m[3]}`)
    if (day !== undefined && time === null) return miss('bad-time')
    const message = m[6] as string
    const extra = extras({ logger: m[4] ?? m[5], ...requestLine(message) })
    return appRecord('tornado', time, levelName(m[1] as string), message, extra)
  },
}

/** For the general parsers, which leave such lines. */
export const isTornadoRequest = (text: string): boolean => REQUEST.test(text)

/** `400 GET /ws (192.0.2.7) 1.53ms`, Tornado's access line; empty for other messages. */
export function requestLine(message: string): Record<string, string> {
  const m = REQUEST.exec(message)
  if (!m) return {}
  return {
    status: m[1] as string,
    request_method: m[2] as string,
    request_uri: m[3] as string,
    remote_addr: m[4] as string,
  }
}
