/** POST /share: findings as a document for strangers, whatever JSON comes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Finding, Report, ShareBody } from '../../server/http/wire.ts'
import { refused } from '../serve/lines.ts'
import { folder, startIn, type Answer, type Started } from '../serve/running.ts'

const OWN = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
const start = (dir = folder()): Promise<Started> => startIn(dir, 'sources: [error.log]\ntimezone: UTC\n')
const post = (server: Started, body: string, form = 'markdown', headers: Record<string, string> = OWN) =>
  server.ask(`/api/v1/share?form=${form}`, { method: 'POST', headers, body })
const codeOf = (answer: Answer): unknown => (answer.json() as { error: { code: string } }).error.code

const finding: Finding = {
  id: 'x',
  cause: 'backend-down',
  title: 'nginx cannot reach <img src=x> `the` backend',
  severity: 'error',
  confidence: 0.95,
  because: ['</li></ul><script>alert(1)</script>', '![a](javascript:alert(1))'],
  against: ['"onload=alert(1)'],
  count: 3,
  first_seen: '2026-11-21T06:13:35.000Z',
  last_seen: null,
  scope: { server: 'intranet', path: '/<svg onload=alert(1)>', upstream: '10.1.2.3:80', source: null },
  evidence: [
    { source: '/srv/intranet/</pre>.log', line: 4, text: '```\n</pre><script>alert(1)</script> intranet\u202E' },
  ],
  alternatives: [{ cause: 'dns-failure', confidence: 0.3, check: '<b>ask</b> intranet' }],
  fix: {
    layer: 'nginx',
    summary: '<script>alert(1)</script>',
    directives: [{ context: 'location /ws\n```\n<script>', text: 'proxy_read_timeout 1h;\n```' }],
    snippet: null,
    patch: null,
    target: null,
    prepare: [],
    verify: ['nginx -t </pre><script>'],
    rollback: [],
  },
}

it('makes a file of what the API told, in either form, that names nobody', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'error.log'), refused(Date.now()).repeat(3))
  const server = await start(dir)
  await expect.poll(async () => (await server.ask('/readyz')).status, { timeout: 10_000 }).toBe(200)
  const { findings } = (await server.ask('/api/v1/report')).json() as Report
  expect(findings.length).toBeGreaterThan(0)
  const body = JSON.stringify({ findings } satisfies ShareBody)

  const markdown = await post(server, body)
  expect(markdown.status).toBe(200)
  expect(markdown.headers).toMatchObject({
    'content-type': 'text/markdown; charset=utf-8',
    'content-disposition': 'attachment; filename=halfopen-report.md',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(markdown.text).toMatch(/^## /)
  expect(markdown.text).toContain('Connection refused')

  const html = await post(server, body, 'html')
  expect(html.status).toBe(200)
  expect(html.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-disposition': 'attachment; filename=halfopen-report.html',
  })
  expect(html.text).toMatch(/^<!doctype html>/)
  expect(html.text).toContain('replaced by words')
  for (const { text } of [markdown, html]) expect(text).not.toContain(dir)
})

it('keeps text text, and people out of it', async () => {
  const server = await start()
  const body = JSON.stringify({ findings: [finding] })
  const [markdown, html] = [await post(server, body), await post(server, body, 'html')]
  expect(html.text).not.toMatch(/<(?:script|img|svg|b)\b|<\/pre>\.log/)
  expect(html.text.match(/<pre>/g)?.length).toBe(html.text.match(/<\/pre>/g)?.length)
  // Outside of fences nothing of it is markup.
  const open = markdown.text.replaceAll(/^(`{3,})[^]*?^\1$/gm, '')
  expect(open).not.toMatch(/(?<!\\)[<[`]/)
  for (const { status, text } of [markdown, html]) {
    expect(status).toBe(200)
    expect(text).not.toMatch(/intranet|10\.1\.2\.3|\u202E|\/srv\//)
    expect(text).toContain('proxy_read_timeout 1h;')
  }
})

it('takes what an older version stored, and leaves out what it does not know', async () => {
  const { prepare, rollback, target, ...fix } = finding.fix
  expect([prepare, rollback, target]).toEqual([[], [], null])
  const answer = await post(
    await start(),
    JSON.stringify({ findings: [{ ...finding, fix, more: { secret: 'kept' } }] }),
  )
  expect(answer.status).toBe(200)
  expect(answer.text).not.toContain('kept')
})

const changed = (change: object): string => JSON.stringify({ findings: [{ ...finding, ...change }] })

it.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', '{"findings": ['],
  ['null', 'null'],
  ['a list', JSON.stringify([finding])],
  ['no findings', '{"findings": []}'],
  ['text for findings', '{"findings": "x"}'],
  ['something beside them', JSON.stringify({ findings: [finding], note: '<script>' })],
  ['too many', JSON.stringify({ findings: Array.from({ length: 101 }, () => finding) })],
  ['a list too deep to walk', '['.repeat(200_000)],
  ['findings too deep to walk', `{"findings": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
  ['an object for a title', changed({ title: { toString: 'x' } })],
  ['a severity that is a member of every object', changed({ severity: 'constructor' })],
  ['markup for a cause', changed({ cause: '<b>' })],
  ['more than sure', changed({ confidence: 1e308 })],
  ['text for a count', changed({ count: '<script>' })],
  ['words for a time', changed({ first_seen: 'server: intranet' })],
  ['a text for a list', changed({ because: 'x' })],
  ['a line that is none', changed({ evidence: [{ source: 'a', line: -1, text: '' }] })],
  ['no fix', changed({ fix: null })],
  ['a prototype', `{"findings": [{"__proto__": ${JSON.stringify(finding)}}]}`],
  ['very many lines', changed({ because: Array.from({ length: 1001 }, () => '') })],
  ['two megabytes', changed({ title: 'x'.repeat(2_000_000) })],
])('refuses %s', async (_, body) => {
  const server = await start()
  for (const form of ['markdown', 'html']) {
    const answer = await post(server, body, form)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'bad-body'])
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  }
  expect((await server.ask('/healthz')).status).toBe(200)
  expect(server.said()).not.toMatch(/"level":50|internal|Error/)
})

it('refuses what a page of another site can send, another form, and other methods', async () => {
  const server = await start()
  const body = JSON.stringify({ findings: [finding] })
  const json = { 'content-type': 'application/json' }
  expect(codeOf(await post(server, body, 'html', json))).toBe('cross-site')
  expect(codeOf(await post(server, body, 'html', { ...json, 'sec-fetch-site': 'cross-site' }))).toBe('cross-site')
  expect(codeOf(await post(server, body, 'html', { ...OWN, 'content-type': 'text/plain' }))).toBe('bad-body')
  for (const form of ['pdf', '', 'html&form=markdown', 'html&note=x'])
    expect(codeOf(await post(server, body, form))).toBe('bad-query')
  expect((await server.ask('/api/v1/share?form=html')).status).toBe(405)
})

it('is quick with the worst that is let in', async () => {
  const server = await start()
  const texts = ['éé1.', 'a1.', '1', 'a@', '\n', '` ', 'ws://a'].map((part) => part.repeat(120_000 / part.length) + '!')
  const from = performance.now()
  const answer = await post(server, changed({ evidence: texts.map((text) => ({ source: 'a', line: 1, text })) }))
  expect(answer.status).toBe(200)
  // Read once per letter it would be minutes.
  expect(performance.now() - from).toBeLessThan(10_000)
})

it('describes itself', async () => {
  const description: {
    paths: Record<string, { post?: { responses: Record<string, { content: object }>; requestBody?: object } }>
  } = (await (await start()).ask('/api/openapi.json')).json()
  const operation = description.paths['/share']?.post
  expect(Object.keys(operation?.responses[200]?.content ?? {})).toEqual(['text/markdown', 'text/html'])
  expect(JSON.stringify(operation?.requestBody)).toContain('"evidence"')
})

it.each(['markdown', 'html'])('names no folder of this machine, in %s', async (form) => {
  const server = await start()
  const at = '/srv/private/site'
  const one: Finding = {
    ...finding,
    because: [`location /ws (${at}/nginx.conf:13)`],
    scope: { ...finding.scope, path: '/ws/live' },
    evidence: [{ source: `${at}/logs/error.log`, line: 1, text: `open "${at}/logs/x"` }],
    fix: {
      ...finding.fix,
      target: { file: `${at}/nginx.conf`, line: 13 },
      verify: [`sudo nginx -t -c ${at}/nginx.conf`],
    },
  }
  const { text } = await post(server, JSON.stringify({ findings: [one] } satisfies ShareBody), form)
  expect(text).toContain('nginx.conf:13')
  expect(text).toContain('/ws/live')
  expect(text).not.toContain('private')
})
