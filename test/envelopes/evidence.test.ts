/** What is read out of envelopes counts like what stands bare: in a scan, and in a file that is followed. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import { emptyEvidence, type Evidence } from '../../server/diagnosis/contract.ts'
import { ingest } from '../../server/ingest.ts'
import { followFile } from '../../server/tail/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import { openSqliteStore } from '../../server/store/contract.ts'
import { WRAPPERS } from './wrappers.ts'

const access = (second: number, uri: string, status: number, address = '192.0.2.7'): string =>
  `${address} - - [21/Nov/2026:06:13:${String(second).padStart(2, '0')} +0000] "GET ${uri} HTTP/1.1" ${status} 11 "-" "Mozilla/5.0"`
const error = (n: number, at = '06:13:51'): string =>
  `2026/11/21 ${at} [error] 7#7: *${n} upstream timed out (110: Connection timed out) while proxying upgraded connection, ` +
  'client: 192.0.2.1, server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"'

function scan(log: string): Evidence {
  const evidence = emptyEvidence()
  const reader = new RecordReader({ path: 'x.log', shift: (wall) => wall })
  reader.read(Buffer.from(log), 1, evidence, null, true)
  reader.finish()
  return evidence
}

it('a log gives the same evidence in an envelope, and when only some of its lines are in one', () => {
  const line = fc.oneof(
    fc
      .tuple(
        fc.nat(59),
        fc.constantFrom('/', '/ws', '/socket.io/?transport=websocket'),
        fc.constantFrom(200, 101, 400, 502),
      )
      .map(([second, uri, status]) => access(second, uri, status)),
    fc.nat(9).map((n) => error(n)),
    fc.constant('what is this'),
  )
  // A line below a supervisord head has another number. grep prints its prefix before every line or none; before an
  // address it could not be told from a longer one.
  const wrappers = WRAPPERS.filter(({ id }) => id !== 'supervisord')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(line, fc.boolean()), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(...wrappers),
      (lines, { id, wrap }) => {
        const bare = lines.map(([text]) => `${text}\n`).join('')
        const mixed = lines
          .map(([text, wrapped]) => (wrapped || id === 'grep' ? `${wrap(text).join('\n')}\n` : `${text}\n`))
          .join('')
        expect(scan(mixed)).toEqual(scan(bare))
      },
    ),
    { numRuns: 400 },
  )
})

it('an output below a supervisord head is not taken for lines outside of it by the byte counter', () => {
  const many = Array.from({ length: 40 }, (_, n) => access(n, '/', 200))
  const head = "1999-11-21 06:13:34,730 DEBG 'desktop' stdout output:"
  const log = [...many, head, ...many, '', ...many, ''].join('\n')
  expect(scan(log).status.get(200)).toBe(120)
})

it('a followed file: pieces that come by and by are one event, stored once, also over a restart', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'halfopen-envelopes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'web-json.log')
  const store = openSqliteStore(path.join(folder, 'a.sqlite'))
  onTestFinished(() => store.close())
  const piece = (log: string, stream = 'stderr'): void =>
    appendFileSync(file, `${JSON.stringify({ log, stream, time: '2026-11-21T06:13:51.02Z' })}\n`)
  const stored = (): string[] =>
    store
      .events({ cursor: null, limit: 100 })
      .events.map(({ text }) => text)
      .reverse()
  const follow = (onCommitted = (): void => {}) =>
    // The zone of this machine must not matter: the envelope has one.
    ingest({
      store,
      path: file,
      open: (source) => followFile({ path: file, ...source }),
      parsers: PARSERS,
      shift: () => () => 0,
      onCommitted,
    })

  writeFileSync(file, '')
  const first = follow()
  await first.poll()
  piece(`${error(1)}\n`)
  piece(error(2).slice(0, 40))
  await first.poll()
  piece(`${error(3)}\n`, 'stdout')
  await first.poll()
  piece(error(2).slice(40, 90))
  await first.close()
  expect(stored()).toEqual([error(1)])

  let wake = (): void => {}
  const second = follow(() => wake())
  onTestFinished(() => second.close())
  await second.poll()
  piece(`${error(2).slice(90)}\n`)
  await second.poll()
  expect(stored().toSorted()).toEqual([error(1), error(2), error(3)])
  const times = store.events({ cursor: null, limit: 100 }).events.map(({ time }) => time)
  expect(new Set(times)).toEqual(new Set(['2026-11-21T06:13:51.000Z']))

  // The container dies in the middle of a line: a second of quiet makes it final.
  piece(error(4))
  const flushed = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the last piece was not read')), 15_000)
    wake = () => {
      if (stored().length < 4) return
      clearTimeout(late)
      resolve()
    }
  })
  await second.poll()
  await flushed
  expect(stored()).toHaveLength(4)
  expect(store.inputs()).toMatchObject([{ lines: 6, parsed: 6, unparsed: 0 }])
})
