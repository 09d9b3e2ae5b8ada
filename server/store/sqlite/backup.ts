/** `halfopen db backup`: a copy of one moment, while a server may go on writing. */
import { closeSync, existsSync, linkSync, openSync, statSync, unlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { StoreError } from '../store-error.ts'
import { openReadOnly, type Db } from './driver.ts'
import { refuseOtherNames } from './lock.ts'
import { refuseForeign } from './migrations.ts'
import { asStoreError, existing } from './open.ts'

/** Copies the database to `to`, which must not exist; readable by its owner only. Throws StoreError. */
export async function backupDatabase(path: string, to: string): Promise<{ file: string; bytes: number }> {
  const file = resolve(path)
  const target = resolve(to)
  // Written under another name: what has the name is whole.
  const part = `${target}.part-${process.pid}`
  let db: Db | null = null
  try {
    existing(file)
    refuseOtherNames(file)
    if (existsSync(target)) throw taken(target)
    db = openReadOnly(file)
    refuseForeign(db, file)
    try {
      closeSync(openSync(part, 'wx', 0o600))
      // All pages in one step: between steps another process's commit would make it begin anew, for ever.
      await db.backup(part, { progress: () => 0x7fffffff })
      place(part, target)
    } catch (error) {
      throw asStoreError(error, target)
    } finally {
      for (const left of [part, `${part}-journal`]) if (existsSync(left)) unlinkSync(left)
    }
    return { file: target, bytes: statSync(target).size }
  } catch (error) {
    throw asStoreError(error, file)
  } finally {
    db?.close()
  }
}

/** Unlike a rename, a link does not replace what came there meanwhile. */
function place(part: string, target: string): void {
  try {
    linkSync(part, target)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? taken(target) : error
  }
}

const taken = (target: string): StoreError =>
  new StoreError('database-unwritable', `${target} exists already, and a backup replaces nothing; name another file`)
