/** What the pages decide before anything is drawn. */
import { expect, it } from 'vitest'
import type { Bucket, Problem } from '../../server/http/wire.ts'
import { decisive } from '../../web/data/decisive.ts'
import { sliceOf } from '../../web/data/events.ts'
import { choices, filterProblems } from '../../web/data/filter.ts'
import { ratesAround } from '../../web/data/rates.ts'
import { fieldOf } from '../../web/data/uploads.ts'
import { asBuckets, customFrame, previousFrame } from '../../web/data/window.ts'
import { hrefTo, parseHash, type Route } from '../../web/routing.ts'

it.each<Route>([
  { page: 'problems', asked: { q: 'a&b=c #', state: 'now', severity: 'error', host: 'ä.example', source: '/x y' } },
  {
    page: 'trends',
    range: '6h',
    to: '2026-11-21T08:00:00.000Z',
    asked: { from: '2026-11-21T07:00:00.000Z', path: '/ws' },
  },
  { page: 'config', asked: { url: 'wss://a.example/ws?x=1&y=2' } },
  { page: 'live', asked: { q: 'timeout' } },
  { page: 'analyze' },
])('the address of $page is read back', (route) => expect(parseHash(hrefTo(route))).toEqual(route))

const problem = (id: string, state: Problem['state'], severity: string, server: string | null, source: string) =>
  ({
    id,
    state,
    finding: {
      title: `Backend ${id} is down`,
      cause: 'backend-down',
      severity,
      scope: { server, path: '/ws', upstream: null, source: null },
      evidence: [{ source, line: 1, text: 'connect() failed' }],
      fix: { summary: 'Start it' },
    },
  }) as unknown as Problem

it('filters problems by everything that was chosen', () => {
  const all = [
    problem('a', 'new', 'error', 'a.example', 'error.log'),
    problem('b', 'resolved', 'error', 'b.example', 'error.log'),
    problem('c', 'ongoing', 'warning', null, 'other.log'),
  ]
  const ids = (asked: Parameters<typeof filterProblems>[1]) => filterProblems(all, asked).map(({ id }) => id)
  expect(ids({})).toEqual(['a', 'b', 'c'])
  expect(ids({ state: 'now' })).toEqual(['a', 'c'])
  expect(ids({ state: 'resolved', severity: 'error' })).toEqual(['b'])
  expect(ids({ host: 'a.example' })).toEqual(['a'])
  expect(ids({ source: 'other.log' })).toEqual(['c'])
  expect(ids({ q: 'BACKEND other.log' })).toEqual(['c'])
  expect(ids({ q: 'connect nowhere' })).toEqual([])
  expect(choices(all)).toEqual({ hosts: ['a.example', 'b.example'], sources: ['error.log', 'other.log'] })
})

it.each([
  ['access.log', '', 'log'],
  ['error.log.2.gz', '', 'log'],
  ['nginx.conf', '', 'config'],
  ['site.conf', 'server {\n', 'config'],
  ['notes.txt', '# configuration file /etc/nginx/nginx.conf:\nuser x;', 'config'],
  ['', 'upstream app {\n  server 127.0.0.1;\n}', 'config'],
  ['', '2026/11/21 06:13:51 [error] 31#31: *7 connect() failed', 'log'],
])('%s %j is a %s', (name, start, field) => expect(fieldOf(name, start)).toBe(field))

it.each([
  ['[error] 1#1: *1 connect() failed (111: Connection refused) while', 'connect() failed (111: Connection refused)'],
  [
    "websocketproxy: 'upgrade' token not found in 'Connection' header",
    "'upgrade' token not found in 'Connection' header",
  ],
  ['"GET /ws HTTP/1.1" 426 12 "-"', '426'],
  ['nothing that is known', null],
])('of %s it is %s that decides', (text, part) => {
  const found = decisive(text)
  expect(found && text.slice(...found)).toBe(part)
})

it('draws the rows in view and a few around them', () => {
  expect(sliceOf(10_000, 50, 0, 500)).toEqual({ first: 0, end: 18 })
  expect(sliceOf(10_000, 50, 100_000, 500)).toEqual({ first: 1992, end: 2018 })
  expect(sliceOf(3, 50, 100_000, 500)).toEqual({ first: 0, end: 3 })
  expect(sliceOf(0, 50, 0, 500)).toEqual({ first: 0, end: 0 })
})

it('chooses steps for a window of any length, and the window before it', () => {
  const hour = 3_600_000
  expect(customFrame(0, hour)).toEqual({ from: 0, to: hour, step: 60 })
  expect(customFrame(1000, 100 * hour)?.step).toBe(7200)
  expect(customFrame(hour, hour)).toBeNull()
  expect(previousFrame({ from: 7200, to: 9000, step: 60 })).toEqual({ from: 5400, to: 7200, step: 60 })
})

it('makes the counts of one place look like the trend', () => {
  const base = { from: '2026-11-21T08:00:00.000Z', to: '2026-11-21T08:02:00.000Z', step_seconds: 60 }
  const kinds = {
    ...base,
    groups: [
      { value: 'handshake_ok', values: 1, n: [3, 0] },
      { value: 'upstream_timeout', values: 1, n: [0, 2] },
    ],
  }
  const failed = { ...base, groups: [{ value: '4xx', values: 1, n: [5, 0] }] }
  expect(asBuckets(kinds, failed)).toMatchObject([
    { time: '2026-11-21T08:00:00.000Z', handshakes_ok: 3, handshakes_failed: { 4: 5 } },
    { time: '2026-11-21T08:01:00.000Z', timeouts: { upstream_timeout: 2 } },
  ])
  // Where the log does not show who asked for a WebSocket, the refused requests of a socket's path are its failures.
  const requests = { ...base, groups: [{ value: '4xx', values: 1, n: [2, 6] }] }
  expect(asBuckets(kinds, failed, requests)).toMatchObject([
    { handshakes_failed: { 4: 7 } },
    { handshakes_failed: { 4: 6 }, timeouts: { upstream_timeout: 2 } },
  ])
})

it('counts failures before and after a change, and leaves out the step it falls into', () => {
  const bucket = (minute: number, ok: number, failed: number): Bucket => ({
    time: new Date(minute * 60_000).toISOString(),
    handshakes_ok: ok,
    handshakes_failed: { 400: failed },
    closures: { session_closed: 9, abnormal_closure: 1 },
    timeouts: {},
    requests: 0,
  })
  const rates = ratesAround([bucket(0, 1, 4), bucket(1, 7, 7), bucket(2, 5, 0)], 60, 90_000, 180_000)
  expect(rates.before).toEqual({ failed: 5, ok: 1, hours: 1 / 60 })
  expect(rates.after).toEqual({ failed: 1, ok: 5, hours: 1 / 60 })
  // What is still to come is no time without failures.
  expect(ratesAround([bucket(2, 5, 0)], 60, 90_000, 150_000).after.hours).toBe(1 / 120)
})
