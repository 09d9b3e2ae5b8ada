/** The follower's own wake-ups, without poll(). */
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { followFile } from '../../server/tail/contract.ts'
import { folder } from './follow.ts'

/** Follows for real; `seen` resolves when the text has been read, and fails after 5 s. */
function start(path: string, fail: () => boolean = () => false) {
  let text = ''
  const waiting = new Set<() => void>()
  const source = followFile({
    path,
    resume: null,
    onChunk({ bytes }) {
      if (fail()) throw new Error('not now')
      text += bytes.toString()
      for (const look of waiting) look()
      return bytes.length
    },
    onStatus() {},
  })
  onTestFinished(() => source.close())
  function seen(expected: string): Promise<number> {
    const from = performance.now()
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`only ${JSON.stringify(text)}`)), 5000)
      const look = () => {
        if (!text.includes(expected)) return
        clearTimeout(deadline)
        waiting.delete(look)
        resolve(performance.now() - from)
      }
      waiting.add(look)
      look()
    })
  }
  return { source, seen, text: () => text }
}

it('reads by itself what is there and what is added', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  const { seen } = start(path)
  await seen('one\n')
  appendFileSync(path, 'two\n')
  await seen('two\n')
})

it('finds a file whose directory is made later', async () => {
  const path = join(folder(), 'nginx', 'access.log')
  const { source, seen } = start(path)
  await source.poll()
  mkdirSync(dirname(path))
  writeFileSync(path, 'one\n')
  await seen('one\n')
})

it('is woken by the directory in far less than its slowest poll', async () => {
  const path = join(folder(), 'access.log')
  const { source, seen } = start(path)
  await source.poll()
  // The file is missing: the next planned look is 2 s away.
  writeFileSync(`${path}.tmp`, 'one\n')
  renameSync(`${path}.tmp`, path)
  expect(await seen('one\n')).toBeLessThan(1000)
})

it('tries again by itself after onChunk threw', async () => {
  const path = join(folder(), 'access.log')
  writeFileSync(path, 'one\n')
  let failures = 2
  const { seen, text } = start(path, () => failures-- > 0)
  await seen('one\n')
  expect(text()).toBe('one\n')
})
