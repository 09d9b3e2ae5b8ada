/** The process that is killed: reads logs into a database like `serve` does. Its clocks come from a file that the test
 *  writes: 8 bytes for the one that is never set (ms), 8 for how far the other one is off. */
import { openSync, readSync } from 'node:fs'
import { PARSERS } from '../../parsers/index.ts'
import { ingest } from '../../server/ingest.ts'
import { openSqliteStore, StoreError, type Store } from '../../server/store/contract.ts'
import type { FilePosition } from '../../server/tail/contract.ts'
import { followFile } from '../../server/tail/file.ts'
import { wakeByDirectory, type WakeFor } from '../../server/tail/wake.ts'

export interface ReaderArguments {
  database: string
  paths: string[]
  clock: string
  /** `never`: a file system without notifications; only the planned looks come. */
  wake: 'directory' | 'never'
}

/** What is said on standard output, a line each. */
export type Said = { path: string; ino: number; offset: number } | { path: string; state: string; hint: string | null }

/** Planned looks come so much sooner, to keep the test short. */
const HURRY = 10

const { database, paths, clock, wake } = JSON.parse(String(process.argv[2])) as ReaderArguments
const fd = openSync(clock, 'r')
const times = Buffer.alloc(16)
function read(at: 0 | 8): number {
  readSync(fd, times, 0, 16, 0)
  return times.readDoubleLE(at)
}
const realNow = Date.now
Date.now = () => realNow() + read(8)

const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`)

const byPlan: WakeFor = (_path, look) => {
  let timer: NodeJS.Timeout | undefined
  return {
    plan(ms) {
      clearTimeout(timer)
      timer = setTimeout(look, ms / HURRY)
    },
    close: () => clearTimeout(timer),
  }
}
const hurried: WakeFor = (path, look) => {
  const inner = wakeByDirectory(path, look)
  return { plan: (ms, deaf) => inner.plan(ms / HURRY, deaf), close: () => inner.close() }
}

/** As a service manager does: again until there is room. */
async function open(): Promise<Store> {
  for (;;) {
    try {
      return openSqliteStore(database)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      say({ path: database, state: 'unwritable', hint: error.message })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const store = await open()
const told: Store = Object.create(store, {
  commit: {
    value(batch: Parameters<Store['commit']>[0]) {
      const result = store.commit(batch)
      const { ino, offset } = JSON.parse(batch.source.position) as FilePosition
      say({ path: batch.source.path, ino, offset })
      return result
    },
  },
}) as Store
for (const path of paths) {
  ingest({
    store: told,
    path,
    open: (source) =>
      followFile({ path, ...source }, { now: () => read(0), wake: wake === 'never' ? byPlan : hurried }),
    parsers: PARSERS,
    shift: () => (wall) => wall,
    onCommitted() {},
    onStatus: ({ state, hint }) => say({ path, state, hint }),
  })
}
say({ path: database, state: 'started', hint: null })
