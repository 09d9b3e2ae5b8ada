#!/usr/bin/env node
/** `npm run bench`: what reading logs costs, as ratios against `wc -l`, `zcat`, an empty `node` and GoAccess, each pair
 *  measured in turns in the same run.
 *
 *  node test/bench/bars.mjs [--bytes 1g] [--runs 5] [--only NAME] [--goaccess]
 *
 *  Absolute times belong to the machine they were taken on; only the ratios travel. GoAccess takes minutes. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeErrorLogFile } from './make-error-log.mjs'
import { count, EXTENDED, makeLogFile } from './make-log.mjs'
import { inTurns } from './measure.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ENTRY = join(ROOT, 'server/cli/halfopen.mjs')
const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '1g' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    goaccess: { type: 'boolean', default: false },
  },
})
if (!existsSync(join(ROOT, 'dist/server/cli/main.cjs'))) {
  process.stderr.write('bench: not built; run "npm test" or "npm start" once\n')
  process.exit(2)
}
const bytes = count(values.bytes)
const runs = count(values.runs)
const dir = mkdtempSync(join(tmpdir(), 'halfopen-bench-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))

const file = (name) => join(dir, name)
const analyze = (...args) => [process.execPath, ENTRY, 'analyze', '--output', 'json', '--no-progress', ...args]
const made = new Set()
/** Makes a log once. */
function log(name, options, make = makeLogFile) {
  if (!made.has(name)) make({ seed: 1, ...options }, file(name))
  made.add(name)
  return file(name)
}
const third = Math.min(bytes, 300e6)

/** [name, what the ratio is, bar, the two commands] */
const BARS = [
  [
    'start',
    '1 MB combined / node -e 0',
    1.5,
    () => [analyze(log('1m.log', { bytes: 1e6 })), [process.execPath, '-e', '0']],
  ],
  [
    'combined',
    `${values.bytes} combined / wc -l`,
    8,
    () => [analyze(log('combined.log', { bytes })), ['wc', '-l', file('combined.log')]],
  ],
  [
    'log_format',
    'combined with times / combined',
    1.25,
    () => [
      analyze('--log-format', EXTENDED, log('ext.log', { bytes, format: 'ext' })),
      analyze(log('combined.log', { bytes })),
    ],
  ],
  [
    'found out',
    'the same, format not named / combined',
    1.25,
    () => [analyze(log('ext.log', { bytes, format: 'ext' })), analyze(log('combined.log', { bytes }))],
  ],
  [
    'json',
    'JSON / wc -l',
    16,
    () => [analyze(log('json.log', { bytes, format: 'json' })), ['wc', '-l', file('json.log')]],
  ],
  [
    'error',
    'error log, all events / wc -l',
    15,
    () => [
      analyze(log('error.log', { bytes: third, kinds: 'events' }, makeErrorLogFile)),
      ['wc', '-l', file('error.log')],
    ],
  ],
  [
    'gz',
    'x.gz / zcat x.gz | analyze -',
    1.3,
    () => {
      const plain = log('third.log', { bytes: third })
      if (!existsSync(`${plain}.gz`)) spawnSync('gzip', ['-1k', plain])
      const [node, ...args] = analyze('-')
      return [analyze(`${plain}.gz`), ['sh', '-c', 'zcat "$0" | "$@"', `${plain}.gz`, node, ...args]]
    },
  ],
]
if (values.goaccess)
  BARS.push([
    'goaccess',
    'GoAccess / analyze (at least)',
    40,
    () => [
      [
        'goaccess',
        log('combined.log', { bytes }),
        '--log-format=COMBINED',
        '--no-global-config',
        '--no-progress',
        '-o',
        'json',
      ],
      analyze(file('combined.log')),
    ],
  ])

const print = (...cells) =>
  process.stdout.write(
    `${cells[0].padEnd(12)}${cells[1].padEnd(40)}${cells
      .slice(2)
      .map((cell) => cell.padStart(9))
      .join('')}\n`,
  )
process.stdout.write(`${runs} runs in turns, medians; Node ${process.version}\n\n`)
print('', 'what', 'ratio', 'bar', 's', 's', 'MiB')
for (const [name, what, bar, commands] of BARS) {
  if (!name.includes(values.only)) continue
  const pair = commands()
  const [first, second] = await inTurns(pair, name === 'goaccess' ? 1 : runs, dir)
  const memory = name === 'goaccess' ? second.mib : first.mib
  const ratio = (first.seconds / second.seconds).toFixed(2)
  print(name, what, ratio, String(bar), first.seconds.toFixed(3), second.seconds.toFixed(3), memory.toFixed(0))
}
process.stdout.write('\nOnly the ratios mean anything on another machine.\n')
