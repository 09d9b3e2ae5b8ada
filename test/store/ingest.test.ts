/** A log that is written, rotated and read by a process that is killed: every line is stored once. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { followFile } from '../../server/tail/contract.ts'
import { openSqliteStore, type Store } from '../../server/store/contract.ts'
import { bundle } from '../faults/bundle.ts'
import { openDriver } from '../../server/store/sqlite/driver.ts'

/** All at once: the point is being killed, not being starved. test/faults makes many more, with everything else that
 *  happens to logs. */
const RUNS = 10
const SEEDS = Array.from({ length: RUNS }, (_, i) => i + 1)
const PER_BURST = 40
const root = mkdtempSync(join(tmpdir(), 'halfopen-ingest-'))
// Hundreds of starts through a loader would be most of the time.
const reader = await bundle('test/store/ingest-child.ts', root)
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true })
})

/** An error line that is one event; its number is nginx's connection serial. */
const line = (n: number): string =>
  `2026/11/21 08:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} [error] 7#7: *${n} ` +
  'upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 192.0.2.1, ' +
  'server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"\n'

/** The writer: bursts of numbered lines with rotations between them, in an order the seed decides (mulberry32). */
class Writer {
  readonly path: string
  written = 0
  private state: number
  constructor(path: string, seed: number) {
    this.path = path
    this.state = seed
    writeFileSync(path, '')
  }

  random(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }

  burst(to = this.path): void {
    let text = ''
    for (let n = 0; n < PER_BURST; n++) text += line(++this.written)
    // Cut anywhere, so that a reader also sees half a line.
    const cut = this.random(text.length)
    appendFileSync(to, text.slice(0, cut))
    appendFileSync(to, text.slice(cut))
  }

  rotate(): void {
    if (existsSync(`${this.path}.1`)) renameSync(`${this.path}.1`, `${this.path}.2`)
    if (this.random(2) === 0) {
      renameSync(this.path, `${this.path}.1`)
      // nginx goes on in the old file until it is told.
      this.burst(`${this.path}.1`)
      writeFileSync(this.path, '')
    } else {
      copyFileSync(this.path, `${this.path}.1`)
      truncateSync(this.path)
    }
    this.burst()
  }
}

/** Starts the reader; `reached(n)` resolves when it says that n events are stored. */
function read(database: string, path: string): { child: ChildProcess; reached: (n: number) => Promise<void> } {
  const child = spawn(process.execPath, [reader, database, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  let stored = -1
  const waiting = new Set<() => void>()
  createInterface(child.stdout).on('line', (text) => {
    stored = Number(text)
    for (const check of waiting) check()
  })
  const reached = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${path}: ${stored} of ${n} events stored`)), 25_000)
      const check = (): void => {
        if (stored < n) return
        clearTimeout(late)
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { child, reached }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
  children.delete(child)
}

/** Numbers of the stored lines, in order of reading. */
function numbersIn(store: Store): number[] {
  const numbers: number[] = []
  for (let cursor: string | null = null; ;) {
    const page = store.events({ cursor, limit: 500 })
    for (const { text } of page.events) numbers.push(Number(/\*(\d+) /.exec(text)?.[1]))
    cursor = page.next_cursor
    if (cursor === null) return numbers.reverse()
  }
}

async function run(seed: number): Promise<{ written: number; lost: number[]; twice: number[]; counted: number }> {
  const folder = mkdtempSync(join(root, `seed-${seed}-`))
  const [database, path] = [join(folder, 'a.sqlite'), join(folder, 'error.log')]
  const writer = new Writer(path, seed)
  for (let n = writer.random(20); n >= 0; n--) writer.burst()
  const first = read(database, path)
  // From its first commit on, the reader owes every line; before that it has not seen the source.
  await first.reached(writer.random(2) === 0 ? 1 : writer.written)
  for (let n = writer.random(30); n >= 0; n--) {
    writer.burst()
    await new Promise(setImmediate)
  }
  await kill(first.child)
  // What happens meanwhile: more lines, and in most runs a rotation.
  writer.burst()
  if (writer.random(4) > 0) writer.rotate()
  const second = read(database, path)
  await second.reached(writer.random(writer.written))
  writer.burst()
  await second.reached(writer.written)
  writer.rotate()
  await second.reached(writer.written)
  await kill(second.child)
  const store = openSqliteStore(database)
  const numbers = numbersIn(store)
  const seen = new Set(numbers)
  const all = Array.from({ length: writer.written }, (_, n) => n + 1)
  let counted = 0
  for (const o of store.evidence(-Infinity, Infinity).observations.values()) counted += o.count
  store.close()
  return {
    written: writer.written,
    lost: all.filter((n) => !seen.has(n)),
    twice: numbers.filter((n, at) => numbers.indexOf(n) !== at),
    counted,
  }
}

it(
  'kill -9 of the reader, rotations by rename and copytruncate: none lost, none doubled, in every seeded run',
  async () => {
    const results = []
    for (let at = 0; at < RUNS; at += 10) results.push(...(await Promise.all(SEEDS.slice(at, at + 10).map(run))))
    for (const [at, { written, lost, twice, counted }] of results.entries()) {
      expect({ seed: SEEDS[at], lost, twice, counted }).toEqual({
        seed: SEEDS[at],
        lost: [],
        twice: [],
        counted: written,
      })
    }
  },
  RUNS * 6_000,
)

it('a commit that fails stops reading, says so, and is tried again: nothing lost, nothing doubled', async () => {
  const folder = mkdtempSync(join(root, 'failing-'))
  const [database, path] = [join(folder, 'a.sqlite'), join(folder, 'error.log')]
  writeFileSync(path, line(1) + line(2))
  const store = openSqliteStore(database)
  const other = openDriver(database)
  // SQLite itself refuses in the middle of the transaction: the source row is written by then.
  other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON event_blocks WHEN NEW.n >= 2
    BEGIN SELECT RAISE(ABORT, 'no room'); END`)
  const hints: string[] = []
  let committed = 0
  const done = new Promise<number>((resolve) => {
    const source = ingest({
      store,
      path,
      open: (source) => followFile({ path, ...source }),
      parsers: PARSERS,
      shift: () => (wall) => wall,
      onCommitted({ events }) {
        committed += events.length
        if (committed >= 3) void source.close().then(() => resolve(committed))
      },
      onStatus({ state, hint }) {
        if (state !== 'unreadable') return
        hints.push(String(hint))
        if (hints.length > 1) return
        expect([store.positions(), numbersIn(store)]).toEqual([[], []])
        appendFileSync(path, line(3))
        other.exec('DROP TRIGGER refuse')
      },
    })
  })
  expect(await done).toBe(3)
  expect(hints[0]).toContain('no room')
  expect(numbersIn(store)).toEqual([1, 2, 3])
  expect(store.inputs()[0]).toMatchObject({ lines: 3, parsed: 3 })
  other.close()
  store.close()
})
