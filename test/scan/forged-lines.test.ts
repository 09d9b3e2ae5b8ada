/** A path with line breaks forges no entry, whatever the lines around it are. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'

const file = new URL('../cases/parsers/nginx-error/forged-lines.log', import.meta.url)
const ACCESS = '127.0.0.1 - - [21/Nov/2026:06:13:50 +0000] "GET /a HTTP/1.1" 404 10 "-" "c"\n'
const GO = '2026/11/21 06:13:50 http: TLS handshake error from 127.0.0.1:1: EOF\n'
const FORGED =
  '2026/11/21 06:13:51 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 6.6.6.6, server: evil, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "evil"\n'

function signs(text: string): [string[], RecordReader] {
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

test('a path that never ends is one unread record as far as an entry can go', () => {
  const open = '2026/11/21 06:13:50 [error] 1#1: *6 open() "/html/x\n' + FORGED.repeat(12)
  const [found, reader] = signs(open)
  expect(found).toEqual([])
  expect(reader.summary).toMatchObject({ parsed: 0, unparsed: 13 })
})
