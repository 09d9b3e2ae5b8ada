import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import { allCauses } from '../../server/diagnosis/contract.ts'
import { explainText } from '../../server/scan/contract.ts'
import { ACCESS, PORTAINER, REFUSED } from './logs.ts'
import { run, type Ran } from './run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-explain-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(name: string, content: string | Buffer): string {
  writeFileSync(path.join(dir, name), content)
  return path.join(dir, name)
}

interface Told {
  line: number
  text: string
  payload: string
  envelopes: { id: string; name: string | null; time: string | null }[]
  no_envelopes: { id: string; why: string }[]
  tried: { format: string; reads: boolean; why?: string | null; column?: number | null; found?: string | null }[]
  format: string | null
  reason: string | null
  record: Record<string, unknown> | null
  events: { kind: string; sign: string; because: string[]; proves: string | null; scope: object }[]
  no_event: string | null
  close_signs: { sign: string; why: string }[]
  causes: { cause: string; confidence: number | null; because: string[]; alternatives: { cause: string }[] }[]
  when_many_are_read: string
}

const told = (ran: Ran): Told[] =>
  ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told)

async function one(line: string, ...args: string[]): Promise<Told> {
  const ran = await run(['explain', '--output', 'json', ...args, line])
  expect(ran.stderr).toBe('')
  const [explanation, more] = told(ran)
  if (explanation === undefined || more !== undefined) throw new Error(`not one explanation: ${ran.stdout}`)
  expect(ran.code).toBe(explanation.format === null ? 2 : 0)
  return explanation
}

describe('the steps of a line that is read', () => {
  it('parsers in the order of detection, fields as parse prints them, the event with its reasons', async () => {
    const it = await one(REFUSED.trimEnd())
    expect(it.tried.map(({ format }) => format)).toEqual(PARSERS.map(({ id }) => id))
    expect(it).toMatchObject({
      line: 1,
      format: 'nginx-error',
      record: { level: 'error', errno: 111, server: 'app.test' },
      events: [
        {
          kind: 'upstream_refused',
          sign: 'connect-refused',
          because: ['the message fits /^connect\\(\\)/', 'while connecting to upstream', 'errno 111'],
          scope: { server: 'app.test', path: '/ws', upstream: '127.0.0.1:47901' },
        },
      ],
      no_event: null,
    })
    expect(it.events[0]?.proves).toMatch(/^Proves that nothing listened/)
    expect(it.close_signs).toContainEqual({ sign: 'connect-socket-missing', why: 'only with errno 2' })
  })

  it('envelopes that were taken off, and the time they carried', async () => {
    const line = JSON.stringify({ log: PORTAINER, stream: 'stderr', time: '2022-08-13T05:12:22.5Z' })
    expect(await one(`app  | ${line}`)).toMatchObject({
      envelopes: [
        { id: 'compose', name: 'app' },
        { id: 'docker-json', stream: 'stderr', time: '2022-08-13T05:12:22.5Z' },
      ],
      payload: PORTAINER.trimEnd(),
      format: 'portainer',
      events: [{ sign: 'app-connection-token-missing' }],
    })
  })

  it('envelopes that almost fitted, and one that is left as a part of the line', async () => {
    const almost = await one('2026-11-21T06:13:34.123Z WARN something')
    expect(almost.no_envelopes).toMatchObject([{ id: 'docker-timestamp' }])
    const zap = await one('2026-11-21T06:13:34.123Z stdout X hello')
    expect(zap.no_envelopes.map(({ id }) => id)).toContain('cri')
  })

  it.each([
    [ACCESS, 'an ordinary request, counted under status 200', 'counted from its bytes, without the parser'],
    [
      ACCESS.replace(' 200 ', ' 502 '),
      'counted under status 502, and remembered with its path',
      'goes through the parser once',
    ],
    [ACCESS.replace('Mozilla/5.0', 'halfopen/1'), "halfopen's own traffic", 'goes through the parser: '],
    [
      REFUSED.replace('http://127', 'fastcgi://127'),
      'FastCGI, SCGI, gRPC and memcached never',
      'every line of nginx-error',
    ],
    [
      PORTAINER.replace(/websocketproxy.*header/, 'starting'),
      'no sign has words of this message',
      'every line of portainer',
    ],
  ])('why a line is no event: %s', async (line, why, fast) => {
    const it = await one(line.trimEnd())
    expect(it.events).toEqual(it.no_event?.startsWith('halfopen') ? it.events : [])
    expect(it.no_event).toContain(why)
    expect(it.when_many_are_read).toContain(fast)
  })
})

describe('the causes that the line alone may have', () => {
  it('every cause once, the likeliest first, with reasons and rivals; the others as such', async () => {
    const line =
      '2026/11/21 06:30:46 [error] 7#7: *1 upstream prematurely closed connection while reading response header from upstream, client: 192.0.2.7, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "app.test"'
    const [json] = told(await run(['explain', '--output', 'json', line], { cwd: dir }))
    const causes = json?.causes ?? []
    expect(causes.map(({ cause }) => cause).sort()).toEqual(
      allCauses()
        .map(({ id }) => id)
        .sort(),
    )
    expect(causes[0]).toMatchObject({ cause: 'backend-reset', confidence: 0.6 })
    expect(causes[0]?.because).toHaveLength(1)
    expect(causes[0]?.alternatives.map(({ cause }) => cause)).toContain('upstream-tls-mismatch')
    expect(causes.filter(({ confidence }) => confidence !== null)).toHaveLength(1)
    const text = (await run(['explain', line], { cwd: dir })).stdout
    expect(text).toContain('backend-reset: confidence 0.60')
    expect(text).toMatch(/nothing in it for: abnormal-closure/)
  })

  it('of a line that tells of nothing none is weighed', async () => {
    const [json] = told(await run(['explain', '--output', 'json', '~~~ not a line'], { cwd: dir }))
    expect(json?.causes).toEqual([])
  })
})

describe('where a format stopped', () => {
  it.each<[string, string, object]>([
    [
      ACCESS.replace(' 200 ', ' 2x0 '),
      'nginx-access',
      { column: 61, why: 'expected $status after $request', found: '2x0 612 "-" "Mozilla/5.0' },
    ],
    [
      ACCESS.replace('] "', '] x'),
      'nginx-access',
      { column: 44, why: 'expected `"` after $time_local', found: 'xGET / HTTP/1.1" 200 612' },
    ],
    [
      ACCESS.replace('"-" "', '"-" x"'),
      'nginx-access',
      { column: 71, why: 'expected `" "` after $http_referer', found: '" x"Mozilla/5.0"' },
    ],
    [ACCESS.trimEnd(), 'nginx-main', { column: 85, why: 'expected `" "` after $http_user_agent', found: '"' }],
    [
      `${ACCESS.trimEnd()} "a" tail`,
      'nginx-access',
      { column: 86, why: 'expected the line to end after $http_user_agent', found: ' "a" tail' },
    ],
    [ACCESS.slice(0, 50), 'nginx-access', { column: 50, why: 'expected `" ` after $request', found: '' }],
    [
      '2026/11/21 06:14:33 error: x',
      'nginx-error',
      { column: 21, why: 'expected [level] after the time', found: 'error: x' },
    ],
    ['2026/11/21 06:14:33 [eror] x', 'nginx-error', { column: 22, why: "expected one of nginx's levels" }],
    [
      '2026/13/21 06:14:33 [error] x',
      'nginx-error',
      { column: null, why: 'the right form, but its time does not exist' },
    ],
    [
      '{"request":"GET / HTTP/1.1"}',
      'nginx-access-json',
      { column: null, why: 'JSON without a status of three digits' },
    ],
    ['{"status":"200","a":1}', 'nginx-access-json', { why: 'JSON without a request or its URI' }],
    ['a=1 b=2', 'nginx-access-kv', { why: 'key=value pairs without a status' }],
    [
      '2026-11-21T06:13:34Z hello',
      'app-line',
      { column: 22, why: 'expected a level word (INFO, [error] …) after the time' },
    ],
    ['{"level":"info"}', 'app-json', { why: 'JSON without a message' }],
  ])('%s: %s', (line, format, expected) => {
    const options = { format: null, logFormat: null, timezone: null, line: null, records: 1 }
    const found = explainText(line.trimEnd(), options)[0]?.tried.find((each) => each.format === format)
    expect(found?.reason).not.toBeNull()
    expect(found).toMatchObject(expected)
  })

  it('in a log_format that was given', async () => {
    const format = '$remote_addr [$time_iso8601] "$request" $status rt=$request_time'
    const line = '192.0.2.7 [2026-11-21T06:13:35+00:00] "GET /ws HTTP/1.1" 101 rt:5'
    const it = await one(line, '--log-format', format)
    expect(it.tried[0]).toMatchObject({
      format: 'log_format',
      column: 64,
      why: 'expected `=` after $status',
      found: ':5',
    })
    expect((await one(line.replace(':5', '=5'), '--log-format', format)).format).toBe('log_format')
    expect((await one(line, '--format', 'nginx-error')).tried).toHaveLength(1)
  })
})

describe('what it is asked about', () => {
  it('the first records of a file or of standard input', async () => {
    const log = ACCESS + REFUSED + ACCESS.repeat(5)
    const file = told(await run(['explain', '--output', 'json', put('a.log', log)]))
    expect(file.map(({ line, format }) => [line, format])).toEqual([
      [1, 'nginx-access'],
      [2, 'nginx-error'],
      [3, 'nginx-access'],
    ])
    const piped = told(await run(['explain', '--output', 'json', '--top', '2'], { stdin: log }))
    expect(piped).toEqual(file.slice(0, 2))
  })

  it('one place of a file, also deep in a compressed one, and in a record of several lines', async () => {
    const deep = put('access.log.1.gz', gzipSync(ACCESS.repeat(50_000) + REFUSED))
    expect(told(await run(['explain', '--output', 'json', `${deep}:50001`]))).toMatchObject([
      { line: 50_001, format: 'nginx-error', text: REFUSED.trimEnd() },
    ])
    const torn = ACCESS + REFUSED.replace('connect() failed', 'open() "/x\nsecond line" failed') + ACCESS
    expect(told(await run(['explain', '--output', 'json', '--line', '3', put('e.log', torn)]))).toMatchObject([
      { line: 2, format: 'nginx-error', payload: expect.stringContaining('\nsecond line') as string },
    ])
  })

  it.each<[string[], RegExp]>([
    [['explain', 'a', 'b'], /^halfopen: explain takes one line: put it in quotes/],
    [['explain'], /^halfopen: explain: no line given/],
    [['explain', ''], /^halfopen: explain: an empty line/],
    [['explain', '--line', '3', 'no file'], /^halfopen: --line: "no file" is no file/],
    [['explain', '--format', 'apache', 'x'], /^halfopen: --format: unknown format "apache"/],
  ])('%j is a mistake', async (args, message) => {
    const ran = await run(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr.match(/\n/g)).toHaveLength(1)
  })

  it('a line that is not there, and an empty file', async () => {
    const ran = await run(['explain', `${put('a.log', ACCESS)}:7`])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/: no record at line 7; the input ends before it\n$/)
    expect(await run(['explain', put('empty.log', '')])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })
})

describe('for people', () => {
  it('fits in 80 columns, without colours, and says the same', async () => {
    const ran = await run(['explain', put('a.log', `${REFUSED}${ACCESS.replace(' 200 ', ' 2x0 ')}`)])
    expect(ran.code).toBe(0)
    for (const row of ran.stdout.split('\n')) expect(row.length).toBeLessThanOrEqual(80)
    expect(ran.stdout).toContain('ok nginx-error reads it')
    expect(ran.stdout).toContain('event: upstream_refused, sign connect-refused')
    expect(ran.stdout).toMatch(/nginx-main, nginx-access, nginx-common: column 61: expected \$status/)
    expect(ran.stdout).toContain('nothing reads it (no-match)')
    expect(ran.stdout).not.toContain('\x1b')
    expect((await run(['explain', ACCESS], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b[1m')
  })

  it.each(['text', 'json'])('masks credentials and leaves nothing that acts on a terminal: %s', async (output) => {
    const secret = 's3cr3tt0k3n'
    const line = ACCESS.trimEnd().replace('GET / ', `GET /ws?a=\x1b[2J\u202e&token=${secret} `)
    for (const text of [
      line,
      line.replace(' 200 ', ' 2x0 '),
      line.replace(' HTTP/1.1"', ''),
      `{"token":"${secret}","status":"200"}`,
    ]) {
      const { stdout } = await run(['explain', '--output', output, text])
      expect(stdout).not.toContain(secret)
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    }
  })
})
