/** gin's request log (Gotify and other Go services): `[GIN] TIME | STATUS | LATENCY | CLIENT | METHOD "PATH"`; the
 *  reason of a failure is the next line, `Error #01: …`, without a time. An accepted upgrade is printed as 200.
 *  Source: gin-gonic/gin logger.go defaultLogFormatter, errors.go errorMsgs.String. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, plain } from './app-record.ts'
import { appTime } from './app-time.ts'

const REQUEST =
  /^\[GIN\] (\d{4}\/\d\d\/\d\d) - (\d\d:\d\d:\d\d) \| *(\d{3}) *\| *([\d.hmsµun]{2,30}) *\| *([0-9A-Fa-f.:%\w]{2,60}) *\| *([A-Z]{3,10}) *("[^\r\n]{0,8000}?"|\S{1,8000})\s*(?:\n(.*))?$/s
const ERROR = /^Error #\d\d: (.*)$/s
const DEBUG = /^\[GIN-debug\] (?:\[(WARNING|ERROR)\] )?(.*)$/s

export const gin: Parser<AppRecord> = {
  id: 'gin',
  description: 'gin request log with the error below it (Gotify)',
  startsRecord: /^\[GIN/,
  examples: [
    {
      line: '[GIN] 2026/11/21 - 06:13:34 | 403 |     807.832µs |       192.0.2.7 | GET      "/stream?token=[masked]"',
      fields: { time: '2026-11-21T06:13:34', message: '403 GET /stream?token=[masked]' },
    },
    {
      line: '[GIN] 2026/11/21 - 06:13:34 | 403 |     807.832µs |       192.0.2.7 | GET      /stream\nError #01: websocket: request origin not allowed by Upgrader.CheckOrigin\n',
      fields: { message: '403 GET /stream: websocket: request origin not allowed by Upgrader.CheckOrigin' },
    },
    {
      line: 'Error #01: websocket: request origin not allowed by Upgrader.CheckOrigin',
      fields: { time: null, message: 'websocket: request origin not allowed by Upgrader.CheckOrigin' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const m = REQUEST.exec(text)
    if (!m) {
      const alone = ERROR.exec(text)
      if (alone) return appRecord('gin', null, 'error', alone[1] as string)
      const debug = DEBUG.exec(text)
      return debug
        ? appRecord('gin', null, debug[1] === undefined ? 'debug' : 'warn', debug[2] as string)
        : miss('no-match')
    }
    const time = appTime(`${m[1]} ${m[2]}`)
    if (time === null) return miss('bad-time')
    const uri = (m[7] as string).replace(/^"(.*)"$/s, '$1')
    const error = ERROR.exec(m[8] ?? '')?.[1]?.trim()
    const extra = extras({ request_method: m[6], request_uri: uri, status: m[3], remote_addr: m[5], error })
    return appRecord('gin', time, null, `${m[3]} ${m[6]} ${uri}${error === undefined ? '' : `: ${error}`}`, extra)
  },
}
