/** Evidence that went to another thread and back is the evidence that was sent, and no secret shows on the way. */
import { once } from 'node:events'
import { inspect } from 'node:util'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import type { Evidence, Exemplar, InputSummary } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import { MaskedLine } from '../../server/scan/masked-line.ts'
import { pack, transferList, unpack, type Message } from '../../server/scan/transfer.ts'
import { fold, items } from '../store/material.ts'

const access = fc
  .record({
    address: fc.constantFrom('192.0.2.1', '2001:db8::1', '198.51.100.200'),
    day: fc.constantFrom('01', '02', '28'),
    minute: fc.integer({ min: 10, max: 59 }),
    uri: fc.oneof(fc.constantFrom('/ws?token=hunter2hunter2', '/ws', '/a', '/é\u4e16'), fc.webPath()),
    status: fc.constantFrom(101, 200, 400, 404, 502),
    size: fc.constantFrom(0, 120),
    seconds: fc.constantFrom('', ' "1.1" 60.001', ' "x" 7200.5'),
  })
  .map(
    ({ address, day, minute, uri, status, size, seconds }) =>
      `${address} - - [${day}/Nov/2026:06:${minute}:00 +0000] "GET ${uri} HTTP/1.1" ${status} ${size} "-" "Mozilla/5.0"${seconds}\n`,
  )
const error = fc
  .record({ level: fc.constantFrom('error', 'info'), path: fc.constantFrom('/ws?sid=hunter2hunter2', '/b') })
  .map(
    ({ level, path }) =>
      `2026/11/21 06:13:34 [${level}] 7#7: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a.example, request: "GET ${path} HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "a.example"\n`,
  )

function read(path: string, lines: readonly string[], into: Evidence): InputSummary {
  const reader = new RecordReader({ path, shift: (wall) => wall })
  reader.read(Buffer.from(lines.join('')), 1, into, null, true)
  return reader.summary
}

/** Through a real port, which serializes as the one of a worker does. */
async function send(message: Message): Promise<Message> {
  const { port1, port2 } = new MessageChannel()
  const arrived = once(port2, 'message')
  port1.postMessage(message, transferList(message))
  const [received] = (await arrived) as [Message]
  port1.close()
  return received
}

/** Exemplars with their text, which equality does not look at since it is a getter. */
function lines(evidence: Evidence): Exemplar[] {
  const places = [...evidence.observations.values(), ...evidence.suspects.values()]
  const proofs = [...evidence.lifetimes.values()].flatMap((l) => l.exemplars.map(({ exemplar }) => exemplar))
  return [...places.flatMap((place) => place.exemplars), ...proofs].map(({ source, line, text, time }) => ({
    source,
    line,
    text,
    time,
  }))
}

test('what arrives is what was sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(access), fc.array(error), items, fc.boolean(), async (a, e, folded, exact) => {
      const evidence = emptyEvidence(exact)
      const summary = read('access.log', [...a, '~~~ not a line\n'], evidence)
      read('error.log', e, evidence)
      for (const item of folded) fold(evidence, item)
      evidence.suspects_dropped = a.length
      const before = lines(evidence)
      const arrived = unpack(await send(pack(evidence, summary)), { lineOffset: 0 })
      expect(arrived).toEqual({ evidence, summary })
      expect(lines(arrived.evidence)).toEqual(before)
    }),
    { numRuns: 60 },
  )
})

test('lines get the numbers and the name they have in the whole input', async () => {
  const evidence = emptyEvidence()
  const line =
    '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws?token=hunter2hunter2 HTTP/1.1" 400 7 "-" "Mozilla/5.0"\n'
  const summary = read('part', [line, '~~~ not a line\n', line], evidence)
  const moved = unpack(await send(pack(evidence, summary)), { lineOffset: 1000, source: 'access.log' })
  expect(lines(moved.evidence).map(({ source, line: number }) => [source, number])).toEqual([
    ['access.log', 1001],
    ['access.log', 1003],
  ])
  expect([moved.summary.path, moved.summary.unparsed_samples[0]?.line]).toEqual(['access.log', 1002])
  expect(lines(evidence).map(({ line: number }) => number)).toEqual([1, 3])
})

test('a line is masked for whoever looks at it, before and after', async () => {
  const evidence = emptyEvidence()
  const text = '192.0.2.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws?token=hunter2hunter2 HTTP/1.1" 400 7 "-" "-"\n'
  const summary = read('access.log', [text], evidence)
  const arrived = unpack(await send(pack(evidence, summary)), { lineOffset: 0 })
  const [kept] = [...arrived.evidence.suspects.values()].flatMap(({ exemplars }) => exemplars)
  expect(kept).toBeInstanceOf(MaskedLine)
  expect(kept?.text).toContain('token=')
  for (const shown of [kept?.text, JSON.stringify(kept), inspect(kept, { showHidden: true, depth: 9 })])
    expect(shown).not.toContain('hunter2')
})

test('a line that is cut was masked before', () => {
  const long = `GET /a https://user:${'p'.repeat(600)}@example.com/ ${'x'.repeat(600)}`
  const cut = new MaskedLine('a.log', 1, long, null).shorter(500)
  expect(cut.text.length).toBe(500)
  expect(cut.text).not.toContain('ppp')
  expect(cut.shorter(100).text).toBe(cut.text.slice(0, 100))
})
