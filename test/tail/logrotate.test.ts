/** The rotation most logs meet, done by the program that does it. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../needs.ts'
import { folder, follow, LINGERED } from './follow.ts'

describeWith('logrotate', 'logrotate', ({ logrotate }) => {
  function rotate(path: string, options: string): void {
    const config = join(dirname(path), 'logrotate.conf')
    writeFileSync(config, `${path} {\n  rotate 5\n  ${options.replaceAll(' | ', '\n  ')}\n}\n`, { mode: 0o644 })
    execFileSync(logrotate, ['--force', '--state', join(dirname(path), 'state'), config], { stdio: 'pipe' })
  }
  function lines(from: number, to: number): string {
    return Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join('')
  }

  it.each(['create', 'nocreate', 'create | dateext', 'create | extension .log', 'create | compress | delaycompress'])(
    'loses and doubles nothing with %s, though the writer reopens late',
    async (options) => {
      const path = join(folder(), 'access.log')
      writeFileSync(path, lines(0, 10))
      const { poll, later, text } = follow(path)
      await poll()
      let fd = openSync(path, 'a')
      onTestFinished(() => closeSync(fd))
      const rounds = options.includes('dateext') ? 1 : 3
      for (let round = 1; round <= rounds; round++) {
        const first = round * 100
        writeSync(fd, lines(first, first + 10))
        rotate(path, options)
        await poll()
        writeSync(fd, lines(first + 10, first + 20))
        // What a reopening nginx does: opens the path, making it when it is not there.
        const fresh = openSync(path, 'a')
        writeSync(fd, lines(first + 20, first + 30))
        closeSync(fd)
        fd = fresh
        writeSync(fd, lines(first + 30, first + 40))
        await poll()
        await later(LINGERED)
      }
      const all = Array.from({ length: rounds }, (_, index) => lines((index + 1) * 100, (index + 1) * 100 + 40))
      expect(text()).toBe(lines(0, 10) + all.join(''))
    },
  )

  it.each(['copytruncate', 'copytruncate | dateext'])('reads back what %s cut off', async (options) => {
    const path = join(folder(), 'access.log')
    writeFileSync(path, lines(0, 10))
    const { poll, text } = follow(path)
    await poll()
    appendFileSync(path, lines(10, 20))
    rotate(path, options)
    appendFileSync(path, lines(20, 60))
    await poll()
    expect(text()).toBe(lines(0, 60))
  })
})
