/** Readers that are killed with -9: what each kind of source promises is what the database holds afterwards. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { openSqliteStore } from '../../server/store/contract.ts'
import { bundle } from '../faults/bundle.ts'
import { until, within } from '../live/harness/deadline.ts'
import { freePort } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { journalFolder } from './journal.ts'
import { listening, udp } from './receive.ts'

/** Each test starts a Node.js two or three times. */
vi.setConfig({ testTimeout: 120_000 })

const program = mkdtempSync(join(tmpdir(), 'halfopen-kill-'))
afterAll(() => rmSync(program, { recursive: true }))
let bundled = ''
beforeAll(async () => void (bundled = await bundle('test/tail/source-child.ts', program)))

/** An entry that is one event; its number is nginx's connection serial. */
const entry = (n: number): string =>
  `2026/11/21 08:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} [error] 7#7: *${n} ` +
  'upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 192.0.2.1, ' +
  'server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"'

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

function database(): string {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'a.sqlite')
}

interface Reader {
  child: ChildProcess
  /** Waits until so many events are stored. */
  stored(n: number): Promise<void>
  shows(pattern: RegExp): Promise<void>
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** @param command what the reader's standard input comes from; none when left out. */
function read(file: string, name: string, command?: string): Reader {
  const reader = [process.execPath, bundled, file, name]
  const child =
    command === undefined
      ? spawn(reader[0] as string, reader.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
      : // exec: the process that is killed is the reader.
        spawn('bash', ['-c', 'exec "$@" < <(exec 2>&-; eval "$COMMAND")', 'sh', ...reader], {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, COMMAND: command },
        })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let stored = -1
  let said = ''
  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (text) => {
    const count = /^stored (\d+)$/.exec(text)?.[1]
    if (count === undefined) said += `${text}\n`
    else stored = Number(count)
  })
  const state = (): string => `${stored} stored\n${said}`
  return {
    child,
    async stored(n) {
      await until(`${n} events`, () => stored >= n, { state, deadlineMs: 40_000 })
    },
    async shows(pattern) {
      await until(String(pattern), () => pattern.test(said), { state, deadlineMs: 40_000 })
    },
    end(signal) {
      child.kill(signal)
      return within(`the end after ${signal}`, ended)
    },
  }
}

/** Numbers of the stored entries, sorted, and how many were counted. */
function kept(file: string): { numbers: number[]; counted: number } {
  const store = openSqliteStore(file)
  const numbers: number[] = []
  let cursor: string | null = null
  do {
    const page = store.events({ cursor, limit: 500 })
    for (const { text } of page.events) numbers.push(Number(/\*(\d+) /.exec(text)?.[1]))
    cursor = page.next_cursor
  } while (cursor !== null)
  let counted = 0
  for (const o of store.evidence(-Infinity, Infinity).observations.values()) counted += o.count
  store.close()
  return { numbers: numbers.toSorted((a, b) => a - b), counted }
}

describeWith(['journalctl', 'journal'], 'the journal', () => {
  it.each([1, 2])('killed again and again, new journal files, a reboot: every entry once (%i)', async (seed) => {
    const journal = journalFolder()
    const file = database()
    const name = `journald:nginx.service?directory=${journal.path}`
    let written = 0
    const burst = async (boot = '0123456789abcdef0123456789abcdef', into = `${seed}.journal`): Promise<void> => {
      const entries = range(written + 1, (written += 150)).map((n) => ({ message: entry(n), boot, time: Date.now() }))
      await journal.write(entries, into)
    }
    await burst()
    const first = read(file, name)
    await first.stored(1)
    const writing = burst()
    await first.stored(150 + seed * 30)
    await first.end('SIGKILL')
    await writing
    await burst('fedcba9876543210fedcba9876543210', 'after-reboot.journal')
    const second = read(file, name)
    const more = burst('fedcba9876543210fedcba9876543210', 'after-reboot.journal')
    await second.stored(300 + seed * 40)
    await second.end(seed === 2 ? 'SIGTERM' : 'SIGKILL')
    await more
    const third = read(file, name)
    await third.stored(written)
    await burst('fedcba9876543210fedcba9876543210', 'third.journal')
    await third.stored(written)
    await third.end('SIGKILL')
    expect(kept(file)).toEqual({ numbers: range(1, written), counted: written })
  })
})

it('standard input: every entry of a program that ends, once; the next run adds its own', async () => {
  const file = database()
  const print = (from: number, to: number): string =>
    `for n in $(seq ${from} ${to}); do printf '%s\\n' "${entry(0).replaceAll('"', '\\"').replace('*0 ', '*$n ')}"; done`
  const first = read(file, '-', print(1, 2000))
  await first.stored(2000)
  await first.shows(/"state":"idle".*ended: nothing more comes from standard input/)
  await first.end('SIGKILL')
  const second = read(file, '-', `${print(2001, 2100)}; exec sleep 9`)
  await second.stored(2100)
  await second.end('SIGKILL')
  expect(kept(file)).toEqual({ numbers: range(1, 2100), counted: 2100 })
})

it('syslog: what was sent while nobody listened is lost, nothing is doubled', async () => {
  const file = database()
  const port = await freePort()
  const { send } = udp(port)
  const deliver = async (from: number, to: number): Promise<void> => {
    for (const n of range(from, to)) await send(`<187>Nov 21 08:00:00 vm nginx: ${entry(n)}`)
  }
  const first = read(file, `syslog:udp://127.0.0.1:${port}`)
  await listening('udp', port)
  await deliver(1, 200)
  await first.stored(200)
  await first.end('SIGKILL')
  await deliver(201, 210)
  const second = read(file, `syslog:udp://127.0.0.1:${port}`)
  await listening('udp', port)
  await deliver(301, 400)
  await second.stored(300)
  await second.end('SIGTERM')
  expect(kept(file)).toEqual({ numbers: [...range(1, 200), ...range(301, 400)], counted: 300 })
})
