#!/usr/bin/env node
/** What live reading costs, each bar on its own:
 *
 *  node --import tsx test/bench/ingest.mjs [--only burst,events,latency,stream,idle,memory,restart] [--long]
 *      [--cpu-prof DIR]
 *
 *  burst    lines/s of a combined log that is written faster than it is read
 *  events   the same where every line is an event
 *  latency  append → committed at 20,000 lines/s, and the share of a core that takes
 *  stream   append → Server-Sent Event, of the whole server with that load
 *  idle     the whole server with 20 quiet logs (60 s; 5 min with --long)
 *  memory   of the whole server after an hour of 1,000 lines/s
 *  restart  kill -9 with a 5 GB log read to its end, then a line: how long until it is stored */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bundle } from '../faults/bundle.ts'
import { random } from './make-log.mjs'

const { values } = parseArgs({
  options: { only: { type: 'string' }, long: { type: 'boolean' }, 'cpu-prof': { type: 'string' } },
})
const dir = mkdtempSync(join(tmpdir(), 'halfopen-ingest-bench-'))
const children = new Set()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})
process.on('SIGINT', () => process.exit(130))

const BARS = { burst, events, latency, stream, idle, memory, restart }
const wanted = values.only?.split(',') ?? Object.keys(BARS)
const reader = await bundle('test/bench/ingest-reader.ts', dir)
for (const name of wanted) {
  console.log(`${name.padEnd(8)} ${await BARS[name](join(dir, name))}`)
}
process.exit()

/** Starts the reader; `commits` grows by what it says. */
async function read(database, path) {
  const profile = values['cpu-prof'] ? ['--cpu-prof', '--cpu-prof-dir', values['cpu-prof']] : []
  const child = spawn(process.execPath, [...profile, reader, database, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  const commits = []
  let wake = () => undefined
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line)
    if ('seq' in said) commits.push({ ...said, at: Number(BigInt(said.at) / 1000n) / 1000 })
    wake()
  })
  const until = async (done) => {
    while (!done(commits.at(-1))) await new Promise((resolve) => (wake = resolve))
  }
  const stop = async (signal) => {
    child.kill(signal)
    await once(child, 'exit')
    children.delete(child)
  }
  return { pid: child.pid, commits, until, stop }
}

/** ms of the clock that all processes share. */
function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

/** The combined log of make-log.mjs, `lines` of it, in one buffer. */
function combined(lines) {
  const made = spawnSync(process.execPath, ['test/bench/make-log.mjs', '--lines', String(lines), '-'], {
    maxBuffer: 2 ** 31 - 1,
  })
  if (made.status !== 0) throw new Error(made.stderr.toString())
  return made.stdout
}

/** Every line an event, as a backend that is down writes them: few scopes, many clients, ten a ms. */
function errors(lines) {
  const r = random(1)
  let text = ''
  for (let n = 0; n < lines; n++) {
    const time = new Date(Date.UTC(2026, 10, 21, 8) + n / 10).toISOString()
    text +=
      `${time.slice(0, 10).replaceAll('-', '/')} ${time.slice(11, 19)} [error] 7#7: *${n} connect() failed (111: Connection refused) ` +
      `while connecting to upstream, client: 10.${Math.floor(r() * 250)}.${Math.floor(r() * 250)}.7, server: s${Math.floor(r() * 20)}.example, ` +
      `request: "GET /ws/${Math.floor(r() * 5)} HTTP/1.1", upstream: "http://127.0.0.1:${9000 + Math.floor(r() * 4)}/ws", host: "a.example"\n`
  }
  return Buffer.from(text)
}

async function burst(base) {
  return rate(base, combined(1_000_000), 1, 1_000_000, 'lines/s (≥ 150,000)')
}

async function events(base) {
  return rate(base, errors(500_000), 1, 500_000, 'events/s (≥ 250,000)')
}

/** The log is there from its first line on (live, not history) and grows faster than it is read. */
async function rate(base, bytes, times, lines, unit) {
  const path = `${base}.log`
  writeFileSync(path, '')
  const { pid, commits, until, stop } = await read(`${base}.sqlite`, path)
  await pause(500)
  appendFileSync(path, bytes.subarray(0, bytes.indexOf(10) + 1))
  await until((last) => last !== undefined)
  const started = now()
  const cpu = cpuMs(pid)
  const fd = openSync(path, 'a')
  for (let n = 0; n < times; n++)
    for (let at = 0; at < bytes.length; at += 2 ** 20) writeSync(fd, bytes.subarray(at, at + 2 ** 20))
  closeSync(fd)
  const total = lines * times
  await until((last) => last.lines >= total)
  const seconds = (commits.at(-1).at - started) / 1000
  const used = (cpuMs(pid) - cpu) / 1000
  const size = statSync(`${base}.sqlite`).size
  await stop('SIGTERM')
  return `${Math.round(total / seconds).toLocaleString('en')} ${unit}; ${total.toLocaleString('en')} in ${seconds.toFixed(1)} s, ${used.toFixed(1)} s of CPU; database ${(size / 1e6).toFixed(0)} MB`
}

/** A line a write, 20 a ms, as nginx without a buffer does; calls back with the time after each ms. */
async function write(path, lines, perSecond, seconds, wrote = () => undefined) {
  const fd = openSync(path, 'a')
  const started = now()
  let written = 0
  let size = statSync(path).size
  while (written < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, ((now() - started) * perSecond) / 1000)
    for (; written < due; written++) {
      const line = lines[written % lines.length]
      writeSync(fd, line)
      size += line.length
    }
    wrote(size, now())
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  closeSync(fd)
}

function linesOf(bytes) {
  return bytes
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(`${line}\n`, 'latin1'))
}

async function latency(base) {
  const path = `${base}.log`
  writeFileSync(path, '')
  const { pid, commits, until, stop } = await read(`${base}.sqlite`, path)
  const lines = linesOf(combined(200_000))
  await write(path, lines, 20_000, 2)
  const points = []
  const [cpu, from] = [cpuMs(pid), now()]
  await write(path, lines, 20_000, 20, (size, at) => points.push({ size, at }))
  const share = (cpuMs(pid) - cpu) / (now() - from)
  await until((last) => last.seq >= points.at(-1).size)
  const late = []
  let commit = 0
  for (const { size, at } of points) {
    while (commits[commit].seq < size) commit++
    late.push(Math.max(0, commits[commit].at - at))
  }
  await stop('SIGTERM')
  return `append → committed ${spread(late)} ms (p99 ≤ 50); ${(share * 100).toFixed(0)} % of a core (≤ 30); ${commits.length} commits`
}

/** The whole server, from the build. */
async function serve(base, logs) {
  const config = `${base}.yaml`
  writeFileSync(
    config,
    JSON.stringify({
      listen: '127.0.0.1:0',
      database: `sqlite:${base}.sqlite`,
      sources: logs.map((path) => ({ path })),
    }),
  )
  const child = spawn(process.execPath, ['server/cli/halfopen.mjs', 'serve', '--config-file', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let said = ''
  const url = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(said)))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text
        const found = /dashboard at (http:\S+?)["\s\\]/.exec(said)
        if (found) resolve(found[1])
      })
  })
  const stop = async () => {
    child.removeAllListeners('exit')
    child.kill('SIGTERM')
    await once(child, 'exit')
    children.delete(child)
  }
  return { url, pid: child.pid, stop }
}

async function stream(base) {
  const [access, error] = [`${base}-access.log`, `${base}-error.log`]
  for (const path of [access, error]) writeFileSync(path, '')
  const { url, stop } = await serve(base, [access, error])
  const response = await fetch(`${url}/api/v1/stream`)
  const seen = new Map()
  void (async () => {
    for await (const text of response.body.pipeThrough(new TextDecoderStream()))
      for (const [, n] of text.matchAll(/\*(\d+) connect/g)) if (!seen.has(Number(n))) seen.set(Number(n), now())
  })().catch(() => undefined)
  await pause(2000)
  const lines = linesOf(combined(200_000)).filter((line) => !/ (?:101|400|426|502|504) /.test(line.toString('latin1')))
  const sent = new Map()
  const writing = write(access, lines, 20_000, 20)
  const failures = linesOf(errors(100))
  for (const [n, line] of failures.entries()) {
    await pause(170)
    sent.set(n, now())
    appendFileSync(error, line)
  }
  await writing
  await pause(3000)
  const late = [...sent].flatMap(([n, at]) => (seen.has(n) ? [seen.get(n) - at] : []))
  await stop()
  return `append → event stream ${spread(late)} ms (p99 ≤ 500), beside 20,000 lines/s; ${late.length} of ${sent.size} events seen`
}

async function idle(base) {
  const logs = Array.from({ length: 20 }, (_, n) => `${base}-${n}.log`)
  for (const path of logs) writeFileSync(path, combined(100))
  const { pid, stop } = await serve(base, logs)
  await pause(15_000)
  const seconds = values.long ? 300 : 60
  const cpu = cpuMs(pid)
  await pause(seconds * 1000)
  const share = (cpuMs(pid) - cpu) / (seconds * 1000)
  await stop()
  return `${(share * 100).toFixed(2)} % of a core with ${logs.length} quiet logs over ${seconds} s (≤ 0.5)`
}

async function memory(base) {
  const path = `${base}.log`
  writeFileSync(path, '')
  const { pid, stop } = await serve(base, [path])
  await pause(3000)
  const bytes = combined(600_000)
  for (let n = 0; n < 6; n++) {
    appendFileSync(path, bytes)
    await pause(5000)
  }
  await pause(5000)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024
  const result = `${kib('VmRSS').toFixed(0)} MB resident (≤ 150) after 3.6 M lines; ${kib('VmHWM').toFixed(0)} MB at most`
  await stop()
  return result
}

/** Sparse: a hole of 5 GB between the first line and the last ones. */
async function restart(base) {
  const [path, database] = [`${base}.log`, `${base}.sqlite`]
  const lines = linesOf(combined(2000))
  writeFileSync(path, Buffer.concat(lines.slice(0, 1000)))
  const fd = openSync(path, 'r+')
  ftruncateSync(fd, 5e9)
  closeSync(fd)
  appendFileSync(path, `\n${Buffer.concat(lines.slice(1000)).toString('latin1')}`)
  const first = await read(database, path)
  await first.until((last) => last?.seq === statSync(path).size)
  await first.stop('SIGKILL')
  appendFileSync(path, lines[0])
  const started = now()
  const second = await read(database, path)
  await second.until((last) => last?.seq === statSync(path).size)
  const taken = second.commits.at(-1).at - started
  const again = second.commits.length
  await second.stop('SIGKILL')
  return `${taken.toFixed(0)} ms from the start to the first commit (≤ 1000), at ${(statSync(path).size / 1e9).toFixed(1)} GB; ${again} commit`
}

/** User and system time of a process so far, ms. */
function cpuMs(pid) {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return (user + system) * 10
}

function spread(list) {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return `p50 ${at(0.5).toFixed(1)}, p99 ${at(0.99).toFixed(1)}, max ${at(1).toFixed(1)}`
}
