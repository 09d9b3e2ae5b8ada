/** Lines of applications through detection: parser, time, level, event. */
import { describe, expect, test } from 'vitest'
import { toEvents } from '../../parsers/events.ts'
import { PARSERS } from '../../parsers/index.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { LINES } from './lines.ts'

function detect(line: string): LogRecord {
  for (const parser of PARSERS) {
    const parsed = parser.parse(line)
    if (parsed.ok) return parsed.record
  }
  throw new Error(`no parser reads ${line}`)
}

const eventsOf = (line: string) => toEvents(detect(line), (wall) => wall).events

describe('a line is read by its own parser and says what it proves', () => {
  test.each(LINES.map((l) => [l.what, l] as const))('%s', (_, expected) => {
    const record = detect(expected.line)
    expect(record.format).toBe(expected.format)
    expect(record.time?.iso ?? null).toBe(expected.time)
    if (expected.level !== undefined && record.type !== 'access') expect(record.level).toBe(expected.level)
    const [event, ...more] = eventsOf(expected.line)
    expect(event?.sign ?? null).toBe(expected.sign)
    expect(event?.echo ?? false).toBe(expected.echo ?? false)
    if (expected.path !== undefined) expect(event?.scope.path).toBe(expected.path)
    expect(more).toEqual([])
  })
})

describe('other proxies give access records', () => {
  const TUNNEL =
    '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 0 "-" "-" 6512 "app@docker" "http://10.0.0.2:8080" 60004ms'
  const START = Date.UTC(2026, 10, 21, 6, 13, 34)

  test('Traefik: a tunnel is stamped with its start, so the session ends a lifetime later', () => {
    expect(eventsOf(TUNNEL)).toMatchObject([
      { kind: 'handshake_ok', time: START },
      { kind: 'session_closed', time: START + 60_004, seconds: 60.004 },
    ])
  })

  test('Caddy: the handshake headers are in the line', () => {
    const line = (headers: string, status: number) =>
      `{"level":"info","ts":1795241614.4,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.7","proto":"HTTP/1.1","method":"GET","host":"app.example","uri":"/x","headers":{${headers}}},"duration":0.1,"size":9,"status":${status}}`
    expect(eventsOf(line('"Upgrade":["websocket"],"Connection":["Upgrade"]', 400))).toMatchObject([
      { kind: 'handshake_failed', asked: 'yes', status: 400, scope: { server: 'app.example', path: '/x' } },
    ])
    expect(eventsOf(line('"Accept":["*/*"]', 400))).toEqual([])
  })

  test('HAProxy: the termination state of a tunnel is an event of its own', () => {
    const line = (status: number, state: string) =>
      `192.0.2.7:48380 [21/Nov/2026:06:13:34.686] web~ app/node1 0/0/1/2/50001 ${status} 245 - - ${state} 17/17/16/3/0 0/0 "GET /ws HTTP/1.1"`
    expect(eventsOf(line(101, 'sD--')).map((e) => e.sign)).toEqual([
      'handshake-101',
      'session-closed',
      'haproxy-tunnel-idle',
    ])
    // The same letters on a download are no WebSocket's business.
    expect(eventsOf(line(200, 'sD--'))).toEqual([])
    expect(eventsOf(line(101, '----')).map((e) => e.sign)).toEqual(['handshake-101', 'session-closed'])
  })
})
