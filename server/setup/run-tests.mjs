/** Second half of test.mjs, for a Node.js that can run it. */
import { join } from 'node:path'
import { installPackages } from './debian.mjs'
import { missingToolchain } from './driver.mjs'
import { prepare, ROOT } from './prepare.mjs'
import { findProgram, PROGRAMS } from './programs.mjs'
import { reportFailure, run, say } from './run.mjs'

/** Arguments go to vitest: `npm test -- test/nginx -t upgrade`. */
export async function runTests(args) {
  try {
    await prepareWithCompiler()
    await getPrograms()
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const options = ['run', '--config', 'test/vitest.config.ts', ...args]
    process.exitCode = await run(process.execPath, [vitest, ...options], { cwd: ROOT, stdio: 'inherit' })
  } catch (error) {
    reportFailure(error)
  }
}

/** Node.js 20 without GitHub in reach compiles its SQLite driver; a machine made for testing may get the compiler. */
async function prepareWithCompiler() {
  try {
    await prepare()
  } catch (error) {
    if (error.code !== 'no-compiler') throw error
    await installPackages(missingToolchain(), 'to compile the SQLite driver of Node.js 20')
    if (missingToolchain().length > 0) throw error
    await prepare()
  }
}

async function getPrograms() {
  const missing = Object.keys(PROGRAMS).filter((id) => findProgram(id) === null)
  // A variable set to the empty string hides the program on purpose: that is no reason to install it.
  const wanted = missing.filter((id) => process.env[PROGRAMS[id].variable] === undefined)
  const packages = wanted.flatMap((id) => PROGRAMS[id].packages)
  if (packages.length > 0) await installPackages(packages, 'for the tests that start them')
  const absent = Object.keys(PROGRAMS).filter((id) => findProgram(id) === null)
  if (absent.length === 0) return
  const outcome = process.env.CI === 'true' ? 'fail (CI=true)' : 'are skipped and listed at the end'
  say(`tests that need ${absent.join(', ')} ${outcome}`)
}
