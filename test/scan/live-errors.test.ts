/** Error entries read in runs: who takes them so is told the same events, with the same texts, and of the same evidence. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../../parsers/event.ts'
import { eventAt, textAt } from '../../parsers/event-run.ts'
import { maskText } from '../../parsers/masking.ts'
import { emptyEvidence, type Evidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import type { ReaderOptions } from '../../server/scan/reader.ts'
import { partsOf } from '../../server/scan/said-book.ts'
import { zoneShift } from '../../server/scan/zone.ts'
import { END, odd, usual } from './error-entries.ts'

interface Told {
  at: number
  line: number
  text: string
  event: Event
}
interface Chunk {
  told: Told[]
  evidence: Evidence
  texts: string[]
}
interface Reading {
  chunks: Chunk[]
  summary: RecordReader['summary']
  outside: number
  /** Events that came in runs. */
  rows: number
}

/** Reads a log as it is followed: what is not done with is offered again, and each chunk has an evidence of its own. */
function follow(
  log: string,
  runs: boolean,
  options: Partial<ReaderOptions> = {},
  cuts: readonly number[] = [],
): Reading {
  const reader = new RecordReader({ path: 'error.log', shift: (wall) => wall, ...options })
  const chunks: Chunk[] = []
  let rows = 0
  const one = (bytes: Buffer, final: boolean): number => {
    const evidence = emptyEvidence(true)
    const told: Told[] = []
    const done = reader.read(
      Buffer.from(bytes),
      reader.summary.lines + 1,
      evidence,
      (events, { line, text }, at) => {
        for (const event of events) told.push({ at, line: line ?? 0, text, event })
      },
      final,
      runs
        ? (run) => {
            rows += run.size
            for (let row = 0; row < run.size; row++) {
              // Also of an entry without a client: who packs rows takes as many bytes from there.
              expect(run.client[row]).toBeGreaterThanOrEqual(run.at[row] as number)
              told.push({
                at: run.at[row] as number,
                line: run.line[row] as number,
                text: textAt(run, row),
                event: eventAt(run, row),
              })
            }
          }
        : null,
    )
    const texts = [...evidence.observations.values()].flatMap((o) => o.exemplars.map(({ text }) => text))
    chunks.push({ told: told.toSorted((a, b) => a.at - b.at), evidence, texts })
    return done
  }
  let rest = Buffer.from(log)
  for (const cut of cuts) {
    const done = one(rest.subarray(0, rest.indexOf('\n', cut) + 1), false)
    rest = rest.subarray(done)
  }
  one(rest, true)
  return { chunks, summary: reader.summary, outside: reader.outside, rows }
}

function expectSame(
  log: string,
  options: () => Partial<ReaderOptions> = () => ({}),
  cuts: readonly number[] = [],
): number {
  const runs = follow(log, true, options(), cuts)
  const { rows: _, ...plain } = follow(log, false, options(), cuts)
  const { rows, ...same } = runs
  expect(same).toEqual(plain)
  return rows
}

/** What must not be stored, and what only looks like it. */
const SECRETS = fc
  .record({
    second: fc.integer({ min: 10, max: 59 }),
    serial: fc.nat({ max: 99_999 }),
    client: fc.constantFrom('10.0.0.1', '10.0.0.23', '3d:3d::3d', 'fe80::bea:2', '::1'),
    message: fc.constantFrom(
      'connect() failed (111: Connection refused)',
      'upstream sent invalid header: "token=abc"',
      'upstream timed out (110: x) cookie',
      'recv() failed "token": "x',
      'limiting requests, excess: 5.1 by zone "token=a"',
    ),
    path: fc.constantFrom(
      '/ws?token=s3cr3t',
      '/ws?x=1&sid=abcdef',
      '/ws',
      '/bot12345:AAFxyz0123456789abc/send',
      '/ws?a=eyJhbGciOiJI.eyJzdWIi.x',
      '/3d',
    ),
    rest: fc.constantFrom(
      ', upstream: "http://user:pa55@10.0.0.1:80/ws", host: "a.test"',
      ', host: "a.test", referrer: "https://a.test/?code=12345&key=k"',
      ', upstream: "http://10.0.0.1:80/ws?token=z", host: "a.test"',
      '',
    ),
  })
  .map(
    (l) =>
      `2026/11/21 06:13:${l.second} [error] 7#7: *${l.serial} ${l.message} while connecting to upstream, client: ${l.client}, server: a.test, request: "GET ${l.path} HTTP/1.1"${l.rest}\n`,
  )

test('odd and forged entries, each of them several times', () => {
  let rows = 0
  fc.assert(
    fc.property(fc.array(odd, { minLength: 1, maxLength: 8 }), fc.array(usual, { maxLength: 4 }), (some, others) => {
      rows += expectSame([...some, ...others, ...some, ...some, ...others].join('') + END)
    }),
    { numRuns: 400 },
  )
  expect(rows).toBeGreaterThan(300)
})

test('usual entries in any order and any chunks', () => {
  let rows = 0
  fc.assert(
    fc.property(
      fc.array(usual, { minLength: 30, maxLength: 120 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 4 }),
      (lines, sorted, cuts) => {
        rows += expectSame((sorted ? lines.toSorted() : lines).join('') + END, () => ({}), cuts)
      },
    ),
    { numRuns: 150 },
  )
  expect(rows).toBeGreaterThan(1000)
})

test('entries of one place, in any order of their times', () => {
  const line = (second: number, n: number): string =>
    `2026/11/21 06:1${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')} [error] 7#7: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.${n % 12}, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.1:80/ws"\n`
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 179 }), { minLength: 6, maxLength: 30 }), (seconds) => {
      expectSame(seconds.map(line).join('') + END)
    }),
    { numRuns: 200 },
  )
})

test('entries with secrets in them', () => {
  let rows = 0
  fc.assert(
    fc.property(fc.array(SECRETS, { minLength: 4, maxLength: 30 }), (lines) => {
      rows += expectSame([...lines, ...lines, ...lines.toReversed()].join('') + END)
    }),
    { numRuns: 150 },
  )
  expect(rows).toBeGreaterThan(1000)
})

test('stamp, serial and address neither hide a secret nor make one', () => {
  const word = fc.constantFrom(
    'token=',
    '"token": "',
    'cookie: ',
    'Bearer ',
    '=',
    '%3d',
    '3d',
    '"',
    "'",
    '/a:',
    '@',
    'x',
    'http://a:',
    ' ',
    ',',
    'eyJ',
    '0123456789abcdef',
  )
  const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(''))
  const address = fc.stringMatching(/^[0-9a-fA-F.:]{1,45}$/)
  const serial = fc.nat({ max: 10 ** 9 }).map(String)
  fc.assert(
    fc.property(text, text, serial, serial, address, address, (message, rest, n, other, client, another) => {
      const stamp = '2026/11/21 06:13:34'
      const before = ' [error] 7#7: *'
      const between = ` ${message}, client: `
      const behind = rest === '' ? '' : `, server: ${rest}`
      const line = (s: string, c: string): string => `${stamp}${before}${s}${between}${c}${behind}`
      const from = stamp.length + before.length
      const gaps = {
        serial: from,
        serialEnd: from + n.length,
        client: from + n.length + between.length,
        clientEnd: from + n.length + between.length + client.length,
      }
      const parts = partsOf(line(n, client), gaps)
      if (parts === null) return
      expect(`${stamp}${parts[0]}${other}${parts[1]}${another}${parts[2]}`).toBe(maskText(line(other, another)))
    }),
    { numRuns: 20_000 },
  )
})

test('only entries of the asked window', () => {
  const at = Date.parse('2026-11-21T06:10:00Z')
  fc.assert(
    fc.property(
      fc.array(fc.oneof(usual, odd), { minLength: 10, maxLength: 60 }),
      fc.integer({ min: -20_000, max: 200_000 }),
      (lines, from) => {
        expectSame([...lines, ...lines].join('') + END, () => ({ since: at + from }))
      },
    ),
    { numRuns: 150 },
  )
})

test('a known message at another backend whose URL has no path', () => {
  const line = (context: string): string =>
    `2026/11/21 06:13:34 [error] 7#7: *1 no live upstreams while connecting to upstream, client: 10.0.0.1, server: a.test${context}\n`
  const [known, other] = [', upstream: "http://10.0.0.1:80/ws"', ', upstream: "http://10.0.0.2:80"'].map(line)
  const log = `${known}${known}${other}${other}${END}`
  expect(expectSame(log)).toBe(3)
  const { chunks } = follow(log, true)
  const backends = chunks.flatMap(({ told }) => told.map(({ event }) => event.scope.upstream))
  expect(backends).toEqual(['10.0.0.1:80', '10.0.0.1:80', '10.0.0.2:80', '10.0.0.2:80'])
})

test('a night in which the clock goes back, and a zone that was off by seconds', () => {
  const line = (stamp: string): string =>
    `${stamp} [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://10.0.0.1:80/ws", host: "app.test"\n`
  const stamps = ['01:59:59', '02:00:00', '02:59:59', '02:00:01', '03:00:00'].map((time) => `2026/10/25 ${time}`)
  for (const [zone, times, least] of [
    ['Europe/Berlin', stamps, 25],
    ['Europe/Amsterdam', ['1930/01/01 00:00:10', '1930/01/01 00:00:50', '1930/01/01 00:01:00'], 0],
    ['+05:30', stamps, 25],
  ] as const) {
    const log = times.flatMap((time) => Array.from({ length: 6 }, () => line(time))).join('') + END
    expect(expectSame(log, () => ({ shift: zoneShift(zone) }))).toBeGreaterThanOrEqual(least)
  }
})

test('an access log and an error log in one stream', () => {
  const access = '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 404 7 "-" "-"\n'
  fc.assert(
    fc.property(fc.array(fc.oneof(usual, fc.constant(access)), { minLength: 20, maxLength: 80 }), (lines) => {
      expectSame(lines.join('') + END)
    }),
    { numRuns: 60 },
  )
})

test('more places and texts than there is room for: all is told, and what is said often is known again', () => {
  const line = (n: number): string =>
    `2026/11/21 06:13:34 [error] 1#1: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: s${n % 9000}.test, request: "GET /ws?q=${n} HTTP/1.1", upstream: "http://10.0.0.1:80/ws", host: "a.test"\n`
  const log = Array.from({ length: 12_000 }, (_, n) => line(n)).join('')
  const often = line(1).repeat(500)
  const cuts = Array.from({ length: 30 }, () => 100_000)
  expect(expectSame(log + often + END, () => ({}), cuts)).toBeGreaterThan(5000)
})

test('entries without a client', () => {
  const line = (n: number, client: string): string =>
    `2026/11/21 06:13:34 [error] 7#7: *${n} no live upstreams while connecting to upstream${client}, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://back", host: "a.test"\n`
  const log = [1, 2, 3, 4].map((n) => line(n, '') + line(n, ', client: 10.0.0.1')).join('')
  expect(expectSame(log + END)).toBeGreaterThan(2)
})

test('a password in the URL of a backend is in no place', () => {
  const line = (n: number): string =>
    `2026/11/21 06:13:34 [error] 7#7: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://bob:s3cret@back.test:9000/ws", host: "a.test"\n`
  const log = [1, 2, 3].map(line).join('') + END
  expectSame(log)
  for (const { told, evidence } of follow(log, true).chunks) {
    expect(JSON.stringify(told)).not.toContain('s3cret')
    expect([...evidence.observations.values()].map(({ scope }) => scope.upstream)).not.toContain('bob')
    expect(told.map(({ event }) => event.scope.upstream)).toEqual(told.map(() => 'back.test:9000'))
  }
})

test('a secret in a message that no rule knows is not in what it is called', () => {
  const line = (n: number): string =>
    `2026/11/21 06:13:34 [error] 7#7: *${n} cookie: session=s3cret gave up while reading response header from upstream, client: 10.0.0.1, server: a.test, request: "GET /ws HTTP/1.1", upstream: "http://back.test/ws", host: "a.test"\n`
  const log = [1, 2, 3].map(line).join('') + END
  expectSame(log)
  const told = follow(log, true).chunks.flatMap((chunk) => chunk.told)
  expect(told).toHaveLength(3)
  expect(JSON.stringify(told)).not.toContain('s3cret')
  expect(told.map(({ event }) => event.sign)).toEqual(
    told.map(() => expect.stringMatching(/^unexplained: cookie: \[masked\] while /)),
  )
})
