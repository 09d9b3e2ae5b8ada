/** `analyze` for others to read: Markdown, one HTML file, and nothing of whom it is about. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../../server/http/wire.ts'
import { halfopen } from '../live/harness/halfopen.ts'
import { folder } from '../serve/running.ts'

const LINE =
  '2026/11/21 06:13:51 [error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 203.0.113.9, server: chat.corp.io, request: "GET /ws/<script>alert(1)</script>?room=42 HTTP/1.1", ' +
  'upstream: "http://10.1.2.3:9000/ws", host: "chat.corp.io"\n'
const SECRET = /chat\.corp|203\.0\.113|10\.1\.2\.3|room=42|not-a-line-of-corp|halfopen-serve/

async function analyze(...options: string[]): Promise<string> {
  const dir = folder()
  const log = join(dir, 'error.log')
  writeFileSync(log, `${LINE.repeat(5)}not-a-line-of-corp.io 203.0.113.77\n`)
  const { code, stdout } = await halfopen('analyze', log, '--timezone', 'UTC', ...options)
  expect(code).toBe(0)
  return stdout
}

it('writes Markdown in which a log stays text', async () => {
  const markdown = await analyze('--output', 'markdown')
  expect(markdown).toMatch(/^# Why WebSockets break here\n\n2026-11-21 06:13:51 UTC to /)
  expect(markdown).toMatch(/error.log: nginx-error, 6 lines, 1 not understood/)
  expect(markdown).toContain('chat.corp.io')
  expect(markdown).toContain('## What these logs cannot show')
  // Outside of fences nothing of it is markup.
  expect(markdown.replaceAll(/^(`{3,})[^]*?^\1$/gm, '')).not.toContain('<script>')
}, 60_000)

it('writes one HTML file that loads nothing and runs nothing', async () => {
  const html = await analyze('--output', 'html')
  expect(html).toMatch(/^<!doctype html>/)
  expect(html).toContain("default-src 'none'")
  expect(html).not.toMatch(/<script|<img|https?:\/\/[^"<\s]+\.js/)
}, 60_000)

it.each(['text', 'json', 'markdown', 'html'])(
  'names nobody in %s with --redact',
  async (form) => {
    const report = await analyze('--output', form, '--redact')
    expect(report).toMatch(/Connection refused|does not accept|cannot reach/)
    expect(report).not.toMatch(SECRET)
    if (form === 'html') expect(report).toContain('replaced by words')
    if (form !== 'json') return
    const { findings, inputs, totals } = JSON.parse(report) as Report
    expect(findings[0]).toMatchObject({ cause: 'backend-down', count: 5, scope: { server: 'host-1.example' } })
    expect(inputs).toMatchObject([{ path: 'error.log', lines: 6, unparsed: 1 }])
    expect(totals.events).toEqual({ upstream_refused: 5 })
  },
  60_000,
)

it('says the same words for the same name in all of it', async () => {
  const { findings } = JSON.parse(await analyze('--output', 'json', '--redact')) as Report
  const text = JSON.stringify(findings)
  expect(new Set(text.match(/host-\d+\.example/g))).toEqual(new Set(['host-1.example']))
})
