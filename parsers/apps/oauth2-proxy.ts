/** oauth2-proxy: standard messages with a source file, and its request log. Both are stamped in local time; a request
 *  with its start. Source: pkg/logger/logger.go, default templates. The older layout has no request id. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord, AppRecord } from '../record.ts'
import { appRecord, extras, fieldsOf, plain } from './app-record.ts'
import { appTime, later } from './app-time.ts'

const STAMP = String.raw`\[(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\]`
const MESSAGE = new RegExp(`^${STAMP} \\[([\\w.-]{1,100}\\.go:\\d{1,6})\\] (.*)$`, 's')
const WHO = String.raw`^(\S{1,253}(?:, \S{1,60}){0,5}) - (?:\S{1,100} - )?(\S{1,253}) ${STAMP}`
const REQUEST = new RegExp(
  String.raw`${WHO} (\S{1,253}) ([A-Z]{1,20}) (\S{1,300}) "([^"]{0,8000})" (HTTP/[\d.]{1,3}) "((?:[^"\\]|\\.){0,4000})" (\d{3}) (\d{1,20}) (\d{1,12}\.\d{1,9})$`,
)
const AUTH = new RegExp(String.raw`${WHO} \[(Auth[A-Za-z]{1,20})\] (.*)$`, 's')

const VARIABLES: ReadonlySet<string> = new Set([
  'remote_addr',
  'remote_user',
  'host',
  'request_method',
  'request_uri',
  'server_protocol',
  'http_user_agent',
  'status',
  'body_bytes_sent',
  'request_time',
])

export const oauth2Proxy: Parser<AccessRecord | AppRecord> = {
  id: 'oauth2-proxy',
  description: 'oauth2-proxy: messages, sign-ins and requests',
  examples: [
    {
      line: '[2026/11/21 06:13:34] [http.go:120] Error proxying to upstream server: dial tcp 10.0.0.4:5678: connect: connection refused',
      fields: {
        time: '2026-11-21T06:13:34',
        message: 'Error proxying to upstream server: dial tcp 10.0.0.4:5678: connect: connection refused',
      },
    },
    {
      line: '192.0.2.7:51234 - 7f1c2d - ann@app.example [2026/11/21 06:13:34] app.example GET / "/rest/push?pushRef=7" HTTP/1.1 "Mozilla/5.0" 400 15 0.004',
      fields: { host: 'app.example', request_uri: '/rest/push?pushRef=7', status: 400, request_time: 0.004 },
    },
    {
      line: '192.0.2.7 - 7f1c2e - - [2026/11/21 06:13:34] [AuthFailure] Invalid authentication via OAuth2: unauthorized',
      fields: { message: 'Invalid authentication via OAuth2: unauthorized' },
    },
  ],
  parse(line): Parsed<AccessRecord | AppRecord> {
    const text = plain(line)
    const said = MESSAGE.exec(text)
    const auth = said ? null : AUTH.exec(text)
    if (said ?? auth) {
      const time = appTime((said?.[1] ?? auth?.[3]) as string)
      if (time === null) return miss('bad-time')
      if (said) return appRecord('oauth2-proxy', time, null, said[3] as string, extras({ caller: said[2] }))
      const extra = extras({ remote_addr: auth?.[1], result: auth?.[4] })
      return appRecord('oauth2-proxy', time, null, auth?.[5] as string, extra)
    }
    const m = REQUEST.exec(text)
    if (!m) return miss('no-match')
    const started = appTime(m[3] as string)
    if (started === null) return miss('bad-time')
    const fields = fieldsOf({
      remote_addr: (m[1] as string).replace(/^([\d.]+|\[.*\]):\d+$/, '$1'),
      remote_user: m[2],
      host: m[4],
      request_method: m[5],
      request_uri: m[7],
      server_protocol: m[8],
      http_user_agent: m[9],
      status: Number(m[10]),
      body_bytes_sent: Number(m[11]),
      request_time: Number(m[12]),
    })
    const time = later(started, fields.request_time)
    return { ok: true, record: { type: 'access', format: 'oauth2-proxy', time, fields, variables: VARIABLES } }
  },
}
