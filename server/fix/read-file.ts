/** Content of a file that may have become something else since nginx or a backup named it. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** One line: what, where, what to do. */
export class FixError extends Error {}

/** As in reading a configuration: far above any real file. */
const MAX_BYTES = 64 * 1024 * 1024

/** @param file no link: what is behind one was never looked at. Throws FixError or the system's error. */
export function readRegular(file: string): Buffer {
  // Without O_NONBLOCK a pipe in the file's place would wait for a writer for ever.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) throw new FixError(`${file}: it is not a regular file`)
    if (found.size > MAX_BYTES) throw new FixError(`${file}: it is larger than ${MAX_BYTES / 1024 / 1024} MB`)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no such file',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ELOOP: 'it became a link',
  // What open(2) says of a socket, and of a device without a driver.
  ENXIO: 'it is not a regular file',
}

/** What the system said, with the file where it named one. */
export function systemText(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException
  const reason = REASONS[code ?? ''] ?? message
  return path === undefined ? reason : `${path}: ${reason}`
}

const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS'])

/** What to do about it, to be put behind the text; nothing when it is said already. */
export function advice(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException
  if (NOT_ALLOWED.has(code)) return '; run it as a user who may write there (sudo)'
  return code === 'ENOSPC' || code === 'EDQUOT' ? '; make room and run it again' : ''
}
