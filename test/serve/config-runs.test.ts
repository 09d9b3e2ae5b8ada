/** Lint, probe and proof of the configured nginx over the API: a real nginx, a real backend, a real throw-away copy. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { ConfigLint, ErrorReply, Problems, RunLine, RunResult, RunStep, ServedBy } from '../../server/http/wire.ts'
import { handshake } from '../live/harness/client.ts'
import { startMixedSite } from '../live/harness/site.ts'
import { describeWith } from '../needs.ts'
import { combinedStamp } from './lines.ts'
import { folder, startIn, type Started } from './running.ts'

const SOON = { timeout: 15_000, interval: 100 }
const own = { 'sec-fetch-site': 'same-origin' }

async function run(server: Started, path: string) {
  const answer = await server.ask(`/api/v1/config/${path}`, { method: 'POST', headers: own })
  const lines = answer.text.split('\n').filter((line) => line !== '')
  const all = lines.map((line) => JSON.parse(line) as RunLine)
  const steps = all.flatMap((line): RunStep[] => ('step' in line ? [line.step] : []))
  const result = all.flatMap((line): RunResult[] => ('result' in line ? [line.result] : [])).at(-1)
  const [first] = all
  const error = first && 'error' in first ? first.error.code : null
  const started = first && 'started' in first ? first.started : null
  return { answer, steps, result, error, started }
}
const forUrl = (what: 'probe' | 'prove', url: string) => `${what}?url=${encodeURIComponent(url)}`
const codeOf = async (server: Started, path: string, method = 'GET') =>
  ((await server.ask(`/api/v1/config/${path}`, { method, headers: own })).json() as ErrorReply).error.code

it('refuses lint, probe and proof where no configuration was named, or another site asks', async () => {
  const server = await startIn(folder(), '')
  expect(await codeOf(server, 'lint')).toBe('no-nginx-config')
  for (const what of ['probe', 'prove'] as const) {
    const path = forUrl(what, 'ws://127.0.0.1/ws')
    expect([what, await codeOf(server, path, 'POST')]).toEqual([what, 'no-nginx-config'])
    expect((await server.ask(`/api/v1/config/${path}`, { method: 'POST' })).status).toBe(403)
    expect((await server.ask(`/api/v1/config/${path}`)).status).toBe(405)
    expect(await codeOf(server, what, 'POST')).toBe('bad-query')
  }
  expect(await codeOf(server, 'prove?problem=x&url=ws://a.example/', 'POST')).toBe('bad-query')
})

it('lints the configuration with its lines, and shows no secret of it', async () => {
  const dir = folder()
  const secret = 'do-not-show-this-0123456789'
  const lines = [
    'events {}',
    'http {',
    '  server {',
    '    server_name a.example;',
    '    location /ws {',
    '      proxy_pass http://127.0.0.1:9000;',
    `      proxy_set_header Authorization "Bearer ${secret}";`,
    '      proxy_set_header Connection "upgrade";',
    '    }',
    '  }',
    '}',
  ]
  const conf = join(dir, 'nginx.conf')
  writeFileSync(conf, `${lines.join('\n')}\n`)
  const server = await startIn(dir, 'nginx_config: nginx.conf\n')
  const answer = await server.ask('/api/v1/config/lint')
  const lint: ConfigLint = answer.json()
  expect(lint).toMatchObject({ places: 1, sockets: 1, more: 0 })
  const found = lint.findings.find(({ severity }) => severity === 'error')
  expect(found).toMatchObject({ file: conf, message: expect.stringContaining('Upgrade') })
  expect(lines[(found?.line ?? 0) - 1]).toContain(found?.text)
  expect(answer.text).not.toContain(secret)
  // It is about what is on disk now.
  writeFileSync(conf, 'events {}\nhttp {}\n')
  await expect.poll(async () => ((await server.ask('/api/v1/config/lint')).json() as ConfigLint).places, SOON).toBe(0)
})

describeWith('nginx', 'a configured nginx', () => {
  async function scene() {
    const site = await startMixedSite()
    onTestFinished(() => site.close())
    const dir = folder()
    writeFileSync(join(dir, 'empty.log'), '')
    const log = join(dir, 'empty.log')
    const server = await startIn(dir, `nginx_config: ${site.nginx.configFile}\nsources: [empty.log]\ntimezone: UTC\n`)
    await expect.poll(async () => (await server.ask('/readyz')).status, SOON).toBe(200)
    return { site, server, log, port: site.nginx.port }
  }

  it('is probed where it listens, whatever the name says, and its backend with it', async () => {
    const { server, port } = await scene()
    const good = await run(server, forUrl('probe', `ws://app.test:${port}/ok/socket`))
    expect(good.answer.headers['content-type']).toContain('application/x-ndjson')
    expect(good.started?.text).toContain(`127.0.0.1:${port}`)
    expect(good.started?.command).toContain(`--connect 127.0.0.1:${port} --direct http://127.0.0.1:`)
    expect(good.steps.map(({ of }) => of)).toEqual(expect.arrayContaining(['proxy', 'backend']))
    expect(good.result).toMatchObject({ ok: true })
    const bad = await run(server, forUrl('probe', `ws://app.test:${port}/ws`))
    expect(bad.result).toMatchObject({ ok: false })
    expect(bad.steps.find(({ of, verdict }) => of === 'proxy' && verdict === 'failed')?.title).toContain('426')
    expect(bad.result?.more.join('\n')).toContain('missing-upgrade-headers')
    // The default server answers for any name: the connection still goes to nginx and nowhere else.
    const other = await run(server, forUrl('probe', 'ws://169.254.169.254/latest/meta-data'))
    expect(other.started?.text).toContain(`127.0.0.1:${port}`)
    expect(await codeOf(server, forUrl('probe', 'wss://app.test/ws'), 'POST')).toBe('not-served')
  }, 60_000)

  it('is proven in a copy, also before and after the patch of a problem, one at a time', async () => {
    const { site, server, log, port } = await scene()
    const address = `${server.url}/api/v1/config/${forUrl('prove', `ws://app.test:${port}/ok/socket`)}`
    const reader = (await fetch(address, { method: 'POST', headers: own })).body?.getReader()
    let said = new TextDecoder().decode((await reader?.read())?.value)
    expect(said).toContain('"started"')
    expect(await codeOf(server, forUrl('probe', `ws://app.test:${port}/ws`), 'POST')).toBe('run-busy')
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      said += new TextDecoder().decode(part.value)
    expect(said).toContain('"result":{"ok":true')

    await handshake(`${site.nginx.ws}/ws`)
    const line = `192.0.2.7 - - [${combinedStamp(Date.now())}] "GET /ws HTTP/1.1" 426 16 "-" "Mozilla/5.0"\n`
    appendFileSync(log, line.repeat(5))
    const problem = async () =>
      ((await server.ask('/api/v1/problems')).json() as Problems).problems.find(({ finding }) => finding.fix.patch)
    await expect.poll(problem, SOON).toBeDefined()
    const id = (await problem())?.id ?? ''
    const proof = await run(server, `prove?problem=${id}`)
    expect(proof.steps.map(({ of, verdict }) => [of, verdict])).toEqual([
      ['before', 'failed'],
      ['after', 'ok'],
    ])
    expect(proof.steps[0]?.seen.join('\n')).toMatch(/handshake: .*4\d\d/)
    expect(proof.result).toMatchObject({ ok: true })
    expect(await codeOf(server, 'prove?problem=none', 'POST')).toBe('unknown-problem')

    // Its page offers the address that its clients use.
    const served: ServedBy = (await server.ask(`/api/v1/config/serves?problem=${id}`)).json()
    expect(served).toMatchObject({
      url: `ws://app.test:${port}/ws`,
      command: `halfopen probe ws://app.test:${port}/ws`,
      block: { context: 'location /ws' },
    })
    expect((await run(server, forUrl('probe', served.url))).result).toMatchObject({ ok: false })
    expect(await codeOf(server, 'serves?problem=none')).toBe('unknown-problem')
    expect(await codeOf(server, 'serves')).toBe('bad-query')
  }, 120_000)

  it('is left alone when whoever asked is gone, and the next one is let in', async () => {
    const { server, port } = await scene()
    const gone = new AbortController()
    const address = `${server.url}/api/v1/config/${forUrl('prove', `ws://app.test:${port}/ok/socket`)}`
    const response = await fetch(address, { method: 'POST', headers: own, signal: gone.signal })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"started"')
    gone.abort()
    await expect
      .poll(async () => (await run(server, forUrl('probe', `ws://app.test:${port}/ok/socket`))).result?.ok, SOON)
      .toBe(true)
    expect(server.said()).not.toMatch(/a request failed/)
  }, 60_000)
})
