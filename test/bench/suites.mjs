#!/usr/bin/env node
/** For developers: what `halfopen parse` reads of other projects' parser tests, one row per suite. Not a test.
 *
 *  node test/bench/suites.mjs [--suites-dir ../shared/suites/logs] [--only TEXT] [-v]
 *
 *  A suite is a JSON Lines file of `line`, `kind`, `log_format` (optional) and `expect` under the names that parse prints.
 *  Each case is an input of its own through the real command. Exit code 0 whatever the score, 2 when nothing could be
 *  scored. -v prints the differences. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { values } = parseArgs({
  options: {
    'suites-dir': { type: 'string', default: join(ROOT, '../shared/suites/logs') },
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})
const folder = values['suites-dir']
if (!existsSync(folder)) {
  process.stdout.write(`suites: skipped, ${folder} is not there\n`)
  process.exit(0)
}
if (!existsSync(join(ROOT, 'dist/server/cli/main.js'))) {
  process.stderr.write('suites: not built; run "npm test" or "npm start" once\n')
  process.exit(2)
}

/** Differences that are right as they are: what the suite expects, and why parse prints something else. */
const ACCEPTED = [
  {
    reason: 'expects a line to be refused that its log_format does not fit; parse reads it by another format',
    is: ({ expect }, _field, got) => expect === null && got?.format !== null,
  },
]

/** The first object that parse prints for each case. */
function parsed(cases) {
  const got = new Map()
  const scratch = mkdtempSync(join(tmpdir(), 'halfopen-suites-'))
  try {
    for (const format of new Set(cases.map(({ log_format }) => log_format))) {
      const inputs = new Map()
      for (const [i, one] of cases.entries()) {
        if (one.log_format !== format) continue
        const input = join(scratch, `${i}.log`)
        writeFileSync(input, `${one.line}\n`)
        inputs.set(input, one)
      }
      // A second input, so that every object names its source.
      writeFileSync(join(scratch, 'nothing.log'), '')
      const options = format === undefined ? [] : ['--log-format', format]
      const args = ['parse', ...options, ...inputs.keys(), join(scratch, 'nothing.log')]
      const { stdout } = spawnSync(process.execPath, [join(ROOT, 'server/cli/halfopen.mjs'), ...args], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      })
      for (const text of stdout.split('\n').filter(Boolean)) {
        const object = JSON.parse(text)
        const one = inputs.get(object.source)
        if (one !== undefined && !got.has(one)) got.set(one, object)
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return got
}

const absent = (value) =>
  value === '-' ||
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.every((item) => item === '-'))
const instant = (time) =>
  typeof time === 'string' && /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? new Date(time).toISOString() : time
const shown = (value) => JSON.stringify(absent(value) ? null : value)

/** `[field, text]` of everything that is not as expected. Time compares as an instant, `-` and absent are equal. */
function differences({ expect }, got) {
  if (got === undefined) return [['line', 'nothing was printed']]
  if (expect === null) return got.format === null ? [] : [['line', `read as ${got.format}`]]
  // What an envelope holds is `raw` when it is no log of nginx.
  if (got.format === null && Object.keys(expect).length > 0 && expect.raw === undefined)
    return [['line', `not read: ${got.reason}`]]
  return Object.entries(expect).flatMap(([field, value]) => {
    const [wanted, found] = field === 'time' ? [instant(value), instant(got.time)] : [value, got[field]]
    return shown(wanted) === shown(found) ? [] : [[field, `${shown(wanted)} expected, got ${shown(found)}`]]
  })
}

const rows = []
const reasons = new Map()
for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl') && file.includes(values.only))) {
  const cases = readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text))
  if (cases.some((one) => typeof one.line !== 'string' || one.expect === undefined)) continue
  const got = parsed(cases)
  const row = { suite: name.replace(/\.jsonl$/, ''), passed: 0, failed: 0, accepted: 0, cases: cases.length }
  for (const one of cases) {
    const wrong = differences(one, got.get(one))
    const open = wrong.filter(([field]) => {
      const accepted = ACCEPTED.find(({ is }) => is(one, field, got.get(one)))
      if (accepted) reasons.set(accepted.reason, (reasons.get(accepted.reason) ?? 0) + 1)
      return accepted === undefined
    })
    row[wrong.length === 0 ? 'passed' : open.length === 0 ? 'accepted' : 'failed']++
    if (open.length > 0 && values.verbose)
      process.stdout.write(
        `${one.id ?? row.suite}: ${one.line.slice(0, 200)}\n${open.map(([f, t]) => `  ${f}: ${t}\n`).join('')}`,
      )
  }
  rows.push(row)
}
if (rows.length === 0) {
  process.stderr.write(`suites: no suite in ${folder}\n`)
  process.exit(2)
}
const width = Math.max(...rows.map(({ suite }) => suite.length), 5)
const total = { suite: 'total', passed: 0, failed: 0, accepted: 0, cases: 0 }
for (const row of rows) for (const key of ['passed', 'failed', 'accepted', 'cases']) total[key] += row[key]
process.stdout.write(`${'suite'.padEnd(width)}  passed  failed  accepted   cases\n`)
for (const { suite, passed, failed, accepted, cases } of [...rows, total])
  process.stdout.write(
    `${suite.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(accepted).padStart(8)}  ${String(cases).padStart(6)}\n`,
  )
for (const [reason, count] of reasons) process.stdout.write(`accepted ${count}: ${reason}\n`)
