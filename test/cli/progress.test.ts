import { expect, it } from 'vitest'
import { progressLine, progressText } from '../../server/cli/progress.ts'

it('says how far, how fast and how long', () => {
  expect(progressText(120e6, 350e6, 0.5)).toBe('reading 34 %, 120 MB of 350 MB, 240 MB/s, 1 s left')
  expect(progressText(5e6, null, 2)).toBe('reading 5 MB, 2.5 MB/s')
  // A live log grew, or gzip: never more than all of it.
  expect(progressText(10, 5, 1)).toBe('reading 10 B, 10 B/s')
})

it('shows nothing for what is quick, then ten times a second at most, and leaves no trace', () => {
  let at = 0
  const written: string[] = []
  const progress = progressLine(
    (text) => written.push(text),
    () => at,
  )
  for (at = 0; at < 300; at += 10) progress.update(at, 1000)
  expect(written).toEqual([])
  for (at = 300; at < 800; at += 10) progress.update(at, 1000)
  expect(written).toHaveLength(5)
  progress.clear()
  expect(written.at(-1)).toBe('\r\x1b[K')
  progress.clear()
  expect(written).toHaveLength(6)
})
