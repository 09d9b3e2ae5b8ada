/** `halfopen db compact`: packs what is there and writes the file anew, without its free pages. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { lockDatabase } from './lock.ts'
import { openDatabase, asStoreError, existing } from './open.ts'
import { partsOf } from './store.ts'

/** Not while a server runs (it gives room back by itself, and this would hold it up for as long as it takes): throws
 *  StoreError('database-in-use') then. Needs as much free disk as the database is large. Sizes in bytes. */
export function compactDatabase(path: string): { file: string; before: number; after: number } {
  const file = resolve(path)
  try {
    existing(file)
    const lock = lockDatabase(file)
    let opened = false
    try {
      const before = statSync(file).size
      const db = openDatabase(file)
      opened = true
      try {
        const { rollUp, blocks } = partsOf(db)
        while (rollUp.step() || blocks.merge());
        // Also for a file of before it could shrink: VACUUM is what makes it so.
        db.pragma('auto_vacuum = INCREMENTAL')
        db.exec('VACUUM')
        db.pragma('wal_checkpoint(TRUNCATE)')
      } finally {
        db.close()
      }
      return { file, before, after: statSync(file).size }
    } finally {
      if (opened) lock.release()
      else lock.withdraw()
    }
  } catch (error) {
    throw asStoreError(error, file)
  }
}
