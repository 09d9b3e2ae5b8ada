/** Dependencies: are they there, do they fit this machine, and installing them. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMPILED, driverWorks, ensureDriver } from './driver.mjs'
import { npm } from './npm.mjs'
import { say, SetupError } from './run.mjs'

/** Lies in node_modules, so that whoever removes or replaces the folder removes the stamp with it. */
const STAMP = 'node_modules/.halfopen-stamp.json'

/** True when the stamp says that this lock file was installed for this Node.js on this machine. */
export function isInstalled(root) {
  return readOrNull(join(root, STAMP)) === stamp(root)
}

// No dependency's install script is needed: better-sqlite3 13 and esbuild bring their binaries. Without this npm 10
// and 11 would compile the Node.js 20 driver on every Node.js, for a minute and for nothing. Warnings would be about
// better-sqlite3 13 on Node.js 20, where it is installed and never loaded.
const OPTIONS = '--include=dev --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error'.split(' ')

/** Makes node_modules hold what the lock file says. When it already does (somebody ran `npm install`, or only the
 *  Node.js version changed), nothing is downloaded again. */
export async function install(root) {
  const complete = matchesLock(root)
  if (!complete || !driverWorks(root)) {
    // Of a complete tree only the driver that is compiled here can be missing; any other is damaged.
    if (!complete || !COMPILED) await npmCi(root)
    await ensureDriver(root)
  }
  writeFileSync(join(root, STAMP), stamp(root))
}

async function npmCi(root) {
  say('installing dependencies (npm ci)')
  const code = await npm(['ci', ...OPTIONS], { cwd: root })
  if (code === 0) return
  throw new SetupError(
    `npm ci failed with exit code ${code}; npm's own message is above. Dependencies come from the registry that ` +
      '`npm config get registry` names: check that this machine reaches it, then run the command again',
  )
}

function stamp(root) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  return JSON.stringify({ lock, abi: process.versions.modules, ...machine() })
}

function machine() {
  return { platform: process.platform, arch: process.arch, libc: libc() }
}

/** `glibc` or `musl` on Linux, null elsewhere: the names npm uses in "libc". */
function libc() {
  if (process.platform !== 'linux') return null
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

/** Whether node_modules holds what the lock file asks of this machine, as npm noted in its own copy of the lock file
 *  when it finished. Somebody who ran `npm install` by hand is not made to wait for a second one. */
function matchesLock(root) {
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'))
  const wanted = packagesOf(join(root, 'package-lock.json'))
  if (!installed || !wanted) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !fitsMachine(entry)) return true
    if (!installed[path]) return entry.optional === true && !entry.os && !entry.libc
    return installed[path].version === entry.version && existsSync(join(root, path, 'package.json'))
  })
}

function fitsMachine({ os, cpu, libc: wanted }) {
  const here = machine()
  return fits(os, here.platform) && fits(cpu, here.arch) && (here.libc === null || fits(wanted, here.libc))
}

function fits(list, value) {
  if (!list) return true
  return list.includes(value) || (list.every((item) => item.startsWith('!')) && !list.includes(`!${value}`))
}

function packagesOf(path) {
  const text = readOrNull(path)
  return text === null ? null : (JSON.parse(text).packages ?? null)
}

function readOrNull(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
