#!/usr/bin/env node
/** `npm run bench:peers`: how long `halfopen analyze` takes next to `wc -l` and GoAccess on the same file, in turns.
 *
 *  node test/bench/peers.mjs [--lines 1m] [--runs 5] [--file LOG] [--no-goaccess]
 *
 *  Absolute times belong to the machine they were taken on; only the ratios travel. A run whose counts are wrong is not
 *  a measurement: request and 101 counts are compared with what the generator wrote. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { count, makeLogFile } from './make-log.mjs'
import { measure, measuresMemory, median } from './measure.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ENTRY = join(ROOT, 'server/cli/halfopen.mjs')

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1m' },
    runs: { type: 'string', default: '5' },
    file: { type: 'string' },
    'no-goaccess': { type: 'boolean', default: false },
  },
})

if (!existsSync(join(ROOT, 'dist/server/cli/main.cjs'))) {
  process.stderr.write('bench: not built; run "npm test" or "npm start" once\n')
  process.exit(2)
}

const dir = mkdtempSync(join(tmpdir(), 'halfopen-bench-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))

const file = values.file ?? join(dir, 'access.log')
const made = values.file === undefined ? makeLogFile({ lines: count(values.lines), seed: 1 }, file) : null
const runs = count(values.runs)

const programs = [{ name: 'wc -l', command: ['wc', '-l', file], check: checkLines }]
const goaccess = spawnSync('goaccess', ['--version'], { encoding: 'utf8' })
const goaccessName =
  goaccess.status === 0 ? (goaccess.stdout.split('\n')[0] ?? '').replace(/[ .-]+$/, '').replace(' - ', ' ') : null
if (goaccessName !== null && !values['no-goaccess']) {
  const command = ['goaccess', file, '--log-format=COMBINED', '--no-global-config', '--no-progress', '-o', 'json']
  programs.push({ name: goaccessName, command, check: checkGoaccess })
}
programs.push({
  name: 'halfopen analyze',
  command: [process.execPath, ENTRY, 'analyze', '--output', 'json', '--no-progress', file],
  check: checkHalfopen,
})

const taken = new Map(programs.map(({ name }) => [name, []]))
let lines = made?.lines ?? 0
for (let run = 1; run <= runs; run++) {
  // In turns, so that a slow minute of the machine hits all of them.
  for (const { name, command, check } of programs) {
    const result = await measure(command, dir)
    check(readFileSync(result.output, 'utf8'))
    taken.get(name).push(result)
    if (process.stderr.isTTY) process.stderr.write(`\r${run}/${runs} ${name}\x1b[K`)
  }
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
print()

function checkLines(text) {
  lines = Number.parseInt(text, 10)
  expect('wc -l lines', lines, made?.lines ?? lines)
}

function checkGoaccess(text) {
  expect('goaccess total_requests', JSON.parse(text).general.total_requests, lines)
}

function checkHalfopen(text) {
  const { totals, inputs } = JSON.parse(text)
  expect('halfopen totals.requests', totals.requests, lines)
  expect('halfopen unparsed lines', inputs[0]?.unparsed, 0)
  if (made !== null) expect('halfopen totals.status', JSON.stringify(totals.status), JSON.stringify(made.status))
}

function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${got}, expected ${wanted}; not a measurement`)
}

function print() {
  const seconds = (name) => taken.get(name).map((result) => result.seconds)
  const yardstick = median(seconds('wc -l'))
  const peer = programs.find(({ check }) => check === checkGoaccess)?.name
  const megabytes = statSync(file).size / 1e6
  process.stdout.write(
    `${lines} lines, ${megabytes.toFixed(0)} MB, combined; ${runs} runs in turns; Node ${process.version}\n\n`,
  )
  const rows = [['program', 'median s', 'min', 'max', '× wc -l', '× goaccess', 'lines/s', 'peak MB']]
  for (const { name } of programs) {
    const all = seconds(name)
    const middle = median(all)
    const kib = median(taken.get(name).map((result) => result.kib ?? 0))
    rows.push([
      name,
      middle.toFixed(3),
      Math.min(...all).toFixed(3),
      Math.max(...all).toFixed(3),
      (middle / yardstick).toFixed(1),
      peer === undefined ? 'n/a' : (middle / median(seconds(peer))).toFixed(4),
      Math.round(lines / middle).toLocaleString('en'),
      measuresMemory ? (kib / 1024).toFixed(0) : 'n/a',
    ])
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    process.stdout.write(
      `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}\n`,
    )
  }
  if (goaccessName === null)
    process.stdout.write('\ngoaccess is not installed (Debian: apt-get install goaccess): not compared\n')
  if (!measuresMemory) process.stdout.write('\nGNU time is not at /usr/bin/time: peak memory not measured\n')
  process.stdout.write('\nOnly the ratios mean anything on another machine.\n')
}
