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
