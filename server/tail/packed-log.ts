/** A log that was rotated and packed before it was read to its end: the same bytes, at the same offsets. Packed bytes
 *  cannot be entered in the middle, so all before the position is unpacked and passed over. */
import { statSync, type Stats } from 'node:fs'
import { openInput, type OpenedInput } from '../scan/contract.ts'
import type { FilePosition } from './contract.ts'
import { CHUNK_BYTES, LineWindow, type Offer } from './line-window.ts'
import type { Log, Start, Step } from './open-log.ts'
import { HEAD_BYTES, sha256 } from './position.ts'
import { Moving } from './siblings.ts'

type Unpacking = Extract<OpenedInput, { kind: 'stream' }>

/** The first bytes of what a packed file holds, at most `length`; fewer when it holds fewer, is damaged, or cannot be
 *  unpacked here. */
export async function packedHead(path: string, length: number): Promise<Buffer> {
  const opened = openInput(path)
  if (opened.kind !== 'stream') return Buffer.alloc(0)
  let head = Buffer.alloc(0)
  for await (const piece of opened.chunks) {
    head = Buffer.concat([head, piece.subarray(0, length - head.length)])
    if (head.length >= length) break
  }
  return head
}

/** Opens it and unpacks its beginning. @throws Moving when the name passed to another file meanwhile; Error with a
 *  sentence for a person when it cannot be unpacked. */
export async function openPacked(path: string, start: Start): Promise<PackedLog> {
  const stat = statAt(path)
  const head = await packedHead(path, HEAD_BYTES)
  const opened = openInput(path)
  if (opened.kind === 'refused') throw new Error(opened.error.message)
  if (opened.kind === 'file') throw new Error(`${path} is not packed, as its name says; name it otherwise`)
  const log = new PackedLog(opened, stat, head, start)
  await log.begin()
  if (statAt(path).ino !== stat.ino) {
    log.close()
    throw new Moving(`${path} was renamed while it was looked at`)
  }
  return log
}

function statAt(path: string): Stats {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new Moving(`${path} was renamed while it was looked at`)
  return stat
}

export class PackedLog implements Log {
  readonly as = 'packed'
  readonly ino: number
  readonly waiting = false
  readonly behind = true
  readonly opened = -Infinity
  /** It never grows. */
  readonly grown = -Infinity
  readonly #dev: number
  readonly #head: Buffer
  readonly #lines: LineWindow
  readonly #unpacking: Unpacking
  readonly #pieces: AsyncIterator<Buffer>
  /** Unpacked bytes that are not done with, and what did not fit. */
  #window = Buffer.allocUnsafe(CHUNK_BYTES)
  #length = 0
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes still to be passed over. */
  #before: number
  #ended = false

  constructor(unpacking: Unpacking, stat: Stats, head: Buffer, start: Start) {
    this.#head = head
    this.#dev = stat.dev
    this.ino = stat.ino
    this.#unpacking = unpacking
    this.#pieces = unpacking.chunks[Symbol.asyncIterator]()
    const begin = { offset: 0, line: 1, history_until: 0, head_bytes: head.length, head_sha256: sha256(head) }
    this.#lines = new LineWindow(start.generation, {
      ...(start.position ?? begin),
      dev: stat.dev,
      ino: stat.ino,
      mtime: Math.max(stat.mtimeMs, start.after ?? 0, start.position?.mtime ?? 0),
    })
    this.#before = this.position.offset
  }

  get generation(): string {
    return this.#lines.generation
  }

  get position(): FilePosition {
    return this.#lines.position
  }

  /** What it unpacks to is not known before: at least what is still packed. */
  get size(): number {
    const packed = Math.max(0, (this.#unpacking.size ?? 0) - this.#unpacking.consumed())
    return this.position.offset + this.#length + this.#rest.length + (this.#ended ? 0 : packed)
  }

  get damage(): string | null {
    return this.#unpacking.problem()?.message ?? null
  }

  is(stat: Stats): boolean {
    return stat.ino === this.ino && stat.dev === this.#dev
  }

  belongsTo({ head_bytes, head_sha256 }: FilePosition): boolean {
    const head = this.#head.subarray(0, head_bytes)
    return head.length === head_bytes && sha256(head) === head_sha256
  }

  /** Unpacks the first piece: from then on the file is open, whatever happens to its name. */
  begin(): Promise<void> {
    return this.#unpackMore()
  }

  async step(offer: Offer): Promise<Step> {
    this.#fill()
    while (this.#length < CHUNK_BYTES && !this.#ended) await this.#unpackMore()
    if (this.#length === 0) return 'caught-up'
    const bytes = this.#window.subarray(0, this.#length)
    if (this.position.in_line) {
      this.#drop(this.#lines.skipLine(bytes))
      return 'more'
    }
    const { offset } = this.position
    const ends = this.#ended && this.#rest.length === 0
    const seen = this.#lines.offer(offer, bytes, { ends, quiet: ends })
    this.#drop(this.position.offset - offset)
    return seen === null ? 'caught-up' : 'more'
  }

  close(): void {
    void this.#pieces.return?.()
  }

  async #unpackMore(): Promise<void> {
    const { value, done } = await this.#pieces.next()
    if (done === true) this.#ended = true
    else {
      const skipped = Math.min(this.#before, value.length)
      this.#before -= skipped
      this.#rest = value.subarray(skipped)
      this.#fill()
    }
  }

  /** Moves from the rest what fits into the window. */
  #fill(): void {
    const fits = this.#rest.copy(this.#window, this.#length)
    this.#length += fits
    this.#rest = this.#rest.subarray(fits)
  }

  #drop(bytes: number): void {
    this.#window.copyWithin(0, bytes, this.#length)
    this.#length -= bytes
  }
}
