/** The files beside a log, as they are at one moment: logrotate renames them one after the other. */
import { existsSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { OLD_FOLDERS } from '../scan/contract.ts'
import { madeFrom, packingOf, unpackedName, type Packing } from './rotation-names.ts'

export interface Sibling {
  path: string
  dev: number
  ino: number
  size: number
  /** Epoch ms. */
  mtime: number
  /** When it was made, epoch ms: numbers of deleted files are given again. */
  born: number
  packing: Packing
}

/** How often names are listed again while they change under our eyes: a rotation renames for some milliseconds. */
const LISTINGS = 50

/** The paths that names of rotated files are made from: the log's, or where its link leads, where it was last (`before`), and
 *  the same in folders for rotated logs. Links are not rotated; beside a link `access-1.log` is a target like others. */
export function homesOf(path: string, before: string | undefined): string[] {
  const real = resolved(path)
  const homes = before === undefined || before === real ? [real] : [real, before]
  return homes.flatMap((home) => [home, ...oldFolders(dirname(home)).map((folder) => join(folder, basename(home)))])
}

const oldFolders = (beside: string): string[] =>
  OLD_FOLDERS.map((name) => join(beside, name)).filter((folder) => existsSync(folder))

/** Where a link leads; the path itself when it is none, or leads nowhere. */
export function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Other names in the directories of the log's paths, by name. Of a file that is just being packed there are two: only
 *  the plain one is whole.
 *  @throws Moving when they do not stand still. */
export const siblings = (path: string, before?: string): Sibling[] => standing(path, before, () => true)

/** Which files beside the log are rotated ones of it, whatever happens to their names. Only those are looked at: where
 *  thousands of logs lie in one directory, each would otherwise look at all the others.
 *  @throws Moving */
export function rotatedBeside(path: string, before?: string): ReadonlySet<string> {
  const homes = homesOf(path, before)
  const stems = homes.map((home) => basename(home, extname(home)))
  const wanted = (name: string): boolean =>
    stems.some((stem) => name.startsWith(stem) && /[.-]/.test(name.charAt(stem.length)))
  const found = standing(path, before, wanted)
  return new Set(found.filter((sibling) => madeFrom(homes, sibling.path)).map(identity))
}

type Wanted = (name: string) => boolean

function standing(path: string, before: string | undefined, wanted: Wanted): Sibling[] {
  let last = ''
  for (let n = 0; n < LISTINGS; n++) {
    const list = listing(path, before, wanted)
    const key = namesOf(list)
    if (n > 0 && key === last) {
      const plain = new Set(list.map((sibling) => sibling.path))
      return list.filter((sibling) => sibling.packing === 'plain' || !plain.has(unpackedName(sibling.path)))
    }
    last = key
  }
  throw new Moving(`the files beside ${path} are renamed without a pause; waiting for the rotation to end`)
}

export const identity = ({ dev, ino, born }: Sibling): string => `${dev} ${ino} ${born}`

/** Which files have which names, to be compared. */
export function namesOf(list: readonly Sibling[]): string {
  return list.map(({ path, dev, ino }) => `${path}\0${dev}\0${ino}`).join('\n')
}

/** The directory changed while it was looked at. */
export class Moving extends Error {}

function listing(path: string, before: string | undefined, wanted: Wanted): Sibling[] {
  const own = new Set([path, resolved(path)])
  const folders = new Set([path, ...homesOf(path, before)].map(dirname))
  return [...folders].flatMap((folder) =>
    entries(folder, wanted).flatMap((name) => {
      const at = join(folder, name)
      const stat = own.has(at) ? null : fileAt(at)
      if (stat === null) return []
      const { dev, ino, size, mtimeMs, birthtimeMs } = stat
      return [{ path: at, dev, ino, size, mtime: mtimeMs, born: birthtimeMs, packing: packingOf(basename(at)) }]
    }),
  )
}

function entries(folder: string, wanted: Wanted): string[] {
  try {
    return readdirSync(folder).filter(wanted).toSorted()
  } catch {
    return []
  }
}

function fileAt(path: string): Stats | null {
  try {
    const stat = statSync(path)
    return stat.isFile() ? stat : null
  } catch {
    return null
  }
}
