/** More logs than can be followed, more imports than are done at once, and names among others that are no logs. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { mostFollowed } from '../../server/descriptors.ts'
import type { Sources } from '../../server/http/wire.ts'
import { refused, request } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 30_000, interval: 20 }
const sources = async (server: Started): Promise<Sources> => (await server.ask('/api/v1/sources')).json()

describe('as many logs are followed as there are descriptors for', () => {
  it.each([
    ['Max open files            20000                20000                files', 1000],
    ['Max cpu time 1\nMax open files  1024  1024  files\n', 448],
    ['Max open files            64                64                files', 16],
    ['Max open files            unlimited            unlimited            files', 1000],
    [null, 1000],
  ])('%s → %i', (limits, most) => {
    expect(mostFollowed(limits)).toBe(most)
  })

  it('the ones that were written to last; the others are told of, and the start is quick', async () => {
    const dir = folder()
    mkdirSync(join(dir, 'logs'))
    for (let n = 0; n < 1200; n++) writeFileSync(join(dir, `logs/site-${n}.log`), '')
    for (let n = 0; n < 200; n++) utimesSync(join(dir, `logs/site-${n}.log`), 1e9, 1e9)
    const before = performance.now()
    const server = await startIn(dir, 'sources: logs/*.log\n')
    expect(performance.now() - before).toBeLessThan(5000)
    const { sources: followed, notices } = await sources(server)
    expect(followed).toHaveLength(1000)
    expect(followed.some(({ path }) => path.endsWith('/site-199.log'))).toBe(false)
    expect(notices).toEqual([
      expect.stringMatching(
        /^200 logs are not read, since at most 1,000 are followed at once: .*site-\d+\.log and 197 more; name those that/,
      ),
    ])
    expect(server.said()).toContain('warn: 200 logs are not read')
    expect(server.said().match(/reading /g)).toHaveLength(21)
    await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(1300)
  })
})

it('a few logs are imported at a time, the shortest first; the others wait visibly, and hold up nothing', async () => {
  const dir = folder()
  const now = Date.now() - 3_600_000
  const old = request(now, 200, '/').repeat(40_000)
  const names = Array.from({ length: 7 }, (_, n) => `big-${n}.log`)
  for (const [n, name] of names.entries()) writeFileSync(join(dir, name), n === 6 ? old : old.repeat(2))
  writeFileSync(join(dir, 'small.log'), refused(now))
  const server = await startIn(dir, `sources: [${[...names, 'small.log'].join(', ')}]\ntimezone: UTC\n`)
  const first = await sources(server)
  const waits = first.sources.filter(({ hint }) => hint === 'waits for its turn: 4 logs are imported at a time')
  expect(waits).toHaveLength(3)
  for (const { state, lag_bytes, lag_seconds } of waits)
    expect([state, lag_bytes, lag_seconds]).toEqual(['reading', old.length * 2, null])
  appendFileSync(join(dir, 'small.log'), refused(Date.now()))
  const linesOf = async (name: string): Promise<number | undefined> =>
    (await sources(server)).sources.find(({ path }) => path.endsWith(name))?.lines
  await expect.poll(() => linesOf('small.log'), SOON).toBe(2)
  expect(await linesOf('big-5.log')).toBeLessThan(80_000)
  await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
  const { sources: all } = await sources(server)
  expect(all.map(({ lines, hint }) => [lines, hint]).slice(0, 7)).toEqual([
    ...Array.from({ length: 6 }, () => [80_000, null]),
    [40_000, null],
  ])
})

describe('what is no log', () => {
  async function withOddities(): Promise<string> {
    const dir = folder()
    spawnSync('mkfifo', [join(dir, 'pipe.log')])
    symlinkSync('loop.log', join(dir, 'loop.log'))
    const socket = createServer()
    await new Promise<void>((resolve) => socket.listen(join(dir, 'log.sock'), resolve))
    onTestFinished(() => void socket.close())
    return dir
  }

  it('is refused among others, and the others are read', async () => {
    const dir = await withOddities()
    writeFileSync(join(dir, 'error.log'), refused(Date.now()))
    const server = await startIn(dir, 'sources: [pipe.log, /dev/null, loop.log, log.sock, error.log]\ntimezone: UTC\n')
    await expect.poll(async () => (await sources(server)).sources.map(({ lines }) => lines), SOON).toEqual([1])
    const { notices } = await sources(server)
    expect(notices).toEqual([
      expect.stringMatching(/pipe\.log: a named pipe, not a log file; /),
      expect.stringMatching(/^\/dev\/null: a device, not a log file; /),
      expect.stringMatching(/loop\.log: a symbolic link that leads back to itself \(ELOOP\), not a log file; name /),
      expect.stringMatching(/log\.sock: a socket, not a log file; /),
    ])
    for (const notice of notices) expect(server.said()).toContain(`warn: ${notice}\n`)
  })

  it('alone ends the start', async () => {
    const dir = await withOddities()
    await expect(startIn(dir, 'sources: pipe.log\n')).rejects.toThrow(/pipe\.log: a named pipe, not a log file/)
    await expect(startIn(dir, 'sources: loop.log\n')).rejects.toThrow(/loop\.log: a symbolic link that leads back/)
  })
})
