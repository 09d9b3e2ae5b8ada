/** A `-wal` file beside a database that it is not of. SQLite replays it into whatever file has the name: a backup that was put
 *  in place of a database would be overridden, or damaged, by what the old one had not copied yet. Files are known by their
 *  numbers, which the lock beside the database keeps (lock.ts). */
import { existsSync, renameSync, statSync } from 'node:fs'
import type { Lock } from './lock.ts'

/** Of the two files, when they were last open together. 0: not known. */
export interface Marks {
  db: number
  wal: number
}

/** Call with the lock, before the database is opened. Moves a `-wal` aside that belongs to the file which was here before, and
 *  returns what was done, one sentence; null when there was no need. A copy of a whole folder is no such case: there both
 *  files have new numbers. */
export function setAside(file: string, lock: Lock, now: number): string | null {
  const wal = `${file}-wal`
  const before = lock.marks()
  const size = statSync(wal, { throwIfNoEntry: false })?.size ?? 0
  if (before.db === 0 || size === 0 || markOf(file) === before.db || markOf(wal) !== before.wal) return null
  const name = `${file}-wal.of-the-file-before-${new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 15)}`
  renameSync(`${file}-wal`, name)
  if (existsSync(`${file}-shm`)) renameSync(`${file}-shm`, `${name}-shm`)
  return (
    `${file} is another file than before (a backup put back?), so what the one before had not written out was moved to ${name}; ` +
    'lines that are missing now are read again where their logs are still there'
  )
}

/** Call when it is open. */
export function remember(file: string, lock: Lock): void {
  const marks = { db: markOf(file), wal: markOf(`${file}-wal`) }
  const before = lock.marks()
  if (marks.db !== before.db || marks.wal !== before.wal) lock.mark(marks)
}

/** 31 bits of a file's number and birth: FNV-1a. */
function markOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  let hash = 0x811c9dc5
  for (const char of `${stats.ino} ${stats.birthtimeMs}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
  return hash >>> 1 || 1
}
