/** Opening the database file, and what its failures mean to the person who has to repair them. */
import {
  accessSync,
  chmodSync,
  constants,
  closeSync,
  existsSync,
  openSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { StoreError } from '../store-error.ts'
import { openDriver, type Db } from './driver.ts'
import { migrate } from './migrations.ts'

/** Opens or creates the database and brings it up to date. The file is made readable by its owner only *before* SQLite
 *  opens it (the -wal and -shm files inherit its mode), a directory we create likewise. Throws StoreError. */
export function openDatabase(path: string): Db {
  const file = resolve(path)
  let db: Db | null = null
  try {
    prepareFile(file)
    db = openDriver(file)
    // Only a file without tables takes it; one of before is changed by `halfopen db compact`.
    db.pragma('auto_vacuum = INCREMENTAL')
    // Any statement that reads shows whether this is a database at all.
    db.pragma('busy_timeout = 5000')
    db.pragma('journal_mode = WAL')
    // A power cut may lose the newest transactions, never damage the file; their lines are then simply read again,
    // since the position is in the same transaction.
    db.pragma('synchronous = NORMAL')
    db.pragma('foreign_keys = ON')
    // 8 MB of pages: the newest minute of every table is written with each commit. Twice as many were no faster.
    db.pragma('cache_size = -8000')
    // A burst grows the -wal file; it is cut back when it was copied into the database.
    db.pragma(`journal_size_limit = ${16 << 20}`)
    migrate(db, file)
    return db
  } catch (error) {
    db?.close()
    throw asStoreError(error, file)
  }
}

/** Throws StoreError('database-missing') when there is no file at the path. */
export function existing(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new StoreError('database-missing', `${file} is a directory, no database; name the file in it`)
  refuseSpecial(file)
  if (!existsSync(file) || statSync(file).size === 0)
    throw new StoreError(
      'database-missing',
      `${file}: there is no database; name it with --database sqlite:PATH, or the settings with --config-file`,
    )
}

/** SQLite would put its lock and its -wal beside a device, and wait for a pipe for ever. A directory has its own message. */
function refuseSpecial(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return
  throw new StoreError(
    'database-unwritable',
    `${file} is ${kindOf(stat)}, no database; name a file (database: sqlite:PATH)`,
  )
}

function kindOf(stat: Stats): string {
  if (stat.isFIFO()) return 'a pipe'
  return stat.isSocket() ? 'a socket' : 'a device'
}

/** Makes the folder and the file, for their owner only; takes from others what an older file of ours lets them read. */
export function prepareFile(file: string): void {
  makeFolder(dirname(file), 0o700)
  refuseSpecial(file)
  if (!existsSync(file)) closeSync(openSync(file, 'ax', 0o600))
  // A log that was named by mistake stays readable to whoever reads it.
  if (isDatabase(file)) for (const part of [file, `${file}-wal`, `${file}-shm`]) narrow(part)
}

/** SQLite's first bytes (fileformat2), or nothing yet. */
function isDatabase(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const head = Buffer.alloc(16)
    const length = readSync(fd, head, 0, 16, 0)
    return length === 0 || head.toString('latin1') === 'SQLite format 3\0'
  } finally {
    closeSync(fd)
  }
}

/** Log lines are nobody else's business, whatever the umask was when the file was copied here. */
function narrow(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats?.isFile() || (stats.mode & 0o077) === 0) return
  try {
    chmodSync(file, stats.mode & 0o700)
  } catch (error) {
    // Another user's file that we may write to: it is not ours to change.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

const DAMAGED = /^SQLITE_(?:CORRUPT|NOTADB|FORMAT)/
const UNWRITABLE = /^(?:SQLITE_(?:READONLY|CANTOPEN|PERM|AUTH|FULL|IOERR|BUSY|LOCKED|NOLFS)|E[A-Z]+$)/

/** The StoreError for a failure of SQLite or of the file system; anything else is a bug and comes back unchanged. */
export function asStoreError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (DAMAGED.test(code)) {
    return new StoreError(
      'database-damaged',
      `${file} is damaged or no SQLite database (${error.message}); move it away to start anew, or restore a backup`,
    )
  }
  if (!UNWRITABLE.test(code)) return error
  if ((code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY')) && isReadOnly(dirname(file))) {
    return new StoreError(
      'database-unwritable',
      `${file} is on a read-only file system, and SQLite keeps a file beside it even to read; copy it, and its -wal when there is one, to where this user may write`,
    )
  }
  return new StoreError('database-unwritable', `${file} cannot be written (${reason(code)}); ${remedy(code, file)}`)
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}

/** SHMSIZE: there was no room for the -shm file, which is the first to grow. */
const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT'])

function reason(code: string): string {
  if (FULL.has(code)) return 'the disk is full'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EROFS' || code.startsWith('SQLITE_READONLY')) return 'read-only'
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'part of its path is a file'
  if (code === 'EISDIR' || code === 'SQLITE_CANTOPEN_ISDIR') return 'it is a directory'
  if (code.startsWith('SQLITE_CANTOPEN')) return 'it cannot be opened: a directory, or no permission'
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'another process is writing to it'
  return code
}

function remedy(code: string, file: string): string {
  if (FULL.has(code)) return 'make room; reading goes on where it stopped'
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'stop the other halfopen that uses it'
  return `give this user write access to it and to ${dirname(file)}, or name another file (database: sqlite:PATH)`
}
