/** Logs packed by the real programs: whole, in several pieces, cut, damaged, and too hungry. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as zlib from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canUnzstd, unzstd, type Fault } from '../../server/scan/decompress.ts'
import { openInput } from '../../server/scan/open-input.ts'
import { describeWith, type ProgramId } from '../needs.ts'
import { ACCESS, REFUSED } from './logs.ts'
import { run } from './run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-packed-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (name: string, content: Buffer | string): string => {
  writeFileSync(path.join(dir, name), content)
  return path.join(dir, name)
}
/** Lines that do not compress to nothing, so that cutting the file cuts real content. */
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `${i} ${((i * 2654435761) >>> 0).toString(36)}\n`).join('')
const TEXT = lines(120_000)

async function drain(file: string): Promise<{ text: string; code: string | null; message: string }> {
  const opened = openInput(file)
  if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.kind}`)
  const pieces: Buffer[] = []
  for await (const piece of opened.chunks) pieces.push(piece)
  const problem = opened.problem()
  return { text: Buffer.concat(pieces).toString(), code: problem?.code ?? null, message: problem?.message ?? '' }
}

/** Children of this process that have not ended; Linux only. */
function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8')
      } catch {
        return ''
      }
    })
    .filter((stat) => new RegExp(`\\((?:zstd|bzip2|xz)\\) \\S ${process.pid} `).test(stat))
}

const SKIPPABLE = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const KINDS: { id: ProgramId & ('zstd' | 'bzip2' | 'xz'); pack: string[]; between: Buffer; blocks: number }[] = [
  { id: 'zstd', pack: ['-qc', '--check'], between: SKIPPABLE, blocks: 0.3 },
  { id: 'bzip2', pack: ['-c', '-1'], between: Buffer.alloc(0), blocks: 0.4 },
  { id: 'xz', pack: ['-c', '-1'], between: Buffer.alloc(0), blocks: 0.4 },
]

for (const { id, pack, between, blocks } of KINDS) {
  describeWith(id, `what ${id} packs`, (found) => {
    const program = found[id]
    const packed = (text: string): Buffer => execFileSync(program, pack, { input: text, maxBuffer: 1 << 28 })

    it('is unpacked whatever the file is called, all parts of it', async () => {
      const file = put('access.log', Buffer.concat([between, packed('one\n'), between, packed(TEXT), packed('last\n')]))
      expect(await drain(file)).toEqual({ text: `one\n${TEXT}last\n`, code: null, message: '' })
    })

    it('is kept up to where it was cut off, and that is said', async () => {
      const whole = packed(TEXT)
      const { text, code, message } = await drain(put('cut', whole.subarray(0, whole.length >> 1)))
      expect(code).toBe('damaged')
      expect(message).toContain('ends too early')
      expect(TEXT.startsWith(text)).toBe(true)
      expect(text.length).toBeGreaterThan(TEXT.length * blocks)
    })

    it('is kept up to a damaged place, and that is said', async () => {
      const whole = packed(TEXT)
      whole.fill(0x55, whole.length - 4000, whole.length - 2000)
      const { text, code, message } = await drain(put('bad', whole))
      expect(code).toBe('damaged')
      expect(message).toContain('is damaged')
      expect(text.length).toBeGreaterThan(TEXT.length * blocks)
      expect(TEXT.startsWith(text.slice(0, Math.floor(text.length * 0.95)))).toBe(true)
    })

    it('is read from standard input and in full by analyze', async () => {
      const report = await run(['analyze', '--output', 'json', '-'], { stdin: packed(ACCESS + REFUSED) })
      expect(report).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(report.stdout)).toMatchObject({ inputs: [{ path: 'stdin', lines: 2, parsed: 2 }] })
    })

    it('leaves no process when the reader stops early', async () => {
      const opened = openInput(put('long', packed(TEXT)))
      if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.kind}`)
      for await (const piece of opened.chunks) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      if (process.platform === 'linux') expect(children()).toEqual([])
    })
  })
}

describeWith('zstd', 'a zstd window', ({ zstd }) => {
  // From a pipe, so that the size is not known and the window is the one asked for.
  const packed = (long: string): string =>
    put('window', execFileSync(zstd, ['-qc', '-1', '--ultra', long], { input: TEXT, maxBuffer: 1 << 28 }))

  it('of 128 MiB is read', async () => {
    expect(await drain(packed('--long=27'))).toEqual({ text: TEXT, code: null, message: '' })
  })

  it('of more is refused with the way round it', async () => {
    const file = packed('--long=28')
    expect(await drain(file)).toEqual({
      text: '',
      code: 'compressed',
      message: `${file}: the Zstandard data takes more than 128 MiB of memory to unpack; unpack it on the way: zstd -dc --long=31 ${file} | halfopen analyze -`,
    })
  })
})

describeWith('xz', 'an xz dictionary', ({ xz }) => {
  it('of more than 128 MiB is refused with the way round it', async () => {
    const file = put(
      'dictionary',
      execFileSync(xz, ['-c', '--lzma2=preset=0,dict=256MiB'], { input: 'line\n', maxBuffer: 1 << 20 }),
    )
    expect(await drain(file)).toMatchObject({
      text: '',
      code: 'compressed',
      message: expect.stringContaining('128 MiB'),
    })
  })
})

describe('Zstandard by Node.js', () => {
  const compress = (zlib as { zstdCompressSync?: (data: string) => Buffer }).zstdCompressSync
  async function unpack(data: Buffer): Promise<{ text: string; faults: Fault[] }> {
    const faults: Fault[] = []
    const pieces: Buffer[] = []
    for await (const piece of unzstd(readBack(data), (fault) => faults.push(fault))) pieces.push(piece)
    return { text: Buffer.concat(pieces).toString(), faults }
  }
  async function* readBack(data: Buffer): AsyncGenerator<Buffer> {
    for (let at = 0; at < data.length; at += 50_000) yield await Promise.resolve(data.subarray(at, at + 50_000))
  }

  it('reads all frames, and says where one is cut off', async (context) => {
    if (!compress || !canUnzstd()) return context.skip('this Node.js does not read Zstandard as it is written')
    const whole = Buffer.concat([SKIPPABLE, compress('one\n'), compress(TEXT)])
    expect(await unpack(whole)).toEqual({ text: `one\n${TEXT}`, faults: [] })
    const cut = await unpack(whole.subarray(0, whole.length >> 1))
    expect(cut.faults).toEqual(['truncated'])
    expect(`one\n${TEXT}`.startsWith(cut.text)).toBe(true)
  })
})

describeWith('xz', 'a bomb', ({ xz }) => {
  it('is held back while nobody reads', async () => {
    const file = put('bomb', execFileSync('sh', ['-c', `head -c 200000000 /dev/zero | "$0" -c -1`, xz]))
    expect(readFileSync(file).length).toBeLessThan(1_000_000)
    const opened = openInput(file)
    if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.kind}`)
    const before = process.memoryUsage().arrayBuffers
    for await (const piece of opened.chunks) {
      expect(piece.length).toBeGreaterThan(0)
      await new Promise((resolve) => setTimeout(resolve, 300))
      break
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
  })
})
