/** What is not the log itself and still decides what is read: clocks, links, copies, the kind of file system. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished, vi } from 'vitest'
import { followFile } from '../../server/tail/file.ts'
import { OpenLog, type Step } from '../../server/tail/open-log.ts'
import { folder, follow, LINGERED } from './follow.ts'

async function stopped(path: string, text = 'one\ntwo\n') {
  writeFileSync(path, text)
  const first = follow(path)
  await first.poll()
  await first.source.close()
  return first.saved()
}

it('waits for the old file by a clock that is never set', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  let text = ''
  let time = Date.now()
  vi.spyOn(Date, 'now').mockImplementation(() => time)
  onTestFinished(() => void vi.restoreAllMocks())
  const source = followFile(
    {
      path,
      resume: null,
      onChunk({ bytes }) {
        text += bytes.toString()
        return bytes.length
      },
      onStatus() {},
    },
    { wake: () => ({ plan() {}, close() {} }) },
  )
  onTestFinished(() => source.close())
  await source.poll()
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new\n')
  await source.poll()
  // Summer time, a dead battery, a first contact with NTP.
  time += 3_600_000
  await source.poll()
  appendFileSync(`${path}.1`, 'late\n')
  await source.poll()
  expect(text).toBe('one\nlate\n')
})

it('waits for late lines after a restart, whatever the clock says', async () => {
  const path = join(folder(), 'access.log')
  const resume = await stopped(path)
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new\n')
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  onTestFinished(() => void vi.restoreAllMocks())
  const { poll, later, text } = follow(path, { resume })
  await poll()
  appendFileSync(`${path}.1`, 'late\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('late\nnew\n')
})

it('takes no time for silence in which it was stopped itself', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  let text = ''
  let time = 0
  let looks = -1
  const source = followFile(
    {
      path,
      resume: null,
      onChunk({ bytes }) {
        text += bytes.toString()
        return bytes.length
      },
      onStatus() {},
    },
    {
      wake: () => ({ plan() {}, close() {} }),
      now() {
        // Stopped between the first and the second look at the clock: a paused machine, a full swap.
        if (looks >= 0 && looks++ === 1) {
          appendFileSync(`${path}.1`, 'late\n')
          time += LINGERED
        }
        return time
      },
    },
  )
  onTestFinished(() => source.close())
  await source.poll()
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new\n')
  await source.poll()
  looks = 0
  await source.poll()
  time += LINGERED
  await source.poll()
  time += LINGERED
  await source.poll()
  expect(text).toBe('one\nlate\nnew\n')
})

it('finishes what a link pointed to in another directory', async () => {
  const home = folder()
  for (const day of ['day-1', 'day-2']) mkdirSync(join(home, day))
  const path = join(home, 'access.log')
  symlinkSync('day-1/access.log', path)
  const resume = await stopped(path)
  appendFileSync(join(home, 'day-1', 'access.log'), 'three\n')
  writeFileSync(join(home, 'day-2', 'access.log'), 'new\n')
  unlinkSync(path)
  symlinkSync('day-2/access.log', path)
  const { poll, later, text } = follow(path, { resume })
  await poll()
  await later(LINGERED)
  expect(text()).toBe('three\nnew\n')
})

it('reads every file that a link was pointed to while another one was finished', async () => {
  const home = folder()
  const path = join(home, 'access.log')
  const day = (n: number): string => join(home, `access-2026-11-${n}.log`)
  const point = (n: number): void => {
    unlinkSync(path)
    symlinkSync(day(n), path)
  }
  symlinkSync(day(8), path)
  writeFileSync(day(7), 'ancient\n')
  writeFileSync(day(8), '8\n')
  const { poll, later, text, source, saved } = follow(path)
  await poll()
  for (const n of [9, 10, 11]) {
    writeFileSync(day(n), `${n}\n`)
    point(n)
    await poll()
  }
  for (let n = 0; n < 4; n++) await later(LINGERED)
  expect(text()).toBe('8\n9\n10\n11\n')
  await source.close()
  for (const n of [12, 13]) writeFileSync(day(n), `${n}\n`)
  point(13)
  const second = follow(path, { resume: saved() })
  await second.poll()
  for (let n = 0; n < 3; n++) await second.later(LINGERED)
  expect(second.text()).toBe('12\n13\n')
})

it('reads both files of two copytruncates within one look, though the first copy misses lines that were read', async () => {
  const path = join(folder(), 'access.log')
  const long = `one ${'.'.repeat(1024)}\n`
  writeFileSync(path, long)
  const { poll, later, text } = follow(path)
  await poll()
  copyFileSync(path, `${path}.2`)
  // Between logrotate's copy and its truncation.
  appendFileSync(path, 'two\n')
  await poll()
  truncateSync(path)
  appendFileSync(path, 'middle\n')
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  appendFileSync(path, 'new\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe(`${long}two\nmiddle\nnew\n`)
})

it('reads a file that was rotated while the one before it was being packed', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const { poll, later, text } = follow(path)
  await poll()
  renameSync(path, `${path}.1`)
  execFileSync('gzip', [`${path}.1`])
  writeFileSync(path, 'middle\n')
  await poll()
  renameSync(`${path}.1.gz`, `${path}.2.gz`)
  renameSync(path, `${path}.1`)
  execFileSync('gzip', [`${path}.1`])
  writeFileSync(path, 'new\n')
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe('one\nmiddle\nnew\n')
})

it('reads a file that was rotated while the one before it was deleted', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const { poll, later, text } = follow(path)
  await poll()
  unlinkSync(path)
  writeFileSync(path, 'middle\n')
  execFileSync('touch', ['-d', '+1 day', path])
  await poll()
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new\n')
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe('one\nmiddle\nnew\n')
})

it('goes on in a file that took the place of its original while it is read', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const { poll, text, chunks } = follow(path)
  await poll()
  copyFileSync(path, `${path}.copy`)
  renameSync(`${path}.copy`, path)
  appendFileSync(path, 'two\n')
  await poll()
  expect(text()).toBe('one\ntwo\n')
  expect(chunks[1]).toMatchObject({ offset: 4, generation: chunks[0]?.generation })
})

const root = process.getuid?.() === 0
const mounts = root && canMount()
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

it.skipIf(!mounts)(
  'follows a log of a lower layer that is first written to on an overlay (needs mount rights)',
  async () => {
    const home = folder()
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(home, name)) as [
      string,
      string,
      string,
      string,
    ]
    for (const path of [lower, upper, work, merged]) mkdirSync(path)
    writeFileSync(join(lower, 'access.log'), 'one\n')
    execFileSync('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      merged,
    ])
    onTestFinished(() => void execFileSync('umount', ['--lazy', merged]))
    const path = join(merged, 'access.log')
    const { poll, text, source } = follow(path)
    await poll()
    appendFileSync(path, 'two\n')
    await poll()
    appendFileSync(path, 'three\n')
    await poll()
    await source.close()
    expect(text()).toBe('one\ntwo\nthree\n')
  },
)

it.skipIf(!root)('waits for the copy of a truncated file that it may not read yet (needs root)', async () => {
  const home = folder()
  chmodSync(home, 0o755)
  const path = join(home, 'access.log')
  writeFileSync(path, 'one\n')
  writeFileSync(`${path}.2`, 'older\n', { mode: 0o600 })
  execFileSync('touch', ['-d', '2020-01-01', `${path}.2`])
  const { poll, text, source } = follow(path)
  await poll()
  appendFileSync(path, 'two\n')
  copyFileSync(path, `${path}.1`)
  chmodSync(`${path}.1`, 0o600)
  truncateSync(path)
  appendFileSync(path, 'three\n')
  const user = { uid: process.geteuid?.() ?? 0 }
  process.seteuid?.(65_534)
  try {
    await poll()
  } finally {
    process.seteuid?.(user.uid)
  }
  expect(text()).toBe('one\n')
  expect(source.status()).toMatchObject({ state: 'unreadable', hint: expect.stringContaining(`${path}.1`) })
  await poll()
  expect(text()).toBe('one\ntwo\nthree\n')
})

it('reads what was written to an empty log, copied and cut off before the next look', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, '')
  const { poll, later, text } = follow(path)
  await poll()
  appendFileSync(path, 'one\n')
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  await poll()
  appendFileSync(path, 'two\n')
  await poll()
  await later(LINGERED)
  await later(LINGERED)
  expect(text()).toBe('one\ntwo\n')
})

it('the same after a copytruncate, twice within one look, without reading older files again', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(`${path}.1`, 'old\n')
  writeFileSync(path, 'zero\n')
  const { poll, later, text } = follow(path)
  await poll()
  const copytruncate = (): void => {
    if (existsSync(`${path}.2`)) renameSync(`${path}.2`, `${path}.3`)
    if (existsSync(`${path}.1`)) renameSync(`${path}.1`, `${path}.2`)
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  }
  copytruncate()
  await poll()
  for (const line of ['one\n', 'two\n']) {
    appendFileSync(path, line)
    copytruncate()
    await setTimeout(5)
  }
  appendFileSync(path, 'three\n')
  await poll()
  for (let n = 0; n < 4; n++) await later(LINGERED)
  expect(text()).toBe('zero\none\ntwo\nthree\n')
})

it('an older file that its writer has not left is not taken for such a copy', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(`${path}.1`, 'old\n')
  writeFileSync(path, '')
  const { poll, later, text } = follow(path)
  await poll()
  await setTimeout(5)
  appendFileSync(`${path}.1`, 'late\n')
  appendFileSync(path, 'one\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('one\n')
})

it("a copy of what is still in the log, as logrotate's copy makes and copytruncate for a moment, is not read", async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, '')
  const { poll, later, text } = follow(path)
  await poll()
  await setTimeout(10)
  appendFileSync(path, 'one\n')
  copyFileSync(path, `${path}.1`)
  await poll()
  appendFileSync(path, 'two\n')
  await poll()
  await later(LINGERED)
  expect(text()).toBe('one\ntwo\n')
})

it('a log that is emptied between two looks shows it, whatever the clock of the file system says', () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const log = new OpenLog(path, 'path', { generation: 'a', position: null, history: 'none' }, 0)
  onTestFinished(() => log.close())
  const { mtime } = statSync(path)
  truncateSync(path)
  utimesSync(path, mtime, mtime)
  const step = (): Step => log.step(({ bytes }) => bytes.length, 0, false)
  expect(step()).toBe('touched')
  // Nothing was said about it: it is still owed.
  appendFileSync(path, 'two\n')
  expect(step()).toBe('touched')
  // Emptied after it was looked at and before it is read.
  writeFileSync(path, 'three\n')
  log.accept()
  expect(step()).toBe('truncated')
})
