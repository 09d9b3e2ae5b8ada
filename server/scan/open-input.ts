/** Opens one input of findInputs: a plain file to be read by offset, or a stream of bytes. */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { InputError } from './contract.ts'
import { gunzip } from './decompress.ts'
import { inputError, shellQuote, systemError } from './input-errors.ts'

export type OpenedInput =
  | {
      /** A regular, uncompressed file: read it by offset, in as many workers as you like. */
      kind: 'file'
      path: string
      /** Bytes at the time of opening; a live log may have grown since. */
      size: number
    }
  | {
      /** Bytes in order, once: standard input, a pipe, or a gzip file (already unpacked). */
      kind: 'stream'
      path: string
      /** Bytes on disk (compressed for gzip), for progress; null when unknown. */
      size: number | null
      chunks: AsyncIterable<Buffer>
      /** Bytes of `size` consumed so far. */
      consumed(): number
      /** Ask after the last chunk: the input ended early (damaged gzip, read error). What came before counts. */
      problem(): InputError | null
    }
  | { kind: 'refused'; error: InputError }

const CHUNK = 1 << 20

/** Standard input under any of its names. */
export const isStdin = (name: string): boolean =>
  name === '-' || name === '/dev/stdin' || name === '/dev/fd/0' || name === '/proc/self/fd/0'

/** Never throws. @param path a path from findInputs, or `-` for standard input. */
export function openInput(path: string): OpenedInput {
  if (isStdin(path)) return stream('-', null, () => process.stdin, null)
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
  const foreign = foreignFormat(path, head)
  if (foreign) return { kind: 'refused', error: foreign }
  if (!isGzip(head)) return { kind: 'file', path, size }
  return stream(path, size, () => createReadStream(path, { highWaterMark: CHUNK }), head)
}

/** Read by polling, not by a thread that waits in read(2): a process cannot end while one does, though it was told to. */
const pipe = (path: string): AsyncIterable<Buffer> =>
  new Socket({ fd: openSync(path, 'r'), readable: true, writable: false })

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(16)
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

export const isGzip = (head: Buffer): boolean =>
  head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8

function stream(
  path: string,
  size: number | null,
  open: () => AsyncIterable<Buffer | string>,
  head: Buffer | null,
): Extract<OpenedInput, { kind: 'stream' }> {
  let consumed = 0
  let problem: InputError | null = null
  const fail = (error: InputError): void => {
    problem ??= error
  }
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of open()) {
        const buffer = typeof piece === 'string' ? Buffer.from(piece) : piece
        consumed += buffer.length
        yield buffer
      }
    } catch (error) {
      fail(systemError(path, error))
    }
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    const source = bytes()
    const { start, rest } = await peek(source, head)
    const foreign = foreignFormat(path, start)
    if (foreign) {
      fail(foreign)
      await source.return(undefined)
    } else if (isGzip(start)) {
      yield* gunzip(rest, (fault) => fail(gzipFault(path, fault)))
    } else {
      yield* rest
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

function gzipFault(path: string, fault: 'truncated' | 'damaged'): InputError {
  const what = fault === 'truncated' ? 'the gzip data ends too early' : 'the gzip data is damaged'
  return inputError(
    path,
    'damaged',
    `${path}: ${what}; reported is what could be read before; test it: gzip -t ${shellQuote(path)}`,
  )
}

interface ForeignFormat {
  name: string
  magic: readonly number[]
  /** The command that turns it into lines; absent: it holds none. */
  command?: string
}

/** Files that end up among logs. The list is for a clear word; anything else unreadable is counted as unread lines. */
const FOREIGN: readonly ForeignFormat[] = [
  { name: 'Zstandard data', magic: [0x28, 0xb5, 0x2f, 0xfd], command: 'zstd -dc' },
  { name: 'bzip2 data', magic: [0x42, 0x5a, 0x68], command: 'bzip2 -dc' },
  { name: 'xz data', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], command: 'xz -dc' },
  { name: 'a zip archive', magic: [0x50, 0x4b, 0x03, 0x04], command: 'unzip -p' },
  { name: 'UTF-16 text (PowerShell writes it with ">")', magic: [0xff, 0xfe], command: 'iconv -f UTF-16 -t UTF-8' },
  { name: 'UTF-16 text', magic: [0xfe, 0xff], command: 'iconv -f UTF-16 -t UTF-8' },
  { name: 'a systemd journal', magic: [...Buffer.from('LPKSHHRH')], command: 'journalctl -o json --file' },
  { name: 'a SQLite database', magic: [...Buffer.from('SQLite format 3\0')] },
  { name: 'a program', magic: [0x7f, 0x45, 0x4c, 0x46] },
  { name: 'an image', magic: [0x89, 0x50, 0x4e, 0x47] },
  { name: 'an image', magic: [0xff, 0xd8, 0xff] },
  { name: 'a PDF', magic: [...Buffer.from('%PDF-')] },
]

function foreignFormat(path: string, head: Buffer): InputError | null {
  const format = FOREIGN.find(({ magic }) => magic.every((byte, i) => head[i] === byte))
  if (!format) return null
  if (!format.command) return inputError(path, 'not-text', `${path}: ${format.name}, not a log; name a log file`)
  const file = path === '-' ? 'FILE' : shellQuote(path)
  return inputError(
    path,
    'compressed',
    `${path}: ${format.name}; unpack it on the way: ${format.command} ${file} | halfopen analyze -`,
  )
}
