/** Blocks of runs: what goes in comes out, and those of before stay readable. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Event } from '../../parsers/event.ts'
import { clientAt, eventAt, textAt, type EventRun, type Said } from '../../parsers/event-run.ts'
import { emptyEvidence, foldEvent } from '../../server/diagnosis/contract.ts'
import { openSqliteStore, type Batch } from '../../server/store/contract.ts'
import { runBlock, unpackBlock, type BlockEvent } from '../../server/store/sqlite/block.ts'
import { RunPacker, type Entry, type StoredRun } from '../../server/store/sqlite/run-block.ts'
import { openDatabase } from '../../server/store/sqlite/open.ts'
import { partsOf } from '../../server/store/sqlite/store.ts'
import { summaryOf, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-run-blocks-'))
afterAll(() => rmSync(folder, { recursive: true }))

const eventOf = (path: string, upstream = '127.0.0.1:1'): Event => ({
  kind: 'upstream_refused',
  sign: 'connect-refused',
  time: null,
  zone: 'assumed',
  scope: { server: 'a.test', path, upstream },
  client: null,
  connection: null,
})

/** Whole seconds, as stamps have them. */
interface Row {
  which: number
  skip: number
  seconds: number
  wall: number
  serial: number
  client: string
  own: string
}

const LINE = 300

/** A run whose lines lie `LINE` bytes and what is skipped apart; of the bytes only the clients are there. */
function runOf(said: readonly Said[], rows: readonly Row[]): EventRun {
  const n = rows.length
  const ints = (): Int32Array => new Int32Array(n)
  const run: EventRun & { texts: Map<number, string> } = {
    size: n,
    bytes: Buffer.alloc(rows.length * LINE * 3 + LINE),
    said,
    which: ints(),
    at: ints(),
    length: ints(),
    line: new Float64Array(n),
    time: new Float64Array(n),
    wall: ints(),
    serial: new Float64Array(n),
    client: ints(),
    clientLength: ints(),
    texts: new Map(),
  }
  let at = 0
  for (const [i, row] of rows.entries()) {
    at += row.skip
    run.which[i] = row.which % said.length
    run.at[i] = at
    run.length[i] = LINE - 1
    run.line[i] = i * 2 + 7
    run.time[i] = T0 + row.seconds * 1000
    run.wall[i] = row.wall
    run.serial[i] = row.serial
    run.client[i] = at + 100
    run.clientLength[i] = Buffer.from(run.bytes.buffer, run.bytes.byteOffset).write(row.client, at + 100, 'latin1')
    if (said[row.which % said.length]?.text === null) run.texts.set(i, row.own)
    at += LINE
  }
  return run
}

const SAID: readonly Said[] = [
  {
    event: eventOf('/ws'),
    text: [' [error] 7#7: *', ' x, client: ', ', server: a.test, request: "GET /ws", host: "h"'],
  },
  {
    event: eventOf('/ws'),
    text: [' [error] 8#8: *', ' x, client: ', ', server: a.test, request: "GET /ws", host: "h"'],
  },
  { event: eventOf('/live'), text: ['', ' [info] 7#7: y, client: ', ''] },
  { event: eventOf('/live'), text: null },
]

const row: fc.Arbitrary<Row> = fc.record({
  which: fc.nat({ max: 3 }),
  skip: fc.nat({ max: LINE }),
  seconds: fc.integer({ min: -4000, max: 4000 }),
  wall: fc.constantFrom(0, 60, 120, -330),
  serial: fc.oneof(fc.constant(-1), fc.nat(), fc.constant(999_999_999_999_999)),
  client: fc.constantFrom('10.0.0.1', '2001:db8::7', ''),
  own: fc.string({ unit: 'grapheme', maxLength: 200 }),
})

const own = (seq: number, text: string, timed: boolean): BlockEvent => ({
  id: 0,
  source: 3,
  seq,
  ordinal: seq % 2,
  time: timed ? T0 + seq : null,
  kept: T0 + seq,
  class: 9,
  scope: 8,
  origin: 7,
  line: seq % 3 === 0 ? null : seq,
  client: seq % 5 === 0 ? null : 'é',
  text,
})

/** As each row is to be read back. */
const rowAs = (run: EventRun, at: number, id: number, { offset, source, said }: StoredRun): BlockEvent => {
  const { class: kind, scope, origin } = said[run.which[at] as number] as StoredRun['said'][number]
  const time = run.time[at] as number
  return {
    id,
    source,
    seq: offset + (run.at[at] as number),
    ordinal: 0,
    time,
    kept: time,
    class: kind,
    scope,
    origin,
    line: run.line[at] as number,
    client: clientAt(run, at),
    text: textAt(run, at),
  }
}

const storedOf = (run: EventRun): StoredRun => ({
  run,
  offset: 5_000_000_000,
  source: 3,
  said: run.said.map((said, n) => ({ said, class: n + 1, scope: n + 200, origin: 1 })),
})

describe('a block of a run', () => {
  const packer = new RunPacker()

  it('gives back what was put in, rows and events of their own in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: row }, fc.string({ maxLength: 300 })), { maxLength: 60 }),
        fc.boolean(),
        (items, timed) => {
          const run = runOf(
            SAID,
            items.filter((item) => typeof item === 'object'),
          )
          const stored = storedOf(run)
          let next = 0
          const entries: Entry[] = items.map((item, n) =>
            typeof item === 'object' ? next++ : { ...own(n * 1000, item, timed), id: 42 + n },
          )
          const expected = entries.map((entry, n) =>
            typeof entry === 'object' ? entry : rowAs(run, entry, 42 + n, stored),
          )
          expect(unpackBlock(runBlock(packer.pack(entries, stored, 42), entries.length))).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('is small: what repeats is in it once', () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({
      which: n % 2,
      skip: 0,
      seconds: n / 10,
      wall: 0,
      serial: n,
      client: '10.20.30.40',
      own: '',
    }))
    const block = runBlock(
      packer.pack(
        rows.map((_, n) => n),
        storedOf(runOf(SAID, rows)),
        1,
      ),
      1000,
    )
    expect(block.length).toBeLessThan(25_000)
  })

  it('that is damaged is an error, never other events', () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({
      which: n,
      skip: 0,
      seconds: n,
      wall: 0,
      serial: n,
      client: '10.20.30.40',
      own: `line ${n}`,
    }))
    for (const own of ['', 'a text of its own that is so long that it is worth deflating '.repeat(9)]) {
      const entries = rows.map((row, n) => ({ ...row, own: row.own + own, n }))
      const block = runBlock(
        packer.pack(
          entries.map(({ n }) => n),
          storedOf(runOf(SAID, entries)),
          1,
        ),
        50,
      )
      expect(unpackBlock(block)).toHaveLength(50)
      fc.assert(
        fc.property(fc.nat({ max: block.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
          expect(() => unpackBlock(block.subarray(0, at))).toThrow()
          const damaged = Buffer.from(block)
          damaged[at] = (damaged[at] as number) ^ bits
          expect(() => unpackBlock(damaged)).toThrow()
        }),
      )
    }
  })
})

function batchOf(run: EventRun, events: readonly { event: Event; seq: number }[], offset: number): Batch {
  const evidence = emptyEvidence(true)
  const exemplar = (line: number, text: string, time: number | null) => ({ source: '/e.log', line, text, time })
  for (let at = 0; at < run.size; at++)
    foldEvent(evidence, eventAt(run, at), exemplar(run.line[at] as number, textAt(run, at), run.time[at] as number))
  const own = events.map(({ event, seq }) => ({
    event,
    seq,
    ordinal: 0,
    exemplar: exemplar(seq, `own ${seq}`, event.time),
  }))
  for (const { event, exemplar } of own) foldEvent(evidence, event, exemplar)
  const seq = offset + run.bytes.length
  const source = { generation: 'g1', path: '/e.log', seq, position: '{}', summary: summaryOf('/e.log') }
  return { source, from_seq: offset, events: own, repeated: { run, offset }, evidence }
}

/** The same batch with every event on its own. */
const oneByOne = ({ repeated, ...batch }: Batch): Batch => {
  const { run, offset } = repeated as NonNullable<Batch['repeated']>
  const rows = Array.from({ length: run.size }, (_, at) => ({
    event: eventAt(run, at),
    seq: offset + (run.at[at] as number),
    ordinal: 0,
    exemplar: { source: '/e.log', line: run.line[at] as number, text: textAt(run, at), time: run.time[at] as number },
  }))
  return { ...batch, events: [...batch.events, ...rows].toSorted((a, b) => a.seq - b.seq) }
}

describe('a store', () => {
  it('keeps a run as it keeps the same events one by one', () => {
    let n = 0
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat({ max: 12_000 }), { maxLength: 6 }),
        (rows, places) => {
          const run = runOf(SAID, rows)
          const events = [...new Set(places)]
            .filter((at) => !run.at.includes(at))
            .toSorted((a, b) => a - b)
            .map((at) => ({ event: { ...eventOf('/own'), time: at % 2 === 0 ? T0 + at : null }, seq: at }))
          const batch = batchOf(run, events, 0)
          const answers = [batch, oneByOne(batch)].map((one) => {
            const store = openSqliteStore(join(folder, `${n++}.sqlite`))
            expect(store.commit(one)).toBe('committed')
            expect(store.commit(one)).toBe('already-applied')
            const { requests_per_minute: _, ...evidence } = store.evidence(0, Number.MAX_SAFE_INTEGER)
            const answer = {
              events: store.events({ cursor: null, limit: 500 }),
              evidence,
              series: store.series(T0 - 3_600_000, T0 + 3_600_000, 60),
            }
            store.close()
            return answer
          })
          const isUntimed = batch.events.some(({ event }) => event.time === null)
          expect(answers[0]?.events).toEqual(answers[1]?.events)
          // What has no time is filed where it was read, a moment later in the second store.
          if (!isUntimed) expect(answers[0]).toEqual(answers[1])
        },
      ),
      { numRuns: 15 },
    )
  })

  it('counts what finds no room among the places, and refuses a run that the evidence does not count', () => {
    const db = openDatabase(join(folder, 'full.sqlite'))
    const { committer } = partsOf(db, { scopes: 1, suspectScopes: 1 })
    const rows = Array.from({ length: 9 }, (_, n) => ({
      which: n % 3,
      skip: 0,
      seconds: n,
      wall: 0,
      serial: n,
      client: '',
      own: '',
    }))
    const batch = batchOf(runOf(SAID, rows), [], 0)
    expect(() => committer.commit({ ...batch, evidence: emptyEvidence(true) }, T0)).toThrow('9 are in it')
    committer.commit(batch, T0)
    expect(db.prepare('SELECT sum(n) FROM tallies WHERE tier = 0 AND what = 3').pluck().get()).toBe(3)
    db.close()
  })

  it('reads blocks of before, and merges them with those of runs', () => {
    const database = join(folder, 'old.sqlite')
    const store = openSqliteStore(database)
    const rows = Array.from({ length: 20 }, (_, n) => ({
      which: n,
      skip: 0,
      seconds: n,
      wall: 0,
      serial: n,
      client: '10.0.0.1',
      own: `own ${n}`,
    }))
    const first = batchOf(runOf(SAID, rows), [], 0)
    store.commit(oneByOne(first))
    const second = batchOf(runOf(SAID, rows), [], first.source.seq)
    store.commit(second)
    const db = openDatabase(database)
    const forms = () => db.prepare('SELECT hex(substr(data, 1, 1)) FROM event_blocks ORDER BY last_id').pluck().all()
    expect(forms()).toEqual(['01', '02'])
    const before = store.events({ cursor: null, limit: 100 })
    expect(before.events).toHaveLength(40)
    for (let n = 0; n < 600; n++) {
      const more = batchOf(runOf(SAID, rows.slice(0, 1)), [], store.positions()[0]?.seq ?? 0)
      store.commit(more)
    }
    while (store.tidy());
    expect(forms().length).toBeLessThan(10)
    const page = store.events({ cursor: '41', limit: 100 })
    expect(page.events).toEqual(before.events)
    db.close()
    store.close()
  })

  it('blocks of before there were runs are read', () => {
    const event = (n: number): BlockEvent => ({
      id: n + 5,
      source: 3,
      seq: n * 300,
      ordinal: n % 2,
      time: n % 2 === 0 ? T0 + n : null,
      kept: T0 + n,
      class: 9,
      scope: 8,
      origin: 7,
      line: n % 3 === 0 ? null : n,
      client: n % 2 === 0 ? null : '10.0.0.1',
      text: `line ${n} of an upstream that does not answer any more`,
    })
    const [plain, deflated] = [PLAIN, DEFLATED].map((text) => unpackBlock(Buffer.from(text, 'base64')))
    expect(plain).toEqual([event(0)])
    expect(deflated).toEqual(Array.from({ length: 30 }, (_, n) => event(n)))
  })
})

/** Made by packBlock of version 4 of the database. */
const PLAIN = 'AAEKAwAAgLD00b9oAAkIBwAAAAAzbGluZSAwIG9mIGFuIHVwc3RyZWFtIHRoYXQgZG9lcyBub3QgYW5zd2VyIGFueSBtb3Jl'
const DEFLATED =
  'AZ3SPU7DQBCGYXuChEMBDWmIhIYmNIA84/weZyUWJRJeI9sIpcuRuEHOkC4H4QCIFFTRSPN96/a1Vtrn/oqsDcxlxwv0ZLl1dt8/h/3avJn9g6G5wtyluSzPrY9oUNDwmm5uaXRHY6aHCT0+0bNStaS8sG9d/W96ZlK+/B1536TIJTdvHBJ/fnR9G0PN/Tr0/NrEjlPTc0jdV2w5pC3XTRtPifgT9SeVP5n6k5k/mfuThT9Z+pOVPxHk+YH3FwCAAAIEICCAAQEQCKBAAAYCOFDAgQIOFHCggAMFHCjgQAEHCjhQwIH6HPwC'
