import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, follow, LINGERED } from './follow.ts'

function begun() {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'before 1\nbefore 2\n')
  return { path, old: `${path}.1`, ...follow(path) }
}

it('reads what is written to the renamed file, then the new one', async () => {
  const { path, old, poll, later, text, chunks } = begun()
  await poll()
  renameSync(path, old)
  appendFileSync(old, 'late 1\n')
  writeFileSync(path, '')
  await poll()
  appendFileSync(old, 'late 2\n')
  await later(4000)
  appendFileSync(path, 'new 1\n')
  appendFileSync(old, 'late 3\n')
  await later(4000)
  await later(4000)
  expect(text()).toBe('before 1\nbefore 2\nlate 1\nlate 2\nlate 3\n')
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nlate 1\nlate 2\nlate 3\nnew 1\n')
  expect(new Set(chunks.map(({ generation }) => generation)).size).toBe(2)
  expect(chunks.at(-1)).toMatchObject({ text: 'new 1\n', offset: 0, line: 1, history: false })
})

it('keeps reading the renamed file while no new one is there', async () => {
  const { path, old, poll, later, text, source } = begun()
  await poll()
  renameSync(path, old)
  await later(LINGERED)
  expect(source.status().state).toBe('missing')
  appendFileSync(old, 'late\n')
  await later(LINGERED)
  writeFileSync(path, 'new\n')
  await poll()
  appendFileSync(old, 'later still\n')
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nlate\nlater still\nnew\n')
})

it('reads every file of two rotations within one look', async () => {
  const { path, old, poll, later, text } = begun()
  await poll()
  appendFileSync(path, 'before 3\n')
  renameSync(path, old)
  writeFileSync(path, 'middle\n')
  renameSync(old, `${path}.2`)
  renameSync(path, old)
  writeFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nbefore 3\nmiddle\nnew\n')
})

/** Files of rotations before the log began, by the number behind their name. */
function older(path: string, numbers: readonly number[]): void {
  for (const n of numbers) {
    writeFileSync(`${path}.${n}`, `old ${n}\n`)
    utimesSync(`${path}.${n}`, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200 + n)
  }
}

it.each(['while it runs', 'while it was down'])(
  'does not read old files again where the highest number is the newest: %s',
  async (when) => {
    const path = join(folder(), 'access.log')
    older(path, [1, 2])
    writeFileSync(path, 'before 1\n')
    const first = follow(path)
    await first.poll()
    if (when === 'while it was down') await first.source.close()
    renameSync(path, `${path}.3`)
    appendFileSync(`${path}.3`, 'late\n')
    writeFileSync(path, 'middle\n')
    utimesSync(path, Date.now() / 1000 + 1, Date.now() / 1000 + 1)
    renameSync(path, `${path}.4`)
    writeFileSync(path, 'new\n')
    const second = when === 'while it was down' ? follow(path, { resume: first.saved() }) : first
    await second.poll()
    await second.later(LINGERED)
    await second.later(LINGERED)
    await second.later(LINGERED)
    expect(second.text()).toBe(`${second === first ? 'before 1\n' : ''}late\nmiddle\nnew\n`)
  },
)

it('reads what was rotated while it was down and the clock was set back', async () => {
  const path = join(folder(), 'access.log')
  older(path, [3])
  writeFileSync(path, 'before 1\n')
  const first = follow(path)
  await first.poll()
  await first.source.close()
  renameSync(path, `${path}.2`)
  appendFileSync(`${path}.2`, 'late\n')
  const back = Date.now() / 1000 - 600
  writeFileSync(`${path}.1`, 'middle\n')
  utimesSync(`${path}.1`, back, back)
  writeFileSync(path, 'new\n')
  const second = follow(path, { resume: first.saved() })
  await second.poll()
  for (let n = 0; n < 3; n++) await second.later(LINGERED)
  expect(second.text()).toBe('late\nmiddle\nnew\n')
})

it('nor where the log was copied under a high number and emptied by hand', async () => {
  const path = join(folder(), 'access.log')
  older(path, [1, 2])
  writeFileSync(path, 'before 1\nbefore 2\n')
  const { poll, later, text } = follow(path)
  await poll()
  appendFileSync(path, 'before 3\n')
  copyFileSync(path, `${path}.9`)
  truncateSync(path)
  appendFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nbefore 3\nnew\n')
})

it('passes on a last line without line end when its file is finished', async () => {
  const { path, old, poll, later, chunks } = begun()
  await poll()
  appendFileSync(path, 'broken o')
  renameSync(path, old)
  writeFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  expect(chunks.slice(1).map(({ text, final }) => [text, final])).toEqual([
    ['broken o', true],
    ['new\n', expect.anything()],
  ])
})

it('starts anew after copytruncate and takes from the copy what it had not read', async () => {
  const { path, old, poll, text, chunks } = begun()
  await poll()
  appendFileSync(path, 'unread\n')
  copyFileSync(path, old)
  truncateSync(path)
  appendFileSync(path, 'new\n')
  await poll()
  expect(text()).toBe('before 1\nbefore 2\nunread\nnew\n')
  const [first, unread, fresh] = chunks
  expect(unread).toMatchObject({ generation: first?.generation, offset: 18, line: 3, history: false })
  expect(fresh).toMatchObject({ offset: 0, line: 1, history: false })
  expect(fresh?.generation).not.toBe(first?.generation)
})

it('notices a truncation that was filled again past the old offset', async () => {
  const { path, poll, text, chunks } = begun()
  await poll()
  writeFileSync(path, 'after 1\nafter 2\nafter 3\nafter 4\n')
  await poll()
  expect(text()).toBe('before 1\nbefore 2\nafter 1\nafter 2\nafter 3\nafter 4\n')
  expect(chunks.at(-1)).toMatchObject({ offset: 0, line: 1 })
})

it('notices a truncation that was filled again to the very same size', async () => {
  const { path, poll, text } = begun()
  await poll()
  writeFileSync(path, 'AFTER 1\nAFTER 2..\n')
  expect(readFileSync(path).length).toBe(18)
  await poll()
  expect(text()).toBe('before 1\nbefore 2\nAFTER 1\nAFTER 2..\n')
})

it('reads what a truncated file was filled with again, though it was renamed before the next look', async () => {
  const { path, old, poll, later, text } = begun()
  await poll()
  writeFileSync(path, 'after 1\nafter 2\nafter 3\nafter 4\n')
  renameSync(path, old)
  writeFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nafter 1\nafter 2\nafter 3\nafter 4\nnew\n')
})

it('reads the copy of what a truncated file was filled with again before the next look', async () => {
  const { path, old, poll, later, text } = begun()
  await poll()
  await new Promise((resolve) => setTimeout(resolve, 20))
  writeFileSync(path, 'middle\n')
  copyFileSync(path, old)
  truncateSync(path)
  appendFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nmiddle\nnew\n')
})

it('waits for a file that is gone and reads the one made in its place', async () => {
  const { path, poll, later, text, source, states } = begun()
  await poll()
  unlinkSync(path)
  await poll()
  expect(source.status()).toMatchObject({ state: 'missing', hint: expect.stringContaining(path) })
  writeFileSync(path, 'again\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('before 1\nbefore 2\nagain\n')
  expect(source.status().state).toBe('idle')
  expect(states.map(({ state }) => state)).toEqual(['missing', 'idle'])
})

it('survives that the whole directory is made again', async () => {
  const home = join(folder(), 'nginx')
  const path = join(home, 'access.log')
  mkdirSync(home)
  writeFileSync(path, 'one\n')
  const { poll, later, text } = follow(path)
  await poll()
  rmSync(home, { recursive: true })
  await poll()
  mkdirSync(home)
  writeFileSync(path, 'two\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('one\ntwo\n')
})

it('follows a link that is pointed elsewhere, and finishes what it pointed to', async () => {
  const home = folder()
  const path = join(home, 'current.log')
  writeFileSync(join(home, 'a.log'), 'a1\n')
  writeFileSync(join(home, 'b.log'), 'b1\n')
  symlinkSync('a.log', path)
  const { poll, later, text } = follow(path)
  await poll()
  unlinkSync(path)
  symlinkSync('b.log', path)
  appendFileSync(join(home, 'a.log'), 'a2\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('a1\na2\nb1\n')
})

it('says so when the writer was never told of the rotation', async () => {
  const { path, old, poll, later, text, source } = begun()
  await poll()
  renameSync(path, old)
  writeFileSync(path, '')
  await poll()
  for (let second = 0; second < 70; second += 4) {
    appendFileSync(old, `${second}\n`)
    await later(4000)
  }
  expect(text()).toMatch(/\n68\n$/)
  expect(source.status()).toMatchObject({ state: 'idle', hint: expect.stringContaining('reopen') })
})
