/** A database under a second name (hard link) is the same database: one writer, and nothing of a killed one is lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkDatabase, compactDatabase, openSqliteStore } from '../../server/store/contract.ts'
import { bundle } from '../faults/bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'halfopen-link-'))
afterAll(() => rmSync(root, { recursive: true }))

it('is refused while another process writes to it, and free when that was killed', async () => {
  const file = join(root, 'a.sqlite')
  const beside = join(root, 'b.sqlite')
  mkdirSync(join(root, 'other'))
  const elsewhere = join(root, 'other', 'a.sqlite')
  const script = await bundle('test/store/commit-forever.ts', mkdtempSync(join(root, 'child-')))
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  linkSync(file, beside)
  linkSync(file, elsewhere)
  for (const name of [beside, elsewhere]) {
    expect(() => openSqliteStore(name)).toThrow(/ is in use by another halfopen; stop that one/)
    expect(() => compactDatabase(name)).toThrow(/ is in use by another halfopen/)
  }
  expect(checkDatabase(file)).toMatchObject({ in_use: true, faults: [] })
  expect(() => checkDatabase(beside)).toThrow(`${beside} is in use as ${file}; name that one`)
  expect(() => checkDatabase(elsewhere)).toThrow(`${elsewhere} is in use as another name (hard link); name that one`)
  child.kill('SIGKILL')
  await exited
  // What the killed one had not copied into the file yet is found by its name alone.
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
  const store = openSqliteStore(beside)
  expect(() => openSqliteStore(file)).toThrow(/ is in use by another halfopen/)
  expect(() => openSqliteStore(elsewhere)).toThrow(/ is in use by another halfopen/)
  const { events } = store.events({ cursor: null, limit: 5 })
  expect(events.length).toBeGreaterThan(0)
  store.close()
  expect(checkDatabase(file)).toMatchObject({ faults: [], in_use: false })
  openSqliteStore(elsewhere).close()
})
