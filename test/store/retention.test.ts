/** What is kept when time passes and when there is too much of it, and how long deleting holds up the rest. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { storeNotices } from '../../server/store-notices.ts'
import { checkDatabase, openSqliteStore, type Store } from '../../server/store/contract.ts'
import { openReadOnly } from '../../server/store/sqlite/driver.ts'
import { openDatabase } from '../../server/store/sqlite/open.ts'
import { partsOf } from '../../server/store/sqlite/store.ts'
import { batchOf, failure, problem, T0, type Item } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-retention-'))
afterAll(() => rmSync(folder, { recursive: true }))
const HOUR = 3_600_000

/** Text that cannot be packed, so that a few thousand lines fill megabytes. */
function noise(n: number): string {
  let text = `${n} `
  for (let state = n + 1; text.length < 1500;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += state.toString(36)
  }
  return text
}

/** So many events in each of the hours, 1.5 KB of noise each. */
function fill(store: Store, hours: number, each: number): void {
  for (let hour = 0; hour < hours; hour++) {
    const some = Array.from({ length: each }, (_, n): Item => {
      const time = T0 + hour * HOUR + n * 1000
      const item = failure(n, time)
      return { ...item, exemplar: { ...item.exemplar, text: noise(hour * each + n) } }
    })
    store.commit(batchOf(some, hour * each))
  }
}

it('beyond max_size the oldest hours go, and the file shrinks', () => {
  const file = join(folder, 'size.sqlite')
  const store = openSqliteStore(file)
  fill(store, 16, 300)
  const limit = 2.5e6
  expect(store.state().bytes).toBeGreaterThan(1.8 * limit)
  const steps: number[] = []
  for (let more = true; more;) {
    const began = performance.now()
    more = store.expire(0, limit)
    steps.push(performance.now() - began)
  }
  const { bytes, free_bytes } = store.state()
  expect(bytes - free_bytes).toBeLessThanOrEqual(limit)
  expect(bytes - free_bytes).toBeGreaterThan(limit * 0.7)
  // Some pages are kept for what comes next.
  expect(bytes).toBeLessThan(limit + 3e6)
  const counted = [...store.evidence(-Infinity, Infinity).observations.values()][0]
  const left = 16 * HOUR - ((counted?.first ?? 0) - T0)
  expect(left % HOUR).toBe(0)
  expect(counted?.count).toBe((left / HOUR) * 300)
  // What stays is the newest, with the first lines as proof of what is gone.
  expect(store.events({ cursor: null, limit: 1 }).events[0]?.time).toBe(
    new Date(T0 + 15 * HOUR + 299_000).toISOString(),
  )
  expect(counted?.exemplars.map(({ time }) => time)).toContain(T0)
  expect(steps.length).toBeGreaterThan(10)
  store.close()
  expect(statSync(file).size).toBeLessThan(limit + 3e6)
  expect(checkDatabase(file).faults).toEqual([])
})

it('a limit below the newest hour deletes what there is and ends', () => {
  const store = openSqliteStore(join(folder, 'tiny.sqlite'))
  fill(store, 2, 300)
  let steps = 0
  while (store.expire(0, 1000)) expect(++steps).toBeLessThan(100)
  expect(store.events({ cursor: null, limit: 10 }).events).toEqual([])
  store.close()
})

it('lines that are committed meanwhile are not held up, and stay', () => {
  const store = openSqliteStore(join(folder, 'meanwhile.sqlite'))
  fill(store, 12, 300)
  let at = 12 * 300
  const waits: number[] = []
  for (let more = true; more;) {
    more = store.expire(T0 + 11 * HOUR)
    const began = performance.now()
    store.commit(batchOf([failure(at, T0 + 12 * HOUR)], at))
    waits.push(performance.now() - began)
    at++
  }
  expect(waits.length).toBeGreaterThan(2)
  const { events } = store.events({ cursor: null, limit: 500 })
  expect(events.filter(({ time }) => time === new Date(T0 + 12 * HOUR).toISOString())).toHaveLength(waits.length)
  store.close()
})

it('places that a flood invented make room again, and how much had none is counted', () => {
  const db = openDatabase(join(folder, 'flood.sqlite'))
  const parts = partsOf(db, { scopes: 40, suspectScopes: 30 })
  const flood = (hour: number, at: number): void => {
    const some = Array.from({ length: 100 }, (_, n) => failure(n, T0 + hour * HOUR + n, { path: `/${hour}-${n}` }))
    parts.committer.commit(batchOf(some, at), T0)
  }
  flood(0, 0)
  const counted = (): unknown[] => db.prepare('SELECT sum(n) FROM tallies WHERE tier = 0 AND what = 3').pluck().all()
  expect([parts.dimensions.scopeCount, counted()]).toEqual([41, [60]])
  expect(parts.reader.read(-Infinity, Infinity).observations.size).toBe(41)
  flood(1, 100)
  expect(counted()).toEqual([160])
  // Their lines of proof hold them; those of a flood are many.
  db.exec('DELETE FROM exemplars')
  parts.proofs.reload()
  while (parts.expiry.run(T0 + 100 * HOUR, Infinity));
  expect(parts.dimensions.scopeCount).toBe(0)
  flood(101, 200)
  expect(parts.reader.read(-Infinity, Infinity).observations.size).toBe(41)
  db.close()
})

it('lines of proof outlive their events; beyond 20,000 the oldest go, but for those of problems', () => {
  const file = join(folder, 'proof.sqlite')
  const store = openSqliteStore(file)
  const some = Array.from({ length: 21_000 }, (_, n) => failure(n, T0 + n, { path: `/${Math.floor(n / 5)}` }))
  store.commit(batchOf(some))
  const scope = { server: 'a.example', path: '/7', upstream: null, source: null }
  store.saveProblems([{ ...problem('p'), finding: { ...problem('p').finding, scope } }], [])
  while (store.expire(T0 + 98 * HOUR));
  store.close()
  const db = openReadOnly(file)
  const kept = db.prepare('SELECT s.path FROM exemplars e JOIN scopes s ON s.id = e.scope_id').pluck().all()
  expect(kept.length).toBeLessThanOrEqual(20_000)
  expect(['/6', '/7', '/8', '/4199'].map((path) => kept.filter((one) => one === path).length)).toEqual([0, 5, 0, 5])
  db.close()
})

it('says what is wrong with the store in one sentence each', () => {
  const state = {
    bytes: 1,
    free_bytes: 0,
    trouble: null,
    places: 20_000,
    max_places: 20_000,
    other: 0,
    other_paths: 0,
    damaged_blocks: 0,
    set_aside: null,
  }
  expect(storeNotices(state)).toEqual([])
  expect(
    storeNotices({
      ...state,
      trouble: 'x.sqlite cannot be written (the disk is full); make room',
      other: 1234,
      damaged_blocks: 2,
    }),
  ).toEqual([
    'Reading is paused and nothing is lost: x.sqlite cannot be written (the disk is full); make room.',
    'The database is damaged: 2 of its blocks of events cannot be read and are not shown. Stop the server and run halfopen db check.',
    '1,234 lines were about places beyond the first 20,000 (server, path and upstream); they are counted together as "(other)". Scanners invent paths.',
  ])
  expect(storeNotices({ ...state, other: 1234, other_paths: 1100 })).toEqual([
    '1,234 lines were about places beyond the first 20,000 (server, path and upstream), with at least about 1,100 different paths; they are counted together as "(other)". Scanners invent paths.',
  ])
})
