/** `halfopen serve`, built, with its own database, and its HTTP API. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventRow, EventPage, Problem, Problems, Report, Sources } from '../../../server/http/wire.ts'
import { until, within } from './deadline.ts'
import { ENTRY } from './halfopen.ts'
import { freePort } from './nginx.ts'

export interface Served {
  /** `http://127.0.0.1:PORT`, with the base_path of `extra` */
  base: string
  pid: number
  report(): Promise<Report>
  problems(): Promise<Problem[]>
  sources(): Promise<Sources>
  /** Every stored event, all pages. */
  events(): Promise<EventRow[]>
  /** Everything the server wrote to stderr and stdout. */
  said(): string
  /** Sends the signal and resolves with the exit code (null when the signal killed it). */
  stop(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>
}

/** Starts the server on `inputs` with the database `halfopen.sqlite` in `dir` (made when absent) and waits for /readyz.
 *  `extra` is appended to its halfopen.yaml. */
export async function serve(dir: string, inputs: readonly string[], extra = ''): Promise<Served> {
  const listen = `127.0.0.1:${await freePort()}`
  const base = `http://${listen}${/^base_path: (\S+)$/m.exec(extra)?.[1] ?? ''}`
  const config = join(dir, 'halfopen.yaml')
  writeFileSync(config, `listen: ${listen}\ndatabase: sqlite:${join(dir, 'halfopen.sqlite')}\n${extra}`)
  const child = spawn(process.execPath, [ENTRY, 'serve', '--config-file', config, ...inputs], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const running = () => child.exitCode === null && child.signalCode === null

  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(base + path)
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const ready = async () => {
    if (!running()) throw new Error(`serve ended with ${child.exitCode}:\n${said}`)
    return fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
  const stop = async (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM') => {
    process.off('exit', endWithUs)
    if (running()) child.kill(signal)
    try {
      return await within(`the end of serve after ${signal}`, ended)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }
  try {
    await until('serve answers /readyz with 200', ready, { deadlineMs: 15_000, state: () => said })
  } catch (error) {
    await stop('SIGKILL')
    throw error
  }
  return {
    base,
    pid: child.pid ?? 0,
    report() {
      // Wide enough for everything a test writes.
      const hour = 3_600_000
      const [from, to] = [-hour, hour].map((offset) => new Date(Date.now() + offset).toISOString())
      return get<Report>(`/api/v1/report?from=${from}&to=${to}`)
    },
    problems: async () => (await get<Problems>('/api/v1/problems')).problems,
    sources: () => get<Sources>('/api/v1/sources'),
    async events() {
      const all: EventRow[] = []
      let cursor: string | null = null
      do {
        const page: EventPage = await get<EventPage>(
          `/api/v1/events?limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        )
        all.push(...page.events)
        cursor = page.next_cursor
      } while (cursor !== null)
      return all
    },
    said: () => said,
    stop,
  }
}
