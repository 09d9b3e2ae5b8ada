/** The whole way with a real nginx: logs → patch → files → nginx -t, and back. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeBackup } from '../../server/fix/backups.ts'
import { replaceFile } from '../../server/fix/replace-file.ts'
import { run, whyNoRightsTest, type Ran, type RunOptions } from '../cli/run.ts'
import { describeWith } from '../needs.ts'

const SITE = `server {
  listen 127.0.0.1:18081;
  server_name app.test;
  location /ws {
    proxy_pass http://127.0.0.1:3000;
  }
}
`
const ADDED = 'proxy_set_header Upgrade $http_upgrade;'
const LOG = '426|GET /ws HTTP/1.1|websocket|2026-11-21T06:13:35+00:00|app.test|426\n'.repeat(3)

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-fix-'))
  chmodSync(dir, 0o755)
  for (const folder of ['sites', 'state']) mkdirSync(at(folder))
  writeFileSync(
    at('nginx.conf'),
    `pid ${at('pid')};\nerror_log ${at('e.log')};\nevents {}\nhttp {\n  log_format own '$status|$request|$http_upgrade|$time_iso8601|$host|$upstream_status';\n  access_log ${at('a.log')} own;\n  include sites/*;\n}\n`,
  )
  writeFileSync(at('sites/app'), SITE)
  writeFileSync(at('log'), LOG)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const at = (name: string): string => path.join(dir, name)
const env = (): Record<string, string> => ({ XDG_STATE_HOME: at('state'), PATH: `${process.env['PATH']}:/usr/sbin` })
const fix = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run(['fix', ...args], { ...options, env: env() })
const apply = (...args: string[]): Promise<Ran> => fix(['--config', at('nginx.conf'), at('log'), '--write', ...args])
const text = (name = 'sites/app'): string => readFileSync(at(name), 'utf8')
const root = process.getuid?.() === 0

describeWith('nginx', 'fix', () => {
  it('prints the patch and changes nothing', async () => {
    const ran = await fix(['--config', at('nginx.conf'), at('log')])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toMatch(/^--- sites\/app\n\+\+\+ sites\/app\n@@ /)
    expect(ran.stdout).toContain(`+    ${ADDED}`)
    expect(ran.stderr).toContain(`${at('sites/app')}:`)
    expect(ran.stderr).toContain('nothing was changed')
    expect(text()).toBe(SITE)
    // What is printed is a patch as others read it.
    execFileSync('patch', ['-p0', '--quiet', '-d', dir], { input: ran.stdout })
    expect(text()).toContain(ADDED)
  })

  it('says of another finding that the same patch covers it, or that it does not', async () => {
    const told = async (path: string): Promise<string> => {
      writeFileSync(at('log'), LOG + LOG.replaceAll('/ws', path))
      return (await fix(['--config', at('nginx.conf'), at('log')])).stderr
    }
    expect(await told('/ws/chat')).toMatch(/^this patch covers it, too: .* at \/ws\b/m)
    expect(await told('/ws/chat')).not.toContain('not in this patch')
    const other = '  location /live {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n'
    writeFileSync(at('sites/app'), SITE.replace(/\}\n$/, other))
    expect(await told('/live')).toMatch(/^not in this patch: .* at \/(?:ws|live); afterwards: --finding /m)
    expect(await told('/live')).not.toContain('covers it')
  })

  it('writes it with owner and mode as they were, asks nginx, and takes it back to the byte', async () => {
    chmodSync(at('sites/app'), 0o640)
    if (root) chownSync(at('sites/app'), 33, 33)
    const before = statSync(at('sites/app'))
    const ran = await apply()
    expect(ran.stderr).toContain('nginx -t: accepted')
    expect(ran).toMatchObject({ code: 0 })
    expect(text()).toContain(ADDED)
    const { mode, uid, gid } = statSync(at('sites/app'))
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid })
    // Nothing that an include could load is left beside it.
    expect(readdirSync(at('sites'))).toEqual(['app'])
    const again = await apply()
    expect(again.stderr).toContain('Your configuration passes both headers now.')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was written: there is no patch') })
    const back = await fix(['--undo'])
    expect(back).toMatchObject({ code: 0 })
    expect(text()).toBe(SITE)
    expect(await fix(['--undo'])).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing to undo') })
  })

  it('puts the old files back when nginx refuses the new ones', async () => {
    writeFileSync(
      at('sites/other'),
      'server { listen 127.0.0.1:18082; ssl_certificate /nowhere.pem; no_such_directive on; }\n',
    )
    const ran = await apply()
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('nginx refuses the changed files, so the old ones are back')
    expect(ran.stderr).toContain('no_such_directive')
    expect(text()).toBe(SITE)
    expect(await fix(['--undo'])).toMatchObject({ code: 1 })
  })

  it('writes the file behind a link, and into a file that has two names', async () => {
    mkdirSync(at('available'))
    execFileSync('mv', [at('sites/app'), at('available/app')])
    symlinkSync('../available/app', at('sites/app'))
    linkSync(at('available/app'), at('available/second-name'))
    expect(await apply()).toMatchObject({ code: 0 })
    expect(lstatSync(at('sites/app')).isSymbolicLink()).toBe(true)
    expect(text('available/app')).toContain(ADDED)
    expect(text('available/second-name')).toBe(text('available/app'))
  })

  it.skipIf(!root || spawnSync('unshare', ['--mount', 'true']).status !== 0)(
    'writes in place where the file is a mount of its own',
    () => {
      writeFileSync(at('outside'), SITE)
      const command = `mount --bind '${at('outside')}' '${at('sites/app')}' && exec "$0" "$@"`
      const program = path.join(import.meta.dirname, '../../server/cli/halfopen.mjs')
      const args = [program, 'fix', '--config', at('nginx.conf'), at('log'), '--write']
      const ran = spawnSync('unshare', ['--mount', 'sh', '-c', command, process.execPath, ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...env() },
      })
      expect(ran.stderr).toContain('nginx -t: accepted')
      expect(text('outside')).toContain(ADDED)
      expect(text('sites/app')).toBe(SITE)
    },
  )

  it('takes back what an interrupted run left half done, and says so before', async () => {
    writeFileSync(at('sites/b'), 'b;\n')
    const change = (name: string, after: string) => ({
      real: at(name),
      before: readFileSync(at(name)),
      after: Buffer.from(after),
    })
    const changes = [change('sites/app', 'new;\n'), change('sites/b', 'new;\n')]
    makeBackup(path.join(at('state'), 'halfopen/fix'), Date.now(), { config: at('nginx.conf'), title: 't' }, changes)
    replaceFile(at('sites/app'), Buffer.from('new;\n'))
    const ran = await fix(['--config', at('nginx.conf'), at('log')])
    expect(ran.stderr).toContain('was interrupted')
    expect(await fix(['--undo'])).toMatchObject({ code: 0 })
    expect([text('sites/app'), text('sites/b')]).toEqual([SITE, 'b;\n'])
  })

  it.each([
    ['.', '.'],
    ['nginx.conf', '.'],
    ['.', 'nginx.conf'],
    ['nginx.conf', 'sites/app'],
    ['nginx.conf', 'sites'],
    ['.', 'link'],
  ])('written with --config %s, taken back with --config %s', async (written, named) => {
    symlinkSync('.', at('link'))
    expect(await fix(['--config', at(written), at('log'), '--write'])).toMatchObject({ code: 0 })
    expect(text()).toContain(ADDED)
    mkdirSync(at('elsewhere'))
    writeFileSync(at('elsewhere/nginx.conf'), 'events {}\n')
    for (const other of ['elsewhere', 'elsewhere/nginx.conf', 'log', 'state'])
      expect(await fix(['--undo', '--config', at(other)])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`no change of ${at(other)}`),
      })
    expect(text()).toContain(ADDED)
    expect(await fix(['--undo', '--config', at(named)])).toMatchObject({ code: 0 })
    expect(text()).toBe(SITE)
  })

  it('changes main and events context of a folder, and takes both back', async () => {
    const before = text('nginx.conf')
    writeFileSync(
      at('log'),
      '2026/11/21 06:31:21 [alert] 16644#16644: 512 worker_connections are not enough\n'.repeat(3),
    )
    const ran = await fix(['--config', dir, at('log'), '--write'])
    expect(ran.stderr).toContain('nginx -t: accepted')
    expect(ran.stderr).toContain('Raise worker_connections above twice the number of sockets')
    expect(text('nginx.conf')).toContain('worker_rlimit_nofile 16384;\n')
    expect(text('nginx.conf')).toContain('events { worker_connections 8192;}')
    expect(await fix(['--undo', '--config', dir])).toMatchObject({ code: 0 })
    expect(text('nginx.conf')).toBe(before)
  })

  it('does not undo over later edits', async () => {
    await apply()
    const edited = `${text()}# mine\n`
    writeFileSync(at('sites/app'), edited)
    const ran = await fix(['--undo'])
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('edited after the change')
    expect(text()).toBe(edited)
  })

  it('does not write what a program would overwrite, and says where the change belongs', async () => {
    mkdirSync(at('nginx/proxy_host'), { recursive: true })
    execFileSync('mv', [at('sites/app'), at('nginx/proxy_host/1.conf')])
    writeFileSync(at('nginx.conf'), text('nginx.conf').replace('sites/*', 'nginx/proxy_host/*.conf'))
    const ran = await apply()
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('Nginx Proxy Manager')
    expect(ran.stderr).toContain('Websockets Support')
    expect(text('nginx/proxy_host/1.conf')).toBe(SITE)
    // Nor is it said that it can be written.
    const shown = await fix(['--config', at('nginx.conf'), at('log')])
    expect(shown.stderr).toMatch(/is written by Nginx Proxy Manager.*\nnothing was changed\n$/)
    const told = await run(['analyze', '--config', at('nginx.conf'), at('log')])
    expect(told.stdout).toMatch(/Apply +not in the file, Nginx Proxy Manager writes it anew/)
    expect(told.stdout).not.toContain('--write')
  })

  it('prints a patch for a dump, and writes none', async () => {
    const dump = execFileSync('nginx', ['-T', '-c', at('nginx.conf')], { env: { ...process.env, ...env() } })
    writeFileSync(at('dump'), dump)
    const shown = await fix(['--config', at('dump'), at('log')])
    expect(shown.stdout).toContain(ADDED)
    expect(shown.stderr).toMatch(/nothing was changed; to apply it: patch -p0 -d \S+\n$/)
    const ran = await fix(['--config', at('dump'), at('log'), '--write'])
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('is a dump')
    expect(text()).toBe(SITE)
  })

  it.skipIf(whyNoRightsTest() !== null)('changes nothing without the right to', async () => {
    chmodSync(at('state'), 0o777)
    const ran = await fix(['--config', at('nginx.conf'), at('log'), '--write'], { asNobody: true })
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('permission denied')
    expect(text()).toBe(SITE)
    expect(await fix(['--undo'], { asNobody: true })).toMatchObject({ code: 1 })
  })

  it.each([
    ['no configuration', [], '--config: missing'],
    ['--reload alone', ['--config', 'nginx.conf', '--reload'], '--reload: only together with --write'],
    ['--undo with logs', ['--undo', 'log'], '--undo: takes no logs'],
    ['no such finding', ['--config', 'nginx.conf', 'log', '--finding', 'x'], '--finding: no finding "x"; there are: '],
  ])('%s is a mistake', async (_what, args, message) => {
    const ran = await fix(args, { cwd: dir })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(message)
  })

  it('a healthy log has no patch, and what it cannot show is said', async () => {
    writeFileSync(at('log'), '101|GET /ws HTTP/1.1|websocket|2026-11-21T06:13:35+00:00|app.test|101\n'.repeat(3))
    const ran = await fix(['--config', at('nginx.conf'), at('log')])
    expect(ran).toMatchObject({ code: 0, stdout: '' })
    expect(ran.stderr).toContain('no problem was found; what these logs cannot show: ')
    expect(existsSync(at('state/halfopen'))).toBe(false)
  })
})
