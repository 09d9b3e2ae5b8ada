/** websockify (noVNC) and everything else on Python's http.server or werkzeug: `CLIENT - - [21/Nov/2026 06:13:34] text`.
 *  The blank before the time of day and the missing zone tell it from a common access log.
 *  Sources: websockify/websockifyserver.py, Lib/http/server.py log_message. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, plain } from './app-record.ts'
import { appTime } from './app-time.ts'

const LINE = /^(\S{1,253}) - - \[(\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d(?:,\d{3})?)\] (.*)$/s
/** Before it used a logger: the number of the connection and its own sentences. */
const NUMBERED =
  /^ {0,2}\d{1,4}: ((?:\S{2,100}: (?:Plain non-SSL|SSL\/TLS|Path: |Version |(?:Target|Client) closed connection|Closed target)|connecting to: |Failed to connect to |handler exception: ).*)$/
const REQUEST = /^"([A-Z]{3,10}) (\S{1,8000}) (HTTP\/[\d.]{1,3})" (\d{3}) /

export const websockify: Parser<AppRecord> = {
  id: 'websockify',
  description: "noVNC's websockify, werkzeug and Python's http.server",
  examples: [
    {
      line: '192.0.2.7 - - [21/Nov/2026 06:13:34] 192.0.2.7: Plain non-SSL (ws://) WebSocket connection',
      fields: {
        time: '2026-11-21T06:13:34',
        message: '192.0.2.7: Plain non-SSL (ws://) WebSocket connection',
      },
    },
    {
      line: '192.0.2.7 - - [21/Nov/2026 06:13:34] Failed to connect to 10.0.0.9:5901: [Errno 111] Connection refused',
      fields: { message: 'Failed to connect to 10.0.0.9:5901: [Errno 111] Connection refused' },
    },
    { line: '  7: connecting to: 10.0.0.9:5901', fields: { time: null, message: 'connecting to: 10.0.0.9:5901' } },
    { line: '172.18.0.5 - - [21/Nov/2026 06:13:34] "GET /websockify HTTP/1.0" 405 -', fields: { level: null } },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const m = LINE.exec(text)
    if (!m) {
      const numbered = NUMBERED.exec(text)
      return numbered ? appRecord('websockify', null, null, numbered[1] as string) : miss('no-match')
    }
    const time = appTime((m[2] as string).replace(',', '.'))
    if (time === null) return miss('bad-time')
    const message = m[3] as string
    const request = REQUEST.exec(message)
    const extra = extras({
      remote_addr: m[1],
      request_method: request?.[1],
      request_uri: request?.[2],
      server_protocol: request?.[3],
      status: request?.[4],
    })
    return appRecord('websockify', time, null, message, extra)
  },
}
