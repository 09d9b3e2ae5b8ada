/** What a receiver hears while a real nginx is broken, repaired and broken again. */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join as inFolder } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Problem, Problems, Report } from '../../server/http/wire.ts'
import { startReceiver, type WebhookReceiver } from '../alerts/receiver.ts'
import { startBackend } from '../live/harness/backend.ts'
import { handshake, join } from '../live/harness/client.ts'
import { location, MAP, siteConfig, UPGRADE_LINES } from '../live/harness/config.ts'
import { logged, startNginx, type Nginx } from '../live/harness/nginx.ts'
import { describeWith } from '../needs.ts'
import { combinedStamp, refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 90_000 })
const SOON = { timeout: 20_000, interval: 50 }
const MINUTE = 60_000

interface Message {
  type: string
  data: {
    problem: {
      cause: string
      state: string
      reason: string
      resolution: string | null
      title: string
      severity: string
      confidence: number
    }
  }
}
const messages = (hook: WebhookReceiver): Message[] => hook.received.map(({ body }) => JSON.parse(body) as Message)
const types = (hook: WebhookReceiver): string[] => messages(hook).map(({ type }) => type)

async function problems(server: Started): Promise<Problem[]> {
  const { problems: all }: Problems = (await server.ask('/api/v1/problems')).json()
  return all
}

async function receiver(): Promise<WebhookReceiver> {
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  return hook
}

const ready = (server: Started): Promise<void> =>
  expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)

/** Combined names no host and dates a handshake by the end of its session: there, 101s prove no repair. */
const LOG = { http: MAP, access: ['timed'] } as const

/** nginx in front of a backend that answers 426 to what is no upgrade, first without the headers. */
async function site(): Promise<{ nginx: Nginx; broken: string; repaired: string }> {
  const backend = await startBackend({ refusal: 426 })
  onTestFinished(() => backend.stop())
  const config = { broken: '', repaired: '' }
  const nginx = await startNginx((place) => {
    config.broken = siteConfig(place, { ...LOG, locations: location('/ws', backend.port) })
    config.repaired = siteConfig(place, { ...LOG, locations: location('/ws', backend.port, UPGRADE_LINES) })
    return config.broken
  })
  onTestFinished(() => nginx.close())
  return { nginx, ...config }
}

describeWith('nginx', 'the messages about a repair', () => {
  it.each(['with nginx_config', 'from the logs alone'])(
    '%s: opened, resolved since handshakes succeed, opened again',
    async (how) => {
      const { nginx, broken, repaired } = await site()
      const hook = await receiver()
      const yaml =
        `sources: [${nginx.timedLog}, ${nginx.errorLog}]\nalerts:\n  webhook: ${hook.url}\n` +
        (how === 'with nginx_config' ? `nginx_config: ${nginx.configFile}\n` : '')
      const server = await startIn(folder(), yaml)
      await ready(server)
      const fail = async (): Promise<void> => {
        for (let i = 0; i < 4; i++) expect((await handshake(`${nginx.ws}/ws`)).status).toBe(426)
      }
      const why = (): string => `${server.said()}\n${hook.received.map(({ body }) => body).join('\n')}`

      await fail()
      await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
      const opened = messages(hook)[0]?.data.problem
      expect(opened).toMatchObject({
        cause: 'missing-upgrade-headers',
        reason: 'first-live-occurrence',
        resolution: null,
      })

      await nginx.reload(repaired)
      for (let i = 0; i < 3; i++) await (await join(`${nginx.ws}/ws`)).leave()
      await expect.poll(() => types(hook), { ...SOON, message: why() }).toEqual(['problem.opened', 'problem.resolved'])
      const resolved = messages(hook)[1]?.data.problem
      expect(resolved).toMatchObject({ reason: 'succeeded-since' })
      expect(resolved?.resolution).toMatch(/^resolved: \d+ handshakes? succeeded since$/)
      // The end takes nothing back.
      const { title, severity, confidence } = opened ?? {}
      expect(resolved).toMatchObject({
        title,
        severity,
        confidence: expect.toSatisfy((n: number) => n >= (confidence ?? 1)),
      })
      const [row] = await problems(server)
      expect(row).toMatchObject({
        state: 'resolved',
        resolved_by: 'succeeded-since',
        finding: { over: { why: 'succeeded' } },
      })
      expect(row?.finding.because.join()).not.toContain('your configuration does not pass them')

      await nginx.reload(broken)
      await fail()
      await expect
        .poll(() => types(hook), { ...SOON, message: why() })
        .toEqual(['problem.opened', 'problem.resolved', 'problem.opened'])
      const again = messages(hook)[2]?.data.problem
      expect(again).toMatchObject({ cause: 'missing-upgrade-headers', state: 'regressed', reason: 'came-back' })
      expect(again?.confidence, why()).toBeGreaterThanOrEqual(0.8)
    },
  )
})

/** The lines that nginx wrote to `log` since `from`, their stamps moved to be `minutes` older. */
function older(log: string, from: number, minutes: number): { lines: string; to: number } {
  const text = readFileSync(log, 'utf8')
  const lines = text.slice(from).replace(/\[[^\]]+\]/g, () => `[${combinedStamp(Date.now() - minutes * MINUTE)}]`)
  return { lines, to: text.length }
}

describeWith('nginx', 'a problem seen in combined only', () => {
  it.each([
    ['an hour', 60],
    ['more than a day', 30 * 60],
  ])('is quiet while sessions that may be older end, and resolved by those that are not: after %s', async (_, age) => {
    const backend = await startBackend({ refusal: 426 })
    onTestFinished(() => backend.stop())
    const parts = { http: MAP, access: ['combined'] } as const
    let repaired = ''
    const nginx = await startNginx((place) => {
      repaired = siteConfig(place, { ...parts, locations: location('/ws', backend.port, UPGRADE_LINES) })
      return siteConfig(place, { ...parts, locations: location('/ws', backend.port) })
    })
    onTestFinished(() => nginx.close())
    const dir = folder()
    const log = inFolder(dir, 'access.log')
    writeFileSync(log, '')
    const hook = await receiver()
    const clock = { now: Date.now() }
    const server = await startIn(dir, `sources: [access.log]\nalerts:\n  webhook: ${hook.url}\n`, () => clock.now)
    await ready(server)
    const one = async (): Promise<Problem | undefined> => (await problems(server))[0]

    for (let i = 0; i < 4; i++) expect((await handshake(`${nginx.ws}/ws`)).status).toBe(426)
    await logged(nginx.accessLog, / 426 /, 4)
    const failures = older(nginx.accessLog, 0, age)
    appendFileSync(log, failures.lines)
    await expect.poll(() => types(hook), SOON).toEqual(['problem.opened'])
    clock.now += 11 * MINUTE
    await expect.poll(() => types(hook), SOON).toEqual(['problem.opened', 'problem.resolved'])
    expect(await one()).toMatchObject({ state: 'resolved', resolved_by: 'quiet' })

    await nginx.reload(repaired)
    const work = async (sessions: number, from: number, minutes: number): Promise<number> => {
      for (let i = 0; i < sessions; i++) await (await join(`${nginx.ws}/ws`)).leave()
      await expect
        .poll(() => readFileSync(nginx.accessLog, 'utf8').slice(from).split(' 101 ').length, SOON)
        .toBe(sessions + 1)
      const { lines, to } = older(nginx.accessLog, from, minutes)
      appendFileSync(log, lines)
      return to
    }
    const to = await work(2, failures.to, 55)
    await expect.poll(async () => (await one())?.finding.worked, SOON).toMatchObject({ handshakes: 2, decides: false })
    expect(await one()).toMatchObject({ state: 'resolved', resolved_by: 'quiet', finding: { severity: 'error' } })
    await work(1, to, 0)
    await expect.poll(async () => (await one())?.resolved_by, SOON).toBe('succeeded-since')

    const shown = await one()
    expect(types(hook).length).toBe(2)
    // The report of a day does not reach further back.
    if (age > 24 * 60) return
    const { findings }: Report = (await server.ask('/api/v1/report')).json()
    const { title, severity, confidence, over, worked, because, against } = shown?.finding ?? {}
    expect(findings[0]).toMatchObject({ title, severity, confidence, over, worked, because, against })
    expect(shown?.finding).toMatchObject({ severity: 'info', over: { why: 'succeeded', was: { severity: 'error' } } })
    expect([...(because ?? []), ...(against ?? [])].join()).not.toContain('succeeded')
    expect(types(hook).length).toBe(2)
  })
})

it('silence is not called a repair, nor that of a log that cannot be read silence', async () => {
  const dir = folder()
  const log = inFolder(dir, 'error.log')
  const other = inFolder(dir, 'other.log')
  writeFileSync(log, '')
  writeFileSync(other, '')
  const hook = await receiver()
  const clock = { now: Date.now() }
  const yaml = `sources: [error.log, other.log]\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n  resolve_after: 10m\n`
  const server = await startIn(dir, yaml, () => clock.now)
  await ready(server)
  appendFileSync(log, refused(clock.now))
  appendFileSync(other, refused(clock.now, '127.0.0.1:4000'))
  await expect.poll(() => ofProblems(hook), SOON).toEqual(['problem.opened', 'problem.opened'])
  const at = async (port: number): Promise<Problem | undefined> =>
    (await problems(server)).find(({ finding }) => finding.scope.upstream === `127.0.0.1:${port}`)

  renameSync(log, `${log}.away`)
  await expect.poll(async () => (await at(3000))?.held, SOON).toContain(`${log} is missing`)
  expect((await at(4000))?.held).toBeNull()
  clock.now += 11 * MINUTE
  // The other one's end shows that this one was judged too.
  await expect.poll(() => ofProblems(hook).length, SOON).toBe(3)
  expect(types(hook)).toContain('source.unreadable')
  expect((await at(4000))?.state).toBe('resolved')
  expect((await at(3000))?.state).toBe('new')

  renameSync(`${log}.away`, log)
  await expect.poll(async () => (await at(3000))?.held, SOON).toBeNull()
  expect(ofProblems(hook).length).toBe(3)
  clock.now += 10 * MINUTE
  await expect.poll(() => ofProblems(hook).slice(2), SOON).toEqual(['problem.resolved', 'problem.resolved'])
  expect(messages(hook).filter(isOfProblem)[3]?.data.problem).toMatchObject({
    reason: 'quiet',
    resolution: 'quiet: nobody has tried since',
  })
  expect(await at(3000)).toMatchObject({ state: 'resolved', resolved_by: 'quiet' })
})

const isOfProblem = ({ type }: { type: string }): boolean => type.startsWith('problem.')
const ofProblems = (hook: WebhookReceiver): string[] => types(hook).filter((type) => isOfProblem({ type }))
