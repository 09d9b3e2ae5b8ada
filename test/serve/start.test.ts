/** `halfopen serve` as a process: what it says, how it refuses, how it ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Problems } from '../../server/http/wire.ts'
import { ask, folder } from './running.ts'

vi.setConfig({ testTimeout: 30_000 })
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOON = { timeout: 15_000, interval: 50 }

interface Run {
  child: ChildProcess
  out: () => string
  err: () => string
  ended: Promise<number | null>
}

function serve(dir: string, args: string[], env: Record<string, string> = {}): Run {
  const program = [join(ROOT, 'server/cli/halfopen.mjs'), 'serve', ...args]
  const { PATH = '', HOME = '' } = process.env
  // A pipe as standard input, as service managers leave it: it is no log.
  const child = spawn(process.execPath, program, { cwd: dir, env: { PATH, HOME, ...env }, stdio: 'pipe' })
  let [out, err] = ['', '']
  child.stdout.on('data', (part: Buffer) => (out += String(part)))
  child.stderr.on('data', (part: Buffer) => (err += String(part)))
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, out: () => out, err: () => err, ended }
}

/** Port of the dashboard once it is there. */
async function port({ err }: Run): Promise<number> {
  await expect.poll(err, SOON).toMatch(/dashboard at http:\/\/127\.0\.0\.1:\d+/)
  return Number(/dashboard at http:\/\/127\.0\.0\.1:(\d+)/.exec(err())?.[1])
}

async function refusal(dir: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const run = serve(dir, args, env)
  expect(await run.ended).toBe(2)
  expect(run.out()).toBe('')
  expect(run.err()).toMatch(/^halfopen: [^\n]*\n$/)
  return run.err().slice('halfopen: '.length, -1)
}

describe('serve', () => {
  it('says where the dashboard is and what is read, and stops when told to', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'access.log'), '')
    const run = serve(dir, ['access.log', 'later.log', '--listen', '127.0.0.1:0', '--database', 'sqlite:db/h.sqlite'])
    const at = await port(run)
    await expect.poll(run.err, SOON).toContain(`reading ${join(dir, 'later.log')}`)
    expect(run.err()).toContain(`reading ${join(dir, 'access.log')}\n`)
    expect(run.err()).toContain(`warn: ${join(dir, 'later.log')}: not there yet`)
    // An open stream must not hold up the end.
    const streaming = ask(at, '/api/v1/stream').catch(() => null)
    await expect.poll(async () => (await ask(at, '/metrics')).text, SOON).toContain('halfopen_stream_clients 1')
    const before = performance.now()
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(performance.now() - before).toBeLessThan(5_000)
    await streaming
    expect(run.out()).toBe('')
  })

  it('shows made-up traffic with --demo, and keeps none of it', async () => {
    const dir = folder()
    const run = serve(dir, ['--demo'], { HALFOPEN_LISTEN: '127.0.0.1:0' })
    const at = await port(run)
    expect(run.err()).toContain('demo: the traffic is generated, not yours')
    const causes = async (): Promise<string[]> => {
      const { problems }: Problems = (await ask(at, '/api/v1/problems')).json()
      return problems.map(({ finding }) => finding.cause)
    }
    await expect
      .poll(causes, SOON)
      .toEqual(expect.arrayContaining(['missing-upgrade-headers', 'idle-timeout', 'backend-down']))
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
    expect(readdirSync(dir)).toEqual([])
  })

  it('writes JSON lines when asked to', async () => {
    const dir = folder()
    const run = serve(dir, ['none.log'], { HALFOPEN_LISTEN: '127.0.0.1:0', HALFOPEN_LOG: 'json' })
    await port(run)
    run.child.kill('SIGTERM')
    await run.ended
    const [first = ''] = run.err().split('\n')
    expect(JSON.parse(first)).toMatchObject({ level: 'info', msg: expect.stringContaining('dashboard at') })
  })
})

describe('serve refuses in one line', () => {
  it('a port in use', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const at = `127.0.0.1:${(taken.address() as AddressInfo).port}`
    expect(await refusal(folder(), ['x.log', '--listen', at])).toBe(
      `${at} is in use by another program; stop it, or choose another with --listen ADDRESS:PORT`,
    )
  })

  it('an address of another machine', async () => {
    const said = await refusal(folder(), ['x.log'], {
      HALFOPEN_LISTEN: '192.0.2.1:0',
      HALFOPEN_AUTH__TRUSTED_PROXY: 'true',
    })
    expect(said).toMatch(/^192\.0\.2\.1:0: not an address of this machine/)
  })

  it('a public address without a password', async () => {
    expect(await refusal(folder(), ['x.log', '--listen', '0.0.0.0:0'])).toMatch(
      /^listen: 0\.0\.0\.0:0 can be reached from other machines; set auth\.password_file/,
    )
  })

  it('a database that cannot be written', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'file'), '')
    expect(await refusal(dir, ['x.log', '--listen', '127.0.0.1:0', '--database', 'sqlite:file/h.sqlite'])).toMatch(
      /file\/h\.sqlite cannot be written \(part of its path is a file\)/,
    )
  })

  it('a database that is none', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'h.sqlite'), 'not a database '.repeat(1000))
    expect(await refusal(dir, ['x.log', '--listen', '127.0.0.1:0', '--database', 'sqlite:h.sqlite'])).toMatch(
      /h\.sqlite is damaged or no SQLite database/,
    )
  })

  it('a malformed halfopen.yaml', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'halfopen.yaml'), 'listen: 127.0.0.1:0\nalerts:\n  webhok: https://hooks.example/\n')
    expect(await refusal(dir, [])).toBe('halfopen.yaml:3:3: unknown key alerts.webhok; did you mean webhook?')
  })

  it('a log that is a socket, and names that make no sense', async () => {
    const dir = folder()
    const socket = createServer()
    await new Promise<void>((resolve) => socket.listen(join(dir, 'log.sock'), resolve))
    onTestFinished(() => void socket.close())
    expect(await refusal(dir, ['log.sock', '--listen', '127.0.0.1:0'])).toMatch(/log\.sock: a socket, not a log file/)
    expect(await refusal(dir, ['syslog:514', '--listen', '127.0.0.1:0'])).toMatch(/^syslog:514: expected syslog:udp/)
    expect(await refusal(dir, ['journald:a b', '--listen', '127.0.0.1:0'])).toMatch(/^journald:a b: expected journald:/)
  })

  it.skipIf(process.getuid?.() === 0)('a log it may not read', async () => {
    const dir = folder()
    mkdirSync(join(dir, 'logs'))
    writeFileSync(join(dir, 'logs/a.log'), '')
    chmodSync(join(dir, 'logs/a.log'), 0o000)
    expect(await refusal(dir, ['logs/a.log', '--listen', '127.0.0.1:0'])).toMatch(/a\.log: permission denied; /)
  })

  it('a time that is none, and a container without a name', async () => {
    expect(await refusal(folder(), ['x.log', '--listen', '127.0.0.1:0', '--since', 'soon'])).toMatch(
      /--since: "soon" is no time; such as 2026-11-21T06:30, 2h or 7d/,
    )
    expect(await refusal(folder(), ['x.log', '--listen', '127.0.0.1:0', '--since', '2099-01-01'])).toMatch(
      /^--since: "2099-01-01" is still to come; name a time before now/,
    )
    // The zone is looked at with the rest of the configuration.
    expect(await refusal(folder(), ['x.log', '--since', '2026-11-21', '--timezone', 'Mars/Olympus'])).toMatch(
      /--timezone: not a time zone/,
    )
    expect(await refusal(folder(), ['docker:', '--listen', '127.0.0.1:0'])).toMatch(/^docker:: expected docker:NAME/)
  })

  it('an nginx configuration that is not there', async () => {
    expect(await refusal(folder(), ['x.log', '--listen', '127.0.0.1:0', '--config', 'nginx.conf'])).toMatch(
      /nginx\.conf: .*; name an nginx\.conf or the output of: sudo nginx -T/,
    )
  })

  it('a log_format that cannot be used', async () => {
    expect(await refusal(folder(), ['x.log', '--listen', '127.0.0.1:0', '--log-format', 'nothing'])).toMatch(
      /log.format/,
    )
  })
})
