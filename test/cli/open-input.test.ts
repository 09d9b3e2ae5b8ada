import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openInput } from '../../server/scan/open-input.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-open-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(name: string, content: Buffer | string): string {
  writeFileSync(path.join(dir, name), content)
  return path.join(dir, name)
}

async function drain(file: string): Promise<{ text: string; code: string | null; consumed: number }> {
  const opened = openInput(file)
  if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.kind}`)
  const pieces: Buffer[] = []
  for await (const piece of opened.chunks) pieces.push(piece)
  return {
    text: Buffer.concat(pieces).toString('latin1'),
    code: opened.problem()?.code ?? null,
    consumed: opened.consumed(),
  }
}

/** Lines that do not compress to nothing, so that cutting the file cuts real content. */
const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `${i} ${((i * 2654435761) >>> 0).toString(36)}\n`).join('')

describe('openInput', () => {
  it('leaves a plain file to be read by offset', () => {
    expect(openInput(put('access.log', 'one\ntwo\n'))).toEqual({
      kind: 'file',
      path: path.join(dir, 'access.log'),
      size: 8,
    })
    expect(openInput(put('empty.log', ''))).toMatchObject({ kind: 'file', size: 0 })
  })

  it('unpacks gzip whatever the file is called, all members of it', async () => {
    const packed = Buffer.concat([gzipSync('one\n'), gzipSync(lines(5000)), gzipSync('last\n'), Buffer.alloc(300)])
    const file = put('access.log', packed)
    expect(await drain(file)).toEqual({ text: `one\n${lines(5000)}last\n`, code: null, consumed: packed.length })
  })

  it('keeps what a truncated gzip still holds and says that it ends early', async () => {
    const whole = gzipSync(lines(200_000))
    const { text, code } = await drain(put('cut.gz', whole.subarray(0, whole.length >> 1)))
    expect(code).toBe('damaged')
    expect(lines(200_000).startsWith(text)).toBe(true)
    expect(text.length).toBeGreaterThan(lines(200_000).length * 0.45)
  })

  it('holds a bomb back while nobody reads, however far one piece of it unpacks', async () => {
    // In 100 KB: the first thing that is read of it holds all of it.
    const opened = openInput(put('bomb.gz', gzipSync(Buffer.alloc(100_000_000, 'a'))))
    if (opened.kind !== 'stream') throw new Error(`expected a stream, got ${opened.kind}`)
    const before = process.memoryUsage().arrayBuffers
    let [bytes, peak] = [0, 0]
    for await (const piece of opened.chunks) {
      bytes += piece.length
      if (bytes < 2_000_000) await new Promise((resolve) => setTimeout(resolve, 50))
      if (bytes < 2_000_000) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
    }
    expect(bytes).toBe(100_000_000)
    expect(peak).toBeLessThan(16_000_000)
  })

  it('takes a line that begins like bzip2 for a line', () => {
    expect(openInput(put('access.log', 'BZh91 is no bzip2\n'))).toMatchObject({ kind: 'file' })
  })

  it('keeps what came before a damaged place', async () => {
    const packed = gzipSync(lines(200_000))
    packed.fill(0xff, packed.length - 4000, packed.length - 2000)
    const { text, code } = await drain(put('bad.gz', packed))
    expect(code).toBe('damaged')
    expect(text.length).toBeGreaterThan(lines(200_000).length * 0.8)
    // Inflate notices damage only when a code is impossible, so the last bytes may already be wrong.
    expect(lines(200_000).startsWith(text.slice(0, Math.floor(text.length * 0.95)))).toBe(true)
  })

  it.each([
    ['zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p'],
    ['UTF-16', [0xff, 0xfe, 0x31, 0x00], 'iconv -f UTF-16 -t UTF-8'],
  ])('refuses %s with the command that unpacks it', (_name, magic, command) => {
    const file = put('access.log', Buffer.from(magic))
    const opened = openInput(file)
    expect(opened).toMatchObject({ kind: 'refused', error: { code: 'compressed' } })
    if (opened.kind === 'refused') expect(opened.error.message).toContain(`${command} ${file} | halfopen analyze -`)
  })

  it('refuses a program or a database by name', () => {
    expect(openInput(process.execPath)).toMatchObject({
      kind: 'refused',
      error: { code: 'not-text', message: expect.stringContaining('a program') },
    })
    expect(openInput(put('x.db', 'SQLite format 3\0'))).toMatchObject({ kind: 'refused', error: { code: 'not-text' } })
  })

  it('refuses what has gone since it was found', () => {
    expect(openInput(path.join(dir, 'gone.log'))).toMatchObject({ kind: 'refused', error: { code: 'not-found' } })
    expect(openInput(dir)).toMatchObject({ kind: 'refused', error: { code: 'not-a-file' } })
  })

  it('reads a pipe that delivers its gzip magic byte by byte', async () => {
    const fifo = path.join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const packed = put('packed', gzipSync('from a pipe\n'))
    const writer = spawn('sh', ['-c', 'dd bs=1 if="$1" of="$2" 2>/dev/null', 'sh', packed, fifo])
    // Opening the read end waits for the writer, as <(command) does.
    const result = await drain(fifo)
    writer.kill()
    expect(result).toMatchObject({ text: 'from a pipe\n', code: null })
  })
})
