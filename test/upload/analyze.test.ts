/** POST /analyze in a whole server: the report of the command line, and nothing that stays. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import type { ErrorReply, EventPage, Report } from '../../server/http/wire.ts'
import { ENTRY } from '../live/harness/halfopen.ts'
import { serve } from '../live/harness/serve.ts'
import { folder, startIn } from '../serve/running.ts'

const LINE = '192.0.2.1 - - [21/Nov/2026:06:13:35 +0000] "GET /ws HTTP/1.1" 400 12 "-" "Mozilla/5.0"\n'
const ERROR =
  '2026/11/21 06:14:00 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a.example, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:9/ws", host: "a.example"\n'
const CONFIG =
  'events {}\nhttp {\n  server {\n    server_name a.example;\n    include secrets.conf;\n    location /ws { proxy_pass http://127.0.0.1:9; }\n  }\n}\n'

interface Posted {
  status: number
  report: Report
  error: ErrorReply['error']
}

async function post(
  server: { url: string },
  files: [field: string, name: string, text: string | Buffer<ArrayBuffer>][],
  query = '',
) {
  const form = new FormData()
  for (const [field, name, text] of files) form.append(field, new Blob([text]), name)
  const response = await fetch(`${server.url}/api/v1/analyze${query}`, {
    method: 'POST',
    body: form,
    headers: { origin: server.url },
  })
  const body = (await response.json()) as Report & ErrorReply
  return { status: response.status, report: body, error: body.error } satisfies Posted
}

const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('halfopen-upload-'))

it('answers what `analyze` prints for the same files, and keeps nothing', async () => {
  const dir = folder()
  const server = await startIn(dir, '')
  const before = left()
  const { status, report } = await post(server, [
    ['log', 'access.log', LINE.repeat(3)],
    ['log', 'error.log.1.gz', gzipSync(ERROR.repeat(2))],
    ['config', 'nginx.conf', CONFIG],
  ])
  expect(status).toBe(200)

  const same = join(dir, 'same')
  mkdirSync(same)
  writeFileSync(join(same, 'access.log'), LINE.repeat(3))
  writeFileSync(join(same, 'error.log.1.gz'), gzipSync(ERROR.repeat(2)))
  writeFileSync(join(same, 'dump'), `# configuration file nginx.conf:\n${CONFIG}\n`)
  const args = ['analyze', '--output', 'json', '-q', '--config', 'dump', 'access.log', 'error.log.1.gz']
  const printed = JSON.parse(
    execFileSync(process.execPath, [ENTRY, ...args], { cwd: same, encoding: 'utf8' }),
  ) as Report
  expect({ ...report, generated_at: '' }).toEqual({ ...printed, generated_at: '' })
  expect(report.findings.map(({ cause }) => cause)).toContain('backend-down')
  // The configuration was used.
  expect(JSON.stringify(report.findings)).toContain('nginx.conf:6')

  expect(left()).toEqual(before)
  const { events } = (await server.ask('/api/v1/events')).json() as EventPage
  expect(events).toEqual([])
})

it('has a patch of the configuration that was handed in', async () => {
  const server = await startIn(folder(), '')
  const refused = LINE.replace(/" \d{3} \d+/, '" 426 16').repeat(4)
  const { report } = await post(server, [
    ['log', 'access.log', refused],
    [
      'config',
      'site.conf',
      'events {}\nhttp {\n  server {\n    location / { proxy_pass http://127.0.0.1:9; }\n  }\n}\n',
    ],
  ])
  const [fix] = report.findings.map((finding) => finding.fix)
  expect(fix).toMatchObject({ target: { file: 'site.conf', line: 4 } })
  expect(fix?.patch).toMatch(/^--- site\.conf\n\+{3} site\.conf\n[^]*\+.*proxy_set_header Upgrade \$http_upgrade;/)
})

it('never reads a file of this machine that an uploaded configuration includes', async () => {
  const dir = folder()
  const server = await startIn(dir, '')
  const secret = join(dir, 'secret.conf')
  writeFileSync(secret, 'this is { no config of yours\n')
  const config = `events {}\nhttp { server { include ${secret}; location /ws { proxy_pass http://127.0.0.1:9; } } }\n`
  const { status, report } = await post(server, [
    ['log', 'access.log', LINE.repeat(3)],
    ['config', 'nginx.conf', config],
  ])
  expect(status).toBe(200)
  expect(JSON.stringify(report)).not.toContain('no config of yours')
})

it('says what is wrong with an upload', async () => {
  const server = await startIn(folder(), '')
  expect((await post(server, [])).error.code).toBe('bad-upload')
  expect((await post(server, [['file', 'a.log', LINE]])).error.code).toBe('bad-upload')
  expect((await post(server, [['log', 'a.log', LINE]], '?timezone=Nowhere/At_all')).error).toMatchObject({
    code: 'analyze-failed',
    message: expect.stringContaining('--timezone') as unknown,
  })
  const broken = await post(server, [
    ['log', 'a.log', LINE],
    ['config', 'site.conf', 'server { listen 80;\n'],
  ])
  expect(broken.status).toBe(422)
  expect(broken.error.message).toContain('site.conf:')
  // A file of which nothing can be read is shown with its lines, not refused.
  const unread = await post(server, [['log', 'a.log', 'no log at all\n']])
  expect(unread.report.inputs[0]).toMatchObject({ path: 'a.log', parsed: 0, unparsed: 1 })
  const elsewhere = await fetch(`${server.url}/api/v1/analyze`, {
    method: 'POST',
    headers: { origin: 'http://x.example' },
  })
  expect(elsewhere.status).toBe(403)
  expect(left()).toEqual([])
})

it('refuses what is too large before it has all of it', async () => {
  // A connection of its own: one that waited while so much was made here may be closed at the other end by now.
  const server = await startIn(folder(), '')
  const { status, error } = await post(server, [['log', 'a.log', Buffer.alloc(65 * 2 ** 20, LINE)]])
  expect([status, error.code]).toEqual([413, 'upload-too-large'])
  expect(left()).toEqual([])
})

it('goes on answering while it reads, and reads at most two uploads at once', async () => {
  const server = await serve(folder(), [])
  onTestFinished(async () => {
    await server.stop('SIGKILL')
  })
  const big = Buffer.alloc(16 * 2 ** 20, LINE)
  let settled = false
  const all = Promise.all([1, 2, 3].map(() => post({ url: server.base }, [['log', 'a.log', big]]))).finally(
    () => (settled = true),
  )
  let answers = 0
  while (!settled) {
    expect((await fetch(`${server.base}/healthz`)).status).toBe(200)
    answers++
  }
  const statuses = (await all).map(({ status }) => status)
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 503])
  expect(answers).toBeGreaterThan(20)
})
