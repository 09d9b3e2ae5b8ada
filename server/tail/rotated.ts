/** Finding a file again after it was rotated, and the ones rotated after it. */
import { closeSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { FilePosition } from './contract.ts'
import { recognise } from './position.ts'
import { openRegular } from './regular-file.ts'

const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|lzma|zip|Z)$/

export interface Found {
  path: string
  as: 'same' | 'copy'
}

/** The file of `position` under another name in the directory of `path` (and of its link target): the same inode under
 *  any name, else a copy under a name made from that of `path`. Compressed files are not looked into.
 *  @param not inode that cannot be the answer, because it is the one that was truncated. */
export function findRotated(path: string, position: FilePosition, not: number | null = null): Found | null {
  let copy: Found | null = null
  for (const candidate of siblings(path)) {
    // An inode alone proves nothing: it is given again to the next file made.
    const byInode = position.head_bytes > 0 && inode(candidate) === position.ino
    if (!byInode && !madeFrom(path, candidate)) continue
    const as = look(candidate, position, not)
    if (as === 'same') return { path: candidate, as }
    if (as === 'copy' && madeFrom(path, candidate)) copy ??= { path: candidate, as }
  }
  return copy
}

/** Of the files rotated after the one with this inode, the oldest; null when the file at `path` itself comes next. */
export function rotatedAfter(path: string, ino: number): string | null {
  const all = siblings(path)
  const name = all.find((candidate) => inode(candidate) === ino)
  if (name === undefined) return null
  const newer = all.filter((candidate) => madeFrom(path, candidate) && isNewer(path, candidate, name))
  return newer.reduce<string | null>((oldest, next) => (oldest && !isNewer(path, oldest, next) ? oldest : next), null)
}

/** Other uncompressed names in the directories of `path`. */
function siblings(path: string): string[] {
  const homes = new Set([path, resolved(path)])
  return [...homes].flatMap((home) =>
    entries(dirname(home))
      .filter((name) => name !== basename(home) && !COMPRESSED.test(name))
      .map((name) => join(dirname(home), name)),
  )
}

/** `access.log.1`, `access.log-20261121`, and with logrotate's `extension`: `access-20261121.log`. */
function madeFrom(path: string, candidate: string): boolean {
  return [path, resolved(path)].some((home) => {
    const rest = suffix(home, candidate)
    return rest !== null && /^[.-]/.test(rest) && /\d|old|bak/.test(rest)
  })
}

/** What a name has beyond that of the log without its extension; null for another log's name. */
function suffix(path: string, candidate: string): string | null {
  const stem = basename(path, extname(path))
  const name = basename(candidate)
  if (dirname(candidate) !== dirname(path) || !name.startsWith(stem)) return null
  const rest = name.slice(stem.length)
  return rest.startsWith(extname(path)) || rest.endsWith(extname(path)) ? rest : null
}

/** Counted names (`.1` is newer than `.2`) or dated ones (the later date is newer); false when not of one scheme. */
function isNewer(path: string, a: string, than: string): boolean {
  const home = dirname(a) === dirname(path) ? path : resolved(path)
  const [x, y] = [suffix(home, a), suffix(home, than)]
  if (x === null || y === null || x.replace(/\d+/g, '0') !== y.replace(/\d+/g, '0')) return false
  const [xs, ys] = [numbers(x), numbers(y)]
  const at = xs.findIndex((number, index) => number !== ys[index])
  const [left, right] = [xs[at] ?? 0, ys[at] ?? 0]
  const counted = xs.length === 1 && left < 1000 && right < 1000
  return counted ? left < right : left > right
}

function numbers(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number)
}

function look(candidate: string, position: FilePosition, not: number | null): 'same' | 'copy' | null {
  try {
    const { fd, stat } = openRegular(candidate)
    try {
      return stat.ino === not ? null : recognise(fd, stat, position)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Compressed, removed or closed to us in this very moment: not a candidate any more.
    return null
  }
}

function inode(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted()
  } catch {
    return []
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
