/** Error entries counted from bytes: with and without the hot path the evidence is the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import type { Evidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import type { ReaderOptions } from '../../server/scan/reader.ts'
import { zoneShift } from '../../server/scan/zone.ts'
import { END, odd, usual } from './error-entries.ts'

interface Reading {
  evidence: Evidence
  summary: RecordReader['summary']
  hot: number
}

function read(log: string, hot: boolean, options: Partial<ReaderOptions> = {}, cuts: readonly number[] = []): Reading {
  const evidence = emptyEvidence()
  const reader = new RecordReader({ path: 'error.log', shift: (wall) => wall, ...options })
  if (!hot) reader.onRecord = () => {}
  let parsed = 0
  const one = Reflect.get(reader, 'one') as (...args: unknown[]) => unknown
  Reflect.set(reader, 'one', (...args: unknown[]) => {
    parsed++
    return one.apply(reader, args)
  })
  let rest = Buffer.from(log)
  for (const cut of cuts) {
    const end = rest.indexOf('\n', cut) + 1
    const done = reader.read(Buffer.from(rest.subarray(0, end)), reader.summary.lines + 1, evidence, null)
    rest = rest.subarray(done)
  }
  reader.read(rest, reader.summary.lines + 1, evidence, null, true)
  return { evidence, summary: reader.summary, hot: reader.summary.parsed - parsed }
}

const texts = (e: Evidence): string[] => [...e.observations.values()].flatMap((o) => o.exemplars.map((x) => x.text))

function expectSame(hot: Reading, plain: Reading): void {
  expect(hot.evidence).toEqual(plain.evidence)
  expect(texts(hot.evidence)).toEqual(texts(plain.evidence))
  const unlike = { bytes: 0, format: null }
  expect({ ...hot.summary, ...unlike }).toEqual({ ...plain.summary, ...unlike })
}

test('odd and forged entries, each of them several times, give the same evidence', () => {
  let hot = 0
  fc.assert(
    fc.property(fc.array(odd, { minLength: 1, maxLength: 8 }), fc.array(usual, { maxLength: 4 }), (some, others) => {
      const log = [...some, ...others, ...some, ...some, ...others].join('') + END
      const reading = read(log, true)
      hot += reading.hot
      expectSame(reading, read(log, false))
    }),
    { numRuns: 600 },
  )
  expect(hot).toBeGreaterThan(500)
})

test('usual entries in any order and any chunks give the same evidence', () => {
  let hot = 0
  fc.assert(
    fc.property(
      fc.array(usual, { minLength: 30, maxLength: 120 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 4 }),
      (lines, sorted, cuts) => {
        const log = (sorted ? lines.toSorted() : lines).join('') + END
        const reading = read(log, true, {}, cuts)
        hot += reading.hot
        expectSame(reading, read(log, false))
      },
    ),
    { numRuns: 250 },
  )
  expect(hot).toBeGreaterThan(1000)
})

test('only entries of the asked window are counted', () => {
  const at = Date.parse('2026-11-21T06:10:00Z')
  fc.assert(
    fc.property(
      fc.array(fc.oneof(usual, odd), { minLength: 10, maxLength: 60 }),
      fc.integer({ min: -20_000, max: 200_000 }),
      fc.integer({ min: 1, max: 90_000 }),
      (lines, from, length) => {
        const log = [...lines, ...lines].join('') + END
        const window = { since: at + from, until: at + from + length }
        expectSame(read(log, true, window), read(log, false, window))
      },
    ),
    { numRuns: 300 },
  )
})

test('two logs of the same time, read into one evidence in any order, give the same evidence', () => {
  const log = fc.array(usual, { minLength: 10, maxLength: 60 }).map((lines) => lines.toSorted().join('') + END)
  fc.assert(
    fc.property(log, log, fc.boolean(), (one, other, swapped) => {
      const evidence = (hot: boolean): Evidence => {
        const into = emptyEvidence()
        for (const name of swapped ? ['b', 'a'] : ['a', 'b']) {
          const reader = new RecordReader({ path: name, shift: (wall) => wall })
          if (!hot) reader.onRecord = () => {}
          reader.read(Buffer.from(name === 'a' ? one : other), 1, into, null, true)
        }
        return into
      }
      expect(evidence(true)).toEqual(evidence(false))
      expect(texts(evidence(true))).toEqual(texts(evidence(false)))
    }),
    { numRuns: 150 },
  )
})

test('zones: a night in which the clock goes back, and one whose zone was off by seconds', () => {
  const line = (stamp: string): string =>
    `${stamp} [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.1:80/ws", host: "app.test"\n`
  const stamps = [
    '2026/10/25 01:59:59',
    '2026/10/25 02:00:00',
    '2026/10/25 02:59:59',
    '2026/10/25 02:00:01',
    '2026/10/25 03:00:00',
  ]
  for (const [zone, times] of [
    ['Europe/Berlin', stamps],
    ['Europe/Amsterdam', ['1930/01/01 00:00:10', '1930/01/01 00:00:50', '1930/01/01 00:01:00']],
    ['+05:30', stamps],
  ] as const) {
    const log = times.flatMap((time) => Array.from({ length: 6 }, () => line(time))).join('') + END
    const shift = (): ReaderOptions['shift'] => zoneShift(zone)
    expectSame(read(log, true, { shift: shift() }), read(log, false, { shift: shift() }))
  }
})

test('an access log and an error log in one stream give the same evidence', () => {
  const access = '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 404 7 "-" "-"\n'
  fc.assert(
    fc.property(fc.array(fc.oneof(usual, fc.constant(access)), { minLength: 20, maxLength: 80 }), (lines) => {
      const log = lines.join('') + END
      expectSame(read(log, true), read(log, false))
    }),
    { numRuns: 100 },
  )
})

test('the hot path does count repeated entries: the parser sees the first of each kind only', () => {
  for (const message of [
    'connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: _, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.1:80/ws", host: "a.test"',
    'open() "/srv/x" failed (2: No such file or directory), client: 192.0.2.1, server: _, request: "GET /x HTTP/1.1", host: "a.test"',
    'upstream sent too big header while reading response header from upstream, client: 192.0.2.1, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.1:80/ws", host: "a.test"',
    'limiting requests, excess: 5.280 by zone "one", client: 192.0.2.1, server: a.test, request: "GET /ws HTTP/1.1", host: "a.test"',
    'client 192.0.2.1 closed keepalive connection',
  ]) {
    const line = `2026/11/21 06:13:34 [error] 1#1: *1 ${message}\n`
    expect([message, read(line.repeat(1000) + END, true).hot]).toEqual([message, 998])
    const before = { since: Date.parse('2027-01-01T00:00:00Z') }
    expect([message, read(line.repeat(1000) + END, true, before).hot]).toEqual([message, 998])
  }
})

test('a log of weeks gives the same evidence: minutes are joined while it is read', () => {
  const START = Date.parse('2026-11-21T06:11:00Z')
  const line = (minute: number): string => {
    const stamp = new Date(START + minute * 60_000).toISOString().slice(0, 16).replaceAll('-', '/').replace('T', ' ')
    const path = minute % 3 === 0 ? '/live' : '/ws'
    return `${stamp}:07 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.${minute % 7}, server: a.test, request: "GET ${path} HTTP/1.1", upstream: "http://10.0.0.1:80${path}", host: "a.test"\n`
  }
  // Backwards in places, as several workers write.
  const log = Array.from({ length: 50_000 }, (_, i) => line(i % 11 === 0 ? Math.max(0, i - 4) : i)).join('') + END
  const hot = read(log, true)
  expect([...hot.evidence.observations.values()].map(({ minutes }) => minutes.step)).toEqual([5, 5])
  expectSame(hot, read(log, false))
})
