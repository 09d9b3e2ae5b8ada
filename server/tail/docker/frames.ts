/** The bytes of a container's log → lines with their stamps. Without a TTY every message is a frame: a byte for the
 *  stream, three zeros, the length (big endian), the message. A message is a line or a piece of one, each with a stamp
 *  of its own in front (measured: Docker 20.10 with nine digits of a second, Podman 4.3 with none). With a TTY the
 *  stamped lines come bare. What has no end yet when the connection ends is read again by the next one.
 *  Source: Docker Engine API, ContainerAttach, "Stream format"; moby daemon/logger/copier.go. */

export type Stream = 'stdout' | 'stderr'

export interface StampedLine {
  stream: Stream
  /** `2026-11-21T06:13:34.123456789Z`: compares as text. '' when the engine gave none. */
  stamp: string
  /** With its stamp in front, no line end. Only valid until the reader goes on. */
  bytes: Buffer
}

/** A line of more is cut, whatever its pieces: what is behind this ends no record. */
const MAX_LINE = 2 ** 20
/** Docker cuts a line only where its buffer is full. */
const FULL_PIECE = 16_384
const HEADER = 8
const LINE_FEED = 10
const BLANK = 32
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/
const DOCKER_STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/
const STAMP_LENGTH = 30
/** Longest stamp: nine digits and an offset. */
const MAX_STAMP = 35

export interface LogForm {
  tty: boolean
  /** A piece of a line may have any length: Podman's, that passes on what it read from the pipe. */
  shortPieces: boolean
}

export class NotFrames extends Error {
  override name = 'NotFrames'
}

/** A message of the engine itself, in place of the log. */
export class EngineSays extends Error {
  override name = 'EngineSays'
}

interface Pending {
  stamp: string
  parts: Buffer[]
  size: number
}

export class LogReader {
  private readonly onLine: (line: StampedLine) => void
  private readonly form: LogForm
  private readonly header = Buffer.alloc(HEADER)
  private headerLength = 0
  private stream: Stream | 'engine' = 'stdout'
  /** Bytes of the current frame that are still to come, and what came of it. */
  private left = 0
  private frame: Pending = { stamp: '', parts: [], size: 0 }
  private readonly pending = new Map<Stream, Pending>()

  constructor(form: LogForm, onLine: (line: StampedLine) => void) {
    this.form = form
    this.onLine = onLine
  }

  /** Takes bytes as they come. Throws NotFrames or EngineSays. */
  read(bytes: Buffer): void {
    if (this.form.tty) return this.bare(bytes)
    let at = 0
    while (at < bytes.length) {
      if (this.left === 0) {
        const taken = Math.min(HEADER - this.headerLength, bytes.length - at)
        bytes.copy(this.header, this.headerLength, at, at + taken)
        this.headerLength += taken
        at += taken
        if (this.headerLength === HEADER) this.begin()
        continue
      }
      const part = bytes.subarray(at, at + this.left)
      // Most frames come in one piece, and need no copy.
      if (this.frame.size === 0 && part.length === this.left && part.length <= MAX_LINE) {
        this.left = 0
        at += part.length
        this.whole(part)
        continue
      }
      keep(this.frame, part)
      at += part.length
      this.left -= part.length
      if (this.left === 0) this.end()
    }
  }

  private begin(): void {
    const { header } = this
    this.headerLength = 0
    const type = header[0] ?? 0
    if (type > 3 || header[1] !== 0 || header[2] !== 0 || header[3] !== 0)
      throw new NotFrames('the log does not come in frames')
    this.stream = type === 3 ? 'engine' : type === 2 ? 'stderr' : 'stdout'
    // Of a frame that says it is gigabytes long only the beginning is kept: see keep().
    this.left = header.readUInt32BE(4)
    this.frame = { stamp: '', parts: [], size: 0 }
  }

  private end(): void {
    const bytes = joined(this.frame)
    this.frame = { stamp: '', parts: [], size: 0 }
    this.whole(bytes)
  }

  private whole(bytes: Buffer): void {
    if (this.stream === 'engine') throw new EngineSays(bytes.toString('utf8', 0, 1000))
    this.message(this.stream, bytes)
  }

  /** One message: usually a line, or a piece. */
  private message(stream: Stream, bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(LINE_FEED, at)
      const end = newline === -1 ? bytes.length : newline
      const stamp = newline === -1 || this.pending.has(stream) ? null : dockerStamp(bytes, at)
      if (stamp !== null) {
        this.onLine({ stream, stamp, bytes: bytes.subarray(at, end) })
        at = end + 1
        continue
      }
      this.piece(stream, bytes.subarray(at, end))
      // What a program wrote last before it ended may lack its line end; what it writes next is no part of that.
      const ended = newline !== -1 || (!this.form.shortPieces && end - at < FULL_PIECE)
      if (ended) this.complete(stream)
      at = end + 1
    }
  }

  /** The first piece keeps its stamp, the others lose it. */
  private piece(stream: Stream, bytes: Buffer): void {
    const pending = this.pending.get(stream)
    const stamp = stampOf(bytes)
    if (pending) {
      keep(pending, stamp === null ? bytes : bytes.subarray(stamp.length))
      return
    }
    const begun: Pending = { stamp: stamp?.text ?? '', parts: [], size: 0 }
    // Others than Docker's own form are written in it: parsers know that one.
    if (stamp !== null && bytes.toString('latin1', 0, stamp.length - 1) !== stamp.text) {
      keep(begun, Buffer.from(`${stamp.text} `))
      keep(begun, bytes.subarray(stamp.length))
    } else keep(begun, bytes)
    this.pending.set(stream, begun)
  }

  private complete(stream: Stream): void {
    const pending = this.pending.get(stream)
    if (pending) this.emit(stream, pending)
    this.pending.delete(stream)
  }

  private emit(stream: Stream, pending: Pending): void {
    this.onLine({ stream, stamp: pending.stamp, bytes: joined(pending) })
  }

  private bare(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(LINE_FEED, at)
      const end = newline === -1 ? bytes.length : newline
      keep(this.frame, bytes.subarray(at, end))
      at = end + 1
      if (newline === -1) return
      const line = joined(this.frame)
      this.frame = { stamp: '', parts: [], size: 0 }
      this.piece('stdout', line.at(-1) === 13 ? line.subarray(0, -1) : line)
      this.complete('stdout')
    }
  }
}

/** The stamp at `at` when it is in Docker's form, which needs no change. */
function dockerStamp(bytes: Buffer, at: number): string | null {
  if (bytes[at + STAMP_LENGTH] !== BLANK) return null
  const stamp = bytes.toString('latin1', at, at + STAMP_LENGTH)
  return DOCKER_STAMP.test(stamp) ? stamp : null
}

/** Adds a copy of `bytes`, up to the longest line. */
function keep(to: Pending, bytes: Buffer): void {
  const part = bytes.subarray(0, MAX_LINE - to.size)
  if (part.length === 0) return
  to.size += part.length
  const last = to.parts.at(-1)
  // A line that comes byte by byte must not become a million buffers.
  if (last !== undefined && last.length + part.length <= 4096)
    to.parts[to.parts.length - 1] = Buffer.concat([last, part])
  else to.parts.push(Buffer.from(part))
}

const joined = ({ parts }: Pending): Buffer => (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts))

/** The stamp a message begins with, and its length with the blank behind it; null without one. */
function stampOf(bytes: Buffer): { text: string; length: number } | null {
  const head = bytes.subarray(0, MAX_STAMP + 1)
  const blank = head.indexOf(BLANK)
  // An empty line may have lost the blank.
  const end = blank === -1 ? head.length : blank
  const found = STAMP.exec(head.toString('latin1', 0, end))
  if (!found) return null
  const [, seconds = '', digits = '', zone = ''] = found
  const length = blank === -1 ? end : end + 1
  const fraction = digits.padEnd(9, '0')
  if (zone === 'Z') return { text: `${seconds}.${fraction}Z`, length }
  const utc = Date.parse(`${seconds}${zone}`)
  return Number.isNaN(utc) ? null : { text: `${new Date(utc).toISOString().slice(0, 19)}.${fraction}Z`, length }
}
