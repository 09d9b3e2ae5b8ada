/** nginx access logs: a compiled `log_format` turned into a parser, and the formats that are known by name.
 *  Source: ngx_http_log_module.c; the definitions of the products are quoted in their own configuration files. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessFields, AccessRecord, LogTime } from '../record.ts'
import { clfTime, epochTime, isoTime } from '../time.ts'
import { compileLogFormat, upstreamList, type Escape } from './log-format.ts'

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

/** Formats tried when none is given, most specific first. */
export const ACCESS_PRESETS: readonly { id: string; description: string; format: string; example: string }[] = [
  {
    id: 'npm-access',
    description: 'Nginx Proxy Manager, proxy hosts',
    format:
      '[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"',
    example:
      '[21/Nov/2026:06:13:34 +0000] - 101 101 - GET https ha.example "/api/websocket" [Client 192.0.2.7] [Length 811] [Gzip -] [Sent-to 192.168.0.9] "Mozilla/5.0" "-"',
  },
  {
    id: 'npm-standard',
    description: 'Nginx Proxy Manager, its own pages',
    format:
      '[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"',
    example:
      '[21/Nov/2026:06:13:34 +0000] 404 - GET http ha.example "/x" [Client 192.0.2.7] [Length 9] [Gzip -] "curl/8" "-"',
  },
  {
    id: 'ingress-access',
    description: 'ingress-nginx upstreaminfo',
    format: `${COMBINED} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`,
    example:
      '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0" 201 60.004 [default-app-80] [] 10.0.0.4:80 0 60.003 101 3db73c6c673c4256ade033a6ce08c2ab',
  },
  {
    id: 'nginx-main',
    description: "the nginx.org packages' and Docker image's main format",
    format: `${COMBINED} "$http_x_forwarded_for"`,
    example: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0" "203.0.113.9"',
  },
  {
    id: 'nginx-access',
    description: 'nginx combined',
    format: COMBINED,
    example: '127.0.0.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "lab-ws-client"',
  },
  {
    id: 'nginx-common',
    description: 'common log format',
    format: '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent',
    example: '127.0.0.1 - frank [21/Nov/2026:06:13:34 +0000] "GET / HTTP/1.0" 200 2326',
  },
]

/** Variables that are numbers in `parse` output and in records. */
const NUMBERS = new Set([
  'status',
  'body_bytes_sent',
  'bytes_sent',
  'request_length',
  'request_time',
  'connection',
  'connection_requests',
  'connection_time',
  'msec',
  'pid',
  'remote_port',
  'server_port',
  'gzip_ratio',
  'upstream_status',
  'upstream_response_time',
  'upstream_header_time',
  'upstream_connect_time',
  'upstream_response_length',
  'upstream_bytes_received',
  'upstream_bytes_sent',
])

/** A parser for one `log_format`. Throws RangeError when the text cannot be matched against (see compileLogFormat). */
export function accessParser(
  id: string,
  description: string,
  format: string,
  escape: Escape = 'default',
  example?: string,
): Parser<AccessRecord> {
  const matcher = compileLogFormat(format, escape)
  const parse = (line: string): Parsed<AccessRecord> => {
    const raw = matcher.match(line)
    if (raw === null) return miss('no-match')
    return accessRecord(id, raw, matcher.variables)
  }
  return { id, description, examples: example === undefined ? [] : [{ line: example, fields: {} }], parse }
}

/** Builds the record from raw variable values: numbers become numbers, lists arrays, `$request` its three parts. */
export function accessRecord(
  format: string,
  raw: ReadonlyMap<string, string>,
  variables: ReadonlySet<string>,
): Parsed<AccessRecord> {
  const fields: AccessFields = Object.create(null) as AccessFields
  let time: LogTime | null = null
  for (const [name, text] of raw) {
    if (name === 'time_local' || name === 'time_iso8601' || name === 'msec') {
      const read = name === 'time_local' ? sameClfTime(text) : name === 'msec' ? epochTime(Number(text)) : isoTime(text)
      if (read === null) return miss('bad-time')
      if (time === null || read.resolution < time.resolution) time = read
      continue
    }
    const value = name.startsWith('upstream_') ? upstreamList(text) : text
    fields[name] = !NUMBERS.has(name)
      ? value
      : Array.isArray(value)
        ? value.map((v) => (v === null ? null : number(v)))
        : number(value)
  }
  if (fields.request !== undefined) splitRequest(fields, fields.request)
  if (fields.status !== undefined && !Number.isInteger(fields.status)) return miss('no-match')
  return { ok: true, record: { type: 'access', format, time, fields, variables } }
}

let lastText = ''
let lastTime: LogTime | null = null

/** A busy log repeats its stamp for hundreds of lines: the last one is remembered. */
function sameClfTime(text: string): LogTime | null {
  if (text !== lastText) {
    lastTime = clfTime(text)
    lastText = text
  }
  return lastTime
}

function number(value: string | number): number | string {
  const n = Number(value)
  return Number.isFinite(n) ? n : value
}

/** `GET /ws HTTP/1.1` into its parts, or left raw when it is no request line (binary, TLS on a plain port). */
function splitRequest(fields: AccessFields, request: string): void {
  const m = /^([A-Z][A-Z_-]*) (\S.*) (HTTP\/\d(?:\.\d)?)$/s.exec(request)
  if (!m) return
  fields.request_method = m[1] as string
  fields.request_uri = m[2] as string
  fields.server_protocol = m[3] as string
  delete fields.request
}

export const accessPresets: readonly Parser<AccessRecord>[] = ACCESS_PRESETS.map((p) =>
  accessParser(p.id, p.description, p.format, 'default', p.example),
)
