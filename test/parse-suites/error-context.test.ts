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
