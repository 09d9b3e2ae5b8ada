/** What may go wrong between reading a file and having it back: edits of others, full disks, kills, odd files. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backups, makeBackup, mark } from '../../server/fix/backups.ts'
import { changesOf, undo, write, type Change, type Written } from '../../server/fix/fix.ts'
import { testConfig } from '../../server/fix/nginx.ts'
import { loadConfig, type NginxConfig } from '../../server/nginx-config/contract.ts'
import { PROGRAM, run, type Ran } from '../cli/run.ts'
import { describeWith } from '../needs.ts'

const SITE = 'server {\n  listen 127.0.0.1:18081;\n  server_name app.test;\n}\n'
const NEW = SITE.replace('}\n', '  keepalive_timeout 60s;\n}\n')
const NOON = Date.UTC(2026, 10, 21, 12)

let dir: string
const usual = process.env['PATH']
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-mishaps-'))
  for (const folder of ['sites', 'bin', 'state']) mkdirSync(at(folder))
  writeFileSync(
    at('nginx.conf'),
    `pid ${at('pid')};\nerror_log ${at('e')};\nevents {}\nhttp {\n  include sites/*;\n}\n`,
  )
  for (const name of ['a', 'b']) writeFileSync(at(`sites/${name}`), SITE)
  process.env['PATH'] = `${at('bin')}:${usual}:/usr/sbin`
})
afterEach(() => {
  process.env['PATH'] = usual
  rmSync(dir, { recursive: true, force: true })
})

const at = (name: string): string => path.join(dir, name)
const home = (): string => at('state/halfopen/fix')
const text = (name: string): string => readFileSync(at(name), 'utf8')
const about = (now = NOON) => ({ home: home(), now, config: at('nginx.conf'), title: 't' })
const change = (name: string, after = NEW): Change => ({
  real: at(name),
  before: readFileSync(at(name)),
  after: Buffer.from(after),
  generated: null,
})
const config = (): NginxConfig => {
  const loaded = loadConfig(at('nginx.conf'))
  if (!loaded.ok) throw new Error(loaded.error.message)
  return loaded.config
}
const put = (changes: Change[], now = NOON): Written => write(config(), changes, about(now))
/** A program before the real nginx in PATH, for what happens while it is asked. */
function beforeNginx(script: string): void {
  writeFileSync(at('bin/nginx'), `#!/bin/sh\n${script}\n`)
  chmodSync(at('bin/nginx'), 0o755)
}
const NGINX = 'PATH="${PATH#*:}" exec nginx "$@"'
const DIFF = (name: string): string => `--- ${name}\n+++ ${name}\n@@ -1,1 +1,1 @@\n-server {\n+server  {\n`

describeWith('nginx', 'write', () => {
  it('does not put the old file back over what was edited while nginx tested it', () => {
    beforeNginx(`echo '# mine' >>'${at('sites/a')}'; ${NGINX}`)
    const written = put([change('sites/a', `${NEW}no_such_directive on;\n`), change('sites/b')])
    expect(written).toMatchObject({ putBack: true, left: [at('sites/a')] })
    expect(text('sites/a')).toMatch(/no_such_directive on;\n# mine\n/)
    expect(text('sites/b')).toBe(SITE)
  })

  it('does not write over what was edited after the patch was made, and puts back what it wrote', () => {
    const changes = [change('sites/a'), change('sites/b')]
    writeFileSync(at('sites/b'), `${SITE}# mine\n`)
    expect(() => put(changes)).toThrow(`${at('sites/b')}: it was edited meanwhile`)
    expect([text('sites/a'), text('sites/b')]).toEqual([SITE, `${SITE}# mine\n`])
    expect(() => undo(home(), null)).toThrow('nothing to undo')
  })

  it('does not write over an edit of the last moment, nor leave anything beside it', () => {
    // cp(1) carries owner and labels over to the new file, just before the rename.
    writeFileSync(at('bin/cp'), `#!/bin/sh\necho '# mine' >>'${at('sites/a')}'\nPATH="\${PATH#*:}" exec cp "$@"\n`)
    chmodSync(at('bin/cp'), 0o755)
    expect(() => put([change('sites/a')])).toThrow(`${at('sites/a')}: it was edited meanwhile`)
    expect(text('sites/a')).toBe(`${SITE}# mine\n`)
    expect(readdirSync(at('sites'))).toEqual(['a', 'b'])
  })

  it('tells a change that nginx refuses from files that it refused before', () => {
    const refused = put([change('sites/a', `${NEW}no_such_directive on;\n`)])
    expect(refused).toMatchObject({ putBack: true, tested: { result: 'refused' }, asBefore: { result: 'accepted' } })
    writeFileSync(at('sites/c'), 'other_directive on;\n')
    const before = put([change('sites/a')])
    expect(before.putBack).toBe(true)
    expect(before.asBefore).toMatchObject({ result: 'refused', text: expect.stringContaining('other_directive') })
    expect(text('sites/a')).toBe(SITE)
  })

  it('takes back four writes of one second in reverse order, whatever the clock says', () => {
    const contents = [1, 2, 3, 4].map((seconds) => NEW.replace('60s', `${seconds}s`))
    // The last two are written with a clock that was set back.
    contents.forEach((after, index) => put([change('sites/a', after)], index < 2 ? NOON : NOON - 86_400_000))
    for (const expected of [...contents.slice(0, 3).toReversed(), SITE]) {
      undo(home(), null)
      expect(text('sites/a')).toBe(expected)
    }
    expect(() => undo(home(), null)).toThrow('nothing to undo')
  })

  it('takes names without a number for older ones', () => {
    const { backup } = put([change('sites/a', NEW)])
    renameSync(backup.folder, path.join(home(), '20261121T120000-0a1b2c'))
    put([change('sites/b', NEW)])
    expect(undo(home(), null).files.map(({ real }) => real)).toEqual([at('sites/b')])
    expect(undo(home(), null).files.map(({ real }) => real)).toEqual([at('sites/a')])
  })

  it('takes back the change that the files hold, not one that was taken back by hand', () => {
    put([change('sites/a', NEW)])
    put([change('sites/b', NEW)], NOON + 60_000)
    writeFileSync(at('sites/b'), SITE)
    expect(undo(home(), null).files.map(({ real }) => real)).toEqual([at('sites/a')])
    expect(text('sites/a')).toBe(SITE)
  })
})

describe('nginx -t', () => {
  it('is not waited for without end, and that is said', () => {
    beforeNginx('exec sleep 20')
    expect(testConfig(null, 1000)).toEqual({ result: 'untested', text: 'nginx -t did not answer within 1 s' })
  })
})

/** Ends without closing, so that the socket's name stays. */
const SOCKET = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"

describe('odd files', () => {
  it.each([
    ['a pipe', (file: string) => execFileSync('mkfifo', [file]), 'not a regular file'],
    ['a socket', (file: string) => spawnSync(process.execPath, ['-e', SOCKET, file]), 'not a regular file'],
    ['a link to a device', (file: string) => symlinkSync('/dev/zero', file), 'link'],
  ])('%s in place of a file is named', (_what, make, message) => {
    const known = config()
    const backup = makeBackup(home(), NOON, about(), [change('sites/a')])
    mark(backup, 'written')
    rmSync(at('sites/a'))
    make(at('sites/a'))
    expect(() => changesOf(known, DIFF('sites/a'))).toThrow(message)
    expect(() => undo(home(), null)).toThrow(message)
  })
})

describe('undo', () => {
  it('passes over what is no change', () => {
    const wanted = makeBackup(home(), NOON, about(), [change('sites/a')])
    writeFileSync(at('sites/a'), NEW)
    const odd = ['{}', 'null', '[]', '{"state":"written"}', '{"state":"written","files":[{}]}', '7', '{']
    odd.forEach((manifest, index) => {
      mkdirSync(path.join(home(), `00000${index + 2}-x`))
      writeFileSync(path.join(home(), `00000${index + 2}-x`, 'backup.json'), manifest)
    })
    expect(backups(home()).map(({ id }) => id)).toEqual([wanted.id])
    undo(home(), null)
    expect(text('sites/a')).toBe(SITE)
  })

  it('removes what a killed run left beside the file, and nothing else', () => {
    makeBackup(home(), NOON, about(), [change('sites/a')])
    const others = ['.a.halfopen-mine', '.b.halfopen-0a1b2c3d', '.a.swp']
    for (const name of ['.a.halfopen-0a1b2c3d', ...others]) writeFileSync(at(`sites/${name}`), NEW)
    undo(home(), null)
    expect(readdirSync(at('sites')).toSorted()).toEqual([...others, 'a', 'b'].toSorted())
  })

  const longer = Buffer.from(NEW)
  it.each([
    ['written to the middle', Buffer.concat([longer.subarray(0, 70), Buffer.from(SITE).subarray(70)]), NEW],
    ['written, but not yet cut', Buffer.from(`server {}\n${SITE.slice(10)}`), 'server {}\n'],
  ])('puts back a file that was %s in place', (_what, torn, after) => {
    makeBackup(home(), NOON, about(), [change('sites/a', after)])
    writeFileSync(at('sites/a'), torn)
    undo(home(), null)
    expect(text('sites/a')).toBe(SITE)
  })

  it('leaves an edit alone, in an interrupted change too', () => {
    const { folder } = makeBackup(home(), NOON, about(), [change('sites/a')])
    writeFileSync(at('sites/a'), `${NEW}# mine\n`)
    expect(() => undo(home(), null)).toThrow(folder)
    expect(text('sites/a')).toBe(`${NEW}# mine\n`)
  })

  it('takes another way to the same --config for the same', () => {
    makeBackup(home(), NOON, about(), [change('sites/a')])
    writeFileSync(at('sites/a'), NEW)
    symlinkSync(dir, `${dir}-link`)
    try {
      expect(() => undo(home(), at('other.conf'))).toThrow('nothing to undo')
      undo(home(), path.join(`${dir}-link`, 'nginx.conf'))
    } finally {
      rmSync(`${dir}-link`)
    }
    expect(text('sites/a')).toBe(SITE)
  })

  it('says in one line that a copy is gone', () => {
    const { folder } = makeBackup(home(), NOON, about(), [change('sites/a')])
    writeFileSync(at('sites/a'), NEW)
    rmSync(path.join(folder, '0.conf'))
    expect(() => undo(home(), null)).toThrow(/^[^\n]*sites\/a: could not be put back: [^\n]*0\.conf: no such file/)
  })
})

const mounts = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
const terminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

describeWith('nginx', 'fix as a process', () => {
  const WS = SITE.replace('}\n', '  location /ws {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n')
  const FORMAT = "log_format own '$status|$request|$http_upgrade|$time_iso8601|$host|$upstream_status';"
  beforeEach(() => {
    writeFileSync(at('log'), '426|GET /ws HTTP/1.1|websocket|2026-11-21T06:13:35+00:00|app.test|426\n'.repeat(3))
    writeFileSync(
      at('nginx.conf'),
      text('nginx.conf').replace('http {', `http {\n  ${FORMAT}\n  access_log ${at('l')} own;`),
    )
    rmSync(at('sites/b'))
    writeFileSync(at('sites/a'), WS)
  })
  const env = (): Record<string, string> => ({ XDG_STATE_HOME: at('state'), PATH: process.env['PATH'] ?? '' })
  const fix = (args: string[], shell?: string): Promise<Ran> =>
    run(['fix', ...args], { env: env(), cwd: dir, ...(shell === undefined ? {} : { shell }) })
  const WRITE = ['--config', 'nginx.conf', 'log', '--write']

  it.skipIf(!mounts)('says what stands where when the disk is full after the change, and takes it back', async () => {
    beforeNginx(`cat /dev/zero >'${at('state')}/full' 2>/dev/null; ${NGINX}`)
    const disk = `mount -t tmpfs -o size=256k none '${at('state')}'`
    const command = `${disk}; "$@"; echo "$?"; "$1" "$2" fix --undo; echo "$?"; rm '${at('state')}/full'; "$1" "$2" fix --undo; echo "$?"`
    const ran = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', command, 'sh', process.execPath, PROGRAM, 'fix', ...WRITE],
      {
        encoding: 'utf8',
        cwd: dir,
        env: env(),
      },
    )
    expect(ran.stderr).not.toContain('    at ')
    expect(ran.stderr).toMatch(
      /halfopen: changed: \S+sites\/a; .*the disk is full.*state\/halfopen\/fix\/.*halfopen fix --undo/,
    )
    expect(ran.stderr).toMatch(/halfopen: as before: \S+sites\/a; .*the disk is full/)
    expect(ran.stdout).toMatch(/^1\n1\n0\n$/m)
    expect(text('sites/a')).toBe(WS)
  })

  it.skipIf(!mounts)('puts back what a full disk let it write in place', () => {
    // One page is what is left; the file has two names, so that no new file can take its place.
    writeFileSync(at('sites/a'), `#${'x'.repeat(4000 - WS.length)}\n${WS}#${'y'.repeat(90)}\n`)
    const before = text('sites/a')
    const command = `cp sites/a a && mount -t tmpfs -o size=8k none sites && cp a sites/a && ln sites/a sites/.a2 && head -c 4096 /dev/zero >sites/.full && "$@"; echo "$?"; cat sites/a`
    const ran = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', command, 'sh', process.execPath, PROGRAM, 'fix', ...WRITE],
      {
        encoding: 'utf8',
        cwd: dir,
        env: env(),
      },
    )
    expect(ran.stderr).toContain('nothing was changed: the disk is full; make room and run it again')
    expect(ran.stdout.endsWith(`1\n${before}`)).toBe(true)
  })

  it('takes back what a killed run wrote', async () => {
    beforeNginx('kill -9 "$PPID"')
    expect(await fix(WRITE)).toMatchObject({ code: null })
    expect(text('sites/a')).not.toBe(WS)
    rmSync(at('bin/nginx'))
    expect((await fix(WRITE.slice(0, 3))).stderr).toContain('was interrupted')
    expect(await fix(['--undo'])).toMatchObject({ code: 0, stderr: expect.stringContaining('nginx -t: accepted') })
    expect(text('sites/a')).toBe(WS)
  })

  it.skipIf(!terminal)('lets no comment act on the terminal, and writes the patch as it is elsewhere', async () => {
    const comment = '\t# \u001b]0;owned\u0007 \u009b31m\n'
    writeFileSync(at('sites/a'), WS.replace('    proxy_pass', `${comment}    proxy_pass`))
    const shown = await fix(WRITE.slice(0, 3), 'script -qec "node $0 $1 $2 $3 $4" /dev/null')
    expect(shown.stdout).not.toMatch(/[\u001b\u0007\u009b]/)
    expect(shown.stdout).toContain(' \t# \\u{1b}]0;owned\\u{7} \\u{9b}31m')
    expect(shown.stdout).toContain('use -o FILE for the patch')
    const piped = await fix(WRITE.slice(0, 3))
    expect(piped.stdout).toContain(comment)
    expect(piped.stderr).not.toContain('-o FILE')
  })

  it('says that nginx refuses the files as they were', async () => {
    writeFileSync(at('sites/z'), 'no_such_directive on;\n')
    const ran = await fix(WRITE)
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toMatch(/nginx refuses your files as they were, too: .*no_such_directive/)
  })

  it('says which file it left alone, and where the old content is', async () => {
    beforeNginx(`echo 'no_such_directive on;' >>'${at('sites/a')}'; ${NGINX}`)
    const ran = await fix(WRITE)
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toMatch(/sites\/a: it was edited meanwhile, so it is left alone; .*state\/halfopen\/fix\//)
    expect(text('sites/a')).toContain('no_such_directive')
  })
})
