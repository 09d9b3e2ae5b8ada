#!/usr/bin/env node
/** The same rotations for halfopen and for what else follows logs, all reading the same file at the same time:
 *
 *  node --import tsx test/faults/peers.mjs [--modules DIR]      (DIR: where @logdna/tail-file 4.0.2 is installed)
 *
 *  Prints lines lost and doubled, per tool, of numbered lines written 1,000 a second. */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { findProgram } from '../../server/setup/programs.mjs'
import { followFile } from '../../server/tail/contract.ts'
import { Logrotate } from './rotation.ts'

const { values } = parseArgs({ options: { modules: { type: 'string', default: '.' } } })
const load = createRequire(join(resolve(values.modules), 'package.json'))
const logrotate = findProgram('logrotate')
if (logrotate === null) throw new Error('needs logrotate (Debian: apt-get install logrotate)')
const root = mkdtempSync(join(tmpdir(), 'halfopen-peers-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

/** Each: starts to follow, gives what stops it. */
const TOOLS = {
  halfopen(path, give) {
    const source = followFile({
      path,
      resume: null,
      onStatus() {},
      onChunk({ bytes }) {
        for (const line of bytes.toString().split('\n')) give(line)
        return bytes.length
      },
    })
    return () => source.close()
  },
  async 'tail-file'(path, give) {
    const TailFile = createRequire(import.meta.url)('tail-file')
    const tail = new TailFile(path, { startPos: 'end', force: true })
    tail.on('line', give)
    await tail.startP()
    return () => tail.stop()
  },
  async '@logdna/tail-file'(path, give) {
    const TailFile = load('@logdna/tail-file')
    const tail = new TailFile(path, { encoding: 'utf8', pollFileIntervalMs: 250 })
    tail.on('tail_error', () => undefined)
    createInterface(tail).on('line', give)
    await tail.start()
    return () => Promise.race([tail.quit(), pause(1000)])
  },
  'tail -F'(path, give) {
    const child = spawn('tail', ['-n', '0', '-F', path], { stdio: ['ignore', 'pipe', 'ignore'] })
    createInterface(child.stdout).on('line', give)
    return () => child.kill()
  },
}

/** @param log `write(n)` numbered lines, `open()` what USR1 does, `rotate(options)`. */
const SCENARIOS = {
  async 'rename, writer reopens at once'(log) {
    await log.write(500)
    await log.rotate(['create'])
    log.open()
    await log.write(500)
  },
  async 'rename, writer reopens 2 s later'(log) {
    await log.write(500)
    await log.rotate(['create'])
    await log.write(2000)
    log.open()
    await log.write(500)
  },
  async 'two renames with compress within 3 s'(log) {
    for (let n = 0; n < 2; n++) {
      await log.write(500)
      await log.rotate(['create', 'compress', 'delaycompress'])
      await log.write(500)
      log.open()
    }
    await log.write(500)
  },
  async 'emptied and filled beyond its old size at once'(log) {
    await log.write(200)
    await pause(1500)
    log.refill(400)
    await log.write(100)
  },
}

class Log {
  constructor(folder) {
    this.folder = folder
    this.path = join(folder, 'access.log')
    this.written = 0
    writeFileSync(this.path, '')
    this.fd = openSync(this.path, 'a')
  }
  line() {
    return `line ${++this.written} größe 🚇 ${'.'.repeat(80)}\n`
  }
  async write(lines) {
    const started = performance.now()
    for (let n = 0; n < lines;) {
      for (; n < Math.min(lines, performance.now() - started); n++) writeSync(this.fd, this.line())
      await pause(1)
    }
  }
  async rotate(options) {
    await new Logrotate(logrotate, this.folder, [this.path], { options }).run()
  }
  open() {
    closeSync(this.fd)
    this.fd = openSync(this.path, 'a')
  }
  refill(lines) {
    truncateSync(this.path)
    writeSync(this.fd, Array.from({ length: lines }, () => this.line()).join(''))
  }
}

const names = Object.keys(TOOLS)
console.log(`| lost / doubled of | lines | ${names.join(' | ')} |`)
console.log(`|---|---|${names.map(() => '---|').join('')}`)
for (const [scenario, act] of Object.entries(SCENARIOS)) {
  const log = new Log(mkdtempSync(join(root, 'run-')))
  const seen = new Map()
  const stops = []
  for (const [name, start] of Object.entries(TOOLS)) {
    const numbers = []
    try {
      stops.push(await start(log.path, (line) => numbers.push(/^line (\d+) größe 🚇 /.exec(line)?.[1])))
      seen.set(name, numbers)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  await pause(1000)
  await act(log)
  // Longer than halfopen waits for late lines, twice.
  await pause(13_000)
  const cells = names.map((name) => {
    const numbers = seen.get(name)?.filter((n) => n !== undefined)
    if (numbers === undefined) return 'not installed'
    const once = new Set(numbers)
    return `${log.written - once.size} / ${numbers.length - once.size}`
  })
  console.log(`| ${scenario} | ${log.written} | ${cells.join(' | ')} |`)
  for (const stop of stops) await stop()
}
process.exit()
