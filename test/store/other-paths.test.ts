/** How many paths stand behind "(other)": estimated, in bounded memory, kept with the counts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Distinct } from '../../server/store/sqlite/distinct.ts'
import { openDatabase } from '../../server/store/sqlite/open.ts'
import { partsOf } from '../../server/store/sqlite/store.ts'
import { batchOf, failure, request, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-other-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DAY = 86_400_000

describe('the number of different texts', () => {
  it.each([0, 1, 2, 10, 100, 1000, 5000, 100_000, 1_000_000])('%i', (n) => {
    const distinct = new Distinct()
    for (let i = 0; i < n; i++) distinct.add(`/wp-content/plugins/p${i}/readme.txt`)
    for (let i = 0; i < Math.min(n, 1000); i++) expect(distinct.add(`/wp-content/plugins/p${i}/readme.txt`)).toBe(false)
    expect(Math.abs(distinct.estimate - n)).toBeLessThanOrEqual(n <= 10 ? 0 : n * 0.1)
  })

  it('of two counts together', () => {
    const [a, b] = [new Distinct(), new Distinct()]
    for (let i = 0; i < 3000; i++) (i < 2000 ? a : b).add(`/${i}`)
    for (let i = 0; i < 1000; i++) b.add(`/${i}`)
    a.merge(b)
    expect(Math.abs(a.estimate - 3000)).toBeLessThanOrEqual(300)
  })
})

describe('"(other)"', () => {
  it('says how many paths it stands for, not how many lines; also after a restart; until they are too old', () => {
    const file = join(folder, 'a.sqlite')
    const limits = { scopes: 5, suspectScopes: 3 }
    let db = openDatabase(file)
    let parts = partsOf(db, limits)
    const failures = Array.from({ length: 900 }, (_, n) => failure(n, T0, { path: `/x${n % 300}` }))
    parts.committer.commit(batchOf(failures), T0)
    const swallowed = parts.others.estimate()
    expect(Math.abs(swallowed - 295)).toBeLessThanOrEqual(20)
    const range = { from: T0, to: T0 + 3_600_000, stepSeconds: 3600, by: 'path' as const, where: {} }
    expect(parts.breakdowns.counts(range).groups.at(-1)).toEqual({ value: '(other)', values: swallowed, n: [885] })
    // Failed ordinary requests are dropped, and known to be.
    const suspects = Array.from({ length: 200 }, (_, n) =>
      request(n, T0 + DAY, 404, { server: null, path: `/y${n}`, upstream: null }),
    )
    parts.committer.commit(batchOf(suspects, 900), T0 + DAY)
    expect(Math.abs(parts.others.estimate() - 495)).toBeLessThanOrEqual(35)
    const both = parts.others.estimate()
    db.close()
    db = openDatabase(file)
    parts = partsOf(db, limits)
    expect(parts.others.estimate()).toBe(both)
    while (parts.expiry.run(T0 + DAY, Infinity));
    expect(Math.abs(parts.others.estimate() - 200)).toBeLessThanOrEqual(15)
    db.close()
  })

  it('does not count what was not committed', () => {
    const db = openDatabase(join(folder, 'b.sqlite'))
    const parts = partsOf(db, { scopes: 1, suspectScopes: 1 })
    // The last of the counts that are written.
    db.exec("CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.spans BEGIN SELECT RAISE(ABORT, 'refused'); END")
    const many = Array.from({ length: 2000 }, (_, n) => failure(n, T0 + n, { path: `/${n}` }))
    expect(() => parts.committer.commit(batchOf(many), T0)).toThrow('refused')
    db.exec('DROP TRIGGER refuse')
    parts.committer.commit(batchOf([failure(1, T0)]), T0)
    parts.committer.commit(batchOf([failure(2, T0)], 1), T0)
    expect(parts.others.estimate()).toBe(0)
    db.close()
  })
})
