/** Runs the built CLI as a user would: as a process of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const PROGRAM = fileURLToPath(new URL('../../server/cli/halfopen.mjs', import.meta.url))
/** `nobody` on every Linux. */
const NOBODY = 65534

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Fed to standard input, which is then closed. Absent: /dev/null. */
  stdin?: string | Buffer
  cwd?: string
  env?: Record<string, string>
  /** Not as root: what a user without rights sees. Only possible when the test itself runs as root. */
  asNobody?: boolean
  /** Run through `sh -c` with the program as "$0". */
  shell?: string
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { stdin, cwd, env, asNobody, shell } = options
  const [command, words] =
    shell === undefined ? [process.execPath, [PROGRAM, ...args]] : ['sh', ['-c', shell, PROGRAM, ...args]]
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      cwd,
      env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
      ...(asNobody ? { uid: NOBODY, gid: NOBODY } : {}),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (piece: Buffer) => out.push(piece))
    child.stderr?.on('data', (piece: Buffer) => err.push(piece))
    child.on('error', reject)
    // A program that ends before it has read everything closes the pipe; that is its right.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
  })
}

/** Why a test for missing rights cannot run here; null when it can. */
export function whyNoRightsTest(): string | null {
  if (process.getuid?.() !== 0) return null
  const readable = spawnSync(process.execPath, ['-e', '0', PROGRAM], { uid: NOBODY, gid: NOBODY })
  const reachable = spawnSync('test', ['-r', PROGRAM], { uid: NOBODY, gid: NOBODY })
  return readable.status === 0 && reachable.status === 0 ? null : 'the checkout or Node.js is not readable for nobody'
}
