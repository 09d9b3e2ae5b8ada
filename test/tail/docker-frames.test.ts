/** The bytes of a container's log → lines. */
import { describe, expect, it } from 'vitest'
import { EngineSays, LogReader, NotFrames, type LogForm, type StampedLine } from '../../server/tail/docker/frames.ts'
import { framed, stampAt, type Entry } from './engine.ts'

const DOCKER: LogForm = { tty: false, shortPieces: false }
const T = stampAt(1_790_000_000_000, 1)
const LATER = stampAt(1_790_000_000_000, 2)

const out = (text: string, stamp = T): Entry => ({ stream: 'stdout', stamp, text })
const err = (text: string, stamp = T): Entry => ({ stream: 'stderr', stamp, text })

function read(bytes: Buffer, form = DOCKER, size = bytes.length): string[] {
  const lines: StampedLine[] = []
  const reader = new LogReader(form, (line) => lines.push(line))
  for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size))
  return lines.map(
    (line) => `${line.stream} ${line.bytes.toString().replace(line.stamp, line.stamp === T ? 'T' : 'L')}`,
  )
}

const all = (entries: Entry[], tty = false, podman = false): Buffer =>
  Buffer.concat(entries.map((entry) => framed(entry, tty, podman)))

describe('frames', () => {
  const long = 'ä'.repeat(8192)
  const entries = [
    out('one\n'),
    err('two\n'),
    out(long),
    err('three\n'),
    out(long, LATER),
    out('end\n', LATER),
    out('\n', LATER),
  ]
  const lines = ['stdout T one', 'stderr T two', 'stderr T three', `stdout T ${long}${long}end`, 'stdout L ']

  it('become lines by stream; a line in pieces has the stamp of the first', () => {
    expect(read(all(entries))).toEqual(lines)
  })

  it('may be cut anywhere', () => {
    const bytes = all([out('one\n'), err('zwei ü\n', LATER), out('three\n')])
    for (let size = 1; size < 60; size++)
      expect(read(bytes, DOCKER, size)).toEqual(['stdout T one', 'stderr L zwei ü', 'stdout T three'])
    for (const size of [1000, 16_384, 16_385]) expect(read(all(entries), DOCKER, size)).toEqual(lines)
  })

  it('of Docker end a line when they are short: the program ended in the middle of it', () => {
    expect(read(all([out('half'), out('next\n')]))).toEqual(['stdout T half', 'stdout T next'])
  })

  it('of Podman go on until the line end, and get the stamp that parsers know', () => {
    const bytes = all([out('ha'), err('x\n'), out('lf\n'), out('next\n')], false, true)
    const lines: StampedLine[] = []
    new LogReader({ tty: false, shortPieces: true }, (line) => lines.push(line)).read(bytes)
    const second = `${T.slice(0, 19)}.000000000Z`
    expect(lines.map(({ stamp, bytes: line }) => [stamp, line.toString()])).toEqual([
      [second, `${second} x`],
      [second, `${second} half`],
      [second, `${second} next`],
    ])
  })

  it('are not used with a TTY', () => {
    const bytes = all([out('one\n'), out('two\n', LATER), out('\n')], true)
    for (const size of [1, 7, 1000])
      expect(read(bytes, { tty: true, shortPieces: false }, size)).toEqual([
        'stdout T one',
        'stdout L two',
        'stdout T ',
      ])
  })

  it('keep lines without a stamp', () => {
    const lines: StampedLine[] = []
    new LogReader(DOCKER, (line) => lines.push(line)).read(Buffer.from('\u0001\0\0\0\0\0\0\u0004abc\n'))
    expect(lines).toEqual([{ stream: 'stdout', stamp: '', bytes: Buffer.from('abc') }])
  })
})

describe('hostile bytes', () => {
  it('that are no frames are refused', () => {
    expect(() => read(Buffer.from('HTTP/1.1 200 OK\r\n'))).toThrow(NotFrames)
    expect(() => read(Buffer.from([1, 0, 1, 0, 0, 0, 0, 1]))).toThrow(NotFrames)
    expect(() => read(Buffer.from([4, 0, 0, 0, 0, 0, 0, 1]))).toThrow(NotFrames)
  })

  it('of an empty frame are nothing', () => {
    expect(read(Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), framed(out('one\n'))]))).toEqual(['stdout T one'])
  })

  it('of a frame of gigabytes, and of a line without end, take 1 MiB', () => {
    const before = process.memoryUsage.rss()
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
    const reader = new LogReader(DOCKER, () => {})
    reader.read(header)
    const part = Buffer.alloc(65_536, 120)
    for (let n = 0; n < 4000; n++) reader.read(part)
    const lines: StampedLine[] = []
    const endless = new LogReader(DOCKER, (line) => lines.push(line))
    const piece = framed(out('x'.repeat(16_384)))
    for (let n = 0; n < 10_000; n++) endless.read(piece)
    endless.read(framed(out('end\n')))
    expect(lines.map(({ bytes }) => bytes.length)).toEqual([2 ** 20])
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 2 ** 20)
  })

  it('of a line byte by byte take no quadratic time', () => {
    const bytes = Buffer.concat([framed(out('x'.repeat(500_000) + '\n'))])
    const from = performance.now()
    expect(read(bytes, DOCKER, 1)[0]?.length).toBe(500_009)
    expect(performance.now() - from).toBeLessThan(5000)
  })

  it('of the engine itself, in place of the log, are its words', () => {
    const message = Buffer.from('Error grabbing logs: no such file')
    const header = Buffer.from([3, 0, 0, 0, 0, 0, 0, message.length])
    expect(() => read(Buffer.concat([header, message]))).toThrow(new EngineSays(message.toString()))
  })

  it('at random are lines or refused, never another error', () => {
    for (let seed = 1; seed < 2000; seed++) {
      let state = seed
      const bytes = Buffer.from(Array.from({ length: 200 }, () => (state = (state * 48_271) % 2_147_483_647) & 0xff))
      if (seed % 2 === 0) bytes.set([seed % 3, 0, 0, 0, 0, 0, 0, seed % 20])
      try {
        read(bytes, { tty: seed % 5 === 0, shortPieces: false })
      } catch (error) {
        expect(error instanceof NotFrames || error instanceof EngineSays).toBe(true)
      }
    }
  })
})
