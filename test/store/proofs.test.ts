/** Proofs that nobody asked for are read again from the table, and are the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, onTestFinished, vi } from 'vitest'
import { openSqliteStore } from '../../server/store/contract.ts'
import { openDriver } from '../../server/store/sqlite/driver.ts'
import { batchOf, failure, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-proofs-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('the first three lines and the last two stay, however often the others were forgotten between them', () => {
  let later = 0
  const clock = performance.now.bind(performance)
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock() + later)
  onTestFinished(() => spy.mockRestore())
  const store = openSqliteStore(join(folder, 'a.sqlite'))
  for (let n = 0; n < 12; n++) {
    store.commit(batchOf([failure(n, T0 + n * 1000)], n))
    // Two spans without a question.
    for (let span = 0; span < 3; span++, later += 60_000) while (store.tidy());
  }
  const [o] = store.evidence(-Infinity, Infinity).observations.values()
  expect([o?.count, o?.exemplars.map(({ line }) => line)]).toEqual([12, [0, 1, 2, 10, 11]])
  store.close()
  // Written over, not added to.
  const db = openDriver(join(folder, 'a.sqlite'))
  expect(db.prepare('SELECT count(*) FROM exemplars').pluck().get()).toBe(5)
  db.close()
})
