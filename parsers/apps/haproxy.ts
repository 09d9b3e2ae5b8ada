/** HAProxy's HTTP and TCP logs. The stamp is the moment the request was accepted, in local time without a zone; the four
 *  letters of the termination state say who ended the session. Source: HAProxy configuration manual §8.2.2, §8.2.3, §8.5. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord, AppRecord } from '../record.ts'
import { appRecord, extras, fieldsOf, levelName, plain } from './app-record.ts'
import { appTime, later } from './app-time.ts'

const HEAD = String.raw`^(\S{1,100}):(\d{1,5}) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] (\S{1,200}) ([^\s/]{1,200})/(\S{1,200})`
const N = String.raw`[+-]?\d{1,15}`
const COUNTS = String.raw`(?:${N}/){4}${N} ${N}/${N}`
const CAPTURED = String.raw`(?: \{[^}]{0,2000}\}){0,2}`
const HTTP = new RegExp(
  String.raw`${HEAD} (${N})/(${N})/(${N})/(${N})/(${N}) (-?\d{1,3}) \+?(\d{1,20}) \S{1,500} \S{1,500} ([-A-Za-z]{4}) ${COUNTS}${CAPTURED} "([^"]{0,8000})"?`,
)
const TCP = new RegExp(String.raw`${HEAD} (${N})/(${N})/(${N}) \+?(\d{1,20}) ([-A-Za-z]{2}) ${COUNTS}\s*$`)

/** What is no session: connections that failed early (§8.2.5), the short default format (§8.2.1), states of servers. */
const EARLY =
  /^(\S{1,100}):\d{1,5} \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] ([^\s/]{1,200}\/\S{1,200}): (.{1,500})$/
const STATE =
  /^(?:\[(WARNING|ALERT|NOTICE)\] +(?:\d{3}\/\d{6} )?\(\d{1,10}\) : )?((?:Server \S{1,200} is (?:UP|DOWN|going DOWN|in maintenance)|backend \S{1,200} has no server available!|Connect from \S{1,100}:\d{1,5} to \S{1,100}:\d{1,5} \(|Proxy \S{1,200} (?:started|stopped)).{0,2000})$/
const SPOKEN = /^\[(WARNING|ALERT|NOTICE)\] +(?:\d{3}\/\d{6} )?\(\d{1,10}\) : (.{1,4000})$/

const SHARED = ['remote_addr', 'remote_port', 'frontend', 'upstream_addr', 'bytes_sent', 'request_time']
const TCP_VARIABLES: ReadonlySet<string> = new Set([...SHARED, 'upstream_connect_time', 'termination_state'])
const HTTP_VARIABLES: ReadonlySet<string> = new Set([
  ...TCP_VARIABLES,
  'request_method',
  'request_uri',
  'server_protocol',
  'status',
  'upstream_header_time',
])

export const haproxy: Parser<AccessRecord | AppRecord> = {
  id: 'haproxy',
  description: 'HAProxy: HTTP and TCP logs, states of servers',
  examples: [
    {
      line: '192.0.2.7:48380 [21/Nov/2026:06:13:34.686] web~ app/node1 0/0/1/2/60004 101 245 - - sD-- 17/17/16/3/0 0/0 {app.example} "GET /ws HTTP/1.1"',
      fields: {
        time: '2026-11-21T06:13:34.686',
        remote_addr: '192.0.2.7',
        request_uri: '/ws',
        status: 101,
        request_time: 60.004,
        upstream_header_time: 0.002,
        upstream_addr: 'app/node1',
        termination_state: 'sD--',
      },
    },
    {
      line: '192.0.2.7:48381 [21/Nov/2026:06:13:35.001] web~ app/<NOSRV> -1/-1/-1/-1/3 503 217 - - SC-- 2/2/0/0/0 0/0 "GET /ws HTTP/1.1"',
      fields: { status: 503, termination_state: 'SC--' },
    },
    {
      line: '192.0.2.7:48382 [21/Nov/2026:06:13:36.100] ssh-in back/host1 0/1/50000 2311 cD 1/1/0/0/0 0/0',
      fields: { termination_state: 'cD', request_time: 50, bytes_sent: 2311 },
    },
    {
      line: '192.0.2.7:48383 [21/Nov/2026:06:13:36.100] web/1: SSL handshake failure',
      fields: { time: '2026-11-21T06:13:36.100', message: 'SSL handshake failure' },
    },
    {
      line: '[WARNING]  (8) : Server app/node1 is DOWN, reason: Layer4 connection problem, info: "Connection refused".',
      fields: { time: null, level: 'warn' },
    },
  ],
  parse(line): Parsed<AccessRecord | AppRecord> {
    const text = plain(line)
    const http = HTTP.exec(text)
    const m = http ?? TCP.exec(text)
    if (!m) return message(text)
    const accepted = appTime(m[3] as string)
    if (accepted === null) return miss('bad-time')
    const shared = {
      remote_addr: m[1],
      remote_port: Number(m[2]),
      frontend: (m[4] as string).replace(/~$/, ''),
      upstream_addr: `${m[5]}/${m[6]}`,
    }
    // TR/Tw/Tc/Tr/Ta and Tw/Tc/Tt, in ms; -1 is a stage that was not reached.
    const fields = fieldsOf(
      http
        ? {
            ...shared,
            ...request(m[15] as string),
            upstream_connect_time: seconds(m[9]),
            upstream_header_time: seconds(m[10]),
            request_time: seconds(m[11]),
            status: m[12] === '-1' ? undefined : Number(m[12]),
            bytes_sent: Number(m[13]),
            termination_state: m[14],
          }
        : {
            ...shared,
            upstream_connect_time: seconds(m[8]),
            request_time: seconds(m[9]),
            bytes_sent: Number(m[10]),
            termination_state: m[11],
          },
    )
    const time = later(accepted, fields.request_time)
    const variables = http ? HTTP_VARIABLES : TCP_VARIABLES
    return { ok: true, record: { type: 'access', format: 'haproxy', time, fields, variables } }
  },
}

function message(text: string): Parsed<AppRecord> {
  const early = EARLY.exec(text)
  if (early) {
    const time = appTime(early[2] as string)
    if (time === null) return miss('bad-time')
    return appRecord('haproxy', time, null, early[4] as string, extras({ remote_addr: early[1], frontend: early[3] }))
  }
  const said = STATE.exec(text) ?? SPOKEN.exec(text)
  if (!said) return miss('no-match')
  return appRecord('haproxy', null, said[1] === undefined ? null : levelName(said[1]), said[2] as string)
}

function seconds(ms: string | undefined): number | undefined {
  const value = Number(ms)
  return value >= 0 ? value / 1000 : undefined
}

/** `<BADREQ>` and truncated requests stay raw. */
function request(text: string): Record<string, string> {
  const m = /^([A-Z]{1,20}) (\S+) (HTTP\/[\d.]{1,3})$/.exec(text)
  if (!m) return { request: text }
  return { request_method: m[1] as string, request_uri: m[2] as string, server_protocol: m[3] as string }
}
