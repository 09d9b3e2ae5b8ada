/** The installed nginx as a throw-away child: unprivileged, in a folder of its own, gone with us however we end. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { accessSync, chownSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

export interface Program {
  path: string
  /** `1.22.1` */
  version: string
  /** Folder that relative paths start from, and that of the distribution's modules; null when it has none. */
  prefix: string
  modules: string | null
}

/** Debian keeps nginx out of an ordinary user's PATH; OpenResty has a folder of its own. */
const FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/nginx/sbin',
  '/usr/local/openresty/nginx/sbin',
  '/opt/homebrew/bin',
]

/** The nginx of --nginx, of HALFOPEN_NGINX, or the first in PATH; null when none can be run. */
export async function findNginx(named: string | null, env: NodeJS.ProcessEnv): Promise<Program | null> {
  const wanted = named ?? env['HALFOPEN_NGINX'] ?? null
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...FOLDERS]
  const paths = wanted === null ? folders.map((folder) => join(folder, 'nginx')) : [wanted]
  const path = paths.find(isRunnable)
  if (path === undefined) return null
  const { output } = await run(path, ['-V'], {})
  const version = /nginx version: \S+?\/(\d+\.\d+\.\d+)/.exec(output)?.[1]
  if (version === undefined) return null
  const argument = (name: string): string | null => new RegExp(`--${name}=(\\S+)`).exec(output)?.[1] ?? null
  const prefix = argument('prefix') ?? '/usr/local/nginx'
  // Relative, it starts from the prefix (ngx_conf_full_name), never from where halfopen was started.
  const modules = resolve(prefix, argument('modules-path') ?? 'modules')
  return { path, version, prefix, modules: isAbsolute(prefix) && existsSync(modules) ? modules : null }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The user to become: root would give nginx the rights of root. Undefined: this one will do. */
export function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const nobody = 65_534
  try {
    const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
    return { uid: Number(line?.[1] ?? nobody), gid: Number(line?.[2] ?? nobody) }
  } catch {
    return { uid: nobody, gid: nobody }
  }
}

/** Gives a file or folder to the user that nginx runs as. */
export function handOver(path: string): void {
  const user = unprivileged()
  if (user) chownSync(path, user.uid, user.gid)
}

export interface Tested {
  ok: boolean
  output: string
}

/** No proof takes longer to be checked; a config that hangs in a name lookup is ended. */
const TEST_MS = 20_000

/** `nginx -t` on the file in the folder. */
export const testConfig = async (program: Program, folder: string): Promise<Tested> =>
  run(program.path, [...argumentsFor(program, folder), '-t'], { ...unprivileged() })

function argumentsFor({ version }: Program, folder: string): string[] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const hasE = major > 1 || minor > 19 || (minor === 19 && patch >= 5)
  // Before -e it opens its compiled-in error log; without the right to, it says so and goes on.
  return [...(hasE ? ['-e', join(folder, 'error.log')] : []), '-p', `${folder}/`, '-c', join(folder, 'nginx.conf')]
}

async function run(path: string, args: string[], user: { uid?: number; gid?: number }): Promise<Tested> {
  return new Promise((resolve) => {
    execFile(path, args, { ...user, timeout: TEST_MS, maxBuffer: 4 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: stdout + stderr })
    })
  })
}

export interface Running {
  /** It ended by itself. */
  ended(): boolean
  /** HUP: reads its configuration again. */
  reload(): void
  stop(): Promise<void>
}

/** Starts it; resolves when it accepts connections. Null when it ended at once (its error log says why). */
export async function startNginx(program: Program, folder: string): Promise<Running | null> {
  const child = spawn(program.path, argumentsFor(program, folder), { ...unprivileged(), stdio: 'ignore' })
  const pid = child.pid
  if (pid === undefined) return null
  const guard = guardOf(pid, folder)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  // It binds its listeners before it writes its number; an empty pid file is there since `nginx -t`.
  const isUp = (): boolean => (statSync(join(folder, 'nginx.pid'), { throwIfNoEntry: false })?.size ?? 0) > 0
  const started = performance.now()
  while (!isGone() && !isUp() && performance.now() - started < 10_000) await pause(10)
  const stop = async (): Promise<void> => {
    if (!isGone()) child.kill('SIGTERM')
    const killed = setTimeout(() => child.kill('SIGKILL'), 3000)
    await ended
    clearTimeout(killed)
    // First the guard, then its standard input: it must not see the end of it.
    guard.kill('SIGKILL')
    guard.stdin?.destroy()
  }
  if (isGone() || !isUp()) {
    await stop()
    return null
  }
  return { ended: isGone, reload: () => child.kill('SIGHUP'), stop }
}

/** Ends nginx and removes its folder when we are killed and can do neither: its standard input closes with us. */
function guardOf(pid: number, folder: string): ChildProcess {
  const script = 'read -r line; kill -TERM "$1" 2>/dev/null; sleep 1; rm -rf "$2"'
  // Detached: Ctrl-C goes to the whole foreground group and must not end the guard before its work.
  const guard = spawn('sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.on('error', () => undefined)
  guard.stdin?.on('error', () => undefined)
  guard.unref()
  return guard
}

const pause = async (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))
