/** A disk that is really full: reading pauses and says so, loses nothing, and goes on by itself when there is room. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { checkDatabase, openSqliteStore } from '../../server/store/contract.ts'

const root = mkdtempSync(join(tmpdir(), 'halfopen-disk-'))
const disk = join(root, 'disk')
mkdirSync(disk)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]).status === 0
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  if (mounted) spawnSync('umount', ['-l', disk])
  rmSync(root, { recursive: true })
})

const line = (n: number): string =>
  `2026/11/21 08:00:${String(n % 60).padStart(2, '0')} [error] 7#7: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: ` +
  `192.0.2.1, server: a.example, request: "GET /ws?${((n * 7919) ** 4).toString(36)} HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"\n`

const needsMount = mounted || process.env['CI'] === 'true' ? describe : describe.skip
needsMount(`a full disk${mounted ? '' : ' (needs the right to mount a tmpfs)'}`, () => {
  it('pauses reading with a notice, loses nothing, doubles nothing, and is over by itself', async () => {
    expect(mounted, 'a tmpfs can be mounted').toBe(true)
    const [database, log, ballast] = [join(disk, 'a.sqlite'), join(root, 'error.log'), join(disk, 'ballast')]
    writeFileSync(log, line(1))
    const script = fileURLToPath(new URL('disk-child.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', script, database, log], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.add(child)
    const said: { stored?: number; status?: { state: string; hint: string | null }; notices: string[] }[] = []
    const heard = new Set<() => void>()
    createInterface(child.stdout).on('line', (text) => {
      said.push(JSON.parse(text) as (typeof said)[number])
      for (const check of heard) check()
    })
    const until = (what: string, holds: () => boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`waited for: ${what}; last: ${JSON.stringify(said.at(-1))}`)),
          40_000,
        )
        const check = (): void => {
          if (!holds()) return
          clearTimeout(late)
          heard.delete(check)
          resolve()
        }
        heard.add(check)
        check()
      })
    const stored = (): number => said.findLast((one) => one.stored !== undefined)?.stored ?? 0
    await until('the first line', () => stored() === 1)
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize))
    let written = 1
    for (let burst = 0; burst < 20; burst++) {
      let text = ''
      for (let n = 0; n < 500; n++) text += line(++written)
      appendFileSync(log, text)
    }
    await until('the pause', () => said.at(-1)?.status?.state === 'unreadable')
    expect(said.at(-1)?.status?.hint).toContain('the disk is full')
    expect(said.at(-1)?.notices).toEqual([
      expect.stringMatching(
        /^Reading is paused and nothing is lost: .*a\.sqlite cannot be written \(the disk is full\); make room/,
      ),
    ])
    expect(stored()).toBeLessThan(written)
    rmSync(ballast)
    await until('all lines', () => stored() === written)
    expect(said.at(-1)?.notices).toEqual([])
    child.stdin.write('stop\n')
    await once(child, 'exit')
    children.delete(child)
    expect(checkDatabase(database)).toMatchObject({ faults: [], events: written })
    const store = openSqliteStore(database)
    const numbers: number[] = []
    for (let cursor: string | null = null; ;) {
      const page = store.events({ cursor, limit: 500 })
      for (const { text } of page.events) numbers.push(Number(/\*(\d+) /.exec(text)?.[1]))
      cursor = page.next_cursor
      if (cursor === null) break
    }
    store.close()
    expect(numbers.reverse()).toEqual(Array.from({ length: written }, (_, n) => n + 1))
  }, 120_000)

  it('that was mounted read-only is called that, also by those who only look', () => {
    const database = join(disk, 'b.sqlite')
    openSqliteStore(database).close()
    spawnSync('mount', ['-o', 'remount,ro', disk])
    try {
      for (const look of [checkDatabase, openSqliteStore])
        expect(() => look(database)).toThrow(`${database} is on a read-only file system`)
    } finally {
      spawnSync('mount', ['-o', 'remount,rw', disk])
    }
  })
})
