import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PARSERS } from '../../parsers/index.ts'
import type { Report } from '../../server/diagnosis/contract.ts'
import { ACCESS, PORTAINER, REFUSED } from './logs.ts'
import { run, whyNoRightsTest, type Ran } from './run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-cli-'))
  chmodSync(dir, 0o755)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const at = (name: string): string => path.join(dir, name)
function put(name: string, content: string | Buffer): string {
  writeFileSync(at(name), content)
  return at(name)
}
const report = (ran: Ran): Report => JSON.parse(ran.stdout) as Report
const json = (...args: string[]): Promise<Ran> => run(['analyze', '--output', 'json', ...args])

describe('the main job', () => {
  it('joins several logs into one report and puts the answer first', async () => {
    const ran = await run(['analyze', put('portainer.log', PORTAINER), put('access.log', ACCESS)])
    expect(ran.stderr).toBe('')
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^1 problem found\n/)
    expect(ran.stdout).toContain('proxy_set_header Upgrade $http_upgrade;')
    expect(ran.stdout).toContain('portainer.log:1')
    expect(ran.stdout).not.toContain('\x1b')
  })

  it('gives the JSON of the contract', async () => {
    const ran = await json(put('error.log', REFUSED))
    const { schema, findings, inputs, totals } = report(ran)
    expect(ran.code).toBe(0)
    expect(schema).toBe('halfopen.report/1')
    expect(findings[0]).toMatchObject({ cause: 'backend-down', evidence: [{ source: at('error.log'), line: 1 }] })
    expect(inputs).toMatchObject([{ path: at('error.log'), lines: 1, parsed: 1, unparsed: 0 }])
    expect(totals.requests).toBe(0)
  })

  it('says the same of a file, of the same bytes piped, and of them gzipped under a plain name', async () => {
    const log = ACCESS.repeat(50) + ACCESS.replace(' 200 ', ' 101 ')
    const named = report(await json(put('access.log', log)))
    const piped = report(await run(['analyze', '--output', 'json'], { stdin: log }))
    const dashed = report(await run(['analyze', '--output', 'json', '-'], { stdin: log }))
    const packed = report(await json(put('packed.log', gzipSync(log))))
    for (const other of [piped, dashed, packed]) {
      expect(other.totals).toEqual(named.totals)
      expect(other.inputs[0]).toMatchObject({ lines: 51, parsed: 51 })
    }
    expect(piped.inputs[0]?.path).toBe('stdin')
  })

  it('tries log formats of --config and shows the change as a patch for it', async () => {
    const conf = put(
      'nginx.conf',
      `events {}\nhttp {\n  log_format own '$status|$request|$http_upgrade|$time_iso8601|$host|$upstream_status';\n  server {\n    server_name app.test;\n    access_log /var/log/nginx/a.log own;\n    location /ws {\n      proxy_pass http://127.0.0.1:3000;\n    }\n  }\n}\n`,
    )
    const log = put('a.log', '426|GET /ws HTTP/1.1|websocket|2026-11-21T06:13:35+00:00|app.test|426\n'.repeat(3))
    const { findings, inputs } = report(await json('--config', conf, log))
    expect(inputs).toMatchObject([{ parsed: 3, unparsed: 0 }])
    expect(findings[0]).toMatchObject({ cause: 'missing-upgrade-headers', fix: { target: { file: conf } } })
    expect(findings[0]?.fix.patch).toContain('+      proxy_set_header Upgrade $http_upgrade;')
  })

  it('leaves out what --since and --until exclude, in the zone of --timezone', async () => {
    const line = (hour: string): string => REFUSED.replace('06:14:33', `${hour}:14:33`)
    const log = put('error.log', line('06') + line('07') + line('08'))
    const count = async (...args: string[]): Promise<number | undefined> =>
      report(await json(log, '--timezone', 'Europe/Berlin', ...args)).findings[0]?.count
    expect(await count()).toBe(3)
    expect(await count('--since', '2026-11-21 07:00')).toBe(2)
    // 07:14 in Berlin is 06:14 UTC.
    expect(await count('--since', '2026-11-21T06:00Z', '--until', '2026-11-21T07:00Z')).toBe(1)
    expect(await count('--since', '2026-11-22')).toBeUndefined()
  })
})

describe('exit codes', () => {
  it.each([
    ['never', 0],
    ['critical', 0],
    ['error', 1],
    ['warning', 1],
    ['info', 1],
  ])('--fail-on %s with a finding of severity error: %i', async (limit, code) => {
    const ran = await json('--fail-on', limit, put('error.log', REFUSED))
    expect(report(ran).findings[0]?.severity).toBe('error')
    expect(ran.code).toBe(code)
  })

  it('counts findings that --top leaves out', async () => {
    const log = put('error.log', REFUSED + REFUSED.replaceAll('47901', '47902'))
    const ran = await json('--top', '1', '--fail-on', 'error', log)
    expect(report(ran).findings).toHaveLength(1)
    expect(ran.code).toBe(1)
  })

  it('an unreadable input is worth more than a finding: 2, and the rest is reported', async () => {
    const ran = await json('--fail-on', 'error', at('missing.log'), put('error.log', REFUSED))
    expect(ran.code).toBe(2)
    expect(report(ran).findings[0]?.cause).toBe('backend-down')
    expect(ran.stderr).toBe(
      `halfopen: ${at('missing.log')}: no such file; check the name, or pipe the log: halfopen analyze - < FILE\n`,
    )
  })
})

/** One line each on stderr, code 2. */
describe('mistakes on the command line', () => {
  it.each<[string[], RegExp]>([
    [
      ['analyze', '--outptu', 'json'],
      /unknown option '--outptu', did you mean --output\?; see: halfopen analyze --help/,
    ],
    [['analyze', '--output', 'yaml'], /--output.*Allowed choices are text, json/],
    [['analyze', '--top', '0'], /--top.*expected a whole number from 1/],
    [['analyze', '--top'], /--top.*argument missing/],
    [['analyze', '--fail-on', 'bad'], /--fail-on.*Allowed choices are critical, error, warning, info, never/],
    [['analyze', '--format', 'apache'], /--format: unknown format "apache"; one of: nginx-error, /],
    [['analyze', '--log-format', 'no variables'], /--log-format: no \$variable in this log_format/],
    [['analyze', '--timezone', 'Mars/Olympus'], /--timezone: unknown zone "Mars\/Olympus"; one such as Europe\/Berlin/],
    [['analyze', '--since', 'yesterdayish'], /--since: "yesterdayish" is no time; such as 2026-11-21T06:30, 2h or 7d/],
    [['analyze', '--since', '1h', '--until', '2h'], /--since: not before --until/],
    [['analyze', '--config', '/nonexistent/nginx.conf'], /\/nonexistent\/nginx\.conf: no such file; give --config/],
    [['analyse'], /unknown command 'analyse', did you mean analyze\?; see: halfopen --help/],
    [['parse', '--top', '3'], /unknown option '--top'; see: halfopen parse --help/],
  ])('%j', async (args, message) => {
    const ran = await run(args, { stdin: '' })
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr.match(/\n/g)).toHaveLength(1)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('bad input', () => {
  it('a file without permission: the rest is reported', async (context) => {
    const reason = whyNoRightsTest()
    if (reason) context.skip(reason)
    const locked = put('locked.log', REFUSED)
    chmodSync(locked, 0o000)
    const open = put('error.log', REFUSED)
    const ran = await run(['analyze', '--output', 'json', locked, open], { asNobody: process.getuid?.() === 0 })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^halfopen: .*locked\.log: permission denied; .*\n$/)
    expect(report(ran).inputs.map((input) => input.path)).toEqual([open])
  })

  it('a directory without permission', async (context) => {
    const reason = whyNoRightsTest()
    if (reason) context.skip(reason)
    mkdirSync(at('locked'))
    writeFileSync(path.join(at('locked'), 'access.log'), ACCESS)
    chmodSync(at('locked'), 0o000)
    const nobody = { asNobody: process.getuid?.() === 0 }
    const ran = [await run(['analyze', at('locked')], nobody), await run(['analyze', `${at('locked')}/*.log`], nobody)]
    chmodSync(at('locked'), 0o755)
    for (const { code, stdout, stderr } of ran) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^halfopen: .*locked: permission denied; .*\n$/)
    }
  })

  it('a directory without logs', async () => {
    const ran = await run(['analyze', dir])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/no logs in this directory/)
  })

  it('an empty file is no error and no claim', async () => {
    const ran = await run(['analyze', put('access.log', '')])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^Nothing to report: the input is empty\./)
    expect((await run(['analyze', '-'], { stdin: '' })).code).toBe(0)
    expect((await run(['analyze', put('blank.log', '\n\n\n')])).code).toBe(0)
  })

  it('a binary file', async () => {
    const program = await run(['analyze', process.execPath])
    expect(program).toMatchObject({ code: 2, stdout: '' })
    expect(program.stderr).toMatch(/a program, not a log; name a log file\n$/)
    const bytes = Buffer.alloc(100_000, 0).map((_, i) => (i * 7919) % 256)
    const unknown = await run(['analyze', put('noise.log', Buffer.from(bytes))])
    expect(unknown.code).toBe(2)
    expect(unknown.stdout).toMatch(/^No line could be read/)
    expect(unknown.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })

  it('a log in no known format names the line and the options', async () => {
    const ran = await run(['analyze', put('app.log', 'hello\nworld\n'), put('error.log', REFUSED)])
    expect(ran.code).toBe(2)
    const told =
      'none of its 2 lines is in a known format, the first is: hello; give the format with --log-format or --format, or name another file; to see why: halfopen explain '
    expect(ran.stderr.startsWith(`halfopen: ${at('app.log')}:1: ${told}${at('app.log')}:1; tried: `)).toBe(true)
    expect(ran.stderr.match(/\n/g)).toHaveLength(1)
    const tried = /; tried: (.*)\n$/.exec(ran.stderr)?.[1]?.split(', ')
    expect(new Set(tried)).toEqual(new Set(PARSERS.map(({ id }) => id)))
    expect(ran.stdout).toContain('nginx cannot reach the backend')
    expect(ran.stdout).toContain('2 lines not read')
  })

  it.each(['analyze', 'parse'])(
    '%s shows the first line masked and cut, and the nearest formats first',
    async (command) => {
      const line = `192.0.2.7 - - [21/Nov/2026:06:13:35 +0000] "GET /ws?token=s3cr3t&b=\u202e HTTP/1.1" 2x0 612 "-" "${'x'.repeat(300)}"\n`
      const ran = await run([command, put('app.log', line)])
      expect(ran.code).toBe(2)
      const { stderr } = ran
      expect(stderr).toMatch(
        /:1: its only line is in no known format, it is: 192\.0\.2\.7 .*token=\[masked\]&b=\\u\{202e\} .{1,40}…; /,
      )
      expect(stderr).not.toContain('s3cr3t')
      expect(stderr).toMatch(/; tried: ingress-access \(up to column 80\), nginx-main \(up to column 80\), /)
      expect(stderr.match(/\n/g)).toHaveLength(1)
    },
  )

  it('of an input that is partly read it says how much was not, which lines, and why', async () => {
    const log = put(
      'access.log',
      `${ACCESS.repeat(8)}what is this\n${ACCESS.repeat(2)}2026/13/41 25:00:00 [error] 1#1: x\n`,
    )
    const ran = await run(['analyze', log])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain(
      '2 lines not read (17 %)\n       9 (no-match): what is this\n       12 (bad-time): 2026/13/41',
    )
    expect(report(await json(log)).inputs[0]?.unparsed_samples).toMatchObject([
      { line: 9, reason: 'no-match' },
      { line: 12, reason: 'bad-time' },
    ])
    const many = put('many.log', `${ACCESS.repeat(400)}x\n`)
    expect((await run(['analyze', many])).stdout).toContain('1 line not read (under 1 %)')
  })

  it('a line of 10 MB between good ones is counted as unread', async () => {
    const ran = await json(put('error.log', `${REFUSED}${'x'.repeat(10_000_000)}\n${REFUSED}`))
    expect(ran.code).toBe(0)
    expect(report(ran).inputs).toMatchObject([{ lines: 3, parsed: 2, unparsed: 1, unparsed_samples: [{ line: 2 }] }])
    expect(ran.stdout.length).toBeLessThan(20_000)
  })

  it('invalid UTF-8, NUL and escape sequences are read or counted, and never reach the terminal raw', async () => {
    const nasty = Buffer.concat([
      Buffer.from(REFUSED.replace('/ws HTTP', '/\x1b[2J\x1b]0;owned\x07\u202e HTTP')),
      Buffer.from([0xff, 0xfe, 0x00, 0x1b, 0x0a]),
      Buffer.from(REFUSED.replace('app.test', 'caf\xe9.test'), 'latin1'),
      Buffer.from('\0\0\0\0'),
      Buffer.from(REFUSED),
    ])
    const file = put('error.log', nasty)
    const text = await run(['analyze', '--verbose', file])
    expect(text.code).toBe(0)
    expect(text.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    const ran = await json(file)
    const { inputs } = report(ran)
    expect(ran.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
    expect(inputs).toMatchObject([{ lines: 4 }])
    expect((inputs[0]?.parsed ?? 0) + (inputs[0]?.unparsed ?? 0)).toBe(4)
    expect(inputs[0]?.parsed).toBeGreaterThanOrEqual(2)
  })

  it('a truncated gzip: what could be read is reported, code 2', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) =>
      ACCESS.replace('192.0.2.7', `10.${i % 250}.${i % 199}.${i % 83}`),
    ).join('')
    const packed = gzipSync(lines)
    const ran = await json(put('access.log.1.gz', packed.subarray(0, packed.length * 0.6)))
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/gzip/)
    expect(ran.stderr.match(/\n/g)).toHaveLength(1)
    expect(report(ran).totals.requests).toBeGreaterThan(5000)
  })

  it("logs of the nginx container's output lead to docker logs", async () => {
    symlinkSync('/dev/stdout', at('access.log'))
    const ran = await run(['analyze', at('access.log')])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('docker logs NAME 2>&1 | halfopen analyze -')
  })

  it('file names cannot act on the terminal either', async () => {
    const ran = await run(['analyze', at('a\x1b[2J\nb.log'), put('x\x1b[31m.log', ACCESS)])
    expect((ran.stderr + ran.stdout).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(ran.stderr.match(/\n/g)).toHaveLength(1)
  })
})

describe('where the result goes', () => {
  it('-o writes the file and keeps stdout empty', async () => {
    const ran = await run(['analyze', '-o', at('report.txt'), put('error.log', REFUSED)])
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(at('report.txt'), 'utf8')).toMatch(/^1 problem found\n/)
  })

  it.each([
    ['/nonexistent/report.txt', 'the directory does not exist'],
    ['/proc/version', 'permission denied|cannot be written'],
  ])('-o %s is refused before anything is read', async (file, reason) => {
    const ran = await run(['analyze', '-o', file, put('error.log', REFUSED)])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(new RegExp(`^halfopen: ${file}: .*(?:${reason}).*; name another file with -o\n$`))
  })

  it('-o to a directory, and to a directory without permission', async (context) => {
    expect((await run(['analyze', '-o', dir, put('error.log', REFUSED)])).stderr).toMatch(
      /it is a directory; name another file with -o\n$/,
    )
    const reason = whyNoRightsTest()
    if (reason) context.skip(reason)
    const ran = await run(['analyze', '-o', at('report.txt'), at('error.log')], { asNobody: process.getuid?.() === 0 })
    if (process.getuid?.() !== 0) return
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/report\.txt: cannot be written: permission denied; name another file with -o\n$/)
    expect(existsSync(at('report.txt'))).toBe(false)
  })

  it('a full disk is told', async () => {
    const ran = await run(['analyze', put('error.log', REFUSED)], { shell: 'exec node "$0" "$@" > /dev/full' })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^halfopen: standard output: cannot be written: the disk is full; .*\n$/)
  })

  it.each(['analyze', 'parse'])('%s stops quietly when nobody reads any more', async (command) => {
    const log = put('access.log', ACCESS.repeat(200_000))
    const ran = await run([command, log], { shell: '{ node "$0" "$@"; echo "code $?" >&2; } | head -1' })
    expect(ran.stdout.split('\n')).toHaveLength(2)
    expect(ran.stderr).toBe('code 0\n')
  })

  it('colours only when asked', async () => {
    const log = put('error.log', REFUSED)
    expect((await run(['analyze', log], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b[1m')
    expect((await run(['analyze', log, '--no-color'], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain('\x1b')
  })

  // A container without /dev/pts has no terminal to give.
  const terminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0
  it.skipIf(!terminal)('colours on a terminal (needs util-linux script and /dev/pts)', async () => {
    const log = put('error.log', REFUSED)
    const tty = { shell: 'script -qec "node $0 analyze $1" /dev/null' }
    expect((await run([log], tty)).stdout).toContain('\x1b[1m')
    expect((await run([log], { ...tty, env: { NO_COLOR: '1' } })).stdout).not.toContain('\x1b[1m')
  })
})
