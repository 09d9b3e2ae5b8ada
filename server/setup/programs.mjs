/** Programs the tests start, where they are looked for, and the Debian packages that hold them.
 *  Dependency-free: test.mjs reads it before anything is installed, test/needs.ts while the tests run. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export const PROGRAMS = {
  nginx: { variable: 'HALFOPEN_TEST_NGINX', names: ['nginx'], packages: ['nginx-light'] },
  chromium: {
    variable: 'HALFOPEN_TEST_CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    packages: ['chromium'],
  },
  logrotate: { variable: 'HALFOPEN_TEST_LOGROTATE', names: ['logrotate'], packages: ['logrotate'] },
  zstd: { variable: 'HALFOPEN_TEST_ZSTD', names: ['zstd'], packages: ['zstd'] },
  bzip2: { variable: 'HALFOPEN_TEST_BZIP2', names: ['bzip2'], packages: ['bzip2'] },
  xz: { variable: 'HALFOPEN_TEST_XZ', names: ['xz'], packages: ['xz-utils'] },
  logger: { variable: 'HALFOPEN_TEST_LOGGER', names: ['logger'], packages: ['bsdutils'] },
  journalctl: { variable: 'HALFOPEN_TEST_JOURNALCTL', names: ['journalctl'], packages: ['systemd'] },
  /** Makes the files of a real journal out of entries, without a running systemd. */
  journal: {
    variable: 'HALFOPEN_TEST_JOURNAL',
    names: ['systemd-journal-remote'],
    packages: ['systemd-journal-remote'],
  },
}

/** Debian keeps these out of an ordinary user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/lib/systemd', '/lib/systemd']

/** Absolute path of a program, or null. Its variable wins over PATH, PATH over the system folders;
 *  a variable set to the empty string hides the program, one that names nothing runnable is an error. */
export function findProgram(id, environment = process.env) {
  const { variable, names } = PROGRAMS[id]
  const named = environment[variable]
  if (named === '') return null
  if (named !== undefined) {
    if (isRunnable(named)) return named
    throw new Error(`${variable}=${named} is not a program that can be started; correct or unset it`)
  }
  return findInPath(names, environment)
}

/** First of `names` found in PATH, then in the system folders; null when none is there. */
export function findInPath(names, environment = process.env) {
  const folders = [...(environment.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS]
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (isRunnable(path)) return path
    }
  }
  return null
}

function isRunnable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
