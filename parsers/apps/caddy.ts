/** Caddy's JSON log: access entries become access records (all request headers are in them), the rest application lines.
 *  Sources: modules/caddyhttp/logging.go, marshalers.go, reverseproxy/reverseproxy.go and streaming.go. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord, AppRecord } from '../record.ts'
import { asMap, jsonObject } from './app-json.ts'
import { appRecord, fieldsOf, levelName, plain } from './app-record.ts'
import { keyTime, STAMP } from './app-time.ts'

const LOGGERS = /^(?:http|tls|admin|events|caddy|layer4|pki)(?:\.|$)/

/** On a terminal: `TIME<tab>LEVEL<tab>logger<tab>message<tab>{the rest}`. */
const CONSOLE = new RegExp(`^(${STAMP})\\t([A-Za-z]{4,6})\\t(.*)$`, 's')
const NAMED = /^((?:http|tls|admin|events|caddy|layer4|pki)(?:\.[\w.-]{1,100})?)\t([^\t]{1,4000})(?:\t(\{.*\}))?$/s

/** What follows the level on a terminal, for the general parser, which leaves such lines. */
export const isCaddyConsole = (text: string): boolean => text.includes('\t') && NAMED.test(text)

export const caddy: Parser<AccessRecord | AppRecord> = {
  id: 'caddy',
  description: 'Caddy: access log and messages, JSON or console',
  startsRecord: /^\{(?:\n|$)/,
  // Indented JSON, as jq prints it: up to the brace at the beginning of a line.
  unfinished: (record) =>
    record === '{' || (record.startsWith('{\n') && record.length < 16_000 && /\n[ \t][^\n]*$/.test(record)),
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
    {
      line: '2026/11/21 06:13:34.439\tERROR\thttp.log.error\tdial tcp 172.18.0.3:9000: connect: connection refused\t{"request": {"uri": "/ws"}, "status": 502}',
      fields: {
        time: '2026-11-21T06:13:34.439',
        level: 'error',
        message: 'dial tcp 172.18.0.3:9000: connect: connection refused',
      },
    },
  ],
  parse(line): Parsed<AccessRecord | AppRecord> {
    const text = plain(line)
    const json = text[0] === '{' ? fromJson(text) : fromConsole(text)
    if (json === null)
      return miss(text[0] === '{' && text.includes('"logger"') && text.includes('"ts"') ? 'bad-json' : 'no-match')
    const logger = json.get('logger')
    const message = json.get('msg')
    const level = levelName(String(json.get('level')))
    if (typeof logger !== 'string' || !LOGGERS.test(logger) || typeof message !== 'string' || level === null)
      return miss('no-match')
    const time = keyTime(json.get('ts'))
    if (time === null && text[0] !== '{') return miss('bad-time')
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

function fromJson(text: string): Map<string, unknown> | null {
  return text.includes('"logger"') && text.includes('"ts"') ? jsonObject(text) : null
}

/** The same keys from a line of the console. */
function fromConsole(text: string): Map<string, unknown> | null {
  const head = CONSOLE.exec(text)
  const named = head ? NAMED.exec(head[3] as string) : null
  if (!head || !named) return null
  const json = (named[3] === undefined ? null : jsonObject(named[3])) ?? new Map<string, unknown>()
  const own = { ts: head[1], level: head[2], logger: named[1], msg: named[2] }
  for (const [key, value] of Object.entries(own)) json.set(key, value)
  return json
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
    request_time: seconds(json.get('duration')),
    http_user_agent: header('User-Agent'),
    http_referer: header('Referer'),
    http_upgrade: header('Upgrade'),
    http_connection: header('Connection'),
  })
  return { type: 'access', format: 'caddy', time, fields, variables: headers === null ? bare(fields) : VARIABLES }
}

/** Headers can be left out by a log filter: then nothing is known about them. */
const bare = (fields: AccessRecord['fields']): ReadonlySet<string> => new Set(Object.keys(fields))
/** Seconds; as text (`duration_format string`) with a unit. */
function seconds(value: unknown): unknown {
  const text =
    typeof value === 'string' ? /^(?:(\d{1,9})h)?(?:(\d{1,9})m)?(\d{1,9}(?:\.\d{1,9})?)(m|µ)?s$/.exec(value) : null
  if (!text) return value
  const scale = text[4] === 'm' ? 1e3 : text[4] === undefined ? 1 : 1e6
  return Number(text[1] ?? 0) * 3600 + Number(text[2] ?? 0) * 60 + Number(text[3]) / scale
}

const remote = (address: unknown): string | undefined =>
  typeof address === 'string' ? address.replace(/:\d+$/, '') : undefined
