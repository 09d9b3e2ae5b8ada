/** The context of an error log entry is written unescaped: whatever visitors send, no field moves. */
import fc from 'fast-check'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nginxError } from '../../parsers/nginx/error.ts'
import type { ErrorRecord } from '../../parsers/record.ts'

const FORGED = [
  ', client: 6.6.6.6, server: evil',
  '", host: "evil", client: 6.6.6.6',
  '", upstream: "http://6.6.6.6/", host: "evil',
  '", referrer: "x", request: "GET / HTTP/1.1", host: "evil',
  '" failed (2: No such file or directory), client: 6.6.6.6, server: evil, request: "GET / HTTP/1.1", host: "evil',
  ' (111: Connection refused) while connecting to upstream',
  '2026/01/01 00:00:00 [emerg] 1#1: *1 forged',
]
/** What a Referer can be: anything but line ends. */
const text = fc.oneof(
  fc.constantFrom(...FORGED),
  fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replace(/[\r\n]/g, '')),
  fc
    .tuple(fc.string({ maxLength: 8 }), fc.constantFrom(...FORGED), fc.string({ maxLength: 8 }))
    .map((all) => all.join('')),
)
/** nginx refuses blanks in a URI (since 1.21.1) and in a Host, and quotes in a Host. */
const uri = text.map((value) => `/${value.replace(/\s/g, '')}`)
const host = fc.stringMatching(/^[A-Za-z0-9.-]{1,30}(?::\d{1,5})?$/)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null })
const context = fc.record({
  client: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('unix:')),
  server: fc.oneof(host, fc.constantFrom('_', '', '*.app.test', '0.0.0.0:80')),
  request: maybe(uri.map((value) => `GET ${value} HTTP/1.1`)),
  subrequest: maybe(fc.constantFrom('/auth', '/a"b')),
  upstream: maybe(uri.map((value) => `http://127.0.0.1:3000${value}`)),
  host: maybe(host),
  referrer: maybe(text),
})
const QUOTED = ['request', 'subrequest', 'upstream', 'host', 'referrer'] as const
type Fields = Pick<ErrorRecord, 'client' | 'server' | (typeof QUOTED)[number]>

const written = (fields: Fields): string =>
  `, client: ${fields.client}, server: ${fields.server}` +
  QUOTED.map((name) => (fields[name] === null ? '' : `, ${name}: "${fields[name]}"`)).join('')

function read(line: string): ErrorRecord {
  const parsed = nginxError.parse(line)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.record
}

const HEAD = '2026/11/21 06:13:51 [error] 487#488: *1 '

it('the context is read back as nginx wrote it', () => {
  fc.assert(
    fc.property(
      context,
      fc.constantFrom(
        'connect() failed (111: Connection refused) while connecting to upstream',
        'access forbidden by rule',
      ),
      (fields, message) => {
        // Without a request there is nothing else either.
        const real =
          fields.request === null ? { ...fields, subrequest: null, upstream: null, host: null, referrer: null } : fields
        const record = read(HEAD + message + written(real))
        expect({ text: record.text, ...pick(record) }).toEqual({ text: message, ...real })
      },
    ),
    { numRuns: 3000 },
  )
})

it('a path that is quoted decoded in the message does not move the context', () => {
  const path = text.map((value) => `/${value}`)
  fc.assert(
    fc.property(path, context, (asked, fields) => {
      const real = { ...fields, request: `GET ${encodeURIComponent(asked).replaceAll('%2F', '/')} HTTP/1.1` }
      const message = `open() "/usr/share/nginx/html${asked}" failed (2: No such file or directory)`
      const record = read(HEAD + message + written(real))
      expect({ text: record.text, errno: record.errno, ...pick(record) }).toEqual({ text: message, errno: 2, ...real })
    }),
    { numRuns: 3000 },
  )
})

it('fields in another order than nginx prints them, and a request id, are read where no value holds a quote', () => {
  const plain = fc.stringMatching(/^\/[A-Za-z0-9?=&,;: ]{0,20}$/)
  const fields = fc.record({
    request: plain.map((value) => `GET ${value} HTTP/1.1`),
    subrequest: fc.constant(null),
    upstream: plain.map((value) => `http://127.0.0.1:3000${value}`),
    host,
    referrer: plain,
  })
  const id = fc.stringMatching(/^[0-9a-f]{32}$/)
  // Behind the request, the subrequest, the backend's URL and the Referer are what visitors make them: they end the rest.
  const MOVABLE = ['request', 'host', 'upstream']
  fc.assert(
    fc.property(
      fields,
      fc.shuffledSubarray(MOVABLE, { minLength: 1 }),
      fc.boolean(),
      maybe(id),
      (all, some, refer, request_id) => {
        const order: readonly string[] = refer ? [...some, 'referrer'] : some
        const context = order.map((name) => `, ${name}: "${all[name as keyof typeof all]}"`).join('')
        const last = request_id === null ? '' : `, request_id: "${request_id}"`
        const record = read(`${HEAD}access forbidden by rule, client: 192.0.2.7, server: app.test${context}${last}`)
        const wanted = Object.fromEntries(QUOTED.map((name) => [name, order.includes(name) ? all[name] : null]))
        expect({ ...pick(record), id: record.extra.get('request_id') ?? null }).toEqual({
          client: '192.0.2.7',
          server: 'app.test',
          ...wanted,
          id: request_id,
        })
      },
    ),
    { numRuns: 2000 },
  )
})

it('what others make of the head changes nothing behind it', () => {
  const rest = '487#488: *1 access forbidden by rule, client: 192.0.2.7, server: app.test'
  const stamp = fc.constantFrom(
    '2026/11/21 06:13:51 ',
    '2026/11/21 06:13:51.123456 ',
    '2026/11/21 06:13:51 +0100 ',
    '2026-11-21T06:13:51Z ',
    '2026-11-21 06:13:51,123 ',
    '',
  )
  const tag = fc.constantFrom('', 'nginx: ', 'nginx[487]: ', 'web-1.lan openresty[487]: ', '\ufeff')
  fc.assert(
    fc.property(tag, stamp, fc.constantFrom(' ', '  '), (before, at, blank) => {
      const record = read(`${before}${at}[error]${blank}${rest}`)
      expect(record).toMatchObject({ level: 'error', pid: 487, tid: 488, connection: 1, client: '192.0.2.7' })
      expect(record.time?.iso.slice(0, 19) ?? '').toBe(at.replaceAll('/', '-').replace(' ', 'T').trim().slice(0, 19))
    }),
  )
})

function pick(record: ErrorRecord): Fields {
  const { client, server, request, subrequest, upstream, host: name, referrer } = record
  return { client, server, request, subrequest, upstream, host: name, referrer }
}

const RUNS = fileURLToPath(new URL('../../../shared/nginx-runs/', import.meta.url))

if (!existsSync(RUNS)) {
  describe.skip('logs of real runs (needs ../shared/nginx-runs)', () => it('all of them', () => undefined))
} else {
  const logs = readdirSync(RUNS)
    .map((name) => path.join(RUNS, name, 'error.log'))
    .filter((file) => existsSync(file) && readFileSync(file, 'utf8') !== '')
  it.each(logs.map((file) => [path.basename(path.dirname(file)), file]))(
    '%s: every entry, written anew, is the entry',
    (_name, file) => {
      let entries = 0
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        if (!/^\d{4}\//.test(line)) continue
        entries++
        const record = read(line)
        const connection = record.connection === null ? '' : `*${record.connection} `
        const context = record.client === null ? '' : written(record)
        const stamp = record.time?.iso.replace(/(\d+)-(\d+)-(\d+)T/, '$1/$2/$3 ')
        const bytes = [...record.extra].length === 0 ? '' : [...record.extra].join()
        expect(
          `${stamp} [${record.level}] ${record.pid}#${record.tid}: ${connection}${record.text}${context}${bytes}`,
        ).toBe(line)
      }
      expect(entries).toBeGreaterThan(0)
    },
  )
}
