import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ACCESS, PORTAINER, REFUSED } from './logs.ts'
import { run, type Ran } from './run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-parse-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(name: string, content: string | Buffer): string {
  writeFileSync(path.join(dir, name), content)
  return path.join(dir, name)
}
const objects = (ran: Ran): unknown[] =>
  ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

it("prints records under nginx's names, what is absent left out", async () => {
  const ran = await run(['parse', put('mixed.log', ACCESS + REFUSED + PORTAINER)])
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(objects(ran)).toEqual([
    {
      line: 1,
      format: 'nginx-access',
      time: '2026-11-21T06:13:35Z',
      remote_addr: '192.0.2.7',
      request_method: 'GET',
      request_uri: '/',
      server_protocol: 'HTTP/1.1',
      status: 200,
      body_bytes_sent: 612,
      http_user_agent: 'Mozilla/5.0',
    },
    {
      line: 2,
      format: 'nginx-error',
      time: '2026-11-21T06:14:33',
      level: 'error',
      pid: 2782,
      tid: 2782,
      connection: 1,
      message: 'connect() failed (111: Connection refused) while connecting to upstream',
      errno: 111,
      action: 'connecting to upstream',
      client: '127.0.0.1',
      server: 'app.test',
      request: 'GET /ws HTTP/1.1',
      upstream: 'http://127.0.0.1:47901/ws',
      host: 'app.test',
    },
    {
      line: 3,
      format: 'portainer',
      time: '2022-08-13T05:12:22',
      level: 'info',
      message:
        "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
    },
  ])
})

it('names the source only when there are several, and numbers lines in each', async () => {
  const [a, b] = [put('a.log', `\n${ACCESS}`), put('b.log', ACCESS)]
  expect(objects(await run(['parse', a, b]))).toMatchObject([
    { line: 2, source: a },
    { line: 1, source: b },
  ])
  expect(objects(await run(['parse', b]))[0]).not.toHaveProperty('source')
})

it('tells of a line that cannot be read, and goes on', async () => {
  const ran = await run(['parse'], { stdin: `${ACCESS}goroutine 1 [running]:\n${ACCESS}` })
  expect(ran.code).toBe(0)
  expect(objects(ran)[1]).toEqual({ line: 2, format: null, reason: 'no-match', raw: 'goroutine 1 [running]:' })
  expect(objects(ran)).toHaveLength(3)
})

it('ends with 2 when nothing could be read, and still prints the lines', async () => {
  const ran = await run(['parse', put('x.log', 'one\ntwo\n')])
  expect(ran.code).toBe(2)
  expect(objects(ran)).toHaveLength(2)
  expect(ran.stderr.match(/\n/g)).toHaveLength(1)
})

it('reads a log_format given as text', async () => {
  const file = put('own.log', '101|/ws|0.5, 2.0|-\n')
  const ran = await run(['parse', '--log-format', '$status|$request_uri|$upstream_response_time|$http_referer', file])
  expect(objects(ran)).toEqual([
    { line: 1, format: 'log_format', status: 101, request_uri: '/ws', upstream_response_time: ['0.5', '2.0'] },
  ])
})

it('keeps to --since and --until', async () => {
  const log = put('a.log', ACCESS + ACCESS.replace('06:13:35', '08:00:00'))
  expect(objects(await run(['parse', log, '--since', '2026-11-21T07:00Z']))).toMatchObject([{ line: 2 }])
  expect(objects(await run(['parse', log, '--until', '2026-11-21T07:00Z']))).toMatchObject([{ line: 1 }])
})

it('prints every record of a large input once and in order', async () => {
  const ran = await run(['parse', put('big.log', ACCESS.repeat(30_000))])
  const lines = objects(ran).map((object) => (object as { line: number }).line)
  expect(lines).toEqual(Array.from({ length: 30_000 }, (_, i) => i + 1))
})

it('leaves nothing in the output that acts on a terminal, and keeps the value', async () => {
  const ran = await run(['parse'], { stdin: 'evil \x1b[2J \u202e \x9b \u2028 end\n' })
  expect(ran.stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  expect(objects(ran)).toMatchObject([{ raw: 'evil \x1b[2J \u202e \x9b \u2028 end' }])
})
