/** The file of the database: who may read it, and who may write to it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore, StoreError } from '../../server/store/contract.ts'
import { openReadOnly } from '../../server/store/sqlite/driver.ts'
import { bundle } from '../faults/bundle.ts'
import { batchOf, failure, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-file-'))
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

it('of others is narrowed to its owner, with the files beside it', () => {
  const file = join(folder, 'wide.sqlite')
  const store = openSqliteStore(file)
  store.commit(batchOf([failure(1, T0)]))
  store.close()
  // Somebody who looked keeps the -wal file there.
  const reader = openReadOnly(file)
  reader.prepare('SELECT count(*) FROM event_blocks').get()
  for (const part of [file, `${file}-wal`, `${file}-shm`]) chmodSync(part, 0o664)
  const again = openSqliteStore(file)
  expect([file, `${file}-wal`, `${file}-shm`, `${file}-lock`].map(mode)).toEqual(['600', '600', '600', '600'])
  again.close()
  reader.close()
})

describe('a second server', () => {
  const refusal = (file: string): string => {
    try {
      openSqliteStore(file).close()
    } catch (error) {
      if (error instanceof StoreError) return `${error.code}: ${error.message}`
      throw error
    }
    return 'opened'
  }

  it('is refused in one line, in the same process too; when the first is closed it may', () => {
    const file = join(folder, 'same.sqlite')
    const store = openSqliteStore(file)
    expect(refusal(file)).toBe(
      `database-in-use: ${file} is in use by another halfopen; stop that one, or name another file (database: sqlite:PATH)`,
    )
    store.close()
    expect(refusal(file)).toBe('opened')
  })

  it('is refused under the name of a symbolic link, too', () => {
    const file = join(folder, 'real.sqlite')
    const link = join(folder, 'link.sqlite')
    symlinkSync(file, link)
    const store = openSqliteStore(file)
    expect(refusal(link)).toMatch(/^database-in-use: /)
    store.close()
    const other = openSqliteStore(link)
    expect(refusal(file)).toMatch(/^database-in-use: /)
    other.close()
  })

  it('is refused while another process writes, and not after kill -9 of that', async () => {
    const file = join(folder, 'other.sqlite')
    const script = await bundle('test/store/commit-forever.ts', mkdtempSync(join(folder, 'child-')))
    const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.add(child)
    await once(child.stdout, 'data')
    expect(refusal(file)).toMatch(/^database-in-use: /)
    // Looking is another thing.
    const reader = openReadOnly(file)
    expect(Number(reader.prepare('SELECT sum(n) FROM event_blocks').pluck().get())).toBeGreaterThan(0)
    reader.close()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(refusal(file)).toBe('opened')
  })
})
