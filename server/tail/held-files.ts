/** Files that were seen at a log's path while an older one was still read: held open, so that a second rotation within those
 *  seconds, which may overwrite or delete them, takes nothing away. */
import { closeSync, fstatSync, statSync, type Stats } from 'node:fs'
import { HEAD_BYTES, readHead, sha256 } from './position.ts'
import { openRegular } from './regular-file.ts'
import { findRotated } from './rotated.ts'
import type { Sibling } from './siblings.ts'

/** Rotations within a few seconds; more are an attack on descriptors. */
const MOST = 8

interface Held {
  fd: number
  stat: Stats
}

export class HeldFiles {
  private held: Held[] = []
  /** Files that came when there was no room. */
  missed = 0

  /** Opens the file at the path unless it is held. What cannot be opened is told of by whoever reads it. */
  see(path: string, there: Stats): void {
    if (this.held.some(({ stat }) => stat.ino === there.ino && stat.dev === there.dev)) return
    if (this.held.length >= MOST) {
      this.missed++
      return
    }
    try {
      this.held.push(openRegular(path))
    } catch {
      // Rotated in this very moment, or closed to us.
    }
  }

  /** The file that comes next, where its name does not lead to it: it was at the path and is there no more. `sibling` is the one
   *  that names and times would take; an older one, which nobody saw at the path, goes first. Null: that one it is. What is
   *  returned is the caller's to close. @throws Moving */
  async takeNext(path: string, sibling: Sibling | null): Promise<Held | null> {
    for (const one of this.held) {
      const stat = fstatSync(one.fd)
      const there = statSync(path, { throwIfNoEntry: false })
      if (there?.ino === stat.ino && there.dev === stat.dev) return null
      if (sibling !== null && (sibling.ino === stat.ino || sibling.mtime < stat.mtimeMs)) return null
      this.held = this.held.filter((other) => other !== one)
      const done = stat.size === 0 || (stat.nlink === 0 && (await isKept(path, one.fd, stat)))
      if (!done) return { fd: one.fd, stat }
      closeSync(one.fd)
    }
    return null
  }

  /** Lets go of a file that is read by its name now. */
  release({ dev, ino }: { dev?: number; ino: number }): void {
    for (const one of this.held.filter(({ stat }) => stat.ino === ino && (dev ?? stat.dev) === stat.dev)) {
      closeSync(one.fd)
      this.held = this.held.filter((other) => other !== one)
    }
  }

  close(): void {
    for (const { fd } of this.held.splice(0)) closeSync(fd)
  }
}

/** Its bytes are in a packed file, or in a copy. */
async function isKept(path: string, fd: number, stat: Stats): Promise<boolean> {
  const head = readHead(fd, HEAD_BYTES)
  const position = {
    dev: stat.dev,
    ino: stat.ino,
    offset: stat.size,
    line: 1,
    history_until: 0,
    head_bytes: head.length,
    head_sha256: sha256(head),
  }
  return (await findRotated(path, position)) !== null
}
