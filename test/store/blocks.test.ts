/** Events in blocks: what goes in comes out, however blocks are cut, merged and thinned out. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { quantileBucket } from '../../server/diagnosis/histogram.ts'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { packBlock, unpackBlock, type BlockEvent } from '../../server/store/sqlite/block.ts'
import { bucketsOf, HistogramSum, MAX_BUCKET } from '../../server/store/sqlite/histogram-blob.ts'
import { openDatabase } from '../../server/store/sqlite/open.ts'
import { partsOf } from '../../server/store/sqlite/store.ts'
import { batchOf, failure, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-blocks-'))
afterAll(() => rmSync(folder, { recursive: true }))
const MINUTE = 60_000

const whole = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most })
const event: fc.Arbitrary<BlockEvent> = fc
  .record({
    id: whole(2 ** 40),
    source: whole(5),
    seq: whole(2 ** 45),
    ordinal: whole(2),
    kept: fc.integer({ min: -1e12, max: 4e12 }),
    timed: fc.boolean(),
    class: whole(300),
    scope: whole(30_000),
    origin: whole(3),
    line: fc.option(whole(2 ** 35)),
    client: fc.option(fc.string({ unit: 'grapheme', maxLength: 20 })),
    text: fc.string({ unit: 'grapheme', maxLength: 300 }),
  })
  .map(({ timed, ...rest }) => ({ ...rest, time: timed ? rest.kept : null }))

describe('a block', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.constantFrom(3 as const, 6 as const), (events, level) => {
        expect(unpackBlock(packBlock(events, level))).toEqual(events)
      }),
    )
  })

  it('that is damaged is an error, never other events', () => {
    const packed = packBlock(
      Array.from({ length: 50 }, (_, n) => ({ ...base, id: n, text: `line ${n} of a log that goes on for a while` })),
      3,
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: packed.length - 1 }), (at) => {
        expect(() => unpackBlock(packed.subarray(0, at))).toThrow()
      }),
    )
    expect(() => unpackBlock(Buffer.of(7, 0))).toThrow('unknown form')
  })
})

const base: BlockEvent = {
  id: 0,
  source: 1,
  seq: 0,
  ordinal: 0,
  time: T0,
  kept: T0,
  class: 1,
  scope: 1,
  origin: 1,
  line: 1,
  client: null,
  text: '',
}

describe('small blocks', () => {
  it('are merged in steps; every event keeps its id and its place', () => {
    const file = join(folder, 'merge.sqlite')
    const db = openDatabase(file)
    const { committer, blocks } = partsOf(db)
    let at = 0
    const sizes = [...Array.from({ length: 250 }, (_, n) => 1 + (n % 3)), 2500, 40, 700, 3]
    for (const size of sizes) {
      committer.commit(
        batchOf(
          Array.from({ length: size }, (_, n) => failure(at + n, T0 + at + n)),
          at,
        ),
        T0,
      )
      at += size
    }
    const before = all(blocks)
    expect(before.map(({ line }) => line)).toEqual(Array.from({ length: at }, (_, n) => at - 1 - n))
    while (blocks.merge());
    expect(all(blocks)).toEqual(before)
    const counts = db.prepare('SELECT n FROM event_blocks ORDER BY last_id').pluck().all()
    expect(counts.length).toBeLessThan(9)
    // What is read next goes behind the last id, also after a restart.
    partsOf(db).committer.commit(batchOf([failure(at, T0)], at), T0)
    expect(all(blocks)[0]?.id).toBe((before[0]?.id ?? 0) + 1)
    db.close()
  })

  it('a damaged one is left alone, told of, and keeps nothing else from being read, merged or deleted', () => {
    const db = openDatabase(join(folder, 'damaged.sqlite'))
    const { committer, blocks } = partsOf(db)
    for (let n = 0; n < 60; n++) committer.commit(batchOf([failure(n, T0 + n * MINUTE)], n), T0)
    const bad = db.prepare('SELECT last_id FROM event_blocks ORDER BY last_id LIMIT 1 OFFSET 30').pluck().get()
    db.prepare('UPDATE event_blocks SET data = substr(data, 1, 4) WHERE last_id = ?').run(bad)
    expect(all(blocks).length).toBe(59)
    while (blocks.merge());
    expect(all(blocks).length).toBe(59)
    expect([...blocks.damaged]).toEqual([bad])
    for (let step = 0; blocks.expire(T0 + 40 * MINUTE); step++) expect(step).toBeLessThan(100)
    expect(all(blocks).length).toBeLessThanOrEqual(20 + 10)
    for (let step = 0; blocks.expire(T0 + 9000 * MINUTE); step++) expect(step).toBeLessThan(100)
    expect(all(blocks)).toEqual([])
    db.close()
  })

  it('old events go from a block that has new ones too, and ids are never given twice', () => {
    const file = join(folder, 'old.sqlite')
    let store = openSqliteStore(file)
    // A quiet site: one event an hour, and one whose clock is a year slow.
    const times = [0, 1, 2, -8760, 3, 4, 5].map((hours) => T0 + hours * 60 * MINUTE)
    store.commit(batchOf(times.map((time, n) => failure(n, time))))
    const ids = list(store).map(({ id }) => id)
    while (store.expire(T0 + 150 * MINUTE));
    expect(list(store).map(({ line }) => line)).toEqual([6, 5, 4])
    expect(list(store).map(({ id }) => id)).toEqual(ids.slice(0, 3))
    while (store.expire(T0 + 9000 * MINUTE));
    expect(list(store)).toEqual([])
    store.close()
    store = openSqliteStore(file)
    store.commit(batchOf([failure(8, T0 + 9000 * MINUTE)], 7))
    expect(list(store).map(({ id }) => id)).toEqual([(ids[0] ?? 0) + 1])
    store.close()
  })
})

const list = (store: Store) => store.events({ cursor: null, limit: 500 }).events

function all(blocks: ReturnType<typeof partsOf>['blocks']) {
  const events: ReturnType<typeof list> = []
  for (let cursor: string | null = null; ;) {
    const page = blocks.list({ cursor, limit: 170 })
    events.push(...page.events)
    cursor = page.next_cursor
    if (cursor === null) return events
  }
}

describe('a histogram', () => {
  it('adds up whatever is added, as blobs too; one that is damaged is an error and leaves nothing behind', () => {
    const counts = fc.array(fc.tuple(whole(MAX_BUCKET), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 40 })
    const sum = new HistogramSum()
    fc.assert(
      fc.property(counts, counts, (one, other) => {
        const expected = new Map<number, number>()
        for (const [bucket, n] of [...one, ...other]) expected.set(bucket, (expected.get(bucket) ?? 0) + n)
        const blobs = [one, other].map((some) => {
          for (const [bucket, n] of some) sum.add(bucket, n)
          const blob = sum.blob()
          sum.clear()
          return blob
        })
        for (const blob of blobs) sum.addBlob(blob)
        const sorted = [...expected].sort(([a], [b]) => a - b)
        expect([...sum]).toEqual(sorted)
        expect([...bucketsOf(sum.blob())]).toEqual(sorted)
        expect(sum.quantiles([0, 0.5, 0.95, 1])).toEqual([0, 0.5, 0.95, 1].map((q) => quantileBucket(expected, q)))
        expect(() => sum.addBlob(Buffer.concat([sum.blob(), Buffer.of(200)]))).toThrow(RangeError)
        expect([...sum, sum.total]).toEqual([0])
      }),
    )
  })
})
