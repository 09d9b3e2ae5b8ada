/** Traefik's access log, CLF with its own tail or JSON. The line of a tunnel is written when it ends, and CLF stamps it
 *  with the request's start. Sources: pkg/middlewares/accesslog/logger_formatters.go, logdata.go, logger.go. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessFields, AccessRecord, LogTime } from '../record.ts'
import { clfTime } from '../time.ts'
import { jsonObject } from './app-json.ts'
import { fieldsOf, plain } from './app-record.ts'
import { keyTime, later } from './app-time.ts'

const TEXT = String.raw`"((?:[^"\\]|\\.){0,8000})"`
const CLF = new RegExp(
  String.raw`^(\S{1,253}) - (\S{1,253}) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([A-Z-]{1,20}) ([^"]{1,8000}) (HTTP/[\d.]{1,3}|-)" (\d{1,3}|-) (\d{1,20}|-) (?:${TEXT}|-) (?:${TEXT}|-) (\d{1,20}|-) (?:${TEXT}|-) (?:${TEXT}|-) (\d{1,15})ms$`,
)

/** What each shape carries, whether a line has it or not. JSON drops request headers unless they are asked for. */
const CLF_VARIABLES: ReadonlySet<string> = new Set([
  'remote_addr',
  'remote_user',
  'request_method',
  'request_uri',
  'server_protocol',
  'status',
  'body_bytes_sent',
  'http_referer',
  'http_user_agent',
  'request_time',
  'upstream_addr',
  'router',
])

export const traefikAccess: Parser<AccessRecord> = {
  id: 'traefik-access',
  description: "Traefik's access log, CLF and JSON",
  examples: [
    {
      line: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /wss HTTP/1.1" 101 12 "-" "Mozilla/5.0" 6512 "websocket@docker" "http://10.0.0.2:8080" 60004ms',
      fields: {
        remote_addr: '192.0.2.7',
        request_uri: '/wss',
        status: 101,
        request_time: 60.004,
        upstream_addr: '10.0.0.2:8080',
        router: 'websocket@docker',
      },
    },
    {
      line: '10.0.0.126 - - [21/Nov/2026:06:13:34 +0000] "GET /wss HTTP/1.1" 499 21 - "Go-http-client/1.1" 6512 "websocket" "http://backend:8080" 3ms',
      fields: { status: 499, http_user_agent: 'Go-http-client/1.1', request_time: 0.003 },
    },
    {
      line: '{"ClientHost":"192.0.2.7","DownstreamContentSize":0,"DownstreamStatus":101,"Duration":60004000000,"OriginDuration":60003000000,"OriginStatus":101,"RequestHost":"app.example","RequestMethod":"GET","RequestPath":"/ws","RequestProtocol":"HTTP/1.1","RouterName":"app@docker","ServiceAddr":"10.0.0.2:8080","entryPointName":"websecure","level":"info","msg":"","time":"2026-11-21T06:14:34Z"}',
      fields: {
        time: '2026-11-21T06:14:34Z',
        status: 101,
        host: 'app.example',
        request_time: 60.004,
        upstream_response_time: 60.003,
        upstream_status: 101,
        upstream_addr: '10.0.0.2:8080',
      },
    },
  ],
  parse(line): Parsed<AccessRecord> {
    const text = plain(line)
    if (text[0] === '{') return text.includes('"DownstreamStatus"') ? fromJson(text) : miss('no-match')
    const m = CLF.exec(text)
    if (!m) return miss('no-match')
    const started = clfTime(m[3] as string)
    if (started === null) return miss('bad-time')
    const request_time = Number(m[14]) / 1000
    const fields = fieldsOf({
      remote_addr: m[1],
      remote_user: m[2],
      request_method: m[4],
      request_uri: m[5],
      server_protocol: m[6],
      status: number(m[7]),
      body_bytes_sent: number(m[8]),
      http_referer: m[9],
      http_user_agent: m[10],
      request_time,
      upstream_addr: address(m[13]),
      router: m[12],
    })
    return { ok: true, record: record(later(started, request_time), fields, CLF_VARIABLES) }
  },
}

const JSON_NAMES: Readonly<Record<string, string>> = {
  ClientHost: 'remote_addr',
  ClientUsername: 'remote_user',
  RequestMethod: 'request_method',
  RequestPath: 'request_uri',
  RequestProtocol: 'server_protocol',
  RequestHost: 'host',
  DownstreamStatus: 'status',
  DownstreamContentSize: 'body_bytes_sent',
  OriginStatus: 'upstream_status',
  RouterName: 'router',
  'request_User-Agent': 'http_user_agent',
  request_Referer: 'http_referer',
  request_Upgrade: 'http_upgrade',
  request_Connection: 'http_connection',
}

function fromJson(text: string): Parsed<AccessRecord> {
  const json = jsonObject(text)
  if (json === null) return miss('bad-json')
  if (typeof json.get('DownstreamStatus') !== 'number') return miss('no-match')
  const raw: Record<string, unknown> = {}
  for (const [key, name] of Object.entries(JSON_NAMES)) raw[name] = json.get(key)
  // Go durations: nanoseconds.
  raw['request_time'] = seconds(json.get('Duration'))
  raw['upstream_response_time'] = seconds(json.get('OriginDuration'))
  raw['upstream_addr'] = json.get('ServiceAddr') ?? address(json.get('ServiceURL'))
  const fields = fieldsOf(raw)
  // `time` is when the entry was written, the end; StartUTC is the fallback and the beginning.
  const time = keyTime(json.get('time')) ?? later(keyTime(json.get('StartUTC')), fields.request_time)
  return { ok: true, record: record(time, fields, new Set(Object.keys(fields))) }
}

function record(time: LogTime | null, fields: AccessFields, variables: ReadonlySet<string>): AccessRecord {
  return { type: 'access', format: 'traefik-access', time, fields, variables }
}

const number = (text: string | undefined): number | undefined =>
  text === undefined || text === '-' ? undefined : Number(text)
const seconds = (ns: unknown): number | undefined => (typeof ns === 'number' ? ns / 1e9 : undefined)
const address = (url: unknown): string | undefined =>
  typeof url === 'string' ? url.replace(/^[a-z]{1,10}:\/\//, '').replace(/\/.*$/s, '') : undefined
