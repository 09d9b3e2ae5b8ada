import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSqliteStore } from '../../server/store/contract.ts'
import { openDriver } from '../../server/store/sqlite/driver.ts'
import { bundle } from '../faults/bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'halfopen-kill-'))
afterAll(() => rmSync(folder, { recursive: true }))

let child = ''
beforeAll(async () => void (child = await bundle('test/store/commit-forever.ts', folder)))

it('kill -9 in the middle of commits leaves position, events and counts of the same batches', async () => {
  const file = join(folder, 'a.sqlite')
  let before = 0
  for (const delay of [0, 3, 7, 12, 20]) {
    const process_ = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(process_.stdout, 'data')
    // A different moment of a transaction each time; nothing is waited for.
    await new Promise((done) => setTimeout(done, delay))
    process_.kill('SIGKILL')
    await once(process_, 'exit')
    const db = openDriver(file)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
    const store = openSqliteStore(file)
    const seq = store.positions()[0]?.seq ?? 0
    expect(seq).toBeGreaterThan(before)
    expect(seq % 200).toBe(0)
    const evidence = store.evidence(-Infinity, Infinity)
    const counted = [...evidence.observations.values()].reduce((sum, o) => sum + o.count, 0)
    expect([counted, evidence.status.get(200), allEvents(store)]).toEqual([seq / 2, seq / 2, seq / 2])
    before = seq
    store.close()
  }
})

function allEvents(store: ReturnType<typeof openSqliteStore>): number {
  let n = 0
  for (let cursor: string | null = null; ;) {
    const page = store.events({ cursor, limit: 500 })
    n += page.events.length
    cursor = page.next_cursor
    if (cursor === null) return n
  }
}
