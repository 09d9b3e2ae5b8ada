import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RULES } from '../../server/lint/contract.ts'
import { run } from './run.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'halfopen-lint-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
const BROKEN = 'server {\n  server_name a.example;\n  location /ws/ {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n'
const whole = (http: string): string => `events {}\nhttp {\n${http}}\n`

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
}

interface Found {
  rule: string
  severity: string
  file: string
  line: number
  message: string
}

async function json(args: string[], stdin?: string) {
  const ran = await run(['lint', '--output', 'json', ...args], { cwd: dir, ...(stdin === undefined ? {} : { stdin }) })
  return { ...ran, result: JSON.parse(ran.stdout || 'null') as { schema: string; findings: Found[]; ignored: number } }
}
const rules = (findings: readonly Found[], severity: string) =>
  findings.filter((finding) => finding.severity === severity).map(({ rule }) => rule)

describe('halfopen lint', () => {
  it('names file, line and what to write, and ends with 1 for an error', async () => {
    write({ 'nginx.conf': whole('include conf.d/*.conf;\n'), 'conf.d/a.conf': BROKEN })
    const { code, stdout, stderr } = await run(['lint', dir])
    expect(stderr).toBe('')
    expect(code).toBe(1)
    expect(stdout).toContain(`${dir}/conf.d/a.conf:4  error  upgrade-headers-missing\n`)
    expect(stdout).toContain('proxy_set_header Upgrade $http_upgrade;\n')
  })

  it('gives nothing empty a clean bill', async () => {
    write({ 'empty.conf': '# nothing\n' })
    const file = await run(['lint', join(dir, 'empty.conf')])
    expect(file.stdout).toMatch(/^Nothing was checked\n/)
    expect(file.stderr).toContain('empty.conf: there is no directive in it')
    const pipe = await run(['lint', '-'], { stdin: '' })
    expect(pipe).toMatchObject({ code: 2, stdout: '' })
    expect(pipe.stderr).toContain('stdin: nothing came')
  })

  it('names the socket itself before what lies below it', async () => {
    write({ 'a.conf': 'server { location /ws { proxy_pass http://127.0.0.1:3000/; } }\n' })
    const { result } = await json(['a.conf'])
    expect(result.findings.find(({ rule }) => rule === 'path-rewritten')?.message).toBe(
      '/ws arrives at the backend as /, and /ws/x as //x',
    )
  })

  it('has help that fits a terminal', async () => {
    const { stdout } = await run(['lint', '--help'])
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('ends with 0 below --fail-on', async () => {
    write({ 'nginx.conf': whole('server { location /ws/ { proxy_pass http://127.0.0.1:3000; } }\n') })
    expect((await run(['lint', dir, '--fail-on', 'never'])).code).toBe(0)
    expect((await run(['lint', dir, '--fail-on', 'critical'])).code).toBe(0)
    write({ 'nginx.conf': whole('server { location / { proxy_pass http://127.0.0.1:3000; } }\n') })
    expect((await run(['lint', dir, '--fail-on', 'info'])).code).toBe(0)
  })

  it('reads an nginx -T dump from standard input', async () => {
    const dump = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n# configuration file /etc/nginx/nginx.conf:\n${whole('include conf.d/*.conf;\n')}\n# configuration file /etc/nginx/conf.d/a.conf:\n${BROKEN}\n`
    for (const args of [['-'], []]) {
      const { code, result } = await json(args, dump)
      expect(code).toBe(1)
      expect(result.schema).toBe('halfopen.lint/1')
      expect(result.findings[0]).toMatchObject({
        rule: 'upgrade-headers-missing',
        severity: 'error',
        file: '/etc/nginx/conf.d/a.conf',
        line: 4,
      })
    }
  })

  it('says undecided, not error, where an include was not given', async () => {
    const snippet =
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;'
    const site = 'server { location /ws/ { include snippets/ws.conf; proxy_pass http://127.0.0.1:3000; } }\n'
    write({
      'nginx.conf': whole(`include snippets/map.conf;\n${site}`),
      'given/nginx.conf': whole(`include snippets/map.conf;\n${site}`),
      'given/snippets/ws.conf': snippet,
      'given/snippets/map.conf': MAP,
    })
    const missing = await json(['nginx.conf'])
    expect(missing.code).toBe(0)
    expect(rules(missing.result.findings, 'error')).toEqual([])
    expect(missing.result.findings.map(({ message }) => message).join()).toContain(
      'undecided, include not given: snippets/ws.conf (whether location /ws/ passes the upgrade on',
    )
    const given = await json(['given'])
    expect(rules(given.result.findings, 'error')).toEqual([])
    expect(given.result.findings.map(({ rule }) => rule)).not.toContain('include-not-given')
  })

  it('leaves out what a comment says, on the line, before a block, for one rule or all', async () => {
    const location = (comment: string) => `  location /ws/ {\n    proxy_pass http://127.0.0.1:3000;${comment}\n  }\n`
    const errors = async (http: string) => {
      write({ 'nginx.conf': whole(http) })
      const { result } = await json(['nginx.conf'])
      return [rules(result.findings, 'error').length, result.ignored > 0]
    }
    expect(await errors(`server {\n${location('')}}\n`)).toEqual([1, false])
    expect(await errors(`server {\n${location(' # halfopen-ignore upgrade-headers-missing')}}\n`)).toEqual([0, true])
    expect(await errors(`# halfopen-ignore\nserver {\n${location('')}}\n`)).toEqual([0, true])
    expect(await errors(`# halfopen-ignore http-version, host-missing\nserver {\n${location('')}}\n`)).toEqual([
      1,
      true,
    ])
    expect(await errors(`# halfopen-ignore\nserver { listen 81; }\nserver {\n${location('')}}\n`)).toEqual([1, false])
    write({ 'nginx.conf': whole(`# halfopen-ignore no-such-rule\n${BROKEN}`) })
    expect(rules((await json(['nginx.conf'])).result.findings, 'info')).toContain('ignore-unknown')
  })

  it('writes SARIF 2.1.0: each rule, each place, and what is open', async () => {
    write({
      'nginx.conf': whole(`${BROKEN}server { include none.conf; location /ws/ { proxy_pass http://127.0.0.1:1; } }\n`),
    })
    const { stdout, code } = await run(['lint', 'nginx.conf', '--output', 'sarif'], { cwd: dir })
    expect(code).toBe(1)
    const sarif = JSON.parse(stdout)
    expect(sarif.version).toBe('2.1.0')
    const [{ tool, results }] = sarif.runs
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining(RULES.map(({ id }) => id)),
    )
    const error = results.find(({ level }: { level: string }) => level === 'error')
    expect(tool.driver.rules[error.ruleIndex].id).toBe(error.ruleId)
    expect(error.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'nginx.conf', uriBaseId: 'ROOT' },
      region: { startLine: 6, startColumn: 5, endLine: 6, endColumn: 37 },
    })
    expect(
      results.filter(({ kind }: { kind: string }) => kind === 'open').map(({ level }: { level: string }) => level),
    ).toEqual(['none'])
  })

  it('says that somebody is asked for credentials before a URL is passed on', async () => {
    write({
      'nginx.conf':
        'events {}\nhttp { server { listen 80;\nauth_request /auth;\nlocation / { proxy_pass http://b; }\nlocation /open { auth_request off; proxy_pass http://b; }\n} }\n',
    })
    const asked = await run(['lint', 'nginx.conf', '--explain', 'ws://a.example/ws'], { cwd: dir })
    expect(asked.stdout).toMatch(/Not known\n +auth_request \/auth \(.*nginx\.conf:3\):\s+asked\s+first;\s+taken/)
    const open = await run(['lint', 'nginx.conf', '--explain', 'ws://a.example/open'], { cwd: dir })
    expect(open.stdout).not.toContain('asked first')
  })

  it('explains which line decided each setting of a URL', async () => {
    write({
      'nginx.conf': whole(
        `${MAP}proxy_read_timeout 5m;\nserver {\n  listen 443 ssl;\n  server_name a.example;\n  location /ws/ {\n    proxy_pass http://127.0.0.1:3000/socket/;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;\n  }\n}\n`,
      ),
    })
    const { stdout, code } = await run(['lint', 'nginx.conf', '--explain', 'wss://a.example/ws/x?y=1'], { cwd: dir })
    expect(code).toBe(0)
    const file = `${dir}/nginx.conf`
    const row = (...cells: string[]) =>
      new RegExp(cells.map((cell) => cell.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join(' +'))
    expect(stdout).toMatch(row('location', 'location /ws/', `${file}:8`))
    expect(stdout).toMatch(row('path it sees', '/socket/x?y=1', `${file}:9`))
    expect(stdout).toMatch(row('Connection', 'upgrade', `${file}:11`))
    expect(stdout).toMatch(row('proxy_read_timeout', '5m', `${file}:4`))
    expect(stdout).toMatch(row('HTTP version', '1.0', '(default)'))
    const modern = await run(['lint', 'nginx.conf', '--explain', 'wss://a.example/ws/x', '--nginx-version', '1.30.0'], {
      cwd: dir,
    })
    expect(modern.stdout).toMatch(row('HTTP version', '1.1', '(default)'))
  })

  it('tells mistakes in one line each, with code 2', async () => {
    write({ 'broken.conf': 'http {\n  server {\n', 'good.conf': BROKEN })
    const cases: [string[], RegExp][] = [
      [['none.conf'], /^halfopen: .*none\.conf: no such file; give an nginx\.conf, .*\n$/],
      [['broken.conf'], /^halfopen: .*broken\.conf:2:10: this "\{" is never closed; .*\n$/],
      [['good.conf', '--explain', 'ftp://x'], /^halfopen: --explain: "ftp:\/\/x" is no URL; .*\n$/],
      [['good.conf', '--nginx-version', 'new'], /^halfopen: --nginx-version: .*\n$/],
      [['good.conf', '--output', 'xml'], /^halfopen: .*--output.*\n$/],
    ]
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await run(['lint', ...args], { cwd: dir })
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).toMatch(message)
    }
    // The rest is reported.
    const both = await json(['none.conf', 'good.conf'])
    expect(both.code).toBe(2)
    expect(both.result.findings.length).toBeGreaterThan(0)
  })

  it('lets nothing in a configuration act on the terminal', async () => {
    write({
      'nginx.conf': whole('server { location /ws/\x1b[31m/ws { proxy_pass http://127.0.0.1:1; # \x1b]0;x\x07\n } }\n'),
    })
    for (const output of ['text', 'json', 'sarif'])
      expect((await run(['lint', 'nginx.conf', '--output', output], { cwd: dir })).stdout).not.toMatch(/[\x1b\x07]/)
  })
})
