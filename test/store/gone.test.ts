/** The database is deleted, moved or replaced under a running server: it stores nothing more and says so. */
import { appendFileSync, copyFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { EventPage, Problems, Sources } from '../../server/http/wire.ts'
import { openReadOnly } from '../../server/store/sqlite/driver.ts'
import { refused } from '../serve/lines.ts'
import { folder, startIn, type Started } from '../serve/running.ts'

const SOON = { timeout: 15_000, interval: 50 }
const YAML = 'sources: error.log\ntimezone: UTC\n'
const events = async (server: Started): Promise<number> => {
  const page: EventPage = (await server.ask('/api/v1/events?limit=200')).json()
  return page.events.length
}
const sources = async (server: Started): Promise<Sources> => (await server.ask('/api/v1/sources')).json()

async function started(): Promise<{ dir: string; database: string; server: Started; write: () => void }> {
  const dir = folder()
  const write = (): void => appendFileSync(join(dir, 'error.log'), refused(Date.now()))
  writeFileSync(join(dir, 'error.log'), '')
  const server = await startIn(dir, YAML)
  write()
  await expect.poll(() => events(server), SOON).toBe(1)
  return { dir, database: join(dir, 'h.sqlite'), server, write }
}

it('deleted: told without a line, nothing more is stored, and the next start reads everything again', async () => {
  const { dir, database, server, write } = await started()
  for (const part of ['', '-wal', '-shm']) rmSync(`${database}${part}`)
  const said = `${database} was deleted or moved while it was open, and what is written to it is lost; put it back, or restart halfopen`
  await expect.poll(server.said, SOON).toContain(`warn: ${said}`)
  expect((await sources(server)).notices).toEqual([expect.stringContaining(said)])
  expect((await server.ask('/metrics')).text).toContain('halfopen_storing 0\n')
  write()
  await expect.poll(async () => (await sources(server)).sources[0]?.state, SOON).toBe('unreadable')
  expect((await sources(server)).sources[0]).toMatchObject({ lines: 1, hint: expect.stringContaining(said) })
  const { problems }: Problems = (await server.ask('/api/v1/problems')).json()
  const muted = await server.ask(`/api/v1/problems/${problems[0]?.id}/mute`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
  })
  expect([muted.status, muted.json()]).toMatchObject([
    503,
    { error: { code: 'database-gone', message: expect.any(String) } },
  ])
  expect(server.said().split(said)).toHaveLength(2)
  await server.close()
  const again = await startIn(dir, YAML)
  await expect.poll(() => events(again), SOON).toBe(2)
})

it('moved away and back: goes on by itself, and nothing is lost or doubled', async () => {
  const { database, server, write } = await started()
  renameSync(database, `${database}.away`)
  write()
  await expect.poll(async () => (await sources(server)).sources[0]?.state, SOON).toBe('unreadable')
  renameSync(`${database}.away`, database)
  await expect.poll(() => events(server), SOON).toBe(2)
  expect((await sources(server)).notices).toEqual([])
})

it('replaced by another file, or without what is not copied into it yet: told', async () => {
  const { database, server } = await started()
  copyFileSync(database, `${database}.copy`)
  renameSync(`${database}.copy`, database)
  await expect.poll(server.said, SOON).toContain('was replaced by another file while it was open; restart halfopen')
  const other = await started()
  rmSync(`${other.database}-wal`)
  await expect.poll(other.server.said, SOON).toContain('-wal was deleted while the database was open; stop halfopen')
})

it('a backup put in its place: the next start has that one, whole, and says what it moved aside', async () => {
  const backup = await started()
  await backup.server.close()
  const { dir, database, server, write } = await started()
  for (let n = 0; n < 3; n++) write()
  await expect.poll(() => events(server), SOON).toBe(4)
  // More is in the -wal file than in the database.
  renameSync(backup.database, database)
  await expect.poll(server.said, SOON).toContain('was replaced by another file while it was open')
  await server.close()
  const again = await startIn(dir, YAML)
  // One of the backup, and those of this log, which the backup has not read.
  await expect.poll(() => events(again), SOON).toBe(5)
  expect((await sources(again)).notices).toEqual([expect.stringContaining('was moved to')])
  await again.close()
  const db = openReadOnly(database)
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
  expect(readdirSync(dir).filter((name) => name.includes('of-the-file-before'))).not.toEqual([])
})
