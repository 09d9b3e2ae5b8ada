import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const LOCK_MODULE = pathToFileURL('server/setup/lock.mjs').href
let folder: string
let lock: string
let journal: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halfopen-lock-'))
  lock = join(folder, 'setup.lock')
  journal = join(folder, 'journal')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A process that takes the lock and writes `in`, then `out`, with a turn of the event loop between. */
function contender() {
  const script = `
    import { appendFileSync } from 'node:fs'
    import { setImmediate as turn } from 'node:timers/promises'
    import { withLock } from ${JSON.stringify(LOCK_MODULE)}
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(journal)}, 'in ' + process.pid + '\\n')
      for (let i = 0; i < 200; i++) await turn()
      appendFileSync(${JSON.stringify(journal)}, 'out ' + process.pid + '\\n')
    })`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] })
}

async function exitOf(child: ReturnType<typeof contender>): Promise<unknown> {
  const [code]: unknown[] = await once(child, 'close')
  return code
}

/** Each `in` is followed by the `out` of the same process: nobody was in at the same time. */
function expectTurns(count: number): void {
  const lines = readFileSync(journal, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(count * 2)
  for (let i = 0; i < lines.length; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace('in', 'out'))
}

it('lets processes in one at a time and leaves nothing behind', async () => {
  expect(await Promise.all([1, 2, 3, 4].map(() => exitOf(contender())))).toEqual([0, 0, 0, 0])
  expectTurns(4)
  expect(existsSync(lock)).toBe(false)
})

it('is taken over from a dead process, by one of those who wait', async () => {
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'close')
  mkdirSync(lock)
  writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: dead.pid, host: hostname() }))
  expect(await Promise.all([1, 2, 3, 4].map(() => exitOf(contender())))).toEqual([0, 0, 0, 0])
  expectTurns(4)
})

it('is waited for while its process lives, and says so', async () => {
  mkdirSync(lock)
  writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }))
  const waiting = contender()
  const [said]: unknown[] = await once(waiting.stderr, 'data')
  expect(String(said)).toContain(`another set-up is running in this checkout (process ${process.pid})`)
  expect(existsSync(journal)).toBe(false)
  rmSync(lock, { recursive: true })
  expect(await exitOf(waiting)).toBe(0)
  expectTurns(1)
})
