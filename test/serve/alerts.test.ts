/** From a line in a log to a message at a receiver, through everything in between. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Problem, Problems } from '../../server/http/wire.ts'
import { startReceiver, type WebhookReceiver } from '../alerts/receiver.ts'
import { refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 30_000 })
const MINUTE = 60_000
const SOON = { timeout: 10_000, interval: 50 }

interface Scene {
  dir: string
  log: string
  hook: WebhookReceiver
  /** What the server takes for the time; tests move it. */
  clock: { now: number }
  start(): Promise<Started>
  happen(): void
}

async function scene(): Promise<Scene> {
  const dir = folder()
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  const log = join(dir, 'error.log')
  const clock = { now: Date.now() }
  const yaml = `sources: [error.log]\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n  resolve_after: 10m\n`
  return {
    dir,
    log,
    hook,
    clock,
    start: async () => {
      const server = await startIn(dir, yaml, () => clock.now)
      await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
      return server
    },
    happen: () => appendFileSync(log, refused(clock.now)),
  }
}

const problems = async (server: Started): Promise<Problem[]> => {
  const { problems: all }: Problems = (await server.ask('/api/v1/problems')).json()
  return all
}
const states = async (server: Started): Promise<string[]> =>
  (await problems(server)).map(({ finding, state }) => `${finding.cause} ${state}`)
const types = (hook: WebhookReceiver): unknown[] =>
  hook.received.map(({ body }) => (JSON.parse(body) as { type: unknown }).type)

it('a problem is announced once when it opens and once when it resolves, and again when it comes back', async () => {
  const { hook, clock, start, happen, log } = await scene()
  writeFileSync(log, '')
  const server = await start()
  happen()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
  expect(await states(server)).toEqual(['backend-down new'])
  const message = JSON.parse(hook.received[0]?.body ?? '') as { data: { problem: Record<string, unknown> } }
  expect(message.data.problem).toMatchObject({
    cause: 'backend-down',
    count: 1,
    scope: { upstream: '127.0.0.1:3000' },
    evidence: { source: log, line: 1, text: expect.stringContaining('Connection refused') },
    url: `${server.url}/#/problems/${String(message.data.problem['id'])}`,
  })
  expect(hook.received[0]?.headers).toMatchObject({
    'user-agent': 'halfopen/1.2.3',
    'webhook-id': expect.stringMatching(/^msg_\w+$/),
  })

  // More of the same is no news.
  clock.now += MINUTE
  happen()
  happen()
  await expect.poll(async () => (await problems(server))[0]?.finding.count, SOON).toBe(3)

  clock.now += 10 * MINUTE
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened', 'problem.resolved'])
  expect(await states(server)).toEqual(['backend-down resolved'])

  clock.now += MINUTE
  happen()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened', 'problem.resolved', 'problem.opened'])
  expect(await states(server)).toEqual(['backend-down regressed'])
  expect(new Set(hook.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)

  expect(server.said()).toContain('alert to webhook delivered')
  const everything =
    server.said() +
    (await Promise.all(['sources', 'problems', 'report'].map((path) => server.ask(`/api/v1/${path}`))))
      .map(({ text }) => text)
      .join('')
  expect(everything).not.toContain('canary-secret')
})

it('history alerts nobody; its first live occurrence does', async () => {
  const { hook, clock, start, happen, log } = await scene()
  writeFileSync(log, refused(clock.now - 5 * MINUTE).repeat(50))
  const server = await start()
  await expect.poll(() => states(server), SOON).toEqual(['backend-down imported'])

  // Another live line, about another place, shows that rounds go by and messages would arrive.
  appendFileSync(log, refused(clock.now, '127.0.0.1:4000'))
  await expect.poll(() => hook.received.length, SOON).toBe(1)
  expect(hook.received[0]?.body).toContain('127.0.0.1:4000')
  expect((await states(server)).toSorted()).toEqual(['backend-down imported', 'backend-down new'])

  happen()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened', 'problem.opened'])
  expect(hook.received[1]?.body).toContain('127.0.0.1:3000')
})

it('a restart announces nothing again, and does not miss what happened meanwhile', async () => {
  const { hook, clock, start, happen, log } = await scene()
  writeFileSync(log, '')
  const first = await start()
  happen()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
  await first.close()

  appendFileSync(log, refused(clock.now, '127.0.0.1:4000'))
  clock.now += MINUTE
  const second = await start()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened', 'problem.opened'])
  expect(hook.received[1]?.body).toContain('127.0.0.1:4000')
  clock.now += 10 * MINUTE
  await expect.poll(() => types(hook).length, SOON).toBe(4)
  expect(types(hook).slice(2)).toEqual(['problem.resolved', 'problem.resolved'])
  expect((await states(second)).every((state) => state === 'backend-down resolved')).toBe(true)
})

it('what was read in the last moment before the end is announced after the next start', async () => {
  const { hook, start, happen, log } = await scene()
  writeFileSync(log, '')
  const first = await start()
  happen()
  const stored = async (): Promise<boolean> =>
    (await first.ask('/api/v1/events?limit=1')).text.includes('upstream_refused')
  await expect.poll(stored, { timeout: 10_000, interval: 5 }).toBe(true)
  await first.close()
  await start()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
})

it('a muted problem sends nothing', async () => {
  const { hook, clock, start, happen, log } = await scene()
  writeFileSync(log, '')
  const server = await start()
  happen()
  await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
  const [problem] = await problems(server)
  const post = (what: string) =>
    server.ask(`/api/v1/problems/${problem?.id}/${what}`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
    })
  expect((await post('mute')).json()).toMatchObject({ state: 'muted' })

  clock.now += 20 * MINUTE
  appendFileSync(log, refused(clock.now, '127.0.0.1:4000'))
  await expect.poll(() => hook.received.length, SOON).toBe(2)
  expect(hook.received[1]?.body).toContain('127.0.0.1:4000')
  expect((await states(server)).toSorted()).toEqual(['backend-down muted', 'backend-down new'])

  expect((await post('unmute')).json()).toMatchObject({ state: 'ongoing' })
  await expect
    .poll(() => types(hook), { ...SOON, timeout: 20_000 })
    .toEqual(['problem.opened', 'problem.opened', 'problem.resolved'])
})
