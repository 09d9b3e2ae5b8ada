/** Files that were packed before they were read to their end. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { folder, follow, LINGERED } from './follow.ts'

/** A follower that read `one` and `two` and was stopped. */
async function stopped(more: string = '') {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\ntwo\n')
  const first = follow(path)
  await first.poll()
  await first.source.close()
  appendFileSync(path, more)
  return { path, resume: first.saved() }
}

/** What gzip does to a file; real gzip keeps its times. */
function gzip(path: string): void {
  execFileSync('gzip', [path])
}

it.each([
  ['.1.gz', 'gzip'],
  ['-20261121.gz', 'gzip'],
  ['.1.bz2', 'bzip2'],
  ['.1.xz', 'xz'],
  ['.1.zst', 'zstd'],
])('finishes %s, at the offsets of what is in it', async (as, program) => {
  const { path, resume } = await stopped('three\nfour\n')
  renameSync(path, path + as.replace(/\.\w+$/, ''))
  execFileSync(program, program === 'zstd' ? ['-q', '--rm', `${path}.1`] : [path + as.replace(/\.\w+$/, '')])
  writeFileSync(path, 'new\n')
  const { poll, chunks, text } = follow(path, { resume })
  await poll()
  expect(text()).toBe('three\nfour\nnew\n')
  expect(chunks[0]).toMatchObject({ offset: 8, line: 3, generation: resume.generation, history: false })
  expect(chunks[1]).toMatchObject({ offset: 0, line: 1 })
})

it('reads every rotation it missed, packed and not', async () => {
  const { path, resume } = await stopped('three\n')
  renameSync(path, `${path}.4`)
  gzip(`${path}.4`)
  for (const n of [3, 2]) {
    writeFileSync(`${path}.${n}`, `in ${n}\n`)
    gzip(`${path}.${n}`)
  }
  writeFileSync(`${path}.1`, 'in 1\n')
  writeFileSync(path, 'new\n')
  writeFileSync(`${path}.5.gz`, gzipSync('ancient\n'))
  const { poll, later, text } = follow(path, { resume })
  await poll()
  await later(LINGERED)
  expect(text()).toBe('three\nin 3\nin 2\nin 1\nnew\n')
})

it('goes on in the middle of a packed file after another restart', async () => {
  const { path, resume } = await stopped('three\nfour\n')
  renameSync(path, `${path}.1`)
  gzip(`${path}.1`)
  let stop = false
  const first = follow(path, {
    resume,
    take() {
      if (stop) throw new Error('stopped')
      stop = true
      return 6
    },
  })
  await first.poll()
  await first.source.close()
  expect(first.saved().position.offset).toBe(14)
  renameSync(`${path}.1.gz`, `${path}.2.gz`)
  writeFileSync(`${path}.1`, 'middle\n')
  writeFileSync(path, 'new\n')
  const second = follow(path, { resume: first.saved() })
  await second.later(LINGERED)
  await second.later(LINGERED)
  expect(second.text()).toBe('four\nmiddle\nnew\n')
})

it('reads a packed file of many chunks once, lines whole', async () => {
  const { path, resume } = await stopped()
  const line = (n: number): string => `${n} größe 🚇 ${'x'.repeat(n % 300)}\n`
  const lines = Array.from({ length: 20_000 }, (_, n) => line(n)).join('')
  appendFileSync(path, lines)
  renameSync(path, `${path}.1`)
  gzip(`${path}.1`)
  writeFileSync(path, 'new\n')
  const seen: string[] = []
  const { poll, chunks } = follow(path, {
    resume,
    take({ bytes }) {
      // Part of what is there: the rest must come again.
      const used = bytes.lastIndexOf(10, Math.floor(bytes.length / 2)) + 1 || bytes.length
      seen.push(bytes.toString('utf8', 0, used))
      return used
    },
  })
  while (!seen.join('').endsWith('new\n')) {
    const before = seen.length
    await poll()
    if (seen.length === before) break
  }
  expect(seen.join('') === `${lines}new\n`).toBe(true)
  expect(Math.max(...chunks.map(({ size }) => size))).toBeLessThanOrEqual(2 ** 20)
})

it('prefers the plain file while it is being packed', async () => {
  const { path, resume } = await stopped('three\n')
  renameSync(path, `${path}.1`)
  writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)).subarray(0, 15))
  writeFileSync(path, 'new\n')
  const { poll, later, text } = follow(path, { resume })
  await poll()
  await later(LINGERED)
  expect(text()).toBe('three\nnew\n')
})

it('reads back from a packed copy what copytruncate cut off', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const { poll, text } = follow(path)
  await poll()
  appendFileSync(path, 'two\n')
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  gzip(`${path}.1`)
  appendFileSync(path, 'three\n')
  await poll()
  expect(text()).toBe('one\ntwo\nthree\n')
})

it('reads what stands before the fault of a damaged one, and says so', async () => {
  const { path, resume } = await stopped(Array.from({ length: 50_000 }, (_, n) => `${n * 7919}\n`).join(''))
  renameSync(path, `${path}.1`)
  gzip(`${path}.1`)
  truncateSync(`${path}.1.gz`, 100_000)
  writeFileSync(path, 'new\n')
  const { poll, chunks, source } = follow(path, { resume })
  await poll()
  expect(chunks[0]).toMatchObject({ offset: 8, line: 3 })
  expect(chunks[0]?.size).toBeGreaterThan(100_000)
  expect(chunks.at(-1)).toMatchObject({ text: 'new\n', offset: 0 })
  expect(source.status()).toMatchObject({ state: 'idle', hint: expect.stringContaining('access.log.1.gz') })
})

it('says that it does not read .lz4', async () => {
  const { path, resume } = await stopped('three\n')
  unlinkSync(path)
  writeFileSync(`${path}.1.lz4`, 'packed')
  writeFileSync(path, 'a line of the new file\n')
  const { poll, text, source } = follow(path, { resume })
  await poll()
  expect(text()).toBe('a line of the new file\n')
  expect(source.status()).toMatchObject({ state: 'idle', hint: expect.stringContaining('access.log.1.lz4') })
})

it('begins with the next file when the one it read is gone', async () => {
  const { path, resume } = await stopped('lost\n')
  unlinkSync(path)
  writeFileSync(`${path}.3`, 'much older\n')
  execFileSync('touch', ['-d', '2020-01-01', `${path}.3`])
  writeFileSync(`${path}.2`, 'second\n')
  gzip(`${path}.2`)
  writeFileSync(`${path}.1`, 'third\n')
  const later_ = resume.position.mtime ?? 0
  for (const [n, name] of [`${path}.2.gz`, `${path}.1`].entries())
    execFileSync('touch', ['-d', `@${later_ / 1000 + 100 + n}`, name])
  writeFileSync(path, 'new\n')
  const { poll, later, text } = follow(path, { resume })
  await poll()
  await later(LINGERED)
  expect(text()).toBe('second\nthird\nnew\n')
})
