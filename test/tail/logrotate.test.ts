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

  it.each(['create', 'create | compress', 'copytruncate', 'copytruncate | compress'])(
    'finds what was moved to another folder (olddir, %s), read on and after a restart',
    async (options) => {
      const path = join(folder(), 'access.log')
      writeFileSync(path, lines(0, 10))
      const first = follow(path)
      await first.poll()
      const moved = `${options} | olddir ${join(dirname(path), 'old')} | createolddir 755 root root`
      appendFileSync(path, lines(10, 20))
      rotate(path, process.getuid?.() === 0 ? moved : moved.replace(/ root root$/, ''))
      appendFileSync(path, lines(20, 60))
      await first.poll()
      await first.later(LINGERED)
      expect(first.text()).toBe(lines(0, 60))
      await first.source.close()
      appendFileSync(path, lines(60, 70))
      rotate(path, moved)
      appendFileSync(path, lines(70, 80))
      rotate(path, moved)
      appendFileSync(path, lines(80, 90))
      const second = follow(path, { resume: first.saved() })
      await second.poll()
      await second.later(LINGERED)
      await second.later(LINGERED)
      expect(second.text()).toBe(lines(60, 90))
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
