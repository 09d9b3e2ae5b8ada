/** One open log: reads on from its position, one chunk a step. Works on the descriptor, so a renamed or deleted file
 *  is read to its end. */
import { closeSync, fstatSync, readSync, type Stats } from 'node:fs'
import type { FilePosition } from './contract.ts'
import { CHUNK_BYTES, LineWindow, type Offer } from './line-window.ts'
import { beginsAs, HEAD_BYTES, readHead, recognise, sha256 } from './position.ts'
import { openRegular } from './regular-file.ts'
import { resolved } from './siblings.ts'

/** Quiet time after which nothing is expected to complete a record, ms. */
export const QUIET = 1000
const LINE_FEED = 10

/** Shared by all logs: a step reads and hands out without yielding. */
const WINDOW = Buffer.allocUnsafe(CHUNK_BYTES)

/** Under what name the file was opened: the log's own, that of a rotation (a writer may still have it open), that of
 *  a copy, or packed (nobody writes to those). */
export type OpenedAs = 'path' | 'rotated' | 'copy' | 'packed'
/** `truncated`: what stood before the position is no longer there. `touched`: nothing of it was read yet, and it was written
 *  to or emptied since the last look; what it held meanwhile may be in a copy (see OpenLog.accept). */
export type Step = 'more' | 'caught-up' | 'truncated' | 'touched'

export interface Start {
  generation: string
  /** null: from the beginning, with the bytes below `history` (`all`: the present size) as history. */
  position: FilePosition | null
  history: 'all' | 'none'
  /** `mtime` of the file that was read before. */
  after?: number | undefined
  /** The log's path is a link, so that its name does not tell where the file is. */
  linked?: boolean
}

/** A log as the follower reads it. */
export interface Log {
  readonly as: OpenedAs
  readonly generation: string
  readonly ino: number
  readonly position: FilePosition
  /** Bytes that are known to be in it. */
  readonly size: number
  /** When it was opened, and when it was last seen to have grown, ms of the caller's clock. */
  readonly opened: number
  readonly grown: number
  /** True while there are bytes that were not looked at. */
  readonly behind: boolean
  /** True while lines are held back that 1 s of quiet will make final. */
  readonly waiting: boolean
  /** What of it cannot be read, one line; null when all is well. */
  readonly damage: string | null
  /** Whether this descriptor is the file that `stat` describes. */
  is(stat: Stats): boolean
  /** Whether it holds what was read up to `position`. A copy may end before that. */
  belongsTo(position: FilePosition): boolean
  /** Offers at most one chunk.
   *  @param finish the file is complete: offer everything, also a last line without its line end. */
  step(offer: Offer, now: number, finish: boolean): Step | Promise<Step>
  close(): void
}

export class OpenLog implements Log {
  readonly as: OpenedAs
  readonly dev: number
  readonly ino: number
  readonly damage = null
  size: number
  readonly opened: number
  grown: number
  /** Last change, epoch ms of the file system's clock. */
  mtime: number
  readonly #path: string
  readonly #fd: number
  readonly #lines: LineWindow
  #head: Buffer
  /** What was found when a step said `touched`. */
  #found: { head: Buffer; mtime: number } | null = null
  /** End of what was looked at: below it no line end was missed. */
  #seen = 0

  /** @throws as openRegular. */
  constructor(path: string, as: OpenedAs, start: Start, now: number, { fd, stat } = openRegular(path)) {
    const { dev, ino, mtimeMs } = stat
    this.#path = path
    this.#fd = fd
    this.as = as
    this.dev = dev
    this.ino = ino
    this.size = stat.size
    this.mtime = mtimeMs
    this.opened = now
    this.grown = as === 'path' ? now : -Infinity
    this.#head = start.position ? readHead(fd, start.position.head_bytes) : Buffer.alloc(0)
    const history_until = start.history === 'all' ? stat.size : 0
    const begin: Omit<FilePosition, 'dev' | 'ino'> = {
      offset: 0,
      line: 1,
      head_bytes: 0,
      head_sha256: sha256(this.#head),
      history_until,
    }
    const { at: _, ...known } = start.position ?? begin
    const real = resolved(path)
    this.#lines = new LineWindow(start.generation, {
      ...known,
      dev,
      ino,
      mtime: Math.max(mtimeMs, start.after ?? 0, start.position?.mtime ?? 0),
      ...(real === path && start.linked !== true ? {} : { at: real }),
    })
  }

  get generation(): string {
    return this.#lines.generation
  }

  get position(): FilePosition {
    return this.#lines.position
  }

  get behind(): boolean {
    return this.#seen < this.size
  }

  get waiting(): boolean {
    return this.#lines.waiting
  }

  is(stat: Stats): boolean {
    return stat.ino === this.ino && stat.dev === this.dev
  }

  belongsTo(position: FilePosition): boolean {
    return this.recognise(position) !== null || (this.as === 'copy' && beginsAs(this.#fd, position))
  }

  /** Whether this file is the one of `position`. */
  recognise(position: FilePosition): 'same' | 'copy' | null {
    return recognise(this.#fd, fstatSync(this.#fd), position)
  }

  step(offer: Offer, now: number, finish: boolean): Step {
    const { size, mtimeMs } = fstatSync(this.#fd)
    const { offset, mtime = 0 } = this.position
    const unknown = this.as === 'path' && this.#head.length === 0 && this.#seen === 0
    // A tick of the file system's clock is some ms: a file may be emptied without a later time.
    const touched = unknown && (this.#found !== null || mtimeMs > mtime || size < this.size)
    this.mtime = mtimeMs
    if (size > this.size) this.grown = now
    this.size = size
    if (touched) {
      this.#found = { head: readHead(this.#fd, HEAD_BYTES), mtime: mtimeMs }
      return 'touched'
    }
    // A copy may be shorter than what was read of the original.
    if (size < offset && this.as === 'copy') return 'caught-up'
    if (size < offset || !this.#sameHead()) return 'truncated'
    if (mtimeMs > mtime) this.#lines.position = { ...this.position, mtime: mtimeMs }
    if (this.position.in_line) return this.#skipLine()

    const quiet = finish || now - this.grown >= QUIET
    const due = this.#lines.full || (finish && offset < size) || (quiet && this.waiting && this.#seen >= size)
    if (!due && this.#seen > offset && !this.#lineEndFollows()) return 'caught-up'
    const length = this.#read(offset)
    if (length === 0) return 'caught-up'
    // Only now is it certain that what was read belongs to what stood before it.
    if (this.#cutOff(offset + length)) return 'truncated'
    const rest = offset + length >= size
    const seen = this.#lines.offer(offer, WINDOW.subarray(0, length), { ends: finish && rest, quiet: quiet && rest })
    // Only now: after an exception the same bytes are due again.
    this.#seen = seen ?? offset + length
    return seen === null ? 'caught-up' : 'more'
  }

  /** Whether a file that begins with these bytes is a copy of what was found when this one was touched. */
  isFound(head: Buffer): boolean {
    const found = this.#found?.head ?? Buffer.alloc(0)
    const length = Math.min(head.length, found.length)
    return length > 0 && head.subarray(0, length).equals(found.subarray(0, length))
  }

  /** After `touched`: what was found is what is read next. From now on it has a head, so that losing it shows. */
  accept(): void {
    if (this.#found === null) return
    const { head, mtime } = this.#found
    this.#found = null
    this.#lines.position = { ...this.position, mtime: Math.max(mtime, this.position.mtime ?? 0) }
    if (head.length > 0) this.#know(head)
  }

  /** The same descriptor from its beginning: of a truncated file that may have another name by now, or be closed to us.
   *  It is the new log's to close. */
  again(start: Start, now: number): OpenLog {
    return new OpenLog(this.#path, this.as, start, now, { fd: this.#fd, stat: fstatSync(this.#fd) })
  }

  close(): void {
    closeSync(this.#fd)
  }

  #skipLine(): Step {
    const { offset } = this.position
    const length = this.#read(offset)
    if (this.#cutOff(offset + length)) return 'truncated'
    this.#lines.skipLine(WINDOW.subarray(0, length))
    this.#seen = 0
    return length > 0 ? 'more' : 'caught-up'
  }

  /** Looks at new bytes only, so that a line that grows by and by is not read from its start each time. */
  #lineEndFollows(): boolean {
    const windowEnd = this.position.offset + CHUNK_BYTES
    if (this.#seen >= Math.min(this.size, windowEnd)) return this.#seen >= windowEnd && this.size > windowEnd
    const length = this.#read(this.#seen, windowEnd - this.#seen)
    if (WINDOW.subarray(0, length).includes(LINE_FEED)) return true
    this.#seen += length
    return this.#seen >= windowEnd
  }

  #read(from: number, limit: number = CHUNK_BYTES): number {
    let length = 0
    while (length < limit) {
      const got = readSync(this.#fd, WINDOW, length, limit - length, from + length)
      if (got === 0) break
      length += got
    }
    return length
  }

  #cutOff(end: number): boolean {
    return fstatSync(this.#fd).size < end || !this.#sameHead()
  }

  /** False when the file no longer begins as it did: truncated and written anew. Grows the known head up to 1 KiB. */
  #sameHead(): boolean {
    const head = readHead(this.#fd, HEAD_BYTES)
    if (!head.subarray(0, this.#head.length).equals(this.#head)) return false
    if (head.length > this.#head.length) this.#know(head)
    return true
  }

  #know(head: Buffer): void {
    this.#head = head
    this.#lines.position = { ...this.position, head_bytes: head.length, head_sha256: sha256(head) }
  }
}
