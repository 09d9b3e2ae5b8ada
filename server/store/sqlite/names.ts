/** A database with several names (hard links) is one database, to us. To SQLite it is several: it finds what was not copied
 *  into the file yet by the name that the file was opened under (https://sqlite.org/howtocorrupt.html, 2.4). */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDriver, openImpatient, type Db } from './driver.ts'

/** All names of the file that are known: the given one without symbolic links, and hard links in its folder. In one order
 *  for everybody. */
export function namesOf(file: string): string[] {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return [file]
  const real = realpathSync(file)
  if (!stats.isFile() || stats.nlink < 2) return [real]
  const folder = dirname(real)
  const others = readdirSync(folder).filter((name) => {
    if (name === basename(real)) return false
    const other = statSync(join(folder, name), { throwIfNoEntry: false })
    return other?.ino === stats.ino && other.dev === stats.dev
  })
  return [real, ...others.map((name) => join(folder, name))].toSorted()
}

/** Whether somebody has a file of several names open under one that we do not know: an open database holds a lock on the
 *  file itself, which the kernel sees whatever the name. */
export function isOpenElsewhere(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile() || stats.nlink < 2 || stats.size === 0) return false
  let db: Db | null = null
  try {
    db = openImpatient(file)
    // Set before the first look into the file, it takes that lock for itself alone.
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('user_version')
    return false
  } catch (error) {
    if (/^SQLITE_(?:BUSY|LOCKED)/.test((error as NodeJS.ErrnoException).code ?? '')) return true
    // What is wrong with it is told when it is opened.
    return false
  } finally {
    db?.close()
  }
}

/** What a server that was killed had written under another name is copied into the file, while nobody else can. */
export function finishOthers(file: string, names: readonly string[]): void {
  const real = realpathSync(file)
  for (const name of names) {
    if (name === real || (statSync(`${name}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) continue
    const db = openDriver(name)
    try {
      db.pragma('wal_checkpoint(TRUNCATE)')
    } finally {
      db.close()
    }
  }
}
