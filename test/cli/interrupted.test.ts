/** Ctrl-C: real processes, real signals. Nothing here waits for a time to pass: each step waits for what it needs. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Report } from '../../server/diagnosis/contract.ts'
import { scanInputs } from '../../server/scan/contract.ts'
import { ACCESS, REFUSED } from './logs.ts'
import { PROGRAM } from './run.ts'

let dir: string
const started: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'halfopen-interrupted-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const STOPPED = 'halfopen: stopped; what was read so far is reported, a second signal ends at once\n'

interface Running {
  child: ChildProcess
  out: () => string
  err: () => string
  ended: Promise<[number | null, NodeJS.Signals | null]>
}

/** The program in the middle of its input: standard input stays open. `shell`: as in run.ts. */
function start(args: readonly string[], shell?: string): Running {
  const [command, words] =
    shell === undefined ? [process.execPath, [PROGRAM, ...args]] : ['bash', ['-c', shell, PROGRAM, ...args]]
  const child = spawn(command, words, { env: { PATH: process.env['PATH'], TZ: 'UTC' } })
  started.push(child)
  let [out, err] = ['', '']
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (err += piece.toString()))
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close') as Running['ended']
  return { child, out: () => out, err: () => err, ended }
}

/** Writes, and resolves when the program has taken so much more than a pipe holds that it has read the beginning. */
async function feed({ child }: Running, head: string): Promise<void> {
  const more = ACCESS.repeat(20_000)
  await new Promise((resolve) => child.stdin?.write(head + more, resolve))
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s in a silent pipe: the report of what came, and code %i',
  async (signal, code) => {
    const running = start(['analyze', '--output', 'json', '-', path.join(dir, 'later.log')])
    writeFileSync(path.join(dir, 'later.log'), REFUSED)
    await feed(running, REFUSED)
    running.child.stdin?.write('half a lin')
    running.child.kill(signal)
    expect(await running.ended).toEqual([code, null])
    expect(running.err()).toBe(STOPPED)
    const report = JSON.parse(running.out()) as Report
    expect(report).toMatchObject({ partial: true, read: { of: null, fraction: null } })
    expect(report.read?.inputs_left).toEqual([path.join(dir, 'later.log')])
    // What is read ahead when the signal comes does not count as read.
    expect(report.read?.bytes).toBeGreaterThan(100_000)
    expect(report.findings[0]?.cause).toBe('backend-down')
    // The piece behind the last line end is no line.
    expect(report.inputs).toMatchObject([{ path: 'stdin', unparsed: 0 }])
  },
  20_000,
)

it('says in the first line of the text that the report is partial', async () => {
  const running = start(['analyze'])
  await feed(running, '')
  running.child.kill('SIGINT')
  expect(await running.ended).toEqual([130, null])
  expect(running.out()).toMatch(
    /^Partial report: reading was stopped after [\d.]+ [kM]B\.\nNo problems found in what could be read/,
  )
}, 20_000)

it('does not call an input empty of which no whole line came yet', async () => {
  const running = start(['analyze'])
  // More than a pipe holds: when it is written, the program reads.
  await new Promise((resolve) => running.child.stdin?.write('x'.repeat(500_000), resolve))
  running.child.kill('SIGINT')
  expect(await running.ended).toEqual([130, null])
  expect(running.out()).toMatch(
    /^Partial report: [^\n]*\nNothing was read yet, so nothing can be said about problems\./,
  )
}, 20_000)

it('leaves a pipe of the shell in which nothing comes any more', async () => {
  const fifo = `exec node "$0" analyze --output json <(cat "$1"; echo fed >&2; exec sleep 60 2>/dev/null)`
  writeFileSync(path.join(dir, 'access.log'), ACCESS.repeat(20_000))
  const running = start([path.join(dir, 'access.log')], fifo)
  await told(running, 'fed\n')
  running.child.kill('SIGINT')
  expect(await running.ended).toEqual([130, null])
  expect(JSON.parse(running.out())).toMatchObject({ partial: true })
}, 20_000)

/** Waits for words on stderr. */
async function told(running: Running, words: string): Promise<void> {
  while (!running.err().includes(words)) await once(running.child.stderr as NodeJS.ReadableStream, 'data')
}

it('a second signal ends it at once, also while the report cannot be written', async () => {
  const fifo = path.join(dir, 'report')
  expect(spawnSync('mkfifo', [fifo]).status).toBe(0)
  // Nobody reads the report: opening the pipe waits.
  const running = start(['analyze', '-o', fifo])
  await feed(running, '')
  running.child.kill('SIGINT')
  await told(running, STOPPED)
  running.child.kill('SIGINT')
  const [code, signal] = await running.ended
  expect(code === 130 || signal === 'SIGINT').toBe(true)
  expect(running.out()).toBe('')
}, 20_000)

it('a file is left after the chunk at hand, and its size is known', async () => {
  const file = path.join(dir, 'access.log')
  writeFileSync(file, ACCESS.repeat(100_000))
  const controller = new AbortController()
  const options = { format: null, logFormat: null, timezone: null, since: null, until: null }
  const result = await scanInputs([file, path.join(dir, 'later.log')], {
    ...options,
    signal: controller.signal,
    onProgress: (done) => {
      if (done > 2_000_000) controller.abort()
    },
  })
  expect(result).toMatchObject({ partial: true, left: [path.join(dir, 'later.log')], errors: [] })
  expect(result.inputs).toMatchObject([{ unparsed: 0 }])
  expect(result.read.done).toBeLessThan(ACCESS.length * 100_000)
  expect(result.inputs[0]?.parsed).toBe(Math.floor(result.read.done / ACCESS.length))
  const whole = await scanInputs([file], { ...options, onProgress: null, signal: new AbortController().signal })
  expect(whole).toMatchObject({ partial: false, left: [], inputs: [{ parsed: 100_000 }] })
})

const terminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0
it.skipIf(!terminal)(
  'Ctrl-C on a terminal reaches both ends of a pipe, and the report still appears (needs script and /dev/pts)',
  async () => {
    writeFileSync(path.join(dir, 'error.log'), REFUSED)
    const piped = `tail -n +1 -f ${path.join(dir, 'error.log')} | ${process.execPath} ${PROGRAM} analyze -`
    const running = start([], `exec script -qec "sh -c '${piped}'" /dev/null`)
    // The progress line shows that the line has come.
    while (!running.out().includes('reading ')) {
      writeFileSync(path.join(dir, 'error.log'), REFUSED, { flag: 'a' })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    running.child.stdin?.write('\x03')
    await running.ended
    expect(running.out()).toContain('Partial report')
    expect(running.out()).toContain('1 problem found')
  },
  30_000,
)
