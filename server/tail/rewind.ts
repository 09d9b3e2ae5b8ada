/** Lets a file be read again from a little before where it was left. */
import { statSync } from 'node:fs'
import type { FilePosition, Resume } from './contract.ts'
import { moved, place } from './position.ts'
import { siblings } from './siblings.ts'

/** Reading more than that again would hold up the start, bytes. */
const MOST = 16 * 2 ** 20

/** @param from the beginning of a line before `stored`, of the same generation. @returns null when the file is not
 *  there, or too much was written since: then it goes on at `stored`. */
export function rewindFile(path: string, stored: Resume, from: { seq: number; line: number }): Resume | null {
  const position = stored.position as FilePosition
  if (from.seq >= stored.seq || stored.seq - from.seq > MOST) return null
  // Emptied and filled again, or a copy of it: what is then read first may be another file's.
  if (!isThere(path, position)) return null
  const before = moved(position, { offset: from.seq, line: from.line, inLine: false })
  return { generation: stored.generation, ...place(before) }
}

/** Under its name, or under another one since a rotation. */
function isThere(path: string, { ino, offset, at }: FilePosition): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isFile() && there.ino === ino) return there.size >= offset
  try {
    return siblings(path, at).some((one) => one.ino === ino && one.packing === 'plain' && one.size >= offset)
  } catch {
    // They are just being renamed.
    return false
  }
}
