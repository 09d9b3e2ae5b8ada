/** Files of one log among the inputs: put in time order, and a copy beside its original left out. */
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { statsOf } from './directory.ts'
import { isStdin, openInput } from './open-input.ts'
import { byAge, rotatedName } from './rotated-name.ts'

/** Oldest first within one log; logs in the order in which they were first named. A shell expands `error.log*` to
 *  `error.log error.log.1 error.log.2.gz`, which is the wrong way round. */
export function inTimeOrder(inputs: readonly string[]): string[] {
  const sets = new Map<string, string[]>()
  for (const input of inputs) {
    const key = isStdin(input) ? '-' : path.join(path.dirname(input), rotatedName(path.basename(input)).log)
    const set = sets.get(key)
    if (set) set.push(input)
    else sets.set(key, [input])
  }
  return [...sets.values()].flatMap((set) => {
    if (set.length === 1) return set
    const files = set.map((file) => ({ name: rotatedName(path.basename(file)), mtime: statsOf(file)?.mtimeMs ?? null }))
    return byAge(files).map((index) => set[index] as string)
  })
}

/** Enough lines to tell two logs apart; the copy may be shorter, because it is still being written. */
const COMPARED = 64 * 1024
const PACKED = /\.(?:gz|zst|bz2|xz)$/i

/** Leaves out `error.log.1.gz` beside an `error.log.1` with the same content, as logrotate leaves them between packing
 *  and deleting. `notes` says so, a line each. Reads no file that has no namesake. */
export async function withoutCopies(inputs: readonly string[]): Promise<{ inputs: string[]; notes: string[] }> {
  const notes: string[] = []
  const left = new Set<string>()
  const originals = new Map<string, string>()
  for (const input of inputs) {
    if (isStdin(input)) continue
    const name = input.replace(PACKED, '')
    const other = originals.get(name)
    if (other === undefined) {
      originals.set(name, input)
      continue
    }
    // A plain one is faster to read.
    const [first, second] = PACKED.test(other) ? [input, other] : [other, input]
    const copy = await copyOf(first, second)
    if (copy === null) continue
    const original = copy === first ? second : first
    originals.set(name, original)
    left.add(copy)
    notes.push(`${copy}: the same lines as ${original}; read once`)
  }
  return { inputs: inputs.filter((input) => !left.has(input)), notes }
}

/** The one that holds no more than the other: `second` when they start alike over all that is compared. Null: neither. */
async function copyOf(first: string, second: string): Promise<string | null> {
  const [a, b] = [await start(first), await start(second)]
  if (a === null || b === null) return null
  const length = Math.min(a.length, b.length)
  // A new, still empty log is no copy of an old one.
  if (length === 0 || !a.subarray(0, length).equals(b.subarray(0, length))) return null
  return b.length > a.length ? first : second
}

/** Null when it cannot be read. */
async function start(file: string): Promise<Buffer | null> {
  const opened = openInput(file)
  if (opened.kind === 'refused') return null
  const chunks: AsyncIterable<Buffer> =
    opened.kind === 'stream' ? opened.chunks : createReadStream(file, { end: COMPARED - 1 })
  const pieces: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of chunks) {
      pieces.push(chunk)
      size += chunk.length
      if (size >= COMPARED) break
    }
  } catch {
    return null
  }
  return Buffer.concat(pieces).subarray(0, COMPARED)
}
