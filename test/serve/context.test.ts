import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isSame, linesAround } from '../../server/context-lines.ts'
import type { ContextLines, ErrorReply, Problems } from '../../server/http/wire.ts'
import { until } from '../live/harness/deadline.ts'
import { folder, startIn } from './running.ts'

it('finds a line by counting, also across chunks and in the last one', async () => {
  const file = join(folder(), 'a.log')
  writeFileSync(file, Array.from({ length: 60_000 }, (_, i) => `line ${i + 1} ${'x'.repeat(40)}`).join('\n'))
  for (const line of [1, 3, 21_846, 59_999, 60_000]) {
    const lines = await linesAround(file, line)
    expect(lines?.find((one) => one.line === line)?.text).toContain(`line ${line} `)
    expect(lines?.length).toBe(Math.min(line + 5, 60_000) - Math.max(1, line - 5) + 1)
  }
  expect(await linesAround(file, 60_001)).toBeNull()
})

it('knows the line again, or says that it is another', () => {
  expect(isSame('{"log":"connect() failed \\"a\\"\\n"}', 'connect() failed "a"')).toBe(true)
  expect(isSame('2026/11/21 06:14:00 [error] other', '2026/11/21 06:14:00 [error] 1#1: *1 connect() failed')).toBe(
    false,
  )
})

it('shows what stands around the evidence, masked, and nothing else of the machine', async () => {
  const dir = folder()
  mkdirSync(join(dir, 'logs'))
  const log = join(dir, 'logs', 'error.log')
  const failed = (n: number) =>
    `2026/11/21 06:14:${String(n).padStart(2, '0')} [error] 1#1: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a.example, request: "GET /ws?token=secret${n} HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"`
  const lines = ['2026/11/21 06:13:59 [notice] 1#1: start worker processes', ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(failed)]
  writeFileSync(log, `${lines.join('\n')}\n`)
  const server = await startIn(dir, `sources: [${log}]\n`)
  const problem = await until(
    'it is found',
    async () => ((await server.ask('/api/v1/problems')).json() as Problems).problems[0],
  )
  const proof = problem.finding.evidence[0]
  const ask = (source: string, line: number) =>
    server.ask(`/api/v1/problems/${problem.id}/context?source=${encodeURIComponent(source)}&line=${line}`)
  const answer = await ask(log, proof?.line ?? 0)
  expect((answer.json() as ContextLines).lines[0]).toEqual({ line: 1, text: lines[0] })
  expect(answer.text).not.toContain('secret')
  for (const [source, line] of [
    ['/etc/passwd', 1],
    [log, 1],
  ] as const) {
    const refused = await ask(source, line)
    expect([refused.status, (refused.json() as ErrorReply).error.code]).toEqual([404, 'no-context'])
  }
  writeFileSync(log, 'another file\n'.repeat(30))
  expect((await ask(log, proof?.line ?? 0)).status).toBe(404)
})
