/** Any log_format: what nginx would write for a request is read back with the same values. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileLogFormat } from '../../parsers/nginx/log-format.ts'
import { UNESCAPE, type Escape } from '../../parsers/nginx/unescape.ts'
import { SHAPES, UPSTREAM_LISTS } from '../../parsers/nginx/variables.ts'
import { customFormat } from '../../server/scan/choose.ts'

/** What ngx_http_log_escape and its json sibling do to a value. */
const WRITE: Readonly<Record<Escape, (value: string) => string>> = {
  default: (value) =>
    // oxlint-disable-next-line no-misused-spread -- bytes of UTF-8 are what nginx escapes
    value.replace(/["\\\x00-\x1f\x7f-\u{10ffff}]/gu, (char) =>
      [...new TextEncoder().encode(char)]
        .map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    ),
  json: (value) =>
    value.replace(/["\\\x00-\x1f]/g, (char) => {
      const short = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }[char]
      return short ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    }),
  none: (value) => value,
}

const digits = (max: number): fc.Arbitrary<string> => fc.nat(max).map(String)
const seconds = fc.tuple(fc.nat(9999), fc.nat(999)).map(([s, ms]) => `${s}.${String(ms).padStart(3, '0')}`)
const list = (element: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(element, fc.array(fc.tuple(fc.constantFrom(', ', ' : '), element), { maxLength: 3 }))
    .map(([first, more]) => first + more.flat().join(''))
const address = fc.oneof(fc.ipV4(), fc.ipV6())
const peer = fc.oneof(
  fc.ipV4().map((ip) => `${ip}:8080`),
  fc.ipV6().map((ip) => `[${ip}]:80`),
  fc.constant('unix:/run/app.sock'),
)
const time = fc.constantFrom('21/Nov/2026:06:13:34 +0000', '01/Jan/2027:23:59:59 -0530')
/** Text that clients choose: quotes, backslashes, brackets, blanks, control characters, anything. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => !value.includes('\n')),
  fc.constantFrom(
    '-',
    'Mozilla/5.0 (X11; Linux x86_64)',
    'a"b',
    'a\\b',
    ' [21/Nov/2020:00:00:00 +0000] ',
    'x, client: 1.2.3.4',
  ),
)
/** Text without what separates fields: what an unquoted variable usually holds. */
const word = fc.stringMatching(/^[A-Za-z0-9/?=&.%-]{1,20}$/)

/** Variables with a form of their own, and values of that form. */
const TYPED: Readonly<Record<string, fc.Arbitrary<string>>> = {
  status: fc.integer({ min: 100, max: 599 }).map(String),
  body_bytes_sent: digits(1e9),
  request_length: digits(1e6),
  request_time: seconds,
  msec: fc.nat(999_999).map((value) => `1795241615.${String(value).slice(0, 3).padEnd(3, '0')}`),
  connection: digits(1e9),
  pid: digits(1e6),
  time_local: time,
  time_iso8601: fc.constantFrom('2026-11-21T06:13:34+00:00', '2027-01-01T23:59:59-05:30'),
  date_gmt: fc.constant('Saturday, 21-Nov-2026 06:13:34 GMT'),
  remote_addr: address,
  upstream_addr: list(peer),
  upstream_status: list(fc.constantFrom('502', '101', '-')),
  upstream_response_time: list(fc.oneof(seconds, fc.constant('-'))),
}
const OPEN = ['request', 'http_referer', 'http_user_agent', 'http_x_forwarded_for', 'uri', 'remote_user', 'custom_9']

interface Field {
  name: string
  value: string
  /** Literals around the variable. */
  quote: 'double' | 'none'
}
const typed = fc.constantFrom(...Object.keys(TYPED)).chain((name) =>
  fc.record({
    name: fc.constant(name),
    value: TYPED[name] as fc.Arbitrary<string>,
    quote: fc.constantFrom('double' as const, 'none' as const),
  }),
)
const quoted = fc.record({ name: fc.constantFrom(...OPEN), value: text, quote: fc.constant('double' as const) })
const bare = fc.record({ name: fc.constantFrom(...OPEN), value: word, quote: fc.constant('none' as const) })
const fields = fc
  .array(fc.oneof(typed, quoted, bare), { minLength: 1, maxLength: 14 })
  .map((all): Field[] => [...new Map(all.map((field) => [field.name, field])).values()])

/** What stands between variables. None of it occurs in a word. */
const between = fc.constantFrom(
  ' ',
  ' - ',
  ' | ',
  '\t',
  ' [',
  '] ',
  ' rt=',
  ' {"k":',
  ', "x": ',
  '; ',
  ' ~ ',
  ' ((',
  ')) ',
)
const edge = fc.oneof(fc.constant(''), fc.constantFrom('<', 'nginx: ', '{"a":1} ', '- '))

function formatOf(all: readonly Field[], literals: readonly string[], write: (field: Field) => string): string {
  return all
    .map((field, i) => {
      const mark = field.quote === 'double' ? '"' : ''
      return `${i === 0 ? '' : literals[i % literals.length]}${mark}${write(field)}${mark}`
    })
    .join('')
}

describe.each<Escape>(['default', 'json', 'none'])('escape=%s', (escape) => {
  it('a rendered record is read back with the same values', () => {
    fc.assert(
      fc.property(
        fields,
        fc.array(between, { minLength: 3, maxLength: 6 }),
        edge,
        edge,
        (all, literals, first, last) => {
          // Nothing is escaped with escape=none, so that a quote in a value ends it: nobody can tell.
          const usable = escape === 'none' ? all.map((f) => ({ ...f, value: f.value.replace(/"/g, "'") })) : all
          const format = first + formatOf(usable, literals, ({ name }) => `\${${name}}`) + last
          const line = first + formatOf(usable, literals, ({ value }) => WRITE[escape](value)) + last
          const { names, match } = compile(format, escape)
          const read = match(line)
          expect(names).toEqual(usable.map(({ name }) => name))
          expect(read?.map(UNESCAPE[escape]), `${format}\n${line}`).toEqual(usable.map(({ value }) => value))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function compile(
  format: string,
  escape: Escape,
): { names: readonly string[]; match: (line: string) => readonly string[] | null } {
  const matcher = compileLogFormat(format, escape)
  return { names: matcher.names, match: (line) => matcher.match(line) }
}

it('any text: a value or null, no exception', () => {
  const line = fc.oneof(
    text,
    fc.tuple(time, text, address, text, seconds, text).map((all) => all.join(' "')),
  )
  fc.assert(
    fc.property(fields, fc.array(between, { minLength: 3, maxLength: 6 }), line, (all, literals, any) => {
      const format = formatOf(all, literals, ({ name }) => `$${name}`)
      const parsed = customFormat(format).parse(any)
      return parsed.ok ? parsed.record.type === 'access' : parsed.reason !== undefined
    }),
    { numRuns: 1000 },
  )
})

describe('variables side by side', () => {
  it.each([
    ['$scheme://$host$request_uri $status', 'https://app.test/ws?a=1 101', ['https', 'app.test', '/ws?a=1', '101']],
    ['$uri$is_args$args "$request_method"', '/ws?a=1 "GET"', ['/ws', '?', 'a=1', 'GET']],
    ['$uri$is_args$args|', '/ws|', ['/ws', '', '']],
    ['$uri$is_args$args x', '/a-- x', ['/a-', '', '-']],
    ['$scheme$request_method $uri', 'httpsGET /', ['https', 'GET', '/']],
    ['$time_iso8601$remote_addr', '2026-11-21T06:13:34+00:00192.0.2.7', ['2026-11-21T06:13:34+00:00', '192.0.2.7']],
    ['$status$body_bytes_sent', '101811', ['101', '811']],
    ['$request_time$upstream_response_time x', '60.00460.003 x', ['60.004', '60.003']],
    ['$remote_addr$request_uri', '192.0.2.7/ws', ['192.0.2.7', '/ws']],
    ['$request_id$host', '3db73c6c673c4256ade033a6ce08c2abapp.test', ['3db73c6c673c4256ade033a6ce08c2ab', 'app.test']],
  ])('%s', (format, line, values) => {
    expect(compileLogFormat(format).match(line)).toEqual(values)
  })

  it.each(['$body_bytes_sent$request_length', '$host$scheme', '$http_user_agent$http_referer', '$scheme$host'])(
    '%s cannot be split, and says so',
    (format) => {
      expect(() => compileLogFormat(format)).toThrow(/followed by .* nothing between/)
    },
  )
})

it('every shape reads what nginx prints for it', () => {
  for (const [name, values] of Object.entries(TYPED)) {
    if (UPSTREAM_LISTS.has(name) || !SHAPES.has(name)) continue
    const shape = SHAPES.get(name)
    fc.assert(fc.property(values, (value) => shape?.scan(value, 0) === value.length))
  }
})

it('a user name that looks like the fields after it does not move them', () => {
  const combined = '$remote_addr - $remote_user [$time_local] "$request" $status'
  const user = 'a - b [21/Nov/2020:00:00:00 +0000] [x] \\x22GET / HTTP/1.1\\x22 200'
  const line = `192.0.2.7 - ${user} [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101`
  expect(compileLogFormat(combined).match(line)).toEqual([
    '192.0.2.7',
    user,
    '21/Nov/2026:06:13:34 +0000',
    'GET /ws HTTP/1.1',
    '101',
  ])
})
