/** How far behind a source is, by its newest line and what waits. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../server/config.ts'
import { unreadSummary } from '../../server/scan/contract.ts'
import { Sources } from '../../server/sources.ts'
import type { SourceStatus } from '../../server/tail/contract.ts'
import { folder } from './running.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')

it.each<[Partial<SourceStatus>, string | null, number | null]>([
  [{ lag_bytes: 0 }, '2026-11-28T11:00:00Z', 0],
  [{ lag_bytes: 9 }, '2026-11-28T11:58:30Z', 90],
  [{ lag_bytes: 9, state: 'unreadable' }, '2026-11-28T11:58:30Z', 90],
  // A clock or a zone that is ahead.
  [{ lag_bytes: 9 }, '2026-11-28T13:00:00Z', 0],
  [{ lag_bytes: 9 }, null, null],
  [{ lag_bytes: 0, state: 'missing' }, '2026-11-28T11:00:00Z', null],
])('%o, newest line %s → %s s', async (status, to, lag_seconds) => {
  const dir = folder()
  const path = join(dir, 'a.log')
  const config = loadConfig({ file: null, cli: { sources: [path] }, env: {}, cwd: dir })
  const sources = new Sources({
    isKnown: () => false,
    most: 1000,
    config,
    logFormats: () => null,
    cwd: dir,
    now: () => NOW,
    follow: () => ({
      poll: () => Promise.resolve(),
      status: () => ({ state: 'idle', hint: null, lag_bytes: 0, ...status }),
      close: () => Promise.resolve(),
    }),
  })
  await sources.find(true)
  await sources.poll()
  expect(sources.states([{ ...unreadSummary(path), to }])).toMatchObject([{ path, lag_seconds }])
})
