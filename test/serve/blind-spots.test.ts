/** What the page says that these logs cannot show, of logs that are followed and say nothing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import type { Problems, Report } from '../../server/http/wire.ts'
import { refused, request } from './lines.ts'
import { folder, startIn } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 20_000, interval: 50 }
const DAY = 86_400_000

it.each([
  ['an empty error log', '', 'read, and empty'],
  ['an error log of last week', refused(Date.now() - 7 * DAY), 'read, and without a line of this time'],
])('%s that is followed is not asked for', async (_name, text, says) => {
  const dir = folder()
  writeFileSync(join(dir, 'access.log'), request(Date.now() - 1000, 200))
  writeFileSync(join(dir, 'error.log'), text)
  const server = await startIn(dir, 'sources: [access.log, error.log, not-there-error.log]\ntimezone: UTC\n')
  const spots = async (): Promise<string> => {
    const { blind_spots }: Problems = (await server.ask('/api/v1/problems')).json()
    return JSON.stringify(blind_spots)
  }
  await expect.poll(spots, SOON).toContain('what nginx itself complained of')
  expect(await spots()).toContain(`"${join(dir, 'error.log')}: ${says}`)
  expect(await spots()).not.toMatch(/no nginx error log|- \/var\/log\/nginx\/error\.log|not-there/)
  const from = new Date(Date.now() - DAY).toISOString()
  const { blind_spots }: Report = (await server.ask(`/api/v1/report?from=${from}`)).json()
  expect(JSON.stringify(blind_spots)).toContain(`${join(dir, 'error.log')}: ${says}`)
})

it('without one it is', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'access.log'), request(Date.now() - 1000, 200))
  const server = await startIn(dir, 'sources: access.log\ntimezone: UTC\n')
  await expect
    .poll(async () => (await server.ask('/api/v1/problems')).text, SOON)
    .toContain('no nginx error log of this time was read')
})
