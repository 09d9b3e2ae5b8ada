/** A real nginx of its own: fresh prefix, free loopback port, in the foreground, known by its pid alone. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs } from '../../needs.ts'
import { until } from './deadline.ts'

/** What a configuration may depend on. */
export interface Site {
  /** Fresh directory; logs, pid and temp paths live here. */
  dir: string
  port: number
}

export interface Nginx extends Site {
  http: string
  ws: string
  configFile: string
  errorLog: string
  accessLog: string
  /** Written by the `timed` format of config.ts. */
  timedLog: string
  /** `nginx -t` on a configuration (the current one when left out): exit code and what it printed. */
  test(config?: string): Promise<{ code: number; output: string }>
  /** Replaces the configuration when given, sends HUP, and resolves when only new workers accept connections. */
  reload(config?: string): Promise<void>
  /** Replaces the configuration and sends HUP, whatever nginx thinks of it. */
  hup(config: string): void
  /** Ends nginx (TERM: open sessions are cut and, as always then, not logged). The directory stays. */
  stop(): Promise<void>
  /** Ends nginx and removes the directory. */
  close(): Promise<void>
}

/** Starts nginx with the configuration that `config` returns for its directory and port; see config.ts.
 *  Linux only: workers are told apart through /proc. */
export async function startNginx(config: (site: Site) => string): Promise<Nginx> {
  const program = needs('nginx')
  if (program === null) throw new Error('nginx is not installed; use describeWith("nginx", …)')
  for (let attempt = 1; ; attempt++) {
    const site = { dir: await mkdtemp(join(tmpdir(), 'halfopen-nginx-')), port: await freePort() }
    try {
      return await launch(program, site, config(site))
    } catch (error) {
      await rm(site.dir, { recursive: true, force: true })
      // Between finding a port and binding it, someone else may take it.
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error
    }
  }
}

async function launch(program: string, site: Site, config: string): Promise<Nginx> {
  const configFile = join(site.dir, 'nginx.conf')
  const pidFile = join(site.dir, 'nginx.pid')
  writeFileSync(configFile, config)
  const child = spawn(program, ['-p', site.dir, '-c', configFile, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  const ended = exited(child)
  // nginx binds its listeners before it writes the pid file; from then on connections queue. Connecting to
  // find out would leave lines in the log under test.
  await until('nginx is up', () => (gone(child) ? 'ended' : existsSync(pidFile)), { state: () => said })
  if (gone(child)) throw new Error(`nginx ended at once:\n${said}`)
  const master = child.pid ?? 0

  const test = (text?: string): Promise<{ code: number; output: string }> => {
    const file = text === undefined ? configFile : join(site.dir, 'candidate.conf')
    if (text !== undefined) writeFileSync(file, text)
    return new Promise((resolve) => {
      execFile(program, ['-p', site.dir, '-c', file, '-t'], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr })
      })
    })
  }
  const stop = async () => {
    process.off('exit', endWithUs)
    if (!gone(child)) child.kill('SIGTERM')
    await ended
  }
  return {
    ...site,
    configFile,
    http: `http://127.0.0.1:${site.port}`,
    ws: `ws://127.0.0.1:${site.port}`,
    errorLog: join(site.dir, 'error.log'),
    accessLog: join(site.dir, 'access.log'),
    timedLog: join(site.dir, 'timed.log'),
    test,
    async reload(text) {
      const verdict = await test(text)
      if (verdict.code !== 0) throw new Error(`nginx refuses the configuration:\n${verdict.output}`)
      if (text !== undefined) writeFileSync(configFile, text)
      const before = await workers(master)
      child.kill('SIGHUP')
      await until('old workers stopped accepting', async () => {
        const now = await workers(master)
        const old = now.filter((worker) => before.some(({ pid }) => pid === worker.pid))
        return now.length > old.length && old.every((worker) => worker.leaving)
      })
    },
    hup(text) {
      writeFileSync(configFile, text)
      child.kill('SIGHUP')
    },
    stop,
    async close() {
      await stop()
      await rm(site.dir, { recursive: true, force: true })
    },
  }
}

/** Child processes of this master only. `leaving` workers have closed their listeners and serve what is open. */
async function workers(master: number): Promise<{ pid: number; leaving: boolean }[]> {
  const found: { pid: number; leaving: boolean }[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'latin1')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) !== master || state === 'Z') continue
      const title = await readFile(`/proc/${name}/cmdline`, 'latin1')
      found.push({ pid: Number(name), leaving: title.includes('shutting down') })
    } catch {
      // It ended while we were looking.
    }
  }
  return found
}

const gone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const exited = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()))

/** A loopback port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** Lines of a log so far; none when it does not exist yet. */
export function lines(path: string): string[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

/** Waits until the log has `count` lines that match, and returns them. */
export function logged(path: string, pattern: RegExp, count = 1): Promise<string[]> {
  return until(
    `${count} × ${pattern} in ${path}`,
    () => {
      const found = lines(path).filter((line) => pattern.test(line))
      return found.length >= count && found
    },
    { state: () => lines(path).slice(-20).join('\n') },
  )
}
