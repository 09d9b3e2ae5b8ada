import { appendFileSync, closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, follow } from './follow.ts'

const MIB = 2 ** 20

function log(text: string | Buffer = ''): string {
  const path = join(folder(), 'access.log')
  writeFileSync(path, text)
  return path
}

it('passes on whole lines with exact offsets and line numbers', async () => {
  const path = log('')
  const { poll, chunks } = follow(path)
  await poll()
  appendFileSync(path, 'one\ntwo\nthr')
  await poll()
  appendFileSync(path, 'ee\n')
  await poll()
  expect(chunks).toMatchObject([
    { text: 'one\ntwo\n', offset: 0, line: 1 },
    { text: 'three\n', offset: 8, line: 3 },
  ])
})

it('keeps a character whole that was written in pieces', async () => {
  const path = log()
  const { poll, text } = follow(path)
  const line = Buffer.from('GET /chat/größe/日本/🚇\n')
  for (let at = 0; at < line.length; at++) {
    appendFileSync(path, line.subarray(at, at + 1))
    await poll()
  }
  expect(text()).toBe(line.toString())
})

it('passes bytes that are no text through unchanged', async () => {
  const path = log()
  const got: Buffer[] = []
  const { poll } = follow(path, { take: ({ bytes }) => got.push(Buffer.from(bytes)) && bytes.length })
  await poll()
  const bytes = Buffer.from([0xff, 0xfe, 0, 0xc3, 10, 13, 10, 0x80, 10])
  appendFileSync(path, bytes)
  await poll()
  expect(Buffer.concat(got)).toEqual(bytes)
})

it('never passes on an unfinished last line, however long it stays so', async () => {
  const path = log('whole\nunfin')
  const { poll, later, text } = follow(path)
  await poll()
  await later(60_000)
  expect(text()).toBe('whole\n')
  appendFileSync(path, 'ished\n')
  await poll()
  expect(text()).toBe('whole\nunfinished\n')
})

it('offers what was held back again with more, and after a second of quiet as final', async () => {
  const path = log()
  // Like a reader of multi-line records: the last line may go on.
  const { poll, later, chunks, text } = follow(path, {
    take: ({ bytes, final }) => (final ? bytes.length : bytes.lastIndexOf(10, bytes.length - 2) + 1),
  })
  await poll()
  appendFileSync(path, 'first\nsecond\n')
  await poll()
  await poll()
  expect(text()).toBe('first\n')
  appendFileSync(path, '  goes on\n')
  await poll()
  await later(900)
  expect(chunks.filter(({ final }) => final)).toEqual([])
  await later(200)
  expect(chunks).toMatchObject([
    { text: 'first\nsecond\n', offset: 0, line: 1, final: false },
    { text: 'second\n  goes on\n', offset: 6, line: 2, final: false },
    { text: '  goes on\n', offset: 13, line: 3, final: true },
  ])
  expect(text()).toBe('first\nsecond\n  goes on\n')
})

it('calls what was there at first sight history, and nothing else', async () => {
  const path = log('old 1\nold 2\nbegun ')
  const { poll, chunks } = follow(path)
  appendFileSync(path, 'before\nnew 1\n')
  await poll()
  appendFileSync(path, 'new 2\n')
  await poll()
  // First sight is the first look, so all of that was there …
  expect(chunks.map(({ text, history }) => [text, history])).toEqual([
    ['old 1\nold 2\nbegun before\nnew 1\n', true],
    ['new 2\n', false],
  ])
})

it('has no chunk across the border of history', async () => {
  const path = log('old\nbegun ')
  let grown = false
  const { poll, chunks, saved } = follow(path, {
    take: ({ bytes }) => {
      // Lines that arrive while history is being read.
      if (!grown) appendFileSync(path, 'and finished\nnew\n')
      grown = true
      return bytes.length
    },
  })
  await poll()
  expect(chunks.map(({ text, history }) => [text, history])).toEqual([
    ['old\n', true],
    ['begun and finished\nnew\n', false],
  ])
  const later = follow(path, { resume: { ...saved(), position: { ...saved().position, offset: 0, line: 1 } } })
  await later.poll()
  expect(later.chunks.map(({ text, history }) => [text, history])).toEqual([
    ['old\n', true],
    ['begun and finished\nnew\n', false],
  ])
})

it('splits a long file into chunks of at most 1 MiB', async () => {
  const line = `${'x'.repeat(99)}\n`
  const path = log(line.repeat(50_000))
  const { poll, chunks, saved } = follow(path)
  await poll()
  expect(Math.max(...chunks.map(({ size }) => size))).toBeLessThanOrEqual(MIB)
  expect(chunks.every(({ size, offset, line }) => size % 100 === 0 && offset === (line - 1) * 100)).toBe(true)
  expect(saved().position).toMatchObject({ offset: 5_000_000, line: 50_001 })
})

it('passes on the first MiB of a 10 MB line that grows in pieces, and the next line at its exact place', async () => {
  const path = log()
  const { poll, chunks, text } = follow(path)
  await poll()
  const started = performance.now()
  const piece = Buffer.alloc(10_000, 'a')
  for (let at = 0; at < 1000; at++) {
    appendFileSync(path, piece)
    await poll()
  }
  appendFileSync(path, '\nafter\n')
  await poll()
  // Reading on from the line's start each time would be 5 GB.
  expect(performance.now() - started).toBeLessThan(3000)
  expect(chunks).toMatchObject([
    { size: MIB, offset: 0, line: 1, final: true },
    { text: 'after\n', offset: 10_000_001, line: 2 },
  ])
  expect(text()).toBe('after\n')
})

it('goes on behind a long line when stopped in its middle', async () => {
  const path = log(Buffer.alloc(3 * MIB, 'a'))
  const first = follow(path)
  await first.poll()
  await first.source.close()
  appendFileSync(path, ' end of it\nafter\n')
  const second = follow(path, { resume: first.saved() })
  await second.poll()
  expect(second.chunks).toMatchObject([{ text: 'after\n', offset: 3 * MIB + 11, line: 2 }])
})

it('reads a file with a hole in bounded memory', async () => {
  const path = log('first\n')
  const { poll, text } = follow(path)
  await poll()
  const fd = openSync(path, 'r+')
  ftruncateSync(fd, 300 * MIB)
  writeSync(fd, '\nlast\n', 300 * MIB)
  closeSync(fd)
  const before = process.memoryUsage().arrayBuffers
  await poll()
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB)
  expect(text()).toBe('first\nlast\n')
})

it('offers the same bytes again after onChunk threw', async () => {
  const path = log('one\ntwo\n')
  let broken = true
  const { poll, source, chunks, text, states } = follow(path, {
    take: ({ bytes }) => {
      if (broken) throw new Error('database is locked')
      return bytes.length
    },
  })
  await poll()
  await poll()
  expect(source.status()).toEqual({ state: 'unreadable', hint: 'database is locked', lag_bytes: 8 })
  broken = false
  appendFileSync(path, 'three\n')
  await poll()
  expect(chunks.map(({ offset }) => offset).slice(0, 3)).toEqual([0, 0, 0])
  expect(text()).toBe('one\ntwo\nthree\n')
  expect(states.map(({ state }) => state)).toEqual(['unreadable', 'idle'])
})

it('refuses a number of bytes that is no line end', async () => {
  const { poll, source } = follow(log('one\ntwo\n'), { take: () => 2 })
  await poll()
  expect(source.status()).toMatchObject({ state: 'unreadable', hint: expect.stringContaining('not a line end') })
})

it('reads nothing after close', async () => {
  const path = log('one\n')
  const { poll, source, text } = follow(path)
  await poll()
  await source.close()
  appendFileSync(path, 'two\n')
  await poll()
  expect(text()).toBe('one\n')
})
