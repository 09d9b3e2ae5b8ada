/** analyze → the patch of the first finding → prove, for every recorded run whose cause can be fixed in nginx: it must fail
 *  before and pass after. Prints a table; code 1 when a row does not hold.
 *  `node test/bench/prove.mjs [SCENARIO…]`, with the recorded runs in ../shared/nginx-runs. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const runs = join(root, '../shared/nginx-runs')

/** @returns {Promise<{code: number, stdout: string, stderr: string}>} the built command line in a process of its own */
function halfopen(args) {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' }
    const options = { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, [join(root, 'server/cli/halfopen.mjs'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** @returns {Promise<{cause: string, before: string, after: string, fixed: boolean}>} */
export async function proveRun(name) {
  const folder = join(runs, name)
  const expect = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8'))
  const config = join(folder, expect.config)
  const inputs = expect.views.full.inputs.map((input) => join(folder, input))
  const report = await halfopen(['analyze', '--config', config, '--output', 'json', '--no-progress', ...inputs])
  const finding = JSON.parse(report.stdout).findings[0]
  if (!finding) return { cause: expect.cause, before: 'no finding', after: '', fixed: false }
  if (finding.fix.patch === null)
    return { cause: finding.cause, before: 'the finding has no patch', after: '', fixed: false }
  const here = mkdtempSync(join(tmpdir(), 'halfopen-score-'))
  try {
    const file = join(here, 'report.json')
    writeFileSync(file, report.stdout)
    const args = ['prove', '--config', config, '--report', file, '--finding', finding.id, '--output', 'json']
    const proof = await halfopen(args)
    if (proof.stdout === '') return { cause: finding.cause, before: proof.stderr.trim(), after: '', fixed: false }
    const { before, after, fixed } = JSON.parse(proof.stdout)
    return { cause: finding.cause, before: short(before.run), after: short(after?.run), fixed }
  } finally {
    rmSync(here, { recursive: true })
  }
}

function short(run) {
  if (!run) return 'not run'
  if (run.refused !== null) return run.refused
  if (run.config_test?.ok === false) return `nginx -t: ${run.config_test.output[0]}`
  const { text, idle, sessions, reload } = run.outcome
  const more = [
    idle && (idle.cut_after_ms === null ? `open after ${idle.lasted_ms} ms` : `cut after ${idle.cut_after_ms} ms`),
    sessions && `${sessions.opened} of ${sessions.wanted} sessions`,
    reload &&
      (reload.how === null ? `open ${reload.lasted_ms} ms after reload` : `cut ${reload.lasted_ms} ms after reload`),
  ].filter(Boolean)
  return [text.replace(/^HTTP\/\S+ /, ''), ...more].join(', ')
}

/** Recorded runs that a change of nginx's configuration fixes. */
export const fixable = () =>
  existsSync(runs)
    ? readdirSync(runs).filter(
        (name) => JSON.parse(readFileSync(join(runs, name, 'expect.json'), 'utf8')).fixable_in_nginx === true,
      )
    : []

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2)
  const names = fixable().filter((name) => asked.length === 0 || asked.some((one) => name.startsWith(one)))
  let fixed = 0
  for (const name of names) {
    const row = await proveRun(name)
    if (row.fixed) fixed++
    console.log(`${row.fixed ? 'ok  ' : 'FAIL'} ${name}\n       ${row.cause}: ${row.before}\n       -> ${row.after}`)
  }
  console.log(`${fixed} of ${names.length} fail before and pass after`)
  process.exitCode = fixed === names.length ? 0 : 1
}
