/** Files of one log among the inputs: put in time order, and a copy beside its original left out. */
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { statsOf } from './directory.ts'
import { homeOf } from './old-folders.ts'
import { isStdin, openInput } from './open-input.ts'
import { byAge, byWriting, rotatedName } from './rotated-name.ts'

/** Oldest first within one log; logs in the order in which they were first named. A shell expands `error.log*` to
 *  `error.log error.log.1 error.log.2.gz`, which is the wrong way round. */
export function inTimeOrder(inputs: readonly string[]): string[] {
  const sets = new Map<string, string[]>()
  for (const input of inputs) {
    const key = isStdin(input) ? '-' : path.join(homeOf(input), rotatedName(path.basename(input)).log)
    const set = sets.get(key)
    if (set) set.push(input)
    else sets.set(key, [input])
  }
  return [...sets.values()].flatMap((set) => {
    if (set.length === 1) return set
    const files = set.map((file) => ({ name: rotatedName(path.basename(file)), mtime: statsOf(file)?.mtimeMs ?? null }))
    // When `olddir` was set or taken away, both folders count from 1.
    const twice = new Set(files.map(({ name }) => JSON.stringify(name.rotation))).size < files.length
    const order = twice ? byWriting(files) : byAge(files)
    return order.map((index) => set[index] as string)
  })
}

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

/** The one that holds no more than the other: `second` when they are equal. Null: neither, they differ somewhere. */
async function copyOf(first: string, second: string): Promise<string | null> {
  const [a, b] = [pieces(first), pieces(second)]
  let [left, right] = [await next(a), await next(b)]
  // A new, still empty log is no copy of an old one.
  let same = false
  try {
    while (left !== null && right !== null) {
      const length = Math.min(left.length, right.length)
      if (!left.subarray(0, length).equals(right.subarray(0, length))) return null
      same = true
      left = length < left.length ? left.subarray(length) : await next(a)
      right = length < right.length ? right.subarray(length) : await next(b)
    }
  } finally {
    await Promise.all([a.return(undefined), b.return(undefined)])
  }
  if (!same) return null
  // What goes on is the whole one: its copy is still being written.
  return right === null ? second : first
}

/** The unpacked bytes; nothing when it cannot be read. */
async function* pieces(file: string): AsyncGenerator<Buffer> {
  const opened = openInput(file)
  if (opened.kind === 'refused') return
  try {
    const chunks: AsyncIterable<Buffer> = opened.kind === 'stream' ? opened.chunks : createReadStream(file)
    for await (const chunk of chunks) if (chunk.length > 0) yield chunk
  } catch {
    // Told when it is read.
  }
}

async function next(of: AsyncGenerator<Buffer>): Promise<Buffer | null> {
  const { value, done } = await of.next()
  return done === true ? null : value
}
