/** New content for a file that others read: whole or not at all, with the owner, mode and labels it had. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readRegular } from './read-file.ts'

/** A file that is a mount of its own (a single file bound into a container), or in a folder that may not be written. */
const IN_PLACE = new Set(['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS', 'ETXTBSY'])

/** Replaces the content of the file at `real` (no link). By a new file and a rename; where that is not possible, in place.
 *  Throws the system's error when neither is.
 *  @param expected what has to stand there at the last moment; null: whatever it is
 *  @returns false when something else stands there, which is left alone */
export function replaceFile(real: string, content: Buffer, expected: Buffer | null = null): boolean {
  const isEdited = (): boolean => expected !== null && !readRegular(real).equals(expected)
  // nginx's include patterns pass over names that begin with a dot, as glob(3) does.
  const fresh = join(dirname(real), `.${basename(real)}.halfopen-${randomBytes(4).toString('hex')}`)
  // A name more would be a file of its own after the rename.
  if (statSync(real).nlink > 1) return !isEdited() && writeInPlace(real, content)
  try {
    const fd = openSync(fresh, 'wx', 0o600)
    try {
      writeFileSync(fd, content)
      likeness(real, fresh)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (isEdited()) {
      rmSync(fresh)
      return false
    }
    renameSync(fresh, real)
    syncFolder(dirname(real))
    return true
  } catch (error) {
    rmSync(fresh, { force: true })
    if (!IN_PLACE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    return !isEdited() && writeInPlace(real, content)
  }
}

/** Owner, mode, ACL and security label. coreutils' cp knows how to carry the last two; without it the first two are. */
function likeness(from: string, to: string): void {
  const copied = spawnSync('cp', ['--attributes-only', '--preserve=mode,ownership,xattr', '--', from, to], {
    stdio: 'ignore',
  })
  if (copied.status === 0) {
    spawnSync('chcon', ['--reference', from, '--', to], { stdio: 'ignore' })
    return
  }
  const { mode, uid, gid } = statSync(from)
  const { uid: mine, gid: group } = statSync(to)
  if (uid !== mine || gid !== group) chownSync(to, uid, gid)
  chmodSync(to, mode & 0o7777)
}

/** Longer content first, then the cut: a reader in between sees the new text with a rest of the old one, never half of it. */
function writeInPlace(real: string, content: Buffer): true {
  const fd = openSync(real, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    for (let at = 0; at < content.length;) at += writeSync(fd, content, at, content.length - at, at)
    if (fstatSync(fd).size > content.length) ftruncateSync(fd, content.length)
    fsyncSync(fd)
    return true
  } finally {
    closeSync(fd)
  }
}

/** The rename itself is on the disk only with its folder. Some file systems refuse it. */
export function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // As durable as the file system makes it.
  }
}
