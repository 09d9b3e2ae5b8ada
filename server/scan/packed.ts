/** Compressed formats, known by their first bytes and not by a name: logs are renamed, and pipes have none. */
import { canUnzstd, gunzip, unzstd, type OnFault } from './decompress.ts'
import { findUnpacker, unpackByProgram, type Unpacker } from './unpack-program.ts'

export interface Packed {
  name: string
  matches(head: Buffer): boolean
  /** Command words that test, and that unpack whatever memory it takes. */
  test: string
  unpackAnyway: string
  /** The Debian package of the program that is needed and is not there; null when we can unpack. */
  missing(): string | null
  /** Everything up to a fault, which is told. `source` must not throw. */
  unpack(source: AsyncIterable<Buffer>, onFault: OnFault): AsyncGenerator<Buffer>
}

/** What a window or dictionary may take: that of `zstd --long`, 128 MiB. xz counts what it needs itself as well. */
const XZ_LIMIT = '--memlimit-decompress=160MiB'

const ZSTD: Unpacker = { program: 'zstd', args: ['-dcq', '--memory=128MiB'], busybox: false }
/** One thread takes less memory. BusyBox's xz has no limit. */
const XZ: Unpacker = { program: 'xz', args: ['-dcq', '-T1', XZ_LIMIT], busybox: false }
/** Takes 4 MiB whatever the file. */
const BZIP2: Unpacker = { program: 'bzip2', args: ['-dc'], busybox: true }

const startsWith = (head: Buffer, ...magic: number[]): boolean => magic.every((byte, i) => head[i] === byte)

export const PACKED: readonly Packed[] = [
  {
    name: 'gzip',
    matches: (head) => startsWith(head, 0x1f, 0x8b, 8),
    test: 'gzip -t',
    unpackAnyway: 'gzip -dc',
    missing: () => null,
    // Named in a function: a late group of the build.
    unpack: (source, onFault) => gunzip(source, onFault),
  },
  {
    name: 'Zstandard',
    // A frame, or one to be skipped (0x184d2a50 to …5f): pzstd starts with those.
    matches: (head) =>
      startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) ||
      (startsWith(head.subarray(1), 0x2a, 0x4d, 0x18) && (head.readUInt8(0) & 0xf0) === 0x50),
    test: 'zstd -t --long=31',
    unpackAnyway: 'zstd -dc --long=31',
    missing: () => (findUnpacker(ZSTD) !== null || canUnzstd() ? null : 'zstd'),
    // The program first: the same on every Node.js, and its window is not in our memory.
    unpack(source, onFault) {
      const file = findUnpacker(ZSTD)
      return file === null ? unzstd(source, onFault) : unpackByProgram(ZSTD, file, source, onFault)
    },
  },
  {
    name: 'bzip2',
    // "BZh1" to "BZh9" could begin a line of text; the start of a block, or of the end of an empty stream, could not.
    matches: (head) => /^BZh[1-9](?:1AY&SY|\x17rE8P\x90)/.test(head.toString('latin1')),
    test: 'bzip2 -t',
    unpackAnyway: 'bzip2 -dc',
    ...byProgram(BZIP2, 'bzip2'),
  },
  {
    name: 'xz',
    matches: (head) => startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
    test: 'xz -t',
    unpackAnyway: 'xz -dc',
    ...byProgram(XZ, 'xz-utils'),
  },
]

export const packedFormat = (head: Buffer): Packed | null => PACKED.find((format) => format.matches(head)) ?? null

function byProgram(unpacker: Unpacker, debian: string): Pick<Packed, 'missing' | 'unpack'> {
  return {
    missing: () => (findUnpacker(unpacker) === null ? debian : null),
    async *unpack(source, onFault) {
      const file = findUnpacker(unpacker)
      if (file === null) onFault('failed')
      else yield* unpackByProgram(unpacker, file, source, onFault)
    },
  }
}
