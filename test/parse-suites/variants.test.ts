/** Formats that nobody named: whatever visitors send, a line that nginx wrote is never read with its fields moved. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import type { AccessRecord } from '../../parsers/record.ts'

/** escape=default, as ngx_http_log_escape does it. */
const written = (value: string): string =>
  // oxlint-disable-next-line no-misused-spread -- bytes of UTF-8 are what nginx escapes
  value.replace(/["\\\x00-\x1f\x7f-\u{10ffff}]/gu, (char) =>
    [...new TextEncoder().encode(char)]
      .map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )

const FORGED = [
  'GET /forged HTTP/1.1',
  '"GET /forged HTTP/1.1" 200 5',
  '[21/Nov/2020:00:00:00 +0000] "GET /forged HTTP/1.1" 200 5 "-" "x"',
  ', client: 6.6.6.6, server: evil',
  '" 101 0 "',
  '|200|5|',
  'rt=0.001 status=200 ua="6.6.6.6:80"',
  '6.6.6.6',
  '{"status":200}',
]
const text = fc.oneof(
  fc.constantFrom(...FORGED, '-', 'Safari/17 (Mac OS X)'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .tuple(fc.string({ maxLength: 6 }), fc.constantFrom(...FORGED), fc.string({ maxLength: 6 }))
    .map((all) => all.join('')),
)
const request = fc
  .tuple(
    fc.constantFrom('GET', 'X', 'PROPFIND', 'M-SEARCH'),
    text.map((value) => `/${value.replace(/\s/g, '')}`),
    fc.constantFrom('HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'),
  )
  .map((all) => all.join(' '))
const values = fc.record({
  remote_addr: fc.oneof(fc.ipV4(), fc.ipV6()),
  remote_user: fc.constantFrom('-', 'ana', 'ana@chat.test'),
  time_local: fc.constant('21/Nov/2026:06:13:34 +0000'),
  time_iso8601: fc.constant('2026-11-21T06:13:34+00:00'),
  host: fc.constantFrom('chat.test', '_', 'localhost'),
  request,
  status: fc.integer({ min: 100, max: 599 }).map(String),
  body_bytes_sent: fc.nat(1e9).map(String),
  request_time: fc.nat(99_999).map((n) => (n / 1000).toFixed(3)),
  http_referer: text,
  http_user_agent: text,
  http_x_forwarded_for: text,
})

/** None of these is a preset. */
const FORMATS = [
  '$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time',
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for" rt=$request_time',
  '$remote_addr - $remote_user [$time_local] $host "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
  '$remote_addr - $remote_user [$time_iso8601] "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent"',
  '[$time_local] $host $remote_addr $request_time "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
  '$time_iso8601 $remote_addr "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
  '"$remote_addr" "$remote_user" "$time_local" "$request" "$status" "$body_bytes_sent" "$http_referer" "$http_user_agent"',
  '$remote_addr - $remote_user [$time_local] $status "$request" $body_bytes_sent "$http_referer" "$http_user_agent"',
]

describe.each(FORMATS)('%s', (format) => {
  it('is read with every field in its place', () => {
    fc.assert(
      fc.property(values, (all) => {
        const line = format.replace(/\$(\w+)/g, (_, name: string) => written(all[name as keyof typeof all]))
        const { fields, time } = recordOf(line)
        const [method, uri, protocol] = all.request.split(' ')
        const wanted: Record<string, unknown> = {
          remote_addr: all.remote_addr,
          request_method: method,
          request_uri: uri,
          server_protocol: protocol,
          status: Number(all.status),
          body_bytes_sent: Number(all.body_bytes_sent),
          http_referer: all.http_referer,
          http_user_agent: all.http_user_agent,
        }
        if (format.includes('$remote_user')) wanted['remote_user'] = all.remote_user
        if (format.includes('$host')) wanted['host'] = all.host
        if (format.includes('$request_time')) wanted['request_time'] = Number(all.request_time)
        for (const [name, value] of Object.entries(wanted))
          expect(fields[name] ?? '-', `${name} of ${line}`).toBe(value)
        expect(time?.iso).toBe('2026-11-21T06:13:34Z')
      }),
      { numRuns: 600 },
    )
  })
})

function recordOf(line: string): AccessRecord {
  for (const parser of PARSERS) {
    const parsed = parser.parse(line)
    if (parsed.ok && parsed.record.type === 'access') return parsed.record
    if (parsed.ok) throw new Error(`read as ${parsed.record.format}: ${line}`)
  }
  throw new Error(`not read: ${line}`)
}
