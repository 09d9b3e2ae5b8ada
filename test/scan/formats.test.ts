/** The kernel reads every format that its host can compile as the parser of that format does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyEvidence, recommendedLogging, type Evidence } from '../../server/diagnosis/contract.ts'
import { choose, RecordReader } from '../../server/scan/contract.ts'

const value = {
  address: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::7', '-', 'unix:', '192.0.2.1, 192.0.2.9'),
  user: fc.constantFrom('-', '-', '-', 'bob', 'bob smith', '[x] - y', 'a=b'),
  uri: fc.constantFrom(
    '/',
    '/a/b.css',
    '/ws',
    '/ws?token=x',
    '/socket.io/?transport=websocket&sid=1',
    '/api/websocket',
    '/items/7',
    '/items/8',
    '/x status=101',
    '/a\\x22b',
    '/é',
  ),
  method: fc.constantFrom('GET', 'GET', 'POST'),
  protocol: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/2.0', ''),
  status: fc.constantFrom('101', '101', '200', '200', '304', '400', '404', '499', '502', '504', '-'),
  body: fc.constantFrom('0', '0', '7', '153', '-'),
  seconds: fc.constantFrom('0.000', '0.004', '1.500', '60.004', '59.996', '700.123', '4000.001', '-', '12'),
  times: fc.constantFrom('0.000', '0.004', '60.003', '5.000', '700.001', '-', '', '0.001, 60.003', '0.001 : -'),
  statuses: fc.constantFrom('101', '200', '502', '504', '-', '502, 101'),
  peer: fc.constantFrom(
    '127.0.0.1:3000',
    '10.0.0.4:80',
    'unix:/run/a.sock',
    '-',
    '',
    '127.0.0.1:3000, 10.0.0.4:80',
    '127.0.0.1:11006',
    '10.0.0.1:1006',
  ),
  host: fc.constantFrom('app.test', 'app.test', 'APP.test:443', '', '-', '_', 'a b'),
  upgrade: fc.constantFrom('websocket', 'websocket', '-', '-', '', 'h2c', 'WebSocket'),
  agent: fc.constantFrom(
    'Mozilla/5.0 (X11; Linux)',
    '-',
    'halfopen/1',
    'a\\x22b',
    'a, b; c=d | "e',
    'x\ty',
    '1.25',
    '203.0.113.9',
    'rt=9.999',
  ),
  second: fc.integer({ min: 0, max: 59 }),
  minute: fc.constantFrom('06:13', '06:13', '06:14'),
  zone: fc.constantFrom('+0000', '+0000', '+0000', '-0530'),
}
const record = fc.record(value)
type Values = typeof record extends fc.Arbitrary<infer T> ? T : never

const two = (n: number): string => String(n).padStart(2, '0')
/** What nginx prints for a variable. */
function print(name: string, v: Values): string {
  switch (name) {
    case 'remote_addr':
      return v.address
    case 'remote_port':
      return '51234'
    case 'remote_user':
      return v.user
    case 'time_local':
      return `21/Nov/2026:${v.minute}:${two(v.second)} ${v.zone}`
    case 'time_iso8601':
      return `2026-11-21T${v.minute}:${two(v.second)}${v.zone.slice(0, 3)}:${v.zone.slice(3)}`
    case 'msec':
      return `${Date.parse(`2026-11-21T${v.minute}:${two(v.second)}Z`) / 1000}.${String(v.second * 7).padStart(3, '0')}`
    case 'request':
      return `${v.method} ${v.uri} ${v.protocol}`.trim()
    case 'request_method':
      return v.method
    case 'request_uri':
    case 'uri':
      return v.uri
    case 'server_protocol':
      return v.protocol
    case 'scheme':
      return 'https'
    case 'status':
      return v.status
    case 'body_bytes_sent':
      return v.body
    case 'request_time':
      return v.seconds
    case 'upstream_header_time':
    case 'upstream_response_time':
    case 'upstream_connect_time':
      return v.times
    case 'upstream_status':
      return v.statuses
    case 'upstream_addr':
      return v.peer
    case 'host':
    case 'http_host':
    case 'server_name':
      return v.host
    case 'http_upgrade':
      return v.upgrade
    case 'http_user_agent':
    case 'http_x_forwarded_for':
      return v.agent
    case 'pid':
    case 'connection':
    case 'request_length':
    case 'upstream_response_length':
      return '77'
    default:
      return '-'
  }
}

const render = (format: string, v: Values): string => format.replace(/\$(\w+)/g, (_, name: string) => print(name, v))

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
/** `given`: the format is named with --log-format; else it is detected. */
const FORMATS: Readonly<Record<string, { format: string; given: boolean }>> = {
  combined: { format: COMBINED, given: false },
  main: { format: `${COMBINED} "$http_x_forwarded_for"`, given: false },
  common: { format: COMBINED.split(' "$http_referer')[0] as string, given: false },
  'nginx proxy manager': {
    format:
      '[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"',
    given: false,
  },
  'ingress, old layout': {
    format: `${COMBINED} $request_length $request_time [$proxy_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status`,
    given: false,
  },
  upstreamlog: {
    format:
      '[$time_local] $remote_addr - $remote_user - $server_name to: $upstream_addr: $request $status upstream_response_time $upstream_response_time msec $msec request_time $request_time',
    given: false,
  },
  recommended: {
    format: [...recommendedLogging().matchAll(/'([^']*)'/g)].map(([, text]) => text).join(''),
    given: false,
  },
  json: {
    format:
      'escape=json {"time":"$time_iso8601","client":"$remote_addr","vhost":"$server_name","http":{"request":"$request","status":$status,"bytes":$body_bytes_sent},"rt":$request_time,"urt":"$upstream_response_time","uht":"$upstream_header_time","ustatus":"$upstream_status","uaddr":"$upstream_addr","h_upgrade":"$http_upgrade","ua":"$http_user_agent"}',
    given: false,
  },
  ltsv: {
    format:
      'time:$time_local\tclient:$remote_addr\treq:$request\tstatus:$status\tsize:$body_bytes_sent\treqtime:$request_time\tapptime:$upstream_response_time\tvhost:$host',
    given: false,
  },
  'times behind combined': {
    format: `${COMBINED} rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" up="$http_upgrade" ua=$upstream_addr us=$upstream_status`,
    given: true,
  },
  'variables side by side': {
    format:
      '$msec|$remote_addr|$request_method|$scheme://$host$request_uri|$server_protocol|$status|$upstream_status|$request_time',
    given: true,
  },
  'main and times, found out': {
    format: `${COMBINED} "$http_x_forwarded_for" rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"`,
    given: false,
  },
  'a host before and times behind, found out': {
    format: `$host ${COMBINED} $request_time $upstream_response_time`,
    given: false,
  },
  'keys in quotes, found out': {
    format: `${COMBINED} "rt=$request_time" upstream=$upstream_addr "urt=$upstream_response_time" upgrade="$http_upgrade"`,
    given: false,
  },
  'the address last': { format: '$time_iso8601|$status|$request_time|$uri|$upstream_addr|$remote_addr', given: true },
  'with tabs': { format: '$time_iso8601\t$remote_addr\t$host\t$request\t$status\t$http_user_agent', given: true },
}

function read(
  log: string,
  given: string | null,
  hot: boolean,
): { evidence: Evidence; parsed: number; reader: RecordReader } {
  const evidence = emptyEvidence()
  const parsers = choose({ format: null, logFormat: given })
  const reader = new RecordReader({ path: 'access.log', parsers, shift: (wall) => wall })
  if (!hot) reader.onRecord = () => {}
  let parsed = 0
  const one = Reflect.get(reader, 'one') as (...args: unknown[]) => unknown
  Reflect.set(reader, 'one', (...args: unknown[]) => {
    parsed++
    return one.apply(reader, args)
  })
  reader.read(Buffer.from(log), 1, evidence, null, true)
  return { evidence, parsed, reader }
}

for (const [name, { format, given }] of Object.entries(FORMATS)) {
  const text = format.replace(/^escape=\w+ /, '')
  const line = record.map((v) => `${render(text, v)}\n`)
  test(`${name}: any lines give the evidence that the parser gives`, () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 20, maxLength: 120 }), (lines) => {
        const log = lines.join('')
        const hot = read(log, given ? format : null, true)
        const plain = read(log, given ? format : null, false)
        expect(hot.evidence).toEqual(plain.evidence)
        expect({ ...hot.reader.summary, format: null }).toEqual({ ...plain.reader.summary, format: null })
      }),
      { numRuns: 60 },
    )
  })

  test(`${name}: ordinary lines, and failures and sessions that repeat, do not reach the parser`, () => {
    const usual: Partial<Values> = {
      address: '192.0.2.1',
      user: '-',
      method: 'GET',
      protocol: 'HTTP/1.1',
      body: '7',
      times: '0.004',
      seconds: '1.500',
      statuses: '101',
      peer: '127.0.0.1:3000',
      host: 'app.test',
      upgrade: '-',
      agent: '-',
      minute: '06:13',
      zone: '+0000',
    }
    const kinds: Partial<Values>[] = [
      { uri: '/a/b.css', status: '200' },
      { uri: '/items/7', status: '404' },
      { uri: '/api/websocket', status: '101', upgrade: 'websocket' },
      { uri: '/api/websocket', status: '502', statuses: '502', upgrade: 'websocket' },
    ]
    const lines = Array.from({ length: 400 }, (_, i) =>
      render(text, { ...usual, second: Math.floor(i / 10), ...kinds[i % kinds.length] } as Values),
    )
    const log = `${lines.join('\n')}\n`
    const hot = read(log, given ? format : null, true)
    expect(hot.evidence).toEqual(read(log, given ? format : null, false).evidence)
    expect(hot.parsed).toBeLessThan(30)
  })
}

test('sessions with and without a time are told apart, although they ask for the same', () => {
  const line = (time: string): string => `2026-11-21T06:13:00+00:00|101|${time}|/ws|127.0.0.1:3000|192.0.2.1\n`
  const { format } = FORMATS['the address last'] as { format: string }
  const log = ['0.000', '-', ...Array.from({ length: 20 }, () => '0.000')].map(line).join('')
  expect(read(log, format, true).evidence).toEqual(read(log, format, false).evidence)
})

test('lines too long to be kept beside the counts do not reach the parser either', () => {
  const line = (n: number): string =>
    `192.0.2.1 - - [21/Nov/2026:06:${String(10 + (n % 40))}:00 +0000] "GET /api/websocket/exec?token=${'a'.repeat(500)}&n=${n} HTTP/1.1" 502 0 "-" "-"\n`
  const log = Array.from({ length: 200 }, (_, n) => line(n)).join('')
  const hot = read(log, null, true)
  expect(hot.evidence).toEqual(read(log, null, false).evidence)
  expect(hot.parsed).toBeLessThan(5)
})
