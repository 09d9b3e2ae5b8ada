/** One writer per database: two servers would judge, alert and delete twice. The lock is SQLite's own, on an empty file
 *  beside the database, held by a transaction that never ends. The kernel drops it when the process ends, also by kill -9:
 *  there is no stale lock, no process id that means another process in another container, and nothing to clean up.
 *  (`locking_mode = EXCLUSIVE` on the database itself would shut out `halfopen db` as well.) */
import { closeSync, existsSync, openSync, realpathSync, rmSync } from 'node:fs'
import { StoreError } from '../store-error.ts'
import { openImpatient, type Db } from './driver.ts'
import type { Marks } from './stale-wal.ts'
import { finishOthers, isOpenElsewhere, namesOf } from './names.ts'

export interface Lock {
  release(): void
  /** Instead of `release` when the database was refused: a lock file that was made for it goes, too. */
  withdraw(): void
  /** What was last kept with `mark`. */
  marks(): Marks
  mark(marks: Marks): void
}

/** A symbolic link to a database is that database, as it is to SQLite, and so is a hard link. Throws
 *  StoreError('database-in-use') when another process (or another store of this one) holds it. */
export function lockDatabase(file: string): Lock {
  const held: Lock[] = []
  const release = (): void => held.splice(0).forEach((lock) => lock.release())
  const withdraw = (): void => held.splice(0).forEach((lock) => lock.withdraw())
  try {
    const names = namesOf(file)
    for (const name of names) held.push(hold(`${name}-lock`, file))
    if (names.length > 1) finishOthers(file, names)
    // By a name in another folder.
    if (isOpenElsewhere(file)) throw inUse(file)
    return {
      release,
      withdraw,
      marks: () => held.map((lock) => lock.marks()).find(({ db }) => db !== 0) ?? { db: 0, wal: 0 },
      mark: (marks) => held.forEach((lock) => lock.mark(marks)),
    }
  } catch (error) {
    withdraw()
    throw error
  }
}

function hold(path: string, file: string): Lock {
  const isNew = !existsSync(path)
  if (isNew) closeSync(openSync(path, 'a', 0o600))
  let db: Db | null = null
  try {
    db = openImpatient(path)
    // What is written (see mark) may be lost with a power cut; no -journal file is left behind.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    throw /^SQLITE_(?:BUSY|LOCKED)/.test((error as NodeJS.ErrnoException).code ?? '') ? inUse(file) : error
  }
  const held = db
  const read = (name: string): number => Number(held.pragma(name, { simple: true }))
  return {
    release: () => void held.close(),
    withdraw() {
      // While it is held: whoever finds it there has to take it for somebody's.
      if (isNew) rmSync(path, { force: true })
      held.close()
    },
    marks: () => ({ db: read('user_version'), wal: read('application_id') }),
    mark({ db: file, wal }) {
      held.pragma(`user_version = ${file}`)
      held.pragma(`application_id = ${wal}`)
      // Whoever comes in between is the one writer: it begins at once, and this one ends.
      held.exec('COMMIT; BEGIN EXCLUSIVE')
    },
  }
}

const inUse = (file: string): StoreError =>
  new StoreError(
    'database-in-use',
    `${file} is in use by another halfopen; stop that one, or name another file (database: sqlite:PATH)`,
  )

/** Throws StoreError('database-in-use') when the database is written to under another of its names: what was written last
 *  is not to be seen by this one. */
export function refuseOtherNames(file: string): void {
  const own = realpathSync(file)
  const under = namesOf(file).find((name) => isHeld(name, file))
  if (under === own || (under === undefined && !isOpenElsewhere(file))) return
  throw new StoreError('database-in-use', `${file} is in use as ${under ?? 'another name (hard link)'}; name that one`)
}

/** True when somebody holds the lock now. */
export const isLocked = (file: string): boolean => namesOf(file).some((name) => isHeld(name, file))

function isHeld(name: string, file: string): boolean {
  if (!existsSync(`${name}-lock`)) return false
  try {
    hold(`${name}-lock`, file).release()
    return false
  } catch (error) {
    if (error instanceof StoreError && error.code === 'database-in-use') return true
    throw error
  }
}
