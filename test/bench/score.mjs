#!/usr/bin/env node
/** For developers: what `analyze` says of the recorded nginx runs, next to what they are. Not a test.
 *
 *  node test/bench/score.mjs [--runs-dir ../shared/nginx-runs] [--only TEXT] [-v]
 *
 *  Every view of every expect.json, with and without --config. ok: the first finding has the expected cause or one that
 *  is also right; where nothing is expected, no finding at warning or above (or only one that is also right); where a
 *  blind spot is expected, at least one is there. Exit code 0 whatever the score, 2 when nothing could be scored. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { values } = parseArgs({
  options: {
    'runs-dir': { type: 'string', default: join(ROOT, '../shared/nginx-runs') },
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})
const runsDir = values['runs-dir']
if (!existsSync(runsDir)) {
  process.stdout.write(`score: skipped, ${runsDir} is not there\n`)
  process.exit(0)
}
if (!existsSync(join(ROOT, 'dist/server/cli/main.cjs'))) {
  process.stderr.write('score: not built; run "npm test" or "npm start" once\n')
  process.exit(2)
}

/** Views that are counted as they come out, and of which we know why they do. */
const KNOWN = {
  '05b-idle-timeout-default-level full':
    'one session of 2.003 s without a byte and no configuration: a client that leaves after two seconds writes the same line, and 2 s is nobody’s default. Several such sessions, the configuration, or error_log at info decide it',
}

/** The report, or the reason why there is none. The logs were written in UTC. */
function analyze(dir, inputs, config) {
  const args = [
    'analyze',
    '--output',
    'json',
    '--timezone',
    'UTC',
    ...(config === null ? [] : ['--config', config]),
    ...inputs,
  ]
  const run = spawnSync(process.execPath, [join(ROOT, 'server/cli/halfopen.mjs'), ...args], {
    cwd: dir,
    encoding: 'utf8',
  })
  if (run.status !== 0) return { failed: `exit ${run.status}: ${run.stderr.trim().split('\n').at(-1)}` }
  return JSON.parse(run.stdout)
}

const describe = (finding) =>
  finding === undefined ? '-' : `${finding.cause} ${finding.severity} ${finding.confidence.toFixed(2)}`

const paint = (colour, text) => (process.stdout.isTTY ? styleText(colour, text) : text)

/** What is not part of the verdict but deserves a look. */
function notes(finding, expected) {
  const { layer } = finding.fix
  return [
    ...(layer === expected.layer ? [] : [`layer ${layer}, expected ${expected.layer}`]),
    ...(finding.severity === 'info' ? ['only a note: severity info'] : []),
  ]
}

/** Why the report is not right, or null. */
function objection(report, view) {
  if (report.failed !== undefined) return report.failed
  const right = new Set([view.cause, ...view.also_right])
  const [first] = report.findings
  if (view.cause !== null) {
    if (first === undefined) return 'nothing found'
    if (!right.has(first.cause)) return 'another cause first'
    return first.confidence < 0.5 ? 'right, but below 0.5' : null
  }
  const loud = report.findings.filter(({ severity, cause }) => severity !== 'info' && !right.has(cause))
  if (loud.length > 0) return `nothing is wrong: ${loud.map(describe).join(', ')}`
  return view.blind_spot === true && report.blind_spots.length === 0 ? 'the blind spot is not told' : null
}

const rows = []
for (const scenario of readdirSync(runsDir).sort()) {
  const dir = join(runsDir, scenario)
  if (!scenario.includes(values.only) || !existsSync(join(dir, 'expect.json'))) continue
  const expected = JSON.parse(readFileSync(join(dir, 'expect.json'), 'utf8'))
  for (const [name, view] of Object.entries(expected.views)) {
    for (const config of [null, expected.config]) {
      const report = analyze(dir, withFormat(dir, view.inputs, config), config)
      const [first] = report.findings ?? []
      rows.push({
        view: `${scenario} ${name}${config === null ? '' : ' +config'}`,
        expected: view.cause ?? (view.also_right.length > 0 ? `(${view.also_right.join(', ')})` : '-'),
        got: describe(first),
        problem: objection(report, view),
        notes: first !== undefined && first.cause === view.cause ? notes(first, expected) : [],
        because: first?.because ?? [],
      })
    }
  }
}
print()

/** Without a configuration a diagnostic log needs its format said. */
function withFormat(dir, inputs, config) {
  if (config !== null || !inputs.some((name) => name.includes('diag'))) return inputs
  const conf = readFileSync(join(dir, 'nginx.conf'), 'utf8')
  const body = /log_format\s+ws_diag\s+([^;]+);/.exec(conf)?.[1]
  if (body === undefined) return inputs
  return ['--log-format', [...body.matchAll(/'([^']*)'/g)].map(([, part]) => part).join(''), ...inputs]
}

function print() {
  const widths = ['view', 'expected', 'got'].map((key) => Math.max(key.length, ...rows.map((row) => row[key].length)))
  const line = (...cells) => cells.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell)).join('  ')
  process.stdout.write(`${line('view', 'expected', 'got', '')}\n`)
  for (const { view, expected, got, problem, notes, because } of rows) {
    const verdict = problem === null ? paint('green', 'ok') : paint('red', problem)
    process.stdout.write(
      `${line(view, expected, got, verdict)}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}\n`,
    )
    if (problem !== null && KNOWN[view] !== undefined) process.stdout.write(`    = ${KNOWN[view]}\n`)
    if (values.verbose) for (const why of because) process.stdout.write(`    + ${why}\n`)
  }
  const ok = rows.filter(({ problem }) => problem === null).length
  const noted = rows.filter(({ notes }) => notes.length > 0).length
  process.stdout.write(`\n${ok} of ${rows.length} ok; ${noted} with a note\n`)
  const commit = tryGit()
  if (commit !== '') process.stdout.write(`at ${commit}\n`)
}

function tryGit() {
  try {
    return execFileSync('git', ['-C', ROOT, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}
