/** What was changed, and what stood there before: one folder a change, outside of everything nginx includes. */
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { syncFolder } from './replace-file.ts'

/** `begun`: files are being written, or the process ended while they were. */
export type BackupState = 'begun' | 'written' | 'undone'

export interface BackupFile {
  /** Where it is, links resolved. */
  real: string
  /** SHA-256 of the content before and after, hex. */
  before: string
  after: string
  /** Name of the copy in the backup's folder. */
  copy: string
}

export interface Backup {
  id: string
  folder: string
  state: BackupState
  /** ISO 8601. */
  made_at: string
  /** What --config named, absolute. */
  config: string
  /** What nginx is asked to test; null: its own main file; absent: only a part was named. */
  main?: string | null
  title: string
  files: BackupFile[]
}

const MANIFEST = 'backup.json'

/** $XDG_STATE_HOME/halfopen/fix, by default below ~/.local/state (XDG Base Directory Specification 0.8). */
export function backupHome(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME']
  return join(state?.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'halfopen', 'fix')
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Copies the files' old content and writes down what is about to happen; on the disk when it returns.
 *  Throws the system's error. */
export function makeBackup(
  home: string,
  now: number,
  about: Pick<Backup, 'config' | 'main' | 'title'>,
  changes: readonly { real: string; before: Buffer; after: Buffer }[],
): Backup {
  const made_at = new Date(now).toISOString()
  const id = `${made_at.replace(/[-:]/g, '').slice(0, 15)}-${randomBytes(3).toString('hex')}`
  const folder = join(home, id)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = changes.map(({ real, before, after }, index) => {
    const copy = `${index}.conf`
    writeSafe(join(folder, copy), before)
    return { real, before: sha256(before), after: sha256(after), copy }
  })
  const backup: Backup = { id, folder, state: 'begun', made_at, ...about, files }
  save(backup)
  return backup
}

/** Writes down that a change is done, or undone. */
export function mark(backup: Backup, state: BackupState): Backup {
  const next = { ...backup, state }
  save(next)
  return next
}

/** All backups, the newest first; what is no backup is passed over. */
export function backups(home: string): Backup[] {
  return names(home)
    .toSorted()
    .toReversed()
    .flatMap((name) => {
      try {
        const found = JSON.parse(readFileSync(join(home, name, MANIFEST), 'utf8')) as Backup
        return [{ ...found, folder: join(home, name) }]
      } catch {
        return []
      }
    })
}

/** The content of a file before the change. Throws when the copy is damaged. */
export function contentBefore({ folder }: Backup, { copy, before }: BackupFile): Buffer {
  const bytes = readFileSync(join(folder, copy))
  if (sha256(bytes) !== before) throw new Error(`${join(folder, copy)}: the copy is damaged`)
  return bytes
}

function save(backup: Backup): void {
  const { folder, ...rest } = backup
  const fresh = join(folder, `${MANIFEST}.new`)
  writeSafe(fresh, Buffer.from(`${JSON.stringify(rest, null, 2)}\n`))
  renameSync(fresh, join(folder, MANIFEST))
  syncFolder(folder)
}

function writeSafe(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    writeFileSync(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
