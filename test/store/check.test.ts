/** `db check` finds what does not agree; sums survive kill -9 and whatever is written and deleted between them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  backupDatabase,
  checkDatabase,
  compactDatabase,
  openSqliteStore,
  StoreError,
} from '../../server/store/contract.ts'
import { openDriver } from '../../server/store/sqlite/driver.ts'
import { bundle } from '../faults/bundle.ts'
import { batchOf, failure, items, request, session, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-check-'))
afterAll(() => rmSync(folder, { recursive: true }))
const HOUR = 3_600_000

/** A database with two days of everything, summed up. */
function made(name: string): string {
  const file = join(folder, name)
  let store = openSqliteStore(file)
  let at = 0
  for (let hour = 0; hour < 50; hour++) {
    const time = T0 + hour * HOUR
    const some = [failure(1, time), failure(2, null), session(3, time + 60_000, 60, 0.01), request(4, time, 404)]
    store.commit(batchOf(some, at))
    at += some.length
  }
  store.close()
  store = openSqliteStore(file)
  while (store.tidy());
  store.close()
  return file
}
const whole = made('whole.sqlite')

describe('what is checked', () => {
  it('a database that agrees with itself has no fault', () => {
    expect(checkDatabase(whole)).toMatchObject({
      faults: [],
      events: 200,
      problems: 0,
      sources: 1,
      in_use: false,
      shrinks: true,
    })
  })

  it.each([
    [
      'a count',
      'UPDATE counts SET n = n + 1 WHERE tier = 0 AND start = (SELECT min(start) FROM counts WHERE tier = 0)',
      /counts and events/,
    ],
    ['an hour', 'UPDATE counts SET last = last + 1 WHERE tier = 1 AND timed = 1', /hours and their minutes/],
    ['a day', 'DELETE FROM counts WHERE tier = 2', /days and their hours/],
    ['the sum of all places', 'UPDATE trend SET n = 5 WHERE tier = 0', /all places together/],
    ['requests of an hour', 'UPDATE tallies SET n = n + 1 WHERE tier = 1', /hours and their minutes \(requests\)/],
    ['a histogram', "UPDATE histograms SET data = x'0501' WHERE tier = 0", /histograms do not agree/],
    ['a histogram of hours', "UPDATE histogram_sums SET data = x'0501' WHERE tier = 1", /histograms do not/],
    ['events', 'DELETE FROM event_blocks WHERE last_id = (SELECT max(last_id) FROM event_blocks)', /counts and events/],
    ['a block', "UPDATE event_blocks SET data = x'01ff'", /cannot be read/],
    ['an event twice', 'INSERT INTO event_blocks SELECT last_id + 9, n, first, last, data FROM event_blocks', /twice/],
  ])('a fault in %s is found', (name, sql, says) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.sqlite`)
    copyFileSync(whole, file)
    const db = openDriver(file)
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
    db.close()
    expect(checkDatabase(file).faults.join('\n')).toMatch(says)
  })

  it('a damaged page is found, a file that is none refused by name', () => {
    const file = join(folder, 'damaged.sqlite')
    copyFileSync(whole, file)
    const db = openDriver(file)
    const page = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'problems'").pluck().get())
    db.close()
    const bytes = readFileSync(file)
    bytes.fill(0xff, (page - 1) * 4096, page * 4096)
    writeFileSync(file, bytes)
    expect(checkDatabase(file).faults[0]).toMatch(/^the file is damaged: /)
    const none = join(folder, 'none.sqlite')
    const code = (check: () => unknown): string => {
      try {
        check()
      } catch (error) {
        if (error instanceof StoreError) return `${error.code} ${error.message.includes(none)}`
        throw error
      }
      return 'nothing'
    }
    expect(code(() => checkDatabase(none))).toBe('database-missing true')
    writeFileSync(none, 'a log file\n'.repeat(500))
    expect(code(() => checkDatabase(none))).toBe('database-damaged true')
  })
})

it('counts agree with events after any writing, summing up and deleting', () => {
  let n = 0
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          items.map((some) => ({ some })),
          fc.integer({ min: 0, max: 80 }).map((hours) => ({ before: T0 + hours * HOUR })),
          fc.constant('restart' as const),
          fc.integer({ min: 1, max: 30 }).map((tidies) => ({ tidies })),
        ),
        { minLength: 2, maxLength: 7 },
      ),
      (steps) => {
        const file = join(folder, `any-${n++}.sqlite`)
        let store = openSqliteStore(file)
        let at = 0
        for (const step of steps) {
          if (step === 'restart') {
            store.close()
            store = openSqliteStore(file)
          } else if ('some' in step) {
            store.commit(batchOf(step.some, at))
            at += step.some.length
          } else if ('before' in step) while (store.expire(step.before));
          else for (let i = 0; i < step.tidies; i++) store.tidy()
        }
        store.close()
        expect(checkDatabase(file).faults).toEqual([])
      },
    ),
    { numRuns: 15 },
  )
}, 60_000)

it('kill -9 while it commits, sums up and deletes: all agrees, each time', async () => {
  const file = join(folder, 'killed.sqlite')
  const script = await bundle('test/store/tidy-forever.ts', mkdtempSync(join(folder, 'child-')))
  for (const delay of [3, 60]) {
    const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    await new Promise((done) => setTimeout(done, delay))
    child.kill('SIGKILL')
    await exited
    expect(checkDatabase(file).faults).toEqual([])
  }
}, 60_000)

describe('a backup', () => {
  it('is one moment of a database that is being written to, for its owner only, and replaces nothing', async () => {
    const file = join(folder, 'busy.sqlite')
    const script = await bundle('test/store/commit-forever.ts', mkdtempSync(join(folder, 'child-')))
    const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    const to = join(folder, 'backup.sqlite')
    const { bytes } = await backupDatabase(file, to)
    expect([bytes, (statSync(to).mode & 0o777).toString(8)]).toEqual([statSync(to).size, '600'])
    await expect(backupDatabase(file, to)).rejects.toThrow(`${to} exists already`)
    expect(checkDatabase(file).in_use).toBe(true)
    child.kill('SIGKILL')
    await exited
    const { faults, events } = checkDatabase(to)
    expect(faults).toEqual([])
    expect(events).toBeGreaterThan(0)
    // It can be gone on with.
    const store = openSqliteStore(to)
    expect((store.positions()[0]?.seq ?? 0) / 2).toBe(events)
    store.close()
  }, 60_000)
})

describe('compacting', () => {
  it('gives back what deleted events took, and keeps the rest', () => {
    const file = join(folder, 'compact.sqlite')
    const store = openSqliteStore(file)
    const text = (n: number): string =>
      `${n} ${Array.from({ length: 40 }, (_, i) => ((n * 31 + i) ** 3).toString(36)).join('')}`
    const many = Array.from({ length: 6000 }, (_, n) => failure(n, T0 + (n < 5000 ? 0 : 90 * HOUR) + n))
    for (const item of many) item.exemplar = { ...item.exemplar, text: text(item.exemplar.line ?? 0) }
    store.commit(batchOf(many))
    const before = store.events({ cursor: null, limit: 500 })
    expect(() => compactDatabase(file)).toThrow('in use by another halfopen')
    while (store.expire(T0 + 24 * HOUR));
    store.close()
    const { before: large, after: small } = compactDatabase(file)
    expect(small).toBeLessThan(large * 0.6)
    expect(checkDatabase(file)).toMatchObject({ faults: [], events: 1000, bytes: small, shrinks: true })
    const again = openSqliteStore(file)
    expect(again.events({ cursor: null, limit: 500 })).toEqual(before)
    again.close()
  })

  it('makes a file of version 1 able to shrink', async () => {
    const { makeVersion1 } = await import('./version-1.ts')
    const file = join(folder, 'version-1.sqlite')
    makeVersion1(file, 3000)
    compactDatabase(file)
    expect(checkDatabase(file)).toMatchObject({ faults: [], events: 3000, shrinks: true })
  })
})
