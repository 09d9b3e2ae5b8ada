/** Which logs are followed: names and patterns of the configuration become files, again and again, since files come late. */
import { resolve } from 'node:path'
import type { Config } from './config.ts'
import { HalfopenError } from './http/contract.ts'
import type { SourceState } from './http/wire.ts'
import { findInputs, optionProblem, processEnvironment, type InputError } from './scan/contract.ts'
import type { InputSummary } from './diagnosis/contract.ts'
import type { SourceStatus } from './tail/contract.ts'

/** How one source is to be read. */
export interface ReadingSettings {
  format: string | null
  logFormat: string | readonly string[] | null
  timezone: string | null
}

/** A file that is being followed; it reads by itself. */
export interface Follower {
  /** Reads what is there; resolves when caught up. */
  poll(): Promise<void>
  status(): SourceStatus
  close(): Promise<void>
}

export interface SourcesOptions {
  config: Config
  /** log_format texts of the nginx configuration, for sources that have none of their own. */
  logFormats: () => readonly string[] | null
  cwd: string
  follow: (path: string, settings: ReadingSettings) => Follower
  now: () => number
}

interface Followed {
  path: string
  follower: Follower
  /** Epoch ms. */
  lastRead: number | null
  lines: number
}

export class Sources {
  private readonly options: SourcesOptions
  private readonly followed = new Map<string, Followed>()
  /** What cannot be followed now and may be later, as one line each. */
  notices: string[] = []
  searched: { path: string; found: string }[] = []

  constructor(options: SourcesOptions) {
    this.options = options
  }

  get paths(): string[] {
    return [...this.followed.keys()]
  }

  /** Resolves names and patterns and follows what is new. Throws source-unreadable when `strict` and a file that was
   *  named exists and cannot be read; a file that is not there yet is waited for. */
  find(strict: boolean): void {
    const { config, cwd } = this.options
    this.notices = []
    if (config.sources.length === 0) {
      const found = findInputs([], { ...processEnvironment(), stdinPiped: false })
      this.searched = found.searched
      this.notices = found.errors.map(({ message }) => message)
      for (const path of found.inputs) this.add(path, {})
      return
    }
    for (const { path: written, ...own } of config.sources) {
      if (written === '-')
        throw new HalfopenError('source-unreadable', 'serve follows files; standard input is for: halfopen analyze -')
      const named = resolve(cwd, written)
      const { inputs, errors } = findInputs([named])
      for (const error of errors) this.refused(error, named, own, strict)
      for (const path of inputs) this.add(path, own)
    }
  }

  /** Resolves when everything that is there now was read. */
  async poll(): Promise<void> {
    await Promise.all([...this.followed.values()].map(({ follower }) => follower.poll()))
  }

  /** @param inputs what was read so far, from the store. */
  states(inputs: readonly InputSummary[]): SourceState[] {
    const byPath = new Map(inputs.map((input) => [input.path, input]))
    return [...this.followed.values()].map((followed) => {
      const { path, follower } = followed
      const summary = byPath.get(path) ?? unread(path)
      if (summary.lines !== followed.lines) {
        if (summary.lines > followed.lines) followed.lastRead = this.options.now()
        followed.lines = summary.lines
      }
      const last_read_at = followed.lastRead === null ? null : new Date(followed.lastRead).toISOString()
      return { ...summary, ...follower.status(), last_read_at }
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.followed.values()].map(({ follower }) => follower.close()))
  }

  private refused(error: InputError, named: string, own: Partial<OwnSettings>, strict: boolean): void {
    if (error.code === 'not-found' && error.path === named && !/[*?[{]/.test(named)) {
      this.notices.push(`${named}: not there yet; it is read as soon as it appears`)
      this.add(named, own)
    } else if (error.path !== named || error.code === 'not-found' || error.code === 'no-logs' || !strict) {
      this.notices.push(error.message)
    } else {
      throw new HalfopenError('source-unreadable', error.message)
    }
  }

  private add(path: string, own: Partial<OwnSettings>): void {
    if (this.followed.has(path)) return
    const { config, logFormats, follow } = this.options
    const settings: ReadingSettings = {
      format: own.format ?? null,
      logFormat: own.log_format ?? config.log_format ?? logFormats(),
      timezone: own.timezone ?? config.timezone,
    }
    const problem = optionProblem(settings)
    if (problem) throw new HalfopenError('config-invalid', `${problem.option}: ${problem.reason} (for ${path})`)
    this.followed.set(path, { path, follower: follow(path, settings), lastRead: null, lines: 0 })
  }
}

type OwnSettings = Omit<Config['sources'][number], 'path'>

const unread = (path: string): InputSummary => ({
  path,
  format: null,
  bytes: 0,
  lines: 0,
  parsed: 0,
  unparsed: 0,
  from: null,
  to: null,
  unparsed_samples: [],
})
