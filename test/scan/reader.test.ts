/** What the reader counts, keeps back and leaves out. */
import { expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import type { Evidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const reader = (): RecordReader => new RecordReader({ path: 'x.log', shift: (wall) => wall })
function read(text: string | Buffer): { evidence: Evidence; summary: RecordReader['summary'] } {
  const evidence = emptyEvidence()
  const r = reader()
  r.read(Buffer.from(text), 1, evidence, null, true)
  return { evidence, summary: r.summary }
}
const refused = (upstream: string): string =>
  `2026/11/21 06:14:33 [error] 2#2: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://${upstream}/ws", host: "app.test"\n`

test("requests to halfopen's own dashboard and its own probes are no evidence", () => {
  expect(read(refused('127.0.0.1:11006')).evidence.observations.size).toBe(0)
  expect(read(refused('127.0.0.1:3000')).evidence.observations.size).toBe(1)
  const probe = (agent: string): string =>
    `192.0.2.7 - - [21/Nov/2026:06:13:35 +0000] "GET /ws HTTP/1.1" 426 16 "-" "${agent}"\n`
  expect(read(probe('halfopen/0.1.0')).evidence.observations.size).toBe(0)
  expect(read(probe('Mozilla/5.0')).evidence.observations.size).toBe(1)
})

test('its own probes are left out of an error log by their Referer, and of an application log by their name', () => {
  const others = refused('127.0.0.1:3000')
  const own = others.replace('*1 ', '*2 ').replace('\n', ', referrer: "halfopen/probe"\n')
  const [only] = read(others + own + others.replace('*1 ', '*3 ') + own).evidence.observations.values()
  expect(only?.count).toBe(2)
  const dumped = (agent: string): string =>
    `2026-11-21 06:13:34.008 INFO (MainThread) [aiohttp.access] 172.18.0.5 [21/Nov/2026:05:13:34 +0000] "GET /api/websocket HTTP/1.0" 400 123 "-" "${agent}"\n`
  expect(read(dumped('halfopen/probe')).evidence.observations.size).toBe(0)
  expect(read(dumped('Mozilla/5.0')).evidence.observations.size).toBe(1)
})

test('one stream may mix formats: it is decided per line, and misses are counted with samples', () => {
  const { summary, evidence } = read(
    [
      '192.0.2.7 - - [21/Nov/2026:06:13:35 +0000] "GET / HTTP/1.1" 200 16 "-" "Mozilla/5.0"',
      refused('127.0.0.1:3000').trim(),
      'what is this',
      '',
      '192.0.2.7 - - [21/Nov/2026:06:13:36 +0000] "GET / HTTP/1.1" 200 16 "-" "Mozilla/5.0"',
    ].join('\n'),
  )
  expect(summary).toMatchObject({ lines: 5, parsed: 3, unparsed: 1, format: 'nginx-access' })
  expect(summary.unparsed_samples).toEqual([{ line: 3, text: 'what is this', reason: 'no-match' }])
  expect(evidence.status.get(200)).toBe(2)
  expect(summary.from).toBe('2026-11-21T06:13:35.000Z')
})

test('a record whose quote is open is held back until it is whole, however the bytes arrive', () => {
  const forged =
    '2026/11/21 06:31:43 [error] 16946#16946: *6 open() "/html/ws\n2026/01/01 00:00:00 [emerg] 1#1: *1 forged" failed (2: No such file or directory), client: 127.0.0.1, server: app.test, request: "GET /ws%0a2026 HTTP/1.1", host: "app.test"\n'
  const r = reader()
  const evidence = emptyEvidence()
  const first = Buffer.from(forged.slice(0, forged.indexOf('\n') + 1))
  expect(r.read(first, 1, evidence, null)).toBe(0)
  expect(r.read(Buffer.from(forged), 1, evidence, null)).toBe(forged.length)
  expect(r.summary).toMatchObject({ lines: 2, parsed: 2, unparsed: 0 })
  expect([...evidence.observations.values()].map((o) => o.kind)).not.toContain('config_error')
})

test('secrets are masked in what is kept', () => {
  const { evidence } = read(
    '192.0.2.7 - - [21/Nov/2026:06:13:35 +0000] "GET /api/websocket/exec?tok%65n=canary1&id=canary2&endpointId=2 HTTP/1.1" 400 16 "https://u:canary3@r.example/?access_token=canary4" "Mozilla/5.0"\n',
  )
  const kept = JSON.stringify([...evidence.observations.values()].map((o) => [o.scope, o.exemplars]))
  expect(kept).toContain('endpointId=2')
  expect(kept).not.toMatch(/canary/)
})

test('long lines, NUL, invalid UTF-8 and CRLF are counted, and what follows is read', () => {
  const good = '192.0.2.7 - - [21/Nov/2026:06:13:36 +0000] "GET / HTTP/1.1" 200 16 "-" "Mozilla/5.0"\r\n'
  const log = Buffer.concat([
    Buffer.from(good),
    Buffer.alloc(10_000_000, 0x61),
    Buffer.from('\n\0\0\0\xff\xfe\n'),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.from(good),
  ])
  const start = performance.now()
  const { summary } = read(log)
  expect(performance.now() - start).toBeLessThan(2000)
  expect(summary).toMatchObject({ lines: 5, parsed: 2, unparsed: 3 })
  expect(summary.unparsed_samples[0]).toMatchObject({ line: 2, reason: 'too-long' })
})
