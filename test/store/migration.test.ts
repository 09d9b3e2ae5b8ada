import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { checkDatabase, openSqliteStore } from '../../server/store/contract.ts'
import { openDriver, openReadOnly } from '../../server/store/sqlite/driver.ts'
import { MIGRATIONS } from '../../server/store/sqlite/migrations.ts'
import { batchOf, failure, T0 } from './material.ts'
import { makeVersion1 } from './version-1.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-migration-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('a database of version 1 keeps all it had', () => {
  const file = join(folder, 'old.sqlite')
  makeVersion1(file, 2500)
  expect(checkDatabase(file)).toMatchObject({ version: 1, events: 2500, faults: [], shrinks: false })
  const store = openSqliteStore(file)
  const { events, next_cursor } = store.events({ cursor: null, limit: 3 })
  expect(events.map(({ id, text, line, client }) => [id, text, line, client])).toEqual([
    [2500, 'line 2499', 2499, '192.0.2.249'],
    [2499, 'line 2498', 2498, '192.0.2.248'],
    [2498, 'line 2497', 2497, '192.0.2.247'],
  ])
  expect(next_cursor).toBe('2498')
  const evidence = store.evidence(-Infinity, Infinity)
  const counted = [...evidence.observations.values()].map((o) => [o.kind, o.count, o.first, o.last])
  expect(counted).toEqual([
    ['handshake_failed', 2250, T0 + 1000, T0 + 2_499_000],
    ['session_closed', 250, T0, T0 + 2_490_000],
  ])
  expect([evidence.status.get(101), evidence.requests_per_minute.get(T0)]).toEqual([2500, 40 + 833])
  expect([...evidence.handshake_latency]).toEqual([[59, 250]])
  const [lengths] = evidence.lifetimes.values()
  expect([lengths?.measured_by, lengths?.buckets.get(2490), lengths?.buckets.size]).toEqual(['request_time', 1, 250])
  expect(store.series(T0, T0 + 3_600_000, 3600).buckets[0]).toMatchObject({
    requests: 2500,
    handshakes_failed: { '400': 1500 },
  })
  expect(store.positions()).toMatchObject([{ generation: 'g1', seq: 2500, position: '{"offset":2500}' }])
  expect(store.problems()).toHaveLength(1)
  while (store.tidy());
  store.close()
  expect(checkDatabase(file)).toMatchObject({ version: MIGRATIONS.length, events: 2500, faults: [] })
})

it('a database of version 2 can be checked, and is brought up to date', () => {
  const file = join(folder, 'two.sqlite')
  const made = openSqliteStore(file)
  made.commit(batchOf([failure(1, T0)]))
  made.close()
  const db = openDriver(file)
  db.exec(`DROP TABLE other_paths; DROP TABLE gone_receivers; DROP TABLE watched_sources; DROP INDEX outbox_of;
    ALTER TABLE problems DROP COLUMN told; ALTER TABLE problems DROP COLUMN hand; DROP TRIGGER problem_gone;
    DROP TABLE problem_history; DROP INDEX outbox_waiting;
    CREATE INDEX outbox_waiting ON outbox(created_at) WHERE delivered_at IS NULL;`)
  for (const column of ['reason', 'rule', 'last_attempt_at', 'dead_at', 'replayed_at'])
    db.exec(`ALTER TABLE outbox DROP COLUMN ${column}`)
  db.pragma('user_version = 2')
  db.close()
  expect(checkDatabase(file)).toMatchObject({ version: 2, events: 1, minutes: 1, faults: [] })
  openSqliteStore(file).close()
  expect(checkDatabase(file)).toMatchObject({ version: MIGRATIONS.length, events: 1, faults: [] })
})

it('kill -9 in the middle of a migration leaves it whole or absent', async () => {
  const file = join(folder, 'killed.sqlite')
  const events = 40_000
  makeVersion1(file, events)
  const script = fileURLToPath(new URL('migrate-once.ts', import.meta.url))
  const versions: number[] = []
  for (const delay of [5, 120, 400]) {
    const child = spawn(process.execPath, ['--import', 'tsx', script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    await new Promise((done) => setTimeout(done, delay))
    child.kill('SIGKILL')
    await exited
    const db = openReadOnly(file)
    const version = Number(db.pragma('user_version', { simple: true }))
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
    versions.push(version)
    expect([names.includes('events'), names.includes('event_blocks')]).toEqual([version === 1, version !== 1])
    db.close()
    expect(checkDatabase(file)).toMatchObject({ version, events, faults: [] })
  }
  // The first moment was before its end, or nothing was tested.
  expect(versions[0]).toBe(1)
  const store = openSqliteStore(file)
  let counted = 0
  for (const { count } of store.evidence(-Infinity, Infinity).observations.values()) counted += count
  expect(counted).toBe(events)
  store.close()
}, 60_000)
