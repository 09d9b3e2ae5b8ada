/** The SQLite driver this Node.js uses: is it there and does it open a database, and compiling it where needed.
 *  better-sqlite3 13 brings its binaries along but needs Node-API 10 and *crashes* Node 20 when it opens a database;
 *  Node 20 uses 12.9, under an alias, which is downloaded from GitHub or compiled (about a minute).
 *  The same choice at run time: server/store/sqlite/driver.ts. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, closeSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { npm } from './npm.mjs'
import { findInPath } from './programs.mjs'
import { say, SetupError } from './run.mjs'

/** Whether the driver comes as source (or from GitHub) and not inside its package. */
export const COMPILED = Number(process.versions.napi) < 10
const PACKAGE = COMPILED ? 'better-sqlite3-node20' : 'better-sqlite3'
export const TOOLCHAIN = ['python3', 'make', 'g++']

/** Opens a database in a process of its own: a driver that does not fit can kill the process that tries it. */
export function driverWorks(root) {
  const script = `new (require(${JSON.stringify(PACKAGE)}))(':memory:').prepare('select 1').get()`
  return spawnSync(process.execPath, ['-e', script], { cwd: root, stdio: 'ignore', timeout: 30_000 }).status === 0
}

/** Makes the driver work after a fresh install, or refuses with what to install. */
export async function ensureDriver(root) {
  if (!COMPILED) {
    if (driverWorks(root)) return
    throw new SetupError(
      `${PACKAGE} does not load on ${process.platform} ${process.arch}: its binaries need glibc 2.34 or newer ` +
        '(Debian 12, Ubuntu 22.04, RHEL 9), musl, macOS or Windows; use such a system or the container image',
    )
  }
  say('Node.js 20: fetching or compiling its SQLite driver, about a minute once (Node.js 22.14 or newer needs none)')
  const log = join(root, '.halfopen', 'sqlite-driver.log')
  mkdirSync(dirname(log), { recursive: true })
  const output = openSync(log, 'w')
  // Called by name: `npm rebuild` hides the failure of an optional dependency and answers 0.
  const code = await npm(['run', 'install'], {
    cwd: join(root, 'node_modules', PACKAGE),
    env: { ...process.env, ...headers() },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  if (code === 0 && driverWorks(root)) return
  const missing = missingToolchain()
  if (missing.length > 0) {
    throw new SetupError(
      `the SQLite driver for Node.js 20 could not be compiled: ${missing.join(', ')} missing. Install a compiler ` +
        '(Debian: apt-get install python3 make g++) or Node.js 22.14 or newer, which needs none',
      'no-compiler',
    )
  }
  throw new SetupError(
    `the SQLite driver for Node.js 20 could not be compiled (${log}): ${lastError(log)}. ` +
      'Node.js 22.14 or newer needs no compiler',
  )
}

/** The parts of the C++ toolchain that are not installed. */
export function missingToolchain() {
  return TOOLCHAIN.filter((name) => findInPath(name === 'g++' ? ['g++', 'c++', 'clang++'] : [name]) === null)
}

/** node-gyp downloads Node's headers from nodejs.org, unless told that they lie beside the executable. */
function headers() {
  const prefix = dirname(dirname(process.execPath))
  try {
    const header = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8')
    const number = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(header)?.[1]
    const version = ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.')
    return version === process.versions.node ? { npm_config_nodedir: prefix } : {}
  } catch {
    return {}
  }
}

function lastError(log) {
  const lines = readFileSync(log, 'utf8').split('\n')
  const error = lines.findLast((line) => /\b(error|ERR!)[: ]/i.test(line) && !/not ok|A complete log/.test(line))
  return (error ?? 'no error text').trim().slice(0, 300)
}
