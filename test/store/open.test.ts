import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore, StoreError } from '../../server/store/contract.ts'
import { compactDatabase } from '../../server/store/sqlite/compact.ts'
import { checkDatabase } from '../../server/store/sqlite/check.ts'
import { Dimensions } from '../../server/store/sqlite/dimensions.ts'
import { driverFor, openDriver } from '../../server/store/sqlite/driver.ts'
import { MIGRATIONS } from '../../server/store/sqlite/migrations.ts'
import { asStoreError, openDatabase } from '../../server/store/sqlite/open.ts'
import { partsOf } from '../../server/store/sqlite/store.ts'
import { batchOf, failure, T0 } from './material.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-open-'))
afterAll(() => rmSync(folder, { recursive: true }))
const mode = (path: string): number => statSync(path).mode & 0o777

/** Code and message of the StoreError. */
function refusal(open: () => unknown): { code: string; message: string } {
  try {
    open()
  } catch (error) {
    if (error instanceof StoreError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('was not refused')
}

describe('the database file', () => {
  it('and the folder made for it are for its owner only, whatever the umask', () => {
    const umask = process.umask(0)
    const file = join(folder, 'new', 'deeper', 'a.sqlite')
    const store = openSqliteStore(file)
    store.commit(batchOf([failure(1, T0)]))
    process.umask(umask)
    expect([file, `${file}-wal`, `${file}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600])
    expect([join(folder, 'new'), join(folder, 'new', 'deeper')].map(mode)).toEqual([0o700, 0o700])
    store.close()
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  it('is no device, pipe or socket, and nothing is left beside one', () => {
    const pipe = join(folder, 'pipe.sqlite')
    execFileSync('mkfifo', [pipe])
    for (const [file, what] of [
      [pipe, 'a pipe'],
      ['/dev/null', 'a device'],
    ] as const) {
      const message = `${file} is ${what}, no database; name a file (database: sqlite:PATH)`
      expect(refusal(() => openSqliteStore(file))).toEqual({ code: 'database-unwritable', message })
      expect(refusal(() => checkDatabase(file))).toEqual({ code: 'database-unwritable', message })
      expect(existsSync(`${file}-lock`)).toBe(false)
    }
  })

  it('that is something else keeps its mode', () => {
    const file = join(folder, 'error.log')
    writeFileSync(file, 'a line of a log\n'.repeat(100))
    chmodSync(file, 0o644)
    expect(refusal(() => openSqliteStore(file)).code).toBe('database-damaged')
    expect(mode(file)).toBe(0o644)
    expect(readdirSync(folder).filter((name) => name.startsWith('error.log'))).toEqual(['error.log'])
    expect(refusal(() => compactDatabase(file)).code).toBe('database-damaged')
    expect(readdirSync(folder).filter((name) => name.startsWith('error.log'))).toEqual(['error.log'])
  })

  it('is not waited for where no folder can be made', () => {
    const { code, message } = refusal(() => openSqliteStore('/proc/halfopen/deeper/a.sqlite'))
    expect([code, message]).toEqual(['database-unwritable', expect.stringContaining('/proc/halfopen/deeper/a.sqlite')])
  })

  it('of a newer halfopen is refused and left alone', () => {
    const file = join(folder, 'newer.sqlite')
    openSqliteStore(file).close()
    const db = openDriver(file)
    db.pragma(`user_version = ${MIGRATIONS.length + 1}`)
    db.close()
    rmSync(`${file}-lock`)
    const { code, message } = refusal(() => openSqliteStore(file))
    expect(existsSync(`${file}-lock`)).toBe(false)
    writeFileSync(`${file}-lock`, '')
    expect(refusal(() => openSqliteStore(file)).code).toBe('database-newer')
    // Somebody else's.
    expect(existsSync(`${file}-lock`)).toBe(true)
    expect(code).toBe('database-newer')
    expect(message).toContain(file)
    expect(message).toContain('upgrade halfopen')
  })

  it('of another program is refused', () => {
    const file = join(folder, 'other.sqlite')
    const db = openDriver(file)
    db.exec('CREATE TABLE notes (text TEXT)')
    db.close()
    expect(refusal(() => openSqliteStore(file))).toMatchObject({ code: 'database-damaged' })
    expect(existsSync(`${file}-lock`)).toBe(false)
  })

  it('that is no database, or damaged, is refused by name', () => {
    const text = join(folder, 'text.sqlite')
    writeFileSync(text, 'this is a log file, not a database\n'.repeat(200))
    expect(refusal(() => openSqliteStore(text)).code).toBe('database-damaged')
    expect(refusal(() => openSqliteStore(text)).message).toContain(text)
    expect(asStoreError(Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT_INDEX' }), text)).toMatchObject({
      code: 'database-damaged',
    })
  })

  it('that cannot be written is refused by name and with a remedy', () => {
    const directory = join(folder, 'directory')
    mkdirSync(directory)
    const below = join(folder, 'file')
    writeFileSync(below, '')
    for (const path of [directory, join(below, 'a.sqlite')]) {
      const { code, message } = refusal(() => openSqliteStore(path))
      expect(code).toBe('database-unwritable')
      expect(message).toContain(path)
      expect(message).not.toContain('\n')
    }
  })

  it.skipIf(process.getuid?.() === 0)('in a folder without write permission is refused', () => {
    const readOnly = join(folder, 'read-only')
    mkdirSync(readOnly, { mode: 0o500 })
    expect(refusal(() => openSqliteStore(join(readOnly, 'a.sqlite'))).message).toContain('permission denied')
    chmodSync(readOnly, 0o700)
  })

  it('on a full disk: the batch leaves no trace, says so, and can be committed when there is room', () => {
    const file = join(folder, 'full.sqlite')
    const db = openDatabase(file)
    const { committer } = partsOf(db)
    committer.commit(batchOf([failure(1, T0)]), T0)
    const large = batchOf(
      Array.from({ length: 2000 }, (_, n) => failure(n, T0 + n, { path: `/${n}` })),
      1,
    )
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 2}`)
    let error: unknown
    try {
      committer.commit(large, T0)
    } catch (thrown) {
      error = asStoreError(thrown, file)
    }
    expect(error).toMatchObject({ code: 'database-unwritable' })
    expect(String(error)).toContain('the disk is full')
    expect(db.prepare('SELECT seq FROM sources').pluck().all()).toEqual([1])
    db.pragma('max_page_count = 1000000')
    expect(committer.commit(large, T0)).toBe('committed')
    expect(db.prepare('SELECT sum(n) FROM event_blocks').pluck().get()).toBe(2001)
    db.close()
  })
})

describe('the driver', () => {
  it('fits the Node-API version', () => {
    expect([9, 10, 11].map(driverFor)).toEqual(['better-sqlite3-node20', 'better-sqlite3', 'better-sqlite3'])
  })

  it('when missing: says what to install, and loads no other', () => {
    const asked: string[] = []
    const load = (name: string): never => {
      asked.push(name)
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
    }
    const { code, message } = refusal(() => openDriver(':memory:', load))
    expect(code).toBe('database-no-driver')
    expect(message).toContain('is not installed')
    expect(message).toContain('npm ci')
    expect(asked).toEqual([driverFor(Number(process.versions.napi))])
  })
})

describe('scopes', () => {
  it('beyond the limit count as (other); failed ordinary requests leave room for the rest', () => {
    const dimensions = new Dimensions(openDatabase(join(folder, 'scopes.sqlite')), { scopes: 5, suspectScopes: 3 })
    const at = (path: string) => ({ server: null, path, upstream: null })
    expect(['/1', '/2', '/3', '/4'].map((p) => dimensions.suspectScopeId(at(p)))).toEqual([1, 2, 3, null])
    expect(dimensions.suspectScopeId(at('/2'))).toBe(2)
    const ids = ['/5', '/6', '/7', '/8'].map((p) => dimensions.scopeId(at(p)))
    expect(ids.map((id) => dimensions.scope(id).path)).toEqual(['/5', '/6', '(other)', '(other)'])
  })

  it('with half a character in them are stored, also by the next process', () => {
    const file = join(folder, 'surrogate.sqlite')
    for (let from = 0; from < 2; from++) {
      const store = openSqliteStore(file)
      store.commit(batchOf([failure(1, T0, { path: '/cut-\ud83d' })], from))
      expect(store.events({ cursor: null, limit: 5 }).events).toHaveLength(from + 1)
      store.close()
    }
  })
})
