/** A path with line breaks forges no entry, whatever the lines around it are. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const file = new URL('../cases/parsers/nginx-error/forged-lines.log', import.meta.url)
const ACCESS = '127.0.0.1 - - [21/Nov/2026:06:13:50 +0000] "GET /a HTTP/1.1" 404 10 "-" "c"\n'
const GO = '2026/11/21 06:13:50 http: TLS handshake error from 127.0.0.1:1: EOF\n'
const FORGED =
  '2026/11/21 06:13:51 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 6.6.6.6, server: evil, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "evil"\n'

function signs(text: string | Buffer): [string[], RecordReader] {
  const found: string[] = []
  const reader = new RecordReader({ path: 'a.log', shift: (wall) => wall })
  reader.read(Buffer.from(text), 1, emptyEvidence(), (events) => found.push(...events.map((e) => e.sign)), true)
  reader.finish()
  return [found, reader]
}

test.each([
  ['nothing', ''],
  ['access lines', ACCESS.repeat(5)],
  ['lines of Go', GO.repeat(5)],
])('after %s', (_, before) => {
  const [found] = signs(before + readFileSync(file, 'utf8') + FORGED)
  expect(found.filter((sign) => sign === 'connect-refused')).toEqual(['connect-refused'])
})

const OPEN = '2026/11/21 06:13:50 [error] 1#1: *6 open() "/html/x'
const LINES = `${OPEN}\n${FORGED.repeat(30)}`

// NGX_MAX_ERROR_STR, and that of OpenResty, without the line break.
test.each([2047, 4095])('a path that nginx cut after %i bytes is one unread record, whatever stands in it', (size) => {
  const entry = `${LINES.slice(0, size)}\n`
  const [found, reader] = signs(entry + FORGED)
  expect(found).toEqual(['connect-refused'])
  expect(reader.summary).toMatchObject({ parsed: 1, unparsed: entry.split('\n').length - 1 })
})

test('with colours and letters of several bytes, too', () => {
  const entry = Buffer.concat([
    Buffer.from(`${OPEN}\u001b[31mé€\n${FORGED.repeat(30)}`).subarray(0, 2046),
    Buffer.from([0xc3]),
  ])
  const [found] = signs(Buffer.concat([entry, Buffer.from(`\n${FORGED}`)]))
  expect(found).toEqual(['connect-refused'])
})

const wrap = (log: string): string =>
  `${JSON.stringify({ log: `${log}\n`, stream: 'stderr', time: '2026-11-21T06:13:51.000000000Z' })}\n`
const REFUSED = FORGED.trimEnd()
const MISSING =
  '2026/11/21 06:13:52 [error] 1#1: *9 open() "/html/y" failed (2: No such file or directory), client: 192.0.2.9, server: a, request: "GET /y HTTP/1.1", host: "a"'

describe.each([
  ['as nginx writes them', (lines: string[]) => lines.map((line) => `${line}\n`).join('')],
  ['from Docker', (lines: string[]) => lines.map(wrap).join('')],
])('entries that somebody cut take none behind them along, %s', (_, write) => {
  const refused = (lines: string[]): number =>
    signs(write(lines))[0].filter((sign) => sign === 'connect-refused').length
  const CUT: [string, string][] = [
    ['a path', OPEN],
    ['a path with nothing behind it', '2026/11/21 06:13:50 [error] 1#1: *6 "/html/x'],
    ['a user', '2026/11/21 06:13:50 [error] 1#1: *6 user "bob'],
    ['PHP', '2026/11/21 06:13:50 [error] 1#1: *6 FastCGI sent in stderr: "PHP message: PHP Warning:  a'],
    ['Lua', '2026/11/21 06:13:50 [error] 1#1: *6 lua entry thread aborted: runtime error: x.lua:1: boom'],
    [
      'the URL of a backend',
      '2026/11/21 06:13:50 [info] 1#1: *6 client prematurely closed connection, client: 192.0.2.9, server: a, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:30',
    ],
  ]
  test.each(CUT)('%s', (_name, cut) => {
    expect(refused([cut, ...Array<string>(30).fill(REFUSED)])).toBe(30)
    expect(refused([cut, REFUSED, REFUSED, cut, cut, REFUSED])).toBe(3)
  })

  test('nor does the next entry of the kind end them', () => {
    expect(refused([OPEN, REFUSED, REFUSED, MISSING, REFUSED])).toBe(3)
  })
})

// Sources: ngx_http_upstream_process_headers and its kind, ngx_event_pipe; ngx_http_lua_log_timer_error.
test.each([
  'upstream sent more data than specified in "Content-Length" header while reading upstream',
  'upstream sent duplicate header line: "Date: x", previous value: "Date: y", ignored while reading response header from upstream',
  'upstream sent invalid "Content-Length" header: "Content-Length: x" while reading response header from upstream',
  'upstream sent unknown "Transfer-Encoding": "x" while reading response header from upstream',
  '"/html/x.mp4" mp4 moov atom is too large:12345678',
  'openat() "/html/x" failed (40: Too many levels of symbolic links)',
  `open() "/html/${', client: '.repeat(40)}" failed (2: No such file or directory)`,
])('a whole entry is not waited for: %s', (message) => {
  const entry = `2026/11/21 06:13:50 [error] 1#1: *6 ${message}, client: 192.0.2.9, server: a, request: "GET /x HTTP/1.1", host: "a"\n`
  const reader = new RecordReader({ path: 'a.log', shift: (wall) => wall })
  const bytes = Buffer.from(entry)
  expect(reader.read(bytes, 1, emptyEvidence(), null)).toBe(bytes.length)
})

// Written by nginx, but for the times: `proxy_pass http://127.0.0.1:9$uri`.
test.each(['x"', 'x', 'x, upstream: "http://a'])('a decoded path sent upstream forges no entry: %s', (before) => {
  const refused = (path: string, sent: string): string =>
    `2026/11/21 06:13:50 [error] 1#1: *6 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.9, server: a, request: "GET ${path} HTTP/1.1", upstream: "${sent}", host: "a"\n`
  const path = encodeURIComponent(`${before}\n${REFUSED}`)
  const [found, reader] = signs(refused(`/${path}`, `http://127.0.0.1:9/${before}\n${REFUSED}`) + FORGED)
  expect(found).toEqual(['connect-refused', 'connect-refused'])
  expect(reader.summary).toMatchObject({ lines: 3, parsed: 3 })
  const later = FORGED.replace('06:13:51', '06:14:02')
  // Sent elsewhere, it is in the request alone, and the next line is an entry.
  expect(signs(refused(`/${path}`, 'http://127.0.0.1:9/fixed') + later.repeat(3))[0]).toHaveLength(4)
  expect(signs(refused(`/${path}`, `http://127.0.0.1:9/${path}`) + later.repeat(3))[0]).toHaveLength(4)
})

test('an error in a timer of Lua is whole without a client', () => {
  const entry =
    '2026/11/21 06:13:50 [error] 1#1: *6 lua entry thread aborted: runtime error: x.lua:1: boom\nstack traceback:\ncoroutine 0:\n\tx.lua: in function <x.lua:1>, context: ngx.timer, server: 0.0.0.0:80\n'
  const [, reader] = signs(entry + FORGED.repeat(3))
  expect(reader.summary).toMatchObject({ lines: 7, parsed: 7 })
})

test('each of many entries that were cut is looked at for as long as one can be, not longer', () => {
  const start = process.cpuUsage()
  signs(`${OPEN}\n`.repeat(20_000))
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1000).toBeLessThan(15_000)
})
