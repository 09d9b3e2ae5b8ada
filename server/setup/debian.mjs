/** Debian packages for the tests: installed when we may, and without leaving a service behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { findInPath } from './programs.mjs'
import { run, say } from './run.mjs'

/** Per apt-get call. chromium takes about 10 s where the mirror is near. */
const LIMIT_SECONDS = 600

/** Tries to install packages, one apt-get call each so that one which does not exist holds up no other. Says what it
 *  cannot do and never fails: the caller looks at what is there afterwards. */
export async function installPackages(packages, purpose) {
  const command = `apt-get install ${packages.join(' ')}`
  const asRoot = await rootPrefix()
  if (!findInPath(['apt-get'])) {
    say(`${packages.join(', ')} missing ${purpose}; this is not Debian or Ubuntu: install them in its own way`)
    return
  }
  if (!asRoot) {
    say(`${packages.join(', ')} missing ${purpose}; only root installs them: sudo ${command}`)
    return
  }
  say(`installing Debian packages ${purpose}: ${packages.join(' ')}`)
  const apt = (...args) => aptGet(asRoot, args)
  const stopNginx = packages.some((name) => name.startsWith('nginx')) ? nginxGuard(asRoot) : async () => {}
  let updated = hasPackageLists()
  if (!updated) updated = (await apt('update')) === 0
  for (const name of packages) {
    const install = () => apt('install', '--yes', '--no-install-recommends', name)
    // Lists made long ago name versions the mirror no longer has: once more after an update.
    if ((await install()) === 0 || ((await apt('update')) === 0 && (await install()) === 0)) continue
    say(`apt-get could not install ${name} within ${LIMIT_SECONDS} s; its message is above`)
  }
  await stopNginx()
}

/** What to put before a command that needs root; null when we cannot become root without a password. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return []
  if (!findInPath(['sudo'])) return null
  const allowed = await run('sudo', ['-n', 'true'], { stdio: ['ignore', 'ignore', 'ignore'] })
  return allowed === 0 ? ['sudo', '-n'] : null
}

/** `timeout` and not our own timer, because a process run by sudo cannot be ended by the user who asked for it.
 *  RUNLEVEL=1 keeps invoke-rc.d from starting services on machines without systemd. */
function aptGet(asRoot, args) {
  const environment = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
  const limit = ['timeout', '--kill-after=10', String(LIMIT_SECONDS)]
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0']
  const [command, ...rest] = [...asRoot, 'env', ...environment, ...limit, 'apt-get', ...options, ...args]
  return run(command, rest, {})
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.endsWith('_Packages') || name.includes('_Packages.'))
  } catch {
    return false
  }
}

/** The nginx package starts and enables its service; the tests only want the program. Answers a function that stops
 *  and disables the service after the installation, or one that does nothing where nginx already ran. */
function nginxGuard(asRoot) {
  if (nginxRuns()) return async () => {}
  return async () => {
    const systemd = existsSync('/run/systemd/system')
    if (!systemd && !nginxRuns()) return
    const stop = systemd ? ['systemctl', 'disable', '--now', 'nginx.service'] : ['service', 'nginx', 'stop']
    const [command, ...rest] = [...asRoot, ...stop]
    if ((await run(command, rest, {})) !== 0)
      say(`the nginx service may be running now; stop it with: ${stop.join(' ')}`)
    else say('stopped the nginx service that its package had started')
  }
}

/** Whether the system's own nginx runs: its pid file names a living nginx. */
function nginxRuns() {
  try {
    const pid = readFileSync('/run/nginx.pid', 'utf8').trim()
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'nginx'
  } catch {
    return false
  }
}
