/** What is wrong with one input, in one line: what, where, what to do. */
import { readFileSync, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import type { InputError } from './contract.ts'

export type InputErrorCode =
  | 'not-found'
  | 'permission-denied'
  | 'no-logs'
  | 'nothing-found'
  | 'linked-to-output'
  | 'not-a-file'
  | 'not-text'
  | 'compressed'
  | 'damaged'
  | 'read-failed'

export function inputError(file: string, code: InputErrorCode, message: string): InputError {
  return { path: file, code, message }
}

/** The input error for a failed stat, open or read. */
export function systemError(file: string, error: unknown): InputError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return inputError(
        file,
        'not-found',
        `${file}: no such file; check the name, or pipe the log: halfopen analyze - < FILE`,
      )
    case 'EACCES':
    case 'EPERM':
      return inputError(file, 'permission-denied', `${file}: permission denied; ${howToGetAccess(file)}`)
    case 'EISDIR':
      return inputError(file, 'not-a-file', `${file}: a directory, not a log file; name the files in it`)
    case 'ENXIO':
      return inputError(file, 'not-a-file', `${file}: a device or socket, not a log file; name a log file`)
    case 'ELOOP':
      return inputError(
        file,
        'not-a-file',
        `${file}: a symbolic link that leads back to itself (ELOOP), not a log file; name the file it should lead to`,
      )
    default:
      return inputError(
        file,
        'read-failed',
        `${file}: cannot be read (${code || String(error)}); check the disk, or copy the file elsewhere`,
      )
  }
}

/** The command that lets this user read the file. Debian's nginx logs are `640 www-data adm`: being in the
 *  group is enough, and better than running everything as root. */
export function howToGetAccess(file: string): string {
  const blocker = closestVisible(file)
  if (!blocker) return 'run with sudo'
  const uid = process.getuid?.()
  const bits = blocker.stats.isDirectory() ? 0o5 : 0o4
  if (uid !== undefined && blocker.stats.uid === uid && (blocker.stats.mode & (bits << 6)) !== bits << 6) {
    return `you own it: chmod u+r${blocker.stats.isDirectory() ? 'x' : ''} ${shellQuote(blocker.path)}`
  }
  const group = groupName(blocker.stats.gid)
  const groupMayRead = (blocker.stats.mode & (bits << 3)) === bits << 3
  if (!groupMayRead || group === null || blocker.stats.gid === 0) return 'run with sudo'
  return `group ${group} may read it: sudo usermod -aG ${group} $USER, then log in again; or run with sudo`
}

/** The file itself, or the nearest directory above it that can be looked at. */
function closestVisible(file: string): { path: string; stats: Stats } | null {
  let at = path.resolve(file)
  for (;;) {
    try {
      return { path: at, stats: statSync(at) }
    } catch {
      const parent = path.dirname(at)
      if (parent === at) return null
      at = parent
    }
  }
}

function groupName(gid: number): string | null {
  try {
    for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
      const [name, , id] = line.split(':')
      if (name && Number(id) === gid && id !== '') return name
    }
  } catch {
    // No /etc/group (macOS directory services, minimal containers): sudo is the answer that works everywhere.
  }
  return null
}

/** A word for a POSIX shell; quoted only when needed. */
export function shellQuote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
