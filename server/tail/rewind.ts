/** Lets a file be read again from a little before where it was left. */
import { statSync } from 'node:fs'
import type { FilePosition, Resume } from './contract.ts'
import { moved, place } from './position.ts'

/** Reading more than that again would hold up the start, bytes. */
const MOST = 16 * 2 ** 20

/** @param from the beginning of a line before `stored`, of the same generation. @returns null when the file is not where it
 *  was, or too much was written since: then it goes on at `stored`. */
export function rewindFile(path: string, stored: Resume, from: { seq: number; line: number }): Resume | null {
  const position = stored.position as FilePosition
  if (from.seq >= stored.seq || stored.seq - from.seq > MOST) return null
  const there = statSync(path, { throwIfNoEntry: false })
  // Renamed, or emptied and filled again: what is then read first is another file's.
  if (!there?.isFile() || there.ino !== position.ino || there.size < position.offset) return null
  const before = moved(position, { offset: from.seq, line: from.line, inLine: false })
  return { generation: stored.generation, ...place(before) }
}
