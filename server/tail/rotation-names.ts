/** What the name of a rotated file says: of which log it is, which of two is the newer, how it was packed. Pure. */
import { basename, dirname, extname } from 'node:path'

const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|lzma|zip|Z)$/

/** Those that are read here. */
const READABLE = /\.(?:gz|bz2|xz|zst)$/

/** How a file is packed, by its name. */
export type Packing = 'plain' | 'readable' | 'foreign'

export function packingOf(name: string): Packing {
  if (READABLE.test(name)) return 'readable'
  return COMPRESSED.test(name) ? 'foreign' : 'plain'
}

/** The name before it was packed. */
export const unpackedName = (name: string): string => name.replace(COMPRESSED, '')

/** `access.log.1`, `access.log-20261121`, and with logrotate's `extension`: `access-20261121.log`; all of them packed or
 *  not. `homes` are the paths of the log itself. */
export function madeFrom(homes: readonly string[], candidate: string): boolean {
  return homes.some((home) => {
    const rest = suffix(home, candidate)
    return rest !== null && /^[.-]/.test(rest) && /\d|old|bak/.test(rest)
  })
}

/** Counted names (`.1` is newer than `.2`) or dated ones (the later date is newer); false when not of one scheme. */
export function isNewer(homes: readonly string[], a: string, than: string): boolean {
  const home = homes.find((path) => dirname(path) === dirname(a))
  if (home === undefined) return false
  const [x, y] = [suffix(home, a), suffix(home, than)]
  if (x === null || y === null || x.replace(/\d+/g, '0') !== y.replace(/\d+/g, '0')) return false
  const [xs, ys] = [numbers(x), numbers(y)]
  const at = xs.findIndex((number, index) => number !== ys[index])
  const [left, right] = [xs[at] ?? 0, ys[at] ?? 0]
  const counted = xs.length === 1 && left < 1000 && right < 1000
  return counted ? left < right : left > right
}

/** Whether the numbers in a name lie between those of two others of the same scheme: `0.log`, `1.log`, or a log a day to
 *  which a link is pointed. */
export function isBetween(from: string, name: string, to: string): boolean {
  const scheme = (path: string): string => path.replace(/\d+/g, '0')
  if (scheme(from) !== scheme(name) || scheme(to) !== scheme(name)) return false
  return isLess(numbers(from), numbers(name)) && isLess(numbers(name), numbers(to))
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((number, index) => number !== b[index])
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0)
}

/** What a name has beyond that of the log without its extension; null for another log's name. */
function suffix(home: string, candidate: string): string | null {
  const extension = extname(home)
  const stem = basename(home, extension)
  const name = unpackedName(basename(candidate))
  if (dirname(candidate) !== dirname(home) || !name.startsWith(stem)) return null
  const rest = name.slice(stem.length)
  return rest.startsWith(extension) || rest.endsWith(extension) ? rest : null
}

function numbers(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number)
}
