/** Opens one input of findInputs: a plain file to be read by offset, or a stream of bytes. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { InputError } from './contract.ts'
import { cannotUnpack, foreignFormat, unpackFault } from './foreign.ts'
import { systemError } from './input-errors.ts'
import { packedFormat } from './packed.ts'
import { ReadAhead } from './read-ahead.ts'

export type OpenedInput =
  | {
      /** A regular, uncompressed file: read it by offset, in as many workers as you like. */
      kind: 'file'
      path: string
      /** Bytes at the time of opening; a live log may have grown since. */
      size: number
    }
  | {
      /** Bytes in order, once: standard input, a pipe, or a compressed file (already unpacked). */
      kind: 'stream'
      path: string
      /** Bytes on disk (still compressed), for progress; null when unknown. */
      size: number | null
      /** To be read once. Chunks of any length; each is the reader's to keep. Returning early closes everything. */
      chunks: AsyncIterable<Buffer>
      /** Bytes of `size` consumed so far; a little ahead of what `chunks` has given. */
      consumed(): number
      /** Ask after the last chunk: the input ended early (damaged, read error). What came before counts. */
      problem(): InputError | null
    }
  | { kind: 'refused'; error: InputError }

const CHUNK = 1 << 20

/** Standard input under any of its names. */
export const isStdin = (name: string): boolean =>
  name === '-' || name === '/dev/stdin' || name === '/dev/fd/0' || name === '/proc/self/fd/0'

/** Never throws. @param path a path from findInputs, or `-` for standard input. */
export function openInput(path: string): OpenedInput {
  if (isStdin(path)) return stream('-', null, standardInput, null)
  let head: Buffer
  let size: number
  try {
    const stats = statSync(path)
    // A pipe from <(command): its bytes are gone once read, and a second open would wait for ever.
    if (stats.isFIFO()) return stream(path, null, () => pipe(path), null)
    if (!stats.isFile())
      return { kind: 'refused', error: systemError(path, { code: stats.isDirectory() ? 'EISDIR' : 'ENXIO' }) }
    size = stats.size
    head = firstBytes(path)
  } catch (error) {
    return { kind: 'refused', error: systemError(path, error) }
  }
  const packed = packedFormat(head)
  const refusal = foreignFormat(path, head) ?? (packed && cannotUnpack(path, packed))
  if (refusal) return { kind: 'refused', error: refusal }
  if (!packed) return { kind: 'file', path, size }
  return stream(path, size, () => createReadStream(path, { highWaterMark: CHUNK }), head)
}

/** Read by polling, not by a thread that waits in read(2): a process cannot end while one does, though it was told to. */
const pipe = (path: string): Readable => new Socket({ fd: openSync(path, 'r'), readable: true, writable: false })

/** A file is read from where it stands, in large pieces; for the rest Node.js knows best (a pipe holds 64 KiB anyway). */
function standardInput(): Readable {
  try {
    if (fstatSync(0).isFile()) return createReadStream('', { fd: 0, autoClose: false, highWaterMark: CHUNK })
  } catch {
    // Closed: process.stdin is an empty stream then.
  }
  return process.stdin
}

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(16)
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

function stream(
  path: string,
  size: number | null,
  open: () => Readable,
  head: Buffer | null,
): Extract<OpenedInput, { kind: 'stream' }> {
  let consumed = 0
  let problem: InputError | null = null
  const fail = (error: InputError): void => {
    problem ??= error
  }
  async function* bytes(source: Readable): AsyncGenerator<Buffer> {
    try {
      for await (const piece of new ReadAhead(source).pieces()) {
        consumed += piece.length
        yield piece
      }
    } catch (error) {
      fail(systemError(path, error))
    }
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    const source = open()
    try {
      const { start, rest } = await peek(bytes(source), head)
      const packed = packedFormat(start)
      const refusal = foreignFormat(path, start) ?? (packed && cannotUnpack(path, packed))
      if (refusal) fail(refusal)
      else if (packed) yield* packed.unpack(rest, (fault) => fail(unpackFault(path, packed, fault)))
      else yield* rest
    } finally {
      // Also ends a read-ahead that waits for bytes which may never come.
      source.destroy()
    }
  }
  return { kind: 'stream', path, size, chunks: chunks(), consumed: () => consumed, problem: () => problem }
}

/** Looks at the first bytes without losing them. A pipe may deliver them one by one. */
async function peek(
  source: AsyncGenerator<Buffer>,
  known: Buffer | null,
): Promise<{ start: Buffer; rest: AsyncIterable<Buffer> }> {
  if (known) return { start: known, rest: source }
  let start: Buffer = Buffer.alloc(0)
  let ended = false
  while (start.length < 16 && !ended) {
    const next = await source.next()
    if (next.done) ended = true
    else start = start.length === 0 ? next.value : Buffer.concat([start, next.value])
  }
  async function* rest(): AsyncGenerator<Buffer> {
    if (start.length > 0) yield start
    if (!ended) yield* source
  }
  return { start, rest: rest() }
}
