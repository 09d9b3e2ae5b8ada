/** The first start: what is there is imported as far as it is wanted, alerts nobody, and holds up nothing. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Problems, Sources } from '../../server/http/wire.ts'
import { startReceiver } from '../alerts/receiver.ts'
import { EngineServer, stampAt, type Entry } from '../tail/engine.ts'
import { refused } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

vi.setConfig({ testTimeout: 60_000 })
const SOON = { timeout: 20_000, interval: 50 }
const HOUR = 3_600_000

const sources = async (server: Started): Promise<Sources> => (await server.ask('/api/v1/sources')).json()
const problems = async (server: Started): Promise<Problems['problems']> => {
  const { problems: all }: Problems = (await server.ask('/api/v1/problems')).json()
  return all
}
const ready = async (server: Started): Promise<boolean> => (await server.ask('/readyz')).status === 200

/** Names of containers are asked for at this socket. */
function engineAt(socketPath: string): void {
  vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`)
  onTestFinished(() => void vi.unstubAllEnvs())
}

async function engine(): Promise<EngineServer> {
  const server = new EngineServer()
  await server.start()
  engineAt(server.socketPath)
  return server
}

const entry = (time: number, text: string): Entry => ({ stream: 'stderr', stamp: stampAt(time), text })

describe('containers', () => {
  it('are followed as they come, each a source, and let go when they are gone', async () => {
    const docker = await engine()
    const web = docker.create('web')
    docker.write(web, entry(Date.now() - HOUR, refused(Date.now() - HOUR)))
    const server = await startIn(folder(), 'sources: ["docker:*"]\ntimezone: UTC\n')
    await expect.poll(() => ready(server), SOON).toBe(true)
    docker.write(web, entry(Date.now() + 1000, refused(Date.now(), '127.0.0.1:4000')))
    await expect
      .poll(async () => (await problems(server)).map(({ state }) => state).toSorted(), SOON)
      .toEqual(['imported', 'new'])
    const problem = (await problems(server)).find(({ state }) => state === 'new')
    expect(problem?.finding.scope.upstream).toBe('127.0.0.1:4000')
    expect(problem?.finding.evidence[0]).toMatchObject({ source: 'docker:web', line: 2 })
    expect((await sources(server)).sources).toMatchObject([
      { path: 'docker:web', state: 'idle', lines: 2, parsed: 2, lag_bytes: 0, lag_seconds: 0, hint: null },
    ])
    docker.create('api')
    docker.remove(web)
    await expect
      .poll(async () => (await sources(server)).sources.map(({ path }) => path), { timeout: 40_000, interval: 200 })
      .toEqual(['docker:api'])
  })

  it('that were read go on after a restart, and nothing is counted twice', async () => {
    const docker = await engine()
    const web = docker.create('web')
    docker.write(web, entry(Date.now() - HOUR, refused(Date.now() - HOUR)))
    const dir = folder()
    const lines = async (server: Started): Promise<number> => (await sources(server)).sources[0]?.lines ?? 0
    const first = await startIn(dir, 'sources: docker:web\ntimezone: UTC\n')
    await expect.poll(() => lines(first), SOON).toBe(1)
    await first.close()
    docker.write(web, entry(Date.now(), refused(Date.now())))
    const second = await startIn(dir, 'sources: docker:web\ntimezone: UTC\n')
    await expect.poll(() => lines(second), SOON).toBe(2)
    await expect.poll(async () => (await problems(second))[0]?.finding.count, SOON).toBe(2)
  })

  it('cannot be listed without an engine: a notice, and files are read all the same', async () => {
    engineAt('/nonexistent/engine.sock')
    const dir = folder()
    writeFileSync(join(dir, 'error.log'), '')
    const server = await startIn(dir, 'sources: [error.log, "docker:*", "docker:web"]\n')
    const { notices, sources: states } = await sources(server)
    const away = 'no container engine at /nonexistent/engine.sock; start it, mount its socket or set DOCKER_HOST'
    expect(notices).toEqual([`docker:*: ${away}`])
    expect(states.map(({ path }) => path)).toEqual([join(dir, 'error.log'), 'docker:web'])
    await expect
      .poll(async () => (await sources(server)).sources[1], SOON)
      .toMatchObject({ state: 'missing', hint: away, lag_seconds: null })
  })

  it('need a name', async () => {
    await expect(startIn(folder(), 'sources: "docker:a b"\n')).rejects.toThrow(
      'docker:a b: expected docker:NAME, docker:label=KEY, docker:label=KEY=VALUE or docker:* (all containers)',
    )
    vi.stubEnv('DOCKER_HOST', 'ssh://host')
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(startIn(folder(), 'sources: docker:web\n')).rejects.toThrow(/^docker:web: DOCKER_HOST=ssh:/)
  })
})

it('a source that takes long to be read holds up neither the others nor alerts', async () => {
  // Takes the connection and never answers.
  const dir = folder()
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(join(dir, 'engine.sock'), resolve))
  onTestFinished(() => void silent.close())
  engineAt(join(dir, 'engine.sock'))
  const hook = await startReceiver()
  onTestFinished(() => hook.close())
  writeFileSync(join(dir, 'error.log'), refused(Date.now() - HOUR))
  const server = await startIn(
    dir,
    `sources: [error.log, docker:web]\ntimezone: UTC\nalerts:\n  webhook: ${hook.url}\n`,
  )
  await expect.poll(() => problems(server), SOON).toMatchObject([{ state: 'imported' }])
  appendFileSync(join(dir, 'error.log'), refused(Date.now(), '127.0.0.1:4000'))
  await expect.poll(() => hook.received.length, SOON).toBe(1)
  expect(hook.received[0]?.body).toContain('127.0.0.1:4000')
  expect(await ready(server)).toBe(false)
  expect((await sources(server)).sources.map(({ state }) => state)).toEqual(['idle', 'reading'])
})

describe('history', () => {
  it('is imported as far back as is wanted; of live lines none is left out', async () => {
    const now = Date.now()
    const dir = folder()
    const log = join(dir, 'error.log')
    writeFileSync(log, refused(now - 3 * HOUR, '127.0.0.1:3') + refused(now - HOUR, '127.0.0.1:1'))
    const server = await startIn(dir, 'sources: error.log\ntimezone: UTC\nhistory: 2h\n')
    await expect.poll(() => ready(server), SOON).toBe(true)
    const upstreams = async (): Promise<unknown> =>
      new Set((await problems(server)).map((p) => p.finding.scope.upstream))
    expect(await upstreams()).toEqual(new Set(['127.0.0.1:1']))
    const [state] = (await sources(server)).sources
    expect(state).toMatchObject({ lines: 2, parsed: 2 })
    expect(state?.hint).toMatch(/^1 kB of it are from before/)
    // A writer whose zone nobody named.
    appendFileSync(log, refused(now - 3 * HOUR, '127.0.0.1:4'))
    await expect.poll(upstreams, SOON).toEqual(new Set(['127.0.0.1:1', '127.0.0.1:4']))
  })

  it('of which nothing is new enough is not silently empty', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'error.log'), refused(Date.now() - 40 * 24 * HOUR, '127.0.0.1:3').repeat(5))
    const server = await startIn(dir, 'sources: error.log\ntimezone: UTC\n')
    await expect.poll(() => ready(server), SOON).toBe(true)
    const [state] = (await sources(server)).sources
    expect(state).toMatchObject({ lines: 5, from: null })
    expect(state?.hint).toMatch(/^2 kB of it are from before [\d-]+ [\d:]+ UTC and were not imported/)
  })

  it('that is too old is passed over in large pieces, and the rest is read as if all of it had been', async () => {
    const now = Date.now()
    const dir = folder()
    const log = join(dir, 'error.log')
    const old = refused(now - 30 * HOUR, '127.0.0.1:3')
    const times = Math.ceil((5 * 2 ** 20) / old.length)
    const text = old.repeat(times) + refused(now - HOUR, '127.0.0.1:1').repeat(3)
    writeFileSync(log, text)
    const server = await startIn(dir, 'sources: error.log\ntimezone: UTC\nhistory: 2h\n')
    await expect.poll(() => ready(server), SOON).toBe(true)
    const found = await problems(server)
    expect(found.map(({ finding }) => [finding.scope.upstream, finding.count])).toEqual([['127.0.0.1:1', 3]])
    expect(found[0]?.finding.evidence[0]?.line).toBe(times + 1)
    const [state] = (await sources(server)).sources
    expect(state).toMatchObject({ bytes: text.length, lag_bytes: 0 })
    expect(state?.hint).toMatch(/^\d MB of it are from before [\d-]+ [\d:]+ UTC and were not imported/)
    // All but the last chunk.
    expect(state?.lines).toBeLessThan(times / 4)
    appendFileSync(log, refused(now, '127.0.0.1:1'))
    await expect.poll(async () => (await problems(server))[0]?.finding.count, SOON).toBe(4)
  })

  it('of containers is asked for as far back as is wanted', async () => {
    const docker = await engine()
    docker.create('web')
    const now = Date.now()
    const server = await startIn(folder(), 'sources: docker:web\nhistory: 2h\n', () => now)
    await expect.poll(() => ready(server), SOON).toBe(true)
    expect(docker.urls.at(-1)).toMatch(new RegExp(`&since=${Math.floor((now - 2 * HOUR) / 1000)}$`))
  })
})

it('metrics tell how far behind each source is', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'error.log'), refused(Date.now()))
  const server = await startIn(dir, 'sources: [error.log, gone.log]\n')
  await expect.poll(() => ready(server), SOON).toBe(true)
  const { text } = await server.ask('/metrics')
  expect(text).toContain(`halfopen_source_lag_bytes{source="${join(dir, 'error.log')}"} 0\n`)
  expect(text).toContain(`halfopen_source_lag_seconds{source="${join(dir, 'error.log')}"} 0\n`)
  // Of a log that is not there nobody knows.
  expect(text).not.toContain(`halfopen_source_lag_seconds{source="${join(dir, 'gone.log')}"}`)
})
