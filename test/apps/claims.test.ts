/** Who reads what: no application parser takes a line of nginx, no nginx parser an application's, and nobody prose. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { APPS, PARSERS } from '../../parsers/index.ts'
import { LINES } from './lines.ts'

const NGINX = PARSERS.filter((parser) => !APPS.includes(parser))
const CASES = path.join(import.meta.dirname, '..', 'cases')

/** All lines of the case files that an nginx parser reads. */
function nginxLines(): string[] {
  return readdirSync(CASES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => readFileSync(path.join(CASES, name), 'utf8').split('\n'))
    .filter((line) => line !== '' && NGINX.some((parser) => parser.parse(line).ok))
}

test('the registry has both kinds', () => {
  expect(APPS.length).toBeGreaterThan(10)
  expect(NGINX.length).toBeGreaterThan(4)
})

test('no application parser reads a line of nginx', () => {
  const lines = [...NGINX.flatMap((parser) => parser.examples.map((e) => e.line)), ...nginxLines()]
  expect(lines.length).toBeGreaterThan(100)
  const claimed = lines.flatMap((line) => APPS.filter((app) => app.parse(line).ok).map((app) => [app.id, line]))
  expect(claimed).toEqual([])
})

test('no nginx parser reads a line of an application', () => {
  const lines = [...APPS.flatMap((app) => app.examples.map((e) => e.line)), ...LINES.map((l) => l.line)]
  const claimed = lines.flatMap((line) => NGINX.filter((p) => p.parse(line).ok).map((p) => [p.id, line]))
  expect(claimed).toEqual([])
})

test('damaged nginx lines stay unread', () => {
  const line =
    '2026/11/21 06:13:51 [error] 487#487: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7'
  for (let cut = 0; cut < 48; cut++) {
    const piece = line.slice(0, cut)
    expect(
      APPS.filter((app) => app.parse(piece).ok).map((app) => app.id),
      piece,
    ).toEqual([])
  }
})

test.each([
  'The websocket was closed with 1006 after an error',
  'error: something about the upgrade token',
  'See the WARNING: upgrade now',
  'GET /ws HTTP/1.1',
  '127.0.0.1 - - hello',
  'level=high mood=good',
  'msg="hello" who=me',
  '{"hello":"world"}',
  '{"message":"hello"}',
  '{"time":"today","message":"hello"}',
  '{"level":"loud","msg":"hello"}',
  '[INFO] is what we call it',
  '2026-11-21 was a Saturday',
  '2026-11-21 06:13:34 and then nothing',
  '12:30 lunch',
  'connection open to suggestions',
  'Started GETting ready',
  'Error: something else went wrong',
  '    at Object.<anonymous> (/app/index.js:1:1)',
  'Traceback (most recent call last):',
  'Not Found',
  '-----BEGIN CERTIFICATE-----',
  "x 'upgrade' token not found in 'Connection' header",
  'key=value',
  '',
])('nobody reads: %s', (line) => {
  expect(PARSERS.filter((parser) => parser.parse(line).ok).map((parser) => parser.id)).toEqual([])
})

test('a stamp that is no date is a damaged line, not another format', () => {
  const bad = [
    '[W 2026-13-41 16:02:19.636 ServerApp] text',
    '2026-13-41 13:32:24.008 ERROR (MainThread) [a.b] text',
    '[GIN] 2026/13/41 - 06:13:34 | 200 | 1ms | 192.0.2.7 | GET "/"',
    '192.0.2.7 - - [99/Aug/2026 10:00:00] text',
  ]
  for (const line of bad) {
    const reasons = PARSERS.map((parser) => parser.parse(line)).flatMap((p) => (p.ok ? ['ok'] : [p.reason]))
    expect(reasons, line).toContain('bad-time')
    expect(reasons, line).not.toContain('ok')
  }
})
