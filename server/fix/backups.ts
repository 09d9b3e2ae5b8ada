/** What was changed, and what stood there before: one folder a change, outside of everything nginx includes. */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readRegular } from './read-file.ts'
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
  /** The same of what was written, to know a write that was interrupted from an edit. */
  wrote?: string
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
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const id = `${nextNumber(home)}-${made_at.replace(/[-:]/g, '').slice(0, 15)}-${randomBytes(3).toString('hex')}`
  const folder = join(home, id)
  mkdirSync(folder, { mode: 0o700 })
  try {
    const files = changes.map(({ real, before, after }, index) => {
      const [copy, wrote] = [`${index}.conf`, `${index}.new.conf`]
      writeSafe(join(folder, copy), before)
      writeSafe(join(folder, wrote), after)
      return { real, before: sha256(before), after: sha256(after), copy, wrote }
    })
    const { config, main, title } = about
    const named = { config, ...(main === undefined ? {} : { main }), title }
    const backup: Backup = { id, folder, state: 'begun', made_at, ...named, files }
    save(backup)
    return backup
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Which change it was, counted by the names that are there: a clock may stand still, or be set back. */
const numberOf = (name: string): number => Number(/^(\d{1,15})-/.exec(name)?.[1] ?? 0)

const nextNumber = (home: string): string =>
  String(names(home).reduce((most, name) => Math.max(most, numberOf(name)), 0) + 1).padStart(6, '0')

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
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .toReversed()
    .flatMap((name) => {
      try {
        const found: unknown = JSON.parse(readRegular(join(home, name, MANIFEST)).toString())
        return isManifest(found) ? [{ ...found, folder: join(home, name) }] : []
      } catch {
        return []
      }
    })
}

const STATES: ReadonlySet<unknown> = new Set<BackupState>(['begun', 'written', 'undone'])

/** A run that was killed, or a full disk, may leave anything. */
function isManifest(value: unknown): value is Omit<Backup, 'folder'> {
  if (!hasText(value, ['id', 'made_at', 'config', 'title'])) return false
  const { state, main, files } = value
  if (!STATES.has(state) || !(main === undefined || main === null || typeof main === 'string')) return false
  return Array.isArray(files) && files.length > 0 && files.every(isFileEntry)
}

const isFileEntry = (value: unknown): boolean =>
  hasText(value, ['real', 'before', 'after', 'copy']) && ['undefined', 'string'].includes(typeof value['wrote'])

function hasText(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const members = new Map(Object.entries(value))
  return keys.every((key) => typeof members.get(key) === 'string')
}

/** The content of a file before the change. Throws when the copy is damaged. */
export function contentBefore({ folder }: Backup, { copy, before }: BackupFile): Buffer {
  const bytes = readRegular(join(folder, copy))
  if (sha256(bytes) !== before) throw new Error(`${join(folder, copy)}: the copy is damaged`)
  return bytes
}

/** What was written; null when there is no good copy of it. Throws the system's error. */
export function contentAfter({ folder }: Backup, { wrote, after }: BackupFile): Buffer | null {
  if (wrote === undefined) return null
  const bytes = readRegular(join(folder, wrote))
  return sha256(bytes) === after ? bytes : null
}

function save(backup: Backup): void {
  const { folder, ...rest } = backup
  const fresh = join(folder, `${MANIFEST}.new`)
  try {
    writeSafe(fresh, Buffer.from(`${JSON.stringify(rest, null, 2)}\n`))
    renameSync(fresh, join(folder, MANIFEST))
  } catch (error) {
    rmSync(fresh, { force: true })
    throw error
  }
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
