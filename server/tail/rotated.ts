/** Finding a file again after it was rotated, and the ones rotated after it. */
import { closeSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { openInput } from '../scan/contract.ts'
import type { FilePosition } from './contract.ts'
import { packedHead } from './packed-log.ts'
import { beginsAs, HEAD_BYTES, readHead, recognise, sha256 } from './position.ts'
import { codeOf, explain, openRegular } from './regular-file.ts'
import { isBetween, isNewer, madeFrom, unpackedName } from './rotation-names.ts'
import { homesOf, identity, Moving, namesOf, resolved, siblings, type Sibling } from './siblings.ts'

export interface Found {
  path: string
  /** `rotated`: the file itself; `copy`: a copy of its bytes; `packed`: they are in a compressed file. */
  as: 'rotated' | 'copy' | 'packed'
}

/** The file of `position` under another name in the directories of `path`: the same inode under any name, else, under a
 *  name made from that of `path`, a copy or a packed file that begins as it did. A copy may end before the position: copytruncate
 *  throws away what is written between its copy and its truncation, and a follower may have read it.
 *  @param not inode that cannot be the answer, because it is the one that was truncated.
 *  @throws Moving; the system error when a file that must be it cannot be opened. */
export function findRotated(path: string, position: FilePosition, not: number | null = null): Promise<Found | null> {
  return find(path, siblings(path, position.at), position, not)
}

async function find(path: string, list: Sibling[], position: FilePosition, not: number | null): Promise<Found | null> {
  // An inode alone proves nothing: it is given again to the next file made.
  if (position.head_bytes === 0) return null
  const candidates = list.filter((sibling) => sibling.ino !== not)
  const homes = homesOf(path, position.at)
  const named = candidates.filter((sibling) => madeFrom(homes, sibling.path))
  for (const sibling of candidates) {
    if (
      sibling.packing === 'plain' &&
      sibling.ino === position.ino &&
      look(sibling, position, named.includes(sibling)) === 'same'
    )
      return { path: sibling.path, as: 'rotated' }
  }
  const copy = named.find((sibling) => sibling.packing === 'plain' && look(sibling, position, true) === 'copy')
  if (copy !== undefined) return { path: copy.path, as: 'copy' }
  for (const sibling of named)
    if (sibling.packing === 'readable' && (await holds(sibling, position))) return { path: sibling.path, as: 'packed' }
  // While names move on by one, each may have been looked at under the name of another.
  if (namesOf(siblings(path, position.at)) !== namesOf(list)) throw new Moving(`${path} is just being rotated`)
  return null
}

export interface Next {
  /** Null when the file at the path itself comes next. */
  sibling: Sibling | null
  /** Files rotated meanwhile that are packed in a way that is not read here. */
  unread: string[]
}

/** Of the files rotated after the one with this position, which is held open, the oldest. Names tell which they are while
 *  that file, or a copy of it, is still there; afterwards their times do.
 *  @param older identities of files that were rotated when this one was opened
 *  @throws Moving */
export async function rotatedAfter(
  path: string,
  position: FilePosition,
  older: ReadonlySet<string> = new Set(),
): Promise<Next> {
  const list = siblings(path, position.at)
  const homes = homesOf(path, position.at)
  const { dev, ino } = position
  const held = list.find((sibling) => sibling.ino === ino && sibling.dev === dev)
  const between = held && targetsBetween(list, held.path, resolved(path))
  if (between) return { sibling: between, unread: [] }
  const me = held ?? (await find(path, list, position, null))
  const name = me && madeFrom(homes, me.path) ? me.path : null
  const time = held?.mtime ?? position.mtime ?? -Infinity
  // Where the highest number is the newest, or the name was given by hand, names say that old files come next.
  // Not where older names have older times, too: then it is the clock that was set back.
  const named = name !== null && list.some((one) => isNewer(homes, name, one.path) && one.mtime < time)
  const isPast = (sibling: Sibling): boolean =>
    !named && sibling.mtime < time && (older.has(identity(sibling)) || sibling.mtime < time - LATE)
  const misled = name !== null && list.some((one) => isNewer(homes, one.path, name) && isPast(one))
  if (!misled) return next(list, homes, name, position.mtime)
  return next(
    list.filter((sibling) => sibling.path !== name && !isPast(sibling)),
    homes,
    null,
    time,
    byTime,
  )
}

/** So long after another file took the path the old one may still be written to, ms. */
const LATE = 60_000

/** Of the files that a link pointed to after the one at `held` and before that at `target`, the first. */
function targetsBetween(list: readonly Sibling[], held: string, target: string): Sibling | null {
  const between = list.filter(
    ({ path, packing }) => packing !== 'foreign' && isBetween(held, unpackedName(path), target),
  )
  return between.reduce<Sibling | null>(
    (first, one) => (first && isBetween(held, unpackedName(first.path), unpackedName(one.path)) ? first : one),
    null,
  )
}

/** Of the files rotated after one that is gone, the oldest; null when the file at the path itself comes next.
 *  @param known identities of files that cannot be it
 *  @throws Moving */
export function rotatedLater(
  path: string,
  { mtime, at }: FilePosition,
  known: ReadonlySet<string> = new Set(),
): Sibling | null {
  const list = siblings(path, at).filter((sibling) => !known.has(identity(sibling)))
  return next(list, homesOf(path, at), null, mtime).sibling
}

/** @param name of the file before; null: unknown, so only `time`, of its last change, counts. */
function next(list: Sibling[], homes: string[], name: string | null, time = Infinity, order = isOlder): Next {
  // Names of two folders say nothing of one another: `olddir` was set, or taken away, in between.
  const isLater = (a: Sibling, than: string | null, changed: number): boolean =>
    than === null || dirname(a.path) !== dirname(than) ? a.mtime > changed : isNewer(homes, a.path, than)
  const later = list.filter((sibling) => madeFrom(homes, sibling.path) && isLater(sibling, name, time))
  const readable = later.filter(({ path, packing }) => packing === 'plain' || (packing === 'readable' && unpacks(path)))
  const sibling = readable.reduce<Sibling | null>(
    (oldest, one) => (oldest && !order(homes, one, oldest) ? oldest : one),
    null,
  )
  return { sibling, unread: later.filter((one) => !readable.includes(one)).map((one) => one.path) }
}

/** By their names where these say it: a writer that was told late wrote to the older file last. */
function isOlder(homes: string[], a: Sibling, than: Sibling): boolean {
  if (isNewer(homes, than.path, a.path)) return true
  return !isNewer(homes, a.path, than.path) && a.mtime < than.mtime
}

const byTime = (_: string[], a: Sibling, than: Sibling): boolean => a.mtime < than.mtime

/** A file that is never going to be readable must not keep us from the next one for ever; one that is closed to us may be
 *  opened. */
const unpacks = (path: string): boolean => openInput(path).kind === 'stream' || denial(path) !== null

/** Why we may not read a file, one line; null when we may. */
function denial(path: string): string | null {
  const opened = openInput(path)
  return opened.kind === 'refused' && opened.error.code === 'permission-denied' ? opened.error.message : null
}

/** The first bytes of a file beside the log, unpacked; none when they cannot be had. */
export async function headAt({ path, packing }: Sibling): Promise<Buffer> {
  if (packing !== 'plain') return packedHead(path, HEAD_BYTES)
  try {
    const { fd } = openRegular(path)
    try {
      return readHead(fd, HEAD_BYTES)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    gone(error, path)
    return Buffer.alloc(0)
  }
}

/** Whether the file of a position, which is held open, still has a name beside the log. @throws Moving */
export function isNamed(path: string, { dev, ino, at }: FilePosition): boolean {
  return siblings(path, at).some((sibling) => sibling.ino === ino && sibling.dev === dev)
}

/** Packed files beside the log that may hold what followed `position`, when no other file does: those that could not be looked
 *  into. */
export function outOfReach(path: string, { mtime = Infinity, at }: FilePosition): string[] {
  const homes = homesOf(path, at)
  return siblings(path, at)
    .filter(({ packing, path: at }) => packing === 'foreign' || (packing === 'readable' && !unpacks(at)))
    .filter((sibling) => sibling.mtime >= mtime && madeFrom(homes, sibling.path))
    .map((sibling) => sibling.path)
}

function look(sibling: Sibling, position: FilePosition, named: boolean): 'same' | 'copy' | null {
  try {
    const { fd, stat } = openRegular(sibling.path)
    try {
      const as = recognise(fd, stat, position)
      return as ?? (beginsAs(fd, position) && stat.ino !== position.ino ? 'copy' : null)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    gone(error, sibling.path)
    if (named && mayBe(sibling, position)) throw new Error(explain(error, sibling.path).hint ?? String(error))
    return null
  }
}

/** Whether a file that cannot be opened may be the one that is looked for. Passing over it would lose its rest, so it is
 *  waited for; those of earlier rotations do not matter. */
const mayBe = ({ ino, mtime }: Sibling, position: FilePosition): boolean =>
  ino === position.ino || mtime >= (position.mtime ?? Infinity)

async function holds(sibling: Sibling, position: FilePosition): Promise<boolean> {
  const { path } = sibling
  const { head_bytes, head_sha256 } = position
  const head = await packedHead(path, head_bytes)
  if (head.length === 0) {
    if (!existsSync(path)) throw new Moving(`${path} was renamed while it was looked at`)
    const denied = denial(path)
    if (denied !== null && mayBe(sibling, position)) throw new Error(denied)
  }
  return head.length === head_bytes && sha256(head) === head_sha256
}

/** Renamed or packed in this very moment: the list is out of date. */
function gone(error: unknown, path: string): void {
  if (codeOf(error) === 'ENOENT') throw new Moving(`${path} was renamed while it was looked at`)
}
