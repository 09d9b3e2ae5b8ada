#!/usr/bin/env node
/** For developers: how often a finding is right that calls itself so sure. Not a test.
 *
 *  node --import tsx test/bench/calibrate.mjs [--runs-dir ../shared/nginx-runs] [-v]
 *
 *  Decided are: the first finding of every view of the recorded nginx runs (with and without the configuration) and of every
 *  case that fires; each finding at warning or above where nothing is wrong; and in a quiet case the cause it is quiet
 *  about. Right: the cause is the expected one, or also right. Interval: Wilson, 95 %. -v lists what was wrong. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildReport } from '../../server/diagnosis/contract.ts'
import { configView, loadConfig, logFormats } from '../../server/nginx-config/contract.ts'
import { scanInputs } from '../../server/scan/contract.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BANDS = [0, 0.3, 0.5, 0.65, 0.8, 0.9, 1.01]
const { values } = parseArgs({
  options: {
    'runs-dir': { type: 'string', default: join(ROOT, '../shared/nginx-runs') },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})

/** @type {{ name: string, cause: string, confidence: number, right: boolean }[]} */
const decided = []
const silent = { right: 0, all: 0 }
const decide = (name, { cause, confidence }, right) => decided.push({ name, cause, confidence, right })

async function reportOf(inputs, configFile, formatsFrom = configFile) {
  const load = (file) => (file === null ? null : loadConfig(file))
  const formats = load(formatsFrom)
  const texts = formats?.ok ? [...logFormats(formats.config).formats.values()].map(({ text }) => text) : []
  const { evidence, inputs: read } = await scanInputs(inputs, {
    format: null,
    logFormat: texts.length > 0 ? texts : null,
    timezone: 'UTC',
    since: null,
    until: null,
    onProgress: null,
  })
  const loaded = load(configFile)
  const config = loaded?.ok ? { ...configView(loaded.config), changed_at: null } : null
  return buildReport(evidence, { inputs: read, generatedAt: 0, config })
}

function judge(name, { findings }, right, expected) {
  const [first] = findings
  const loud = findings.filter(({ severity, cause }) => severity !== 'info' && !right.has(cause))
  if (expected !== null) {
    silent.all++
    if (first === undefined) return
    silent.right++
    return decide(name, first, right.has(first.cause))
  }
  for (const finding of loud) decide(name, finding, false)
}

async function runs() {
  const dir = values['runs-dir']
  if (!existsSync(dir)) return
  for (const scenario of readdirSync(dir).sort()) {
    const file = join(dir, scenario, 'expect.json')
    if (!existsSync(file)) continue
    const { views, config } = JSON.parse(readFileSync(file, 'utf8'))
    for (const [name, { inputs, cause, also_right }] of Object.entries(views))
      for (const used of [null, join(dir, scenario, config)]) {
        const paths = inputs.map((input) => join(dir, scenario, input))
        const report = await reportOf(paths, used, join(dir, scenario, config))
        judge(`${scenario} ${name}${used === null ? '' : ' +config'}`, report, new Set([cause, ...also_right]), cause)
      }
  }
}

async function cases() {
  const dir = join(ROOT, 'test/cases/causes')
  for (const cause of readdirSync(dir).sort())
    for (const name of readdirSync(join(dir, cause)).filter((file) => file.endsWith('.log'))) {
      const log = join(dir, cause, name)
      const conf = log.replace(/\.log$/, '.conf')
      for (const config of existsSync(conf) ? [conf, null] : [null]) {
        // Without its configuration such a case may be about something else.
        if (config === null && existsSync(conf)) continue
        const report = await reportOf([log], config, null)
        if (name.startsWith('fires-')) judge(`${cause}/${name}`, report, new Set([cause]), cause)
        else
          for (const finding of report.findings.filter((f) => f.cause === cause))
            decide(`${cause}/${name}`, finding, false)
      }
    }
}

/** Wilson's interval for a share, 95 %. */
function interval(right, all) {
  if (all === 0) return [0, 1]
  const z = 1.96
  const share = right / all
  const middle = share + z ** 2 / (2 * all)
  const half = z * Math.sqrt((share * (1 - share)) / all + z ** 2 / (4 * all ** 2))
  return [middle - half, middle + half].map((x) => x / (1 + z ** 2 / all))
}

function row(label, some) {
  const right = some.filter((one) => one.right).length
  const mean = some.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, some.length)
  const percent = (x) => `${(x * 100).toFixed(1)} %`.padStart(8)
  const [low, high] = interval(right, some.length)
  const cells = [label.padEnd(12), String(some.length).padStart(6), String(right).padStart(6), percent(mean)]
  const known = some.length === 0 ? [] : [percent(right / some.length), `${percent(low)} to ${percent(high).trim()}`]
  process.stdout.write(`${[...cells, ...known].join('  ')}\n`)
}

await runs()
await cases()
process.stdout.write('confidence     cases   right   stated     right   95 % interval\n')
for (const [i, low] of BANDS.slice(0, -1).entries()) {
  const high = BANDS[i + 1]
  const some = decided.filter(({ confidence }) => confidence >= low && confidence < high)
  row(`${low.toFixed(2)} - ${Math.min(1, high).toFixed(2)}`, some)
}
row(
  '0.80 and up',
  decided.filter(({ confidence }) => confidence >= 0.8),
)
row('all', decided)
process.stdout.write(`something was found in ${silent.right} of ${silent.all} that have a cause\n`)
for (const { name, cause, confidence, right } of decided)
  if (values.verbose && !right) process.stdout.write(`  wrong: ${name}: ${cause} ${confidence.toFixed(2)}\n`)
