/** Where a reader stands in a file, and how that file is recognised later. */
import { createHash } from 'node:crypto'
import { readSync, type Stats } from 'node:fs'
import type { FilePosition, Place } from './contract.ts'

/** Bytes of the head that identify a file: enough for the time stamps of several lines. */
export const HEAD_BYTES = 1024
const LINE_FEED = 10

/** The position after the first `consumed` of `bytes`, which begin at `position`.
 *  Bytes without a closing line end (see Chunk) leave the position inside their line. */
export function advance(position: FilePosition, bytes: Buffer, consumed: number): FilePosition {
  if (consumed === 0) return position
  let { line } = position
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && at < consumed; at = bytes.indexOf(LINE_FEED, at + 1)) line++
  return moved(position, { offset: position.offset + consumed, line, inLine: bytes[consumed - 1] !== LINE_FEED })
}

export const place = (position: FilePosition): Place => ({ seq: position.offset, position })

/** A copy of `position` at another place. */
export function moved(position: FilePosition, to: { offset: number; line: number; inLine: boolean }): FilePosition {
  const { in_line: _, ...rest } = position
  return { ...rest, offset: to.offset, line: to.line, ...(to.inLine ? { in_line: true as const } : {}) }
}

/** The first bytes of an open file, at most `length`. */
export function readHead(fd: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(length)
  return head.subarray(0, length === 0 ? 0 : readSync(fd, head, 0, length, 0))
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether an open file is the one a position belongs to: `same` file, a `copy` of it (other inode, same beginning,
 *  as copytruncate and restored backups leave), or null. The device is not compared where the head can be: its number
 *  changes with a reboot on LVM, NFS and overlays. */
export function recognise(fd: number, stat: Stats, position: FilePosition): 'same' | 'copy' | null {
  if (stat.size < position.offset) return null
  const known = position.head_bytes > 0
  if (known && !beginsAs(fd, position)) return null
  if (stat.ino === position.ino && (known || stat.dev === position.dev)) return 'same'
  return known ? 'copy' : null
}

/** Whether an open file has the head of a position; false when that is not known. */
export function beginsAs(fd: number, { head_bytes, head_sha256 }: FilePosition): boolean {
  return head_bytes > 0 && sha256(readHead(fd, head_bytes)) === head_sha256
}
