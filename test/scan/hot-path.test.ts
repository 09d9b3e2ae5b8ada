/** The hot path counts only what it can prove: with it and without it the evidence is the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KNOWN_SOCKETS } from '../../parsers/known-sockets.ts'
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
  fc.constantFrom('-', 'Mozilla/5.0 (X11; Linux)', 'a\\x22b', ''),
  fc.string({ maxLength: 20 }).map((s) => s.replace(/[\n\r"]/g, '')),
)
const line = fc
  .record({
    address: fc.constantFrom('192.0.2.1', '2001:db8::1', '-'),
    user: fc.constantFrom('-', 'bob', 'bob [x]', 'a b'),
    stamp: fc.constantFrom(
      '21/Nov/2026:06:13:34 +0000',
      '21/Nov/2026:06:13:59 +0000',
      '22/Nov/2026:06:13:34 +0100',
      '01/Jan/2027:00:00:00 -0530',
      '31/Feb/2026:06:13:34 +0000',
      '21/Nov/2026:06:13:3x +0000',
    ),
    method: fc.constantFrom('GET', 'POST'),
    uri,
    status: fc.constantFrom('200', '204', '206', '301', '304', '400', '404', '426', '499', '502', '101', '2x0', '999'),
    bytes: fc.constantFrom('0', '612', '-', 'x'),
    referer: text,
    agent: text,
    tail: fc.constantFrom('', ' "203.0.113.9"', ' junk', ' "'),
    end: fc.constantFrom('\n', '\r\n'),
  })
  .map(
    (l) =>
      `${l.address} - ${l.user} [${l.stamp}] "${l.method} ${l.uri} HTTP/1.1" ${l.status} ${l.bytes} "${l.referer}" "${l.agent}"${l.tail}${l.end}`,
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
    uri: fc.constantFrom(
      '/ws',
      '/ws?token=x',
      '/socket.io/?transport=websocket&sid=1',
      '/socket.io/?transport=polling',
      '/x',
      '/x?y',
    ),
    status: fc.constantFrom('101', '404', '400', '200', '499'),
    agent: fc.constantFrom('Mozilla/5.0', 'halfopen/0.1.0', '-'),
    request: fc.constantFrom('', '', '', ' x', '\\x22'),
  })
  .map(
    (l) =>
      `${l.address} - - [21/Nov/2026:${l.minute}:${String(l.second).padStart(2, '0')} +0000] "GET ${l.uri}${l.request} HTTP/1.1" ${l.status} 7 "-" "${l.agent}"\n`,
  )

test('lines that repeat each other, in any order and cut into any chunks, give the same evidence', () => {
  fc.assert(
    fc.property(
      fc.array(repeated, { minLength: 30, maxLength: 120 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      (lines, sorted, cut) => {
        const log = sorted ? lines.toSorted((a, b) => (a.slice(-90) < b.slice(-90) ? -1 : 1)) : lines
        const all = Buffer.from(log.join(''))
        const evidence = emptyEvidence()
        const reader = new RecordReader({ path: 'access.log', shift: (wall) => wall })
        const first = Buffer.from(log.slice(0, cut).join(''))
        reader.read(first, 1, evidence, null)
        reader.read(all.subarray(first.length), reader.summary.lines + 1, evidence, null, true)
        const plain = read(all, false)
        expect(evidence).toEqual(plain.evidence)
        const texts = (e: Evidence): string[] =>
          [...e.observations.values(), ...e.suspects.values()].flatMap((o) => o.exemplars.map((x) => x.text))
        expect(texts(evidence)).toEqual(texts(plain.evidence))
      },
    ),
    { numRuns: 400 },
  )
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
