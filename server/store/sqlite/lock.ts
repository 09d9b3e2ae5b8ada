/** One writer per database: two servers would judge, alert and delete twice. The lock is SQLite's own, on an empty file
 *  beside the database, held by a transaction that never ends. The kernel drops it when the process ends, also by kill -9:
 *  there is no stale lock, no process id that means another process in another container, and nothing to clean up.
 *  (`locking_mode = EXCLUSIVE` on the database itself would shut out `halfopen db` as well.) */
import { closeSync, existsSync, openSync, realpathSync } from 'node:fs'
import { StoreError } from '../store-error.ts'
import { openImpatient, type Db } from './driver.ts'

export interface Lock {
  release(): void
}

/** A symbolic link to a database is that database, as it is to SQLite. */
const lockOf = (file: string): string => `${existsSync(file) ? realpathSync(file) : file}-lock`

/** Throws StoreError('database-in-use') when another process (or another store of this one) holds it. */
export function lockDatabase(file: string): Lock {
  const path = lockOf(file)
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  let db: Db | null = null
  try {
    db = openImpatient(path)
    // Nothing is ever written, so there is nothing to roll back, and no -journal file to be left behind.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    if (/^SQLITE_(?:BUSY|LOCKED)/.test((error as NodeJS.ErrnoException).code ?? ''))
      throw new StoreError(
        'database-in-use',
        `${file} is in use by another halfopen; stop that one, or name another file (database: sqlite:PATH)`,
      )
    throw error
  }
  const held = db
  return { release: () => void held.close() }
}

/** True when somebody holds the lock now. */
export function isLocked(file: string): boolean {
  if (!existsSync(lockOf(file))) return false
  try {
    lockDatabase(file).release()
    return false
  } catch (error) {
    if (error instanceof StoreError && error.code === 'database-in-use') return true
    throw error
  }
}
