import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
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
  return { path, old: `${path}.1`, resume: first.saved() }
}

it('goes on in the middle of the file, in the same generation', async () => {
  const { path, resume } = await stopped('three\n')
  const { poll, chunks } = follow(path, { resume })
  await poll()
  expect(chunks).toMatchObject([{ text: 'three\n', offset: 8, line: 3, generation: resume.generation, history: false }])
})

it('offers again what was held back', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, '')
  const first = follow(path, { take: () => 4 })
  await first.poll()
  appendFileSync(path, 'one\ntwo\n')
  await first.poll()
  await first.source.close()
  const second = follow(path, { resume: first.saved() })
  await second.poll()
  expect(second.chunks).toMatchObject([{ text: 'two\n', offset: 4, line: 2 }])
})

it('keeps to the stored border of history', async () => {
  const { path, resume } = await stopped('three\n')
  const { poll, chunks } = follow(path, { resume: { ...resume, position: { ...resume.position, offset: 4, line: 2 } } })
  await poll()
  expect(chunks.map(({ text, history }) => [text, history])).toEqual([
    ['two\n', true],
    ['three\n', false],
  ])
})

it.each(['.1', '-20261121', '.2026-11-21', '.old'])(
  'finishes the file that was renamed to %s, then the new one',
  async (as) => {
    const { path, resume } = await stopped('three\n')
    renameSync(path, path + as)
    writeFileSync(path, 'new\n')
    const { poll, later, chunks, text } = follow(path, { resume })
    await poll()
    appendFileSync(path + as, 'late\n')
    await poll()
    await later(LINGERED)
    expect(text()).toBe('three\nlate\nnew\n')
    expect(chunks[0]).toMatchObject({ offset: 8, line: 3, generation: resume.generation })
    expect(chunks.at(-1)).toMatchObject({ offset: 0, line: 1, history: false })
    expect(chunks.at(-1)?.generation).not.toBe(resume.generation)
  },
)

it.each([
  ['.3', '.2', '.1'],
  ['-20261119', '-20261120', '-20261121'],
  ['.10', '.9', '.8'],
])('reads all rotations it missed: %s, %s, %s', async (...names) => {
  const { path, resume } = await stopped('three\n')
  const [first = '', ...others] = names.map((name) => path + name)
  renameSync(path, first)
  for (const other of others) writeFileSync(other, `in ${other}\n`)
  writeFileSync(path, 'new\n')
  // Days apart, as rotations are: files that were written at once may still have a writer.
  const today = Date.now() / 1000
  for (const [age, name] of [path, ...others.toReversed(), first].entries())
    utimesSync(name, today - age * 86_400, today - age * 86_400)
  // Older than what was read: not to be read now.
  writeFileSync(`${path}.99`, 'ancient\n')
  const { later, text } = follow(path, { resume })
  await later(LINGERED)
  expect(text()).toBe(['three', ...others.map((other) => `in ${other}`), 'new', ''].join('\n'))
})

it('finds the rotated file while there is no new one yet', async () => {
  const { path, old, resume } = await stopped('three\n')
  renameSync(path, old)
  const { poll, later, text, source } = follow(path, { resume })
  await poll()
  expect(text()).toBe('three\n')
  expect(source.status().state).toBe('missing')
  writeFileSync(path, 'new\n')
  await later(LINGERED)
  expect(text()).toBe('three\nnew\n')
})

it('takes the rest from the copy after a copytruncate', async () => {
  const { path, old, resume } = await stopped('three\n')
  copyFileSync(path, old)
  truncateSync(path)
  appendFileSync(path, 'new and longer than before\n')
  const { poll, text } = follow(path, { resume })
  await poll()
  expect(text()).toBe('three\nnew and longer than before\n')
})

it('starts the file at the path from 0 when the old one is out of reach', async () => {
  const { path, resume } = await stopped('three\n')
  renameSync(path, `${path}.1.gz`)
  writeFileSync(path, 'a line of the new file\n')
  const { poll, chunks } = follow(path, { resume })
  await poll()
  expect(chunks).toMatchObject([{ text: 'a line of the new file\n', offset: 0, line: 1, history: false }])
  expect(chunks[0]?.generation).not.toBe(resume.generation)
})

it('is not misled by an inode that was given to another file', async () => {
  const { path, resume } = await stopped()
  unlinkSync(path)
  writeFileSync(path, 'another beginning\nand more\n')
  const { poll, text } = follow(path, { resume })
  await poll()
  expect(text()).toBe('another beginning\nand more\n')
})

it.each(['', '.gz'])(
  'reads files of several rotations by their names when it knows none of them (.2%s)',
  async (packed) => {
    const { path, resume } = await stopped()
    unlinkSync(path)
    writeFileSync(path, 'made anew\n')
    renameSync(path, `${path}.1`)
    // Its writer was told late: what it wrote last is later than the next file, which it never wrote to.
    writeFileSync(path, '')
    appendFileSync(`${path}.1`, 'late\n')
    const now = Date.now() / 1000
    utimesSync(path, now + 1, now + 1)
    utimesSync(`${path}.1`, now + 2, now + 2)
    renameSync(`${path}.1`, `${path}.2`)
    if (packed) execFileSync('gzip', [`${path}.2`])
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'new\n')
    utimesSync(path, now + 60, now + 60)
    const { later, text, states } = follow(path, { resume })
    await later(LINGERED)
    await later(LINGERED)
    expect(text()).toBe('made anew\nlate\nnew\n')
    expect(states.map(({ hint }) => hint).filter((hint) => hint !== null)).toEqual([])
  },
)

it.each(['', '.gz'])('goes on beside the log when olddir was taken away meanwhile (.2%s)', async (packed) => {
  const { path, resume } = await stopped('three\n')
  const old = join(dirname(path), 'old')
  mkdirSync(old)
  renameSync(path, join(old, 'access.log.1'))
  const past = Date.now() / 1000
  utimesSync(join(old, 'access.log.1'), past - 50, past - 50)
  for (const [name, age] of [
    ['.2', 30],
    ['.1', 20],
    ['', 10],
  ] as const) {
    writeFileSync(path + name, `in ${name}\n`)
    utimesSync(path + name, past - age, past - age)
  }
  if (packed) execFileSync('gzip', [`${path}.2`])
  // Of an earlier time, before olddir was set.
  writeFileSync(`${path}.9`, 'ancient\n')
  utimesSync(`${path}.9`, past - 900, past - 900)
  const { later, text } = follow(path, {
    resume: { ...resume, position: { ...resume.position, mtime: (past - 50) * 1000 } },
  })
  for (let i = 0; i < 4; i++) await later(LINGERED)
  expect(text()).toBe('three\nin .2\nin .1\nin \n')
})

it('knows a restored file by its beginning', async () => {
  const { path, resume } = await stopped('three\n')
  copyFileSync(path, `${path}.restored`)
  renameSync(`${path}.restored`, path)
  const { poll, chunks } = follow(path, { resume })
  await poll()
  expect(chunks).toMatchObject([{ text: 'three\n', offset: 8, generation: resume.generation }])
})

it('waits for a file that is missing at the start and reads it live', async () => {
  const path = join(folder(), 'access.log')
  const { poll, source, chunks } = follow(path)
  await poll()
  expect(source.status()).toMatchObject({ state: 'missing', hint: expect.stringContaining(path) })
  writeFileSync(path, 'first\n')
  await poll()
  expect(chunks).toMatchObject([{ text: 'first\n', offset: 0, line: 1, history: false }])
  expect(source.status()).toMatchObject({ state: 'idle', hint: null })
})
