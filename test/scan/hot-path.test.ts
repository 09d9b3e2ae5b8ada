/** The hot path counts only what it can prove: with it and without it the evidence is the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KNOWN_SOCKETS } from '../../parsers/known-sockets.ts'
import { pathGroup } from '../../parsers/masking.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import type { Evidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const SOCKET_URLS = [
  '/socket.io/?EIO=4&transport=websocket&sid=x',
  '/socket.io/?EIO=4&transport=polling',
  '/api/websocket/exec?token=x',
  '/api/websocket',
  '/api/kernels/3f/channels',
  '/terminals/websocket/1',
  '/_stcore/stream',
  '/cable',
  '/live/websocket',
  '/api/live/ws',
  '/api/v4/websocket',
  '/websockify',
  '/guacamole/websocket-tunnel',
  '/sockjs/123/abc/websocket',
]
const uri = fc.oneof(
  fc.constantFrom('/', '/index.html', '/cables', '/wsx', '/a"b', '/a\\x22b', ...SOCKET_URLS),
  fc.webPath(),
)
const text = fc.oneof(
  fc.constantFrom(
    '-',
    '-a',
    'Mozilla/5.0 (X11; Linux)',
    'a\\x22b',
    '',
    'halfopen/1',
    'halfop\\x65n/1',
    '\\x68alfopen/1',
    'é',
  ),
  fc.string({ maxLength: 20 }).map((s) => s.replace(/[\n\r"]/g, '')),
)
const line = fc
  .record({
    address: fc.constantFrom('192.0.2.1', '2001:db8::1', '-', 'unix:', '1\\x22', 'a\u00a0b', ''),
    user: fc.constantFrom('-', 'bob', 'bob [x]', 'a b', 'b[c', '\\x62', 'é', ''),
    stamp: fc.constantFrom(
      '21/Nov/2026:06:13:34 +0000',
      '21/Nov/2026:06:13:59 +0000',
      '22/Nov/2026:06:13:34 +0100',
      '01/Jan/2027:00:00:00 -0530',
      '31/Feb/2026:06:13:34 +0000',
      '21/Nov/2026:06:13:3x +0000',
      '21/Nov/2026:06:13:60 +0000',
      '21/nov/2026:06:13:34 +0000',
      '21/Nov/2026:06:13:34 +00:0',
    ),
    method: fc.constantFrom('GET', 'POST'),
    uri,
    protocol: fc.constantFrom('HTTP/1.1', 'HTTP/2.0', 'HTTP/3', 'HTTP/', 'HTTP/x', 'FTP/1.1', '', 'x HTTP/1.1'),
    status: fc.constantFrom('200', '204', '206', '301', '304', '400', '404', '426', '499', '502', '101', '2x0', '999'),
    bytes: fc.constantFrom('0', '612', '-', 'x'),
    referer: text,
    agent: text,
    tail: fc.constantFrom('', ' "203.0.113.9"', ' junk', ' "'),
    end: fc.constantFrom('\n', '\r\n'),
  })
  .map(
    (l) =>
      `${l.address} - ${l.user} [${l.stamp}] "${l.method} ${l.uri} ${l.protocol}" ${l.status} ${l.bytes} "${l.referer}" "${l.agent}"${l.tail}${l.end}`,
  )

function read(log: Buffer, hot: boolean): { evidence: Evidence; summary: RecordReader['summary'] } {
  const evidence = emptyEvidence()
  const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall })
  if (!hot) reader.onRecord = () => {}
  reader.read(log, 1, evidence, null, true)
  return { evidence, summary: reader.summary }
}

test('evidence with the hot path equals evidence without it', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
      const log = Buffer.from(
        '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET / HTTP/1.1" 404 0 "-" "-"\n' + lines.join(''),
      )
      const hot = read(log, true)
      const plain = read(log, false)
      expect(hot.evidence).toEqual(plain.evidence)
      expect({ ...hot.summary, format: null }).toEqual({ ...plain.summary, format: null })
    }),
    { numRuns: 1500 },
  )
})

/** Few kinds of lines, often repeated: the hot path counts most of them without the parser. */
const repeated = fc
  .record({
    address: fc.constantFrom('192.0.2.1', '192.0.2.2', '-', '2001:db8::7'),
    second: fc.integer({ min: 0, max: 59 }),
    minute: fc.constantFrom('06:13', '06:14', '06:13'),
    zone: fc.constantFrom('+0000', '+0000', '+0000', '-0100'),
    method: fc.constantFrom('GET', 'GET', 'HEAD'),
    uri: fc.constantFrom(
      '/ws',
      '/ws?token=x',
      '/socket.io/?transport=websocket&sid=1',
      '/socket.io/?transport=polling',
      '/socket.io?EIO=3&transport=polling',
      '/socket.io/',
      '/x',
      '/x?y',
      '/items/7',
      '/items/12',
      '/items/12a',
      '/items/:id',
      '/3f9c0a1b2d',
      '/deadbeef01',
      '/deadbeef',
      '/123e4567-e89b-12d3-a456-426614174000',
      '/123E4567-e89b-12d3-a456-426614174001',
      '/123e4567e89b-12d3-a456-42661417400-0',
      '/a.b.longenough',
      '/terminals/websocket/1',
      '/terminals/websocket/22',
      '77',
      '78',
      'http://1/2',
      '*',
    ),
    protocol: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/2.0'),
    status: fc.constantFrom('101', '404', '400', '200', '499'),
    bytes: fc.constantFrom('7', '0', '-', '255', '267', '18', '41', '45', '51', '52', '62'),
    agent: fc.constantFrom('Mozilla/5.0', 'halfopen/0.1.0', '-', 'a\\x22b'),
    request: fc.constantFrom('', '', '', '', ' x', '\\x22'),
  })
  .map(
    (l) =>
      `${l.address} - - [21/Nov/2026:${l.minute}:${String(l.second).padStart(2, '0')} ${l.zone}] "${l.method} ${l.uri}${l.request} ${l.protocol}" ${l.status} ${l.bytes} "-" "${l.agent}"\n`,
  )

/** In the order of time, as nginx writes it; the generated lines are in any order. */
const byStamp = (lines: readonly string[]): string[] => {
  const second = (line: string): string => line.slice(line.indexOf('['), line.indexOf(']'))
  return lines.toSorted((a, b) => (second(a) < second(b) ? -1 : 1))
}

const texts = (e: Evidence): string[] =>
  [...e.observations.values(), ...e.suspects.values()].flatMap((o) => o.exemplars.map((x) => x.text))

test('lines that repeat each other, in any order and cut into any chunks, give the same evidence', () => {
  fc.assert(
    fc.property(
      fc.array(repeated, { minLength: 30, maxLength: 120 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
      (lines, sorted, cuts) => {
        const log = sorted ? byStamp(lines) : lines
        const evidence = emptyEvidence()
        const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall })
        let at = 0
        for (const cut of cuts) {
          reader.read(Buffer.from(log.slice(at, at + cut).join('')), reader.summary.lines + 1, evidence, null)
          at += cut
        }
        reader.read(Buffer.from(log.slice(at).join('')), reader.summary.lines + 1, evidence, null, true)
        const plain = read(Buffer.from(log.join('')), false)
        expect(evidence).toEqual(plain.evidence)
        expect(texts(evidence)).toEqual(texts(plain.evidence))
      },
    ),
    { numRuns: 600 },
  )
})

test('batches whose events somebody waits for give the same evidence and the same events', () => {
  const batches = fc.array(
    fc.array(repeated, { minLength: 1, maxLength: 60 }).map((lines) => lines.join('')),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  fc.assert(
    fc.property(batches, batches, (one, other) => {
      const all = (hot: boolean): unknown[] => {
        const found: unknown[] = []
        // Two sources that take turns: a kernel serves both.
        const readers = ['a', 'b'].map((path) => new RecordReader({ path, shift: (wall) => wall }))
        for (let n = 0; n < Math.max(one.length, other.length); n++) {
          for (const [at, reader] of readers.entries()) {
            const text = (at === 0 ? one : other)[n]
            if (text === undefined) continue
            if (!hot) reader.onRecord = () => {}
            const evidence = emptyEvidence(true)
            reader.read(Buffer.from(text), reader.summary.lines + 1, evidence, (events, exemplar, offset) =>
              // What only the parser reads, and nobody keeps.
              found.push([events.map((event) => ({ ...event, connection: null })), exemplar.text, offset]),
            )
            found.push(evidence, texts(evidence))
          }
        }
        return found
      }
      expect(all(true)).toEqual(all(false))
    }),
    { numRuns: 300 },
  )
})

test('batches forget what is too much, and count it all the same', () => {
  const line = (n: number): string =>
    `192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /probe-${n}x HTTP/1.1" 404 7 "-" "-"\n`
  const batch = (from: number): Buffer => Buffer.from(Array.from({ length: 6_000 }, (_, n) => line(from + n)).join(''))
  const read = (hot: boolean): unknown[] => {
    const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall })
    if (!hot) reader.onRecord = () => {}
    return [0, 3_000, 6_000, 0, 12_000].map((from) => {
      const evidence = emptyEvidence(true)
      reader.read(batch(from), reader.summary.lines + 1, evidence, () => undefined)
      return [evidence.suspects.size, evidence.suspects_dropped, evidence.status]
    })
  }
  expect(read(true)).toEqual(read(false))
})

test('two logs of the same time, read into one evidence in any order, give the same evidence', () => {
  const log = fc.array(repeated, { minLength: 10, maxLength: 60 }).map((lines) => byStamp(lines).join(''))
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
    { numRuns: 300 },
  )
})

test('only lines of the asked window are counted', () => {
  const at = Date.parse('2026-11-21T06:13:00Z')
  fc.assert(
    fc.property(
      fc.array(repeated, { minLength: 10, maxLength: 60 }),
      fc.integer({ min: -20_000, max: 100_000 }),
      fc.integer({ min: 1, max: 90_000 }),
      (lines, from, length) => {
        const evidence = (hot: boolean): Evidence => {
          const into = emptyEvidence()
          const window = { since: at + from, until: at + from + length }
          const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall, ...window })
          if (!hot) reader.onRecord = () => {}
          reader.read(Buffer.from(lines.join('')), 1, into, null, true)
          return into
        }
        expect(evidence(true)).toEqual(evidence(false))
      },
    ),
    { numRuns: 300 },
  )
})

test('suspects that find no room are counted the same', () => {
  const line = (path: string, second: number): string =>
    `192.0.2.1 - - [21/Nov/2026:06:13:${String(second).padStart(2, '0')} +0000] "GET ${path} HTTP/1.1" 404 7 "-" "-"\n`
  const paths = Array.from({ length: 5_100 }, (_, i) => `/probe-${i}x`)
  const log = Array.from({ length: 7 }, (_, round) => paths.map((path) => line(path, round)).join('')).join('')
  const hot = read(Buffer.from(log), true).evidence
  expect(hot.suspects_dropped).toBe(700)
  expect(hot).toEqual(read(Buffer.from(log), false).evidence)
})

test('paths that differ only in what the hot path takes for an id have one group and one reading', () => {
  // What the request table replaces: numbers, UUIDs, hexadecimal of eight and more with a digit.
  const id = fc.oneof(
    fc.nat().map(String),
    fc.uuid(),
    fc.stringMatching(/^[0-9a-f]{8,40}$/).filter((s) => /\d/.test(s)),
  )
  const word = fc.constantFrom(
    'api',
    'websocket',
    'ws',
    'terminals',
    'kernels',
    'channels',
    'socket',
    'v3',
    ':id',
    'live',
  )
  fc.assert(
    fc.property(fc.array(fc.option(word), { minLength: 1, maxLength: 11 }), fc.infiniteStream(id), (parts, ids) => {
      const path = (): string => parts.map((part) => `/${part ?? ids.next().value}`).join('')
      const [one, other] = [path(), path()]
      expect(pathGroup(one)).toBe(pathGroup(other))
      for (const known of KNOWN_SOCKETS) expect(known.path.test(one)).toBe(known.path.test(other))
    }),
    { numRuns: 2000 },
  )
})

test('every path of a known socket has the part that is looked for first', () => {
  for (const known of KNOWN_SOCKETS) {
    const paths = fc.sample(fc.stringMatching(known.path), 50)
    for (const path of paths)
      expect([known.product, path]).toEqual([known.product, expect.stringContaining(known.part)])
  }
})

test('only Socket.IO tells a handshake by its query: a new product that does needs its own variant', () => {
  for (const { product, path, query } of KNOWN_SOCKETS) {
    if (query !== undefined) expect([product, path.test('/socket.io/')]).toEqual([product, true])
  }
})

test('the hot path does count repeated failures: the parser sees the first few only', () => {
  const line = '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /wp-login.php HTTP/1.1" 404 7 "-" "zgrab/0.x"\n'
  const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall })
  let parsed = 0
  const one = Reflect.get(reader, 'one') as (...args: unknown[]) => unknown
  Reflect.set(reader, 'one', (...args: unknown[]) => {
    parsed++
    return one.apply(reader, args)
  })
  const evidence = emptyEvidence()
  reader.read(Buffer.from(line.repeat(1000)), 1, evidence, null, true)
  expect([...evidence.suspects.values()].map((s) => s.count)).toEqual([1000])
  expect(parsed).toBeLessThan(10)
})

test('every known socket URL is left to the parser', () => {
  for (const known of KNOWN_SOCKETS) {
    const url = SOCKET_URLS.find(
      (u) =>
        known.path.test(u.split('?')[0] as string) &&
        (known.query === undefined || known.query.test(u.split('?')[1] ?? '')),
    )
    expect(url, `an example URL for ${known.product} ${known.path}`).toBeDefined()
    const log = (status: string): Buffer =>
      Buffer.from(
        `192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET / HTTP/1.1" 404 0 "-" "-"\n192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET ${url} HTTP/1.1" ${status} 0 "-" "-"\n`,
      )
    const { evidence } = read(log('200'), true)
    expect(
      [...evidence.observations.values()].map((o) => o.kind),
      url,
    ).toEqual(['handshake_failed'])
  }
})

test("a line longer than the kernel is shown at once is the parser's, and nothing is read twice", () => {
  const line = (path: string): string =>
    `192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET ${path} HTTP/1.1" 502 5 "-" "u"\n`
  for (const long of ['\0'.repeat(400_000), line(`/x${'y'.repeat(300_000)}`).slice(0, -1)]) {
    const log = Buffer.from(line('/ws') + line('/ws1') + long + line('/ws').repeat(3) + line('/ws'))
    const hot = read(log, true)
    expect(hot).toEqual(read(log, false))
  }
})
