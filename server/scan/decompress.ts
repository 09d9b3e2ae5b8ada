/** Unpacks with Node's own zlib, in its threads. What was readable before a fault is never lost. */
import { once } from 'node:events'
import type { Transform, Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ReadAhead } from './read-ahead.ts'

/** Output in large pieces: with zlib's default of 16 KiB, gunzip takes twice as long (measured). */
const CHUNK = 256 * 1024

/** `window`: unpacking would take more memory than we allow. `failed`: the program that unpacks could not be run. */
export type Fault = 'truncated' | 'damaged' | 'window' | 'failed'
export type OnFault = (fault: Fault) => void

/** Unpacks all members of a gzip stream. At a fault it stops after the last readable byte and calls `onFault`.
 *  Zeros after the last member (tape padding) are no fault. */
export const gunzip = (source: AsyncIterable<Buffer>, onFault: OnFault): AsyncGenerator<Buffer> =>
  unpack(createGunzip({ chunkSize: CHUNK }), source, onFault)

/** All frames of a Zstandard stream, by a Node.js for which canUnzstd() is true. */
export const unzstd = (source: AsyncIterable<Buffer>, onFault: OnFault): AsyncGenerator<Buffer> =>
  unpack(newerZlib().createZstdDecompress?.({ chunkSize: CHUNK }) as Transform, source, onFault)

/** Newer than the oldest Node.js we run on. */
interface NodeZstd {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform
  zstdCompressSync?: (data: string) => Buffer
  zstdDecompressSync?: (data: Buffer) => Buffer
}

const newerZlib = (): NodeZstd => process.getBuiltinModule('node:zlib') as NodeZstd

/** Whether this Node.js reads Zstandard as it is written. 20 and 22.14 do not at all; 22.15 stops after the first frame
 *  and takes a truncated one for whole, so it is tried and not asked for its version. */
export function canUnzstd(): boolean {
  const { zstdCompressSync, zstdDecompressSync } = newerZlib()
  if (!zstdCompressSync || !zstdDecompressSync) return false
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0])
  const frames = Buffer.concat([skippable, zstdCompressSync('a'), zstdCompressSync('b')])
  try {
    if (zstdDecompressSync(frames).toString() !== 'ab') return false
    zstdDecompressSync(frames.subarray(0, -1))
    return false
  } catch (error) {
    return faultOf(error) === 'truncated'
  }
}

async function* unpack(unpacker: Transform, source: AsyncIterable<Buffer>, onFault: OnFault): AsyncGenerator<Buffer> {
  const output = new ReadAhead(unpacker)
  // A bomb (gzip grows at most 1032-fold) fills the read-ahead, which then holds the unpacker back within a write.
  void feed(unpacker, source, async () => {
    await output.whenRoom()
    // Bytes after the last member that are none: zlib has ended the output by itself.
    return !unpacker.readableEnded
  })
  try {
    yield* output.pieces()
  } catch (error) {
    onFault(faultOf(error))
  } finally {
    unpacker.destroy()
  }
}

/** Writes everything to `sink` and ends it; stops when the sink does, or when `next` says so before a piece. Never
 *  rejects: the sink tells what failed.
 *  @param source must not throw */
export async function feed(sink: Writable, source: AsyncIterable<Buffer>, next: () => Promise<boolean>): Promise<void> {
  const closed = once(sink, 'close').catch(() => undefined)
  for await (const piece of source) {
    if (sink.destroyed || !(await next())) return
    await Promise.race([new Promise((resolve) => sink.write(piece, resolve)), closed])
  }
  if (await next()) sink.end()
}

function faultOf(error: unknown): Fault {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') return 'window'
  return code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged'
}
