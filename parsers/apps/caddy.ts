/** Caddy's JSON log: access entries become access records (all request headers are in them), the rest application lines.
 *  Sources: modules/caddyhttp/logging.go, marshalers.go, reverseproxy/reverseproxy.go and streaming.go. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord, AppRecord } from '../record.ts'
import { asMap, jsonObject } from './app-json.ts'
import { appRecord, fieldsOf, levelName, plain } from './app-record.ts'
import { keyTime } from './app-time.ts'

const LOGGERS = /^(?:http|tls|admin|events|caddy|layer4|pki)(?:\.|$)/

export const caddy: Parser<AccessRecord | AppRecord> = {
  id: 'caddy',
  description: 'Caddy: JSON access log and messages',
  examples: [
    {
      line: '{"level":"info","ts":1795241614.439,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"192.0.2.7","remote_port":"51234","client_ip":"192.0.2.7","proto":"HTTP/1.1","method":"GET","host":"app.example","uri":"/ws","headers":{"Upgrade":["websocket"],"Connection":["Upgrade"],"User-Agent":["Mozilla/5.0"]}},"bytes_read":0,"user_id":"","duration":60.003,"size":0,"status":101,"resp_headers":{}}',
      fields: {
        time: '2026-11-21T06:13:34.439Z',
        remote_addr: '192.0.2.7',
        host: 'app.example',
        request_uri: '/ws',
        status: 101,
        request_time: 60.003,
        http_upgrade: 'websocket',
      },
    },
    {
      line: '{"level":"error","ts":1795241614.4391,"logger":"http.log.error","msg":"dial tcp 172.18.0.3:9000: connect: connection refused","request":{"remote_ip":"192.0.2.7","method":"GET","host":"app.example","uri":"/ws"},"duration":0.001,"status":502}',
      fields: { level: 'error', message: 'dial tcp 172.18.0.3:9000: connect: connection refused' },
    },
    {
      line: '{"level":"warn","ts":1795241614.4,"logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","error":"writing: http2: stream closed"}',
      fields: { level: 'warn', message: 'aborting with incomplete response' },
    },
  ],
  parse(line): Parsed<AccessRecord | AppRecord> {
    const text = plain(line)
    if (text[0] !== '{' || !text.includes('"logger"') || !text.includes('"ts"')) return miss('no-match')
    const json = jsonObject(text)
    if (json === null) return miss('bad-json')
    const logger = json.get('logger')
    const message = json.get('msg')
    const level = levelName(String(json.get('level')))
    if (typeof logger !== 'string' || !LOGGERS.test(logger) || typeof message !== 'string' || level === null)
      return miss('no-match')
    const time = keyTime(json.get('ts'))
    const request = asMap(json.get('request'))
    if (logger.startsWith('http.log.access') && request !== null && typeof json.get('status') === 'number')
      return { ok: true, record: access(json, request, time) }
    const extra = new Map([['logger', logger]])
    const error = json.get('error')
    if (typeof error === 'string' && error !== '') extra.set('error', error.slice(0, 4000))
    const status = json.get('status')
    if (typeof status === 'number') extra.set('status', String(status))
    const host = request?.get('host')
    if (typeof host === 'string') extra.set('host', host)
    return appRecord('caddy', time, level, message, extra)
  },
}

const VARIABLES: ReadonlySet<string> = new Set([
  'remote_addr',
  'remote_user',
  'request_method',
  'request_uri',
  'server_protocol',
  'host',
  'status',
  'body_bytes_sent',
  'request_time',
  'http_user_agent',
  'http_referer',
  'http_upgrade',
  'http_connection',
])

/** Status 0 is a request that was cut before an answer. */
function access(json: Map<string, unknown>, request: Map<string, unknown>, time: AccessRecord['time']): AccessRecord {
  const headers = asMap(request.get('headers'))
  const header = (name: string): unknown => {
    const value = headers?.get(name)
    return Array.isArray(value) ? value.map(String).join(', ') : value
  }
  const fields = fieldsOf({
    remote_addr: request.get('client_ip') ?? request.get('remote_ip') ?? remote(request.get('remote_addr')),
    remote_user: json.get('user_id'),
    request_method: request.get('method'),
    request_uri: request.get('uri'),
    server_protocol: request.get('proto'),
    host: request.get('host'),
    status: json.get('status'),
    body_bytes_sent: json.get('size'),
    request_time: json.get('duration'),
    http_user_agent: header('User-Agent'),
    http_referer: header('Referer'),
    http_upgrade: header('Upgrade'),
    http_connection: header('Connection'),
  })
  return { type: 'access', format: 'caddy', time, fields, variables: headers === null ? bare(fields) : VARIABLES }
}

/** Headers can be left out by a log filter: then nothing is known about them. */
const bare = (fields: AccessRecord['fields']): ReadonlySet<string> => new Set(Object.keys(fields))
const remote = (address: unknown): string | undefined =>
  typeof address === 'string' ? address.replace(/:\d+$/, '') : undefined
