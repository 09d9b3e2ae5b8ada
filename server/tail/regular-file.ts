/** Opening a log for reading, and saying in words why that did not work. */
import { closeSync, constants, fstatSync, openSync, statSync, type Stats } from 'node:fs'
import type { SourceStatus } from './contract.ts'

/** Something that has no end to come back to: a directory, pipe, socket or device. `message` is the hint. */
export class NotAFile extends Error {}

/** @throws NotAFile, or the system error of stat and open. */
export function openRegular(path: string): { fd: number; stat: Stats } {
  refuse(path, statSync(path))
  // Without O_NONBLOCK a pipe that takes the file's place right here would block the whole process.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    refuse(path, stat)
    return { fd, stat }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function refuse(path: string, stat: Stats): void {
  if (stat.isFile()) return
  if (stat.isDirectory()) throw new NotAFile(`${path} is a directory; name a file in it`)
  throw new NotAFile(
    `${path} is a pipe or device, not a file (containers link their logs to /dev/stdout); ` +
      'use: docker logs NAME 2>&1 | halfopen analyze -',
  )
}

/** Status for a failure to open, find or read `path`. */
export function explain(error: unknown, path: string): Pick<SourceStatus, 'state' | 'hint'> {
  if (error instanceof NotAFile) return { state: 'unreadable', hint: error.message }
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { state: 'missing', hint: `${path} does not exist (yet)` }
    case 'EACCES':
    case 'EPERM':
      return {
        state: 'unreadable',
        hint: `no permission to read ${path}; logs usually belong to the group adm: sudo usermod -aG adm "$USER", then log in again (or run with sudo)`,
      }
    default:
      return { state: 'unreadable', hint: error instanceof Error ? error.message : String(error) }
  }
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
