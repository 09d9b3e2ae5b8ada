/** Logs that nobody writes to: cheap to look at, and no change of theirs is missed. */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { untilLook } from '../../server/tail/wake.ts'
import { folder, follow } from './follow.ts'

it('far looks of many logs fall together, and none is later than asked for', () => {
  expect([2000, 2001, 2100, 2249].map((now) => now + untilLook(2000, now))).toEqual([4000, 4000, 4000, 4000])
  for (let now = 0; now < 1000; now += 7.3) {
    expect(untilLook(2000, now)).toBeLessThanOrEqual(2000)
    expect(untilLook(2000, now)).toBeGreaterThan(1700)
  }
})

it('near looks are not moved', () => {
  expect([0, 20, 250].map((ms) => untilLook(ms, 123.4))).toEqual([0, 20, 250])
})

const CHANGES: Record<string, (path: string) => void> = {
  'a line more': (path) => appendFileSync(path, 'new\n'),
  'other lines of the same length': (path) => writeFileSync(path, 'new\n'.padStart(readFileSync(path).length, 'x')),
  'another file': (path) => {
    renameSync(path, `${path}.1`)
    writeFileSync(path, 'new\n')
  },
}

for (const [what, change] of Object.entries(CHANGES))
  it(`after a long silence: ${what}`, async () => {
    const path = join(folder(), 'access.log')
    writeFileSync(path, 'one\ntwo\nthree\n')
    const { source, text, later } = follow(path)
    await source.poll()
    for (let look = 0; look < 5; look++) await later(20_000)
    change(path)
    await later(0)
    await later(20_000)
    expect(text()).toContain('new\n')
  })
