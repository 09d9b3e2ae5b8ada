#!/usr/bin/env node
/** Ordinary traffic must not alarm anybody: writes logs of sites where nothing is wrong and counts what `analyze` reports of
 *  them above `info`.
 *
 *  node test/bench/healthy.mjs [--lines 1000000] [--sites 10] [--seed 1] [-v]          (KEEP=1: the logs stay, by name)
 *
 *  The sites are those of healthy-site.mjs: five applications, three log formats, with one backend and with two, every third
 *  without an error log. -v lists what is told at info, too. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeSite } from './healthy-site.mjs'
import { count } from './make-log.mjs'

const ENTRY = fileURLToPath(new URL('../../server/cli/halfopen.mjs', import.meta.url))
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1m' },
    sites: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})
const lines = count(values.lines)
const sites = Number(values.sites)
const folder = mkdtempSync(join(tmpdir(), 'halfopen-healthy-'))
process.once('exit', () =>
  process.env.KEEP ? console.log(`kept: ${folder}`) : rmSync(folder, { recursive: true, force: true }),
)

let loud = 0
let read = 0
for (let site = 0; site < sites; site++) {
  const files = writeSite(folder, site, Number(values.seed), Math.ceil(lines / sites))
  const found = spawnSync(process.execPath, [ENTRY, 'analyze', '--output', 'json', '--no-progress', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (found.status !== 0) {
    process.stderr.write(found.stderr)
    process.exit(2)
  }
  const report = JSON.parse(found.stdout)
  const unparsed = report.inputs.reduce((sum, input) => sum + input.unparsed, 0)
  const above = report.findings.filter(({ severity }) => severity !== 'info')
  read += report.inputs.reduce((sum, input) => sum + input.lines, 0)
  loud += above.length
  const quiet = report.findings.length - above.length
  console.log(
    `site ${site + 1}: ${files.length} logs, ${unparsed} lines not read, ${quiet} at info, above: ${above.map(inShort).join('; ') || 'none'}`,
  )
  if (values.verbose)
    for (const finding of report.findings) console.log(`  ${inShort(finding)}: ${finding.because.join('; ')}`)
}
console.log(`${read} lines of healthy traffic: ${loud} findings above info`)
process.exitCode = loud === 0 ? 0 : 1

function inShort({ cause, severity, confidence, scope, count: n }) {
  return `${cause} ${severity} ${confidence} ${scope.path ?? scope.upstream ?? scope.source} × ${n}`
}
