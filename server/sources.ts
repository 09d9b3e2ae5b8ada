/** Which logs are followed: names and patterns of the configuration become files, containers and what else there is,
 *  again and again, since they come late. */
import { resolve } from 'node:path'
import type { Config } from './config.ts'
import { HalfopenError } from './http/contract.ts'
import type { SourceState } from './http/wire.ts'
import { findInputs, optionProblem, processEnvironment, type InputError } from './scan/contract.ts'
import type { InputSummary } from './diagnosis/contract.ts'
import { kindOf, NotNow, type SourceKind, type SourceStatus } from './tail/contract.ts'

/** How one source is to be read. */
export interface ReadingSettings {
  format: string | null
  logFormat: string | readonly string[] | null
  timezone: string | null
}

/** A source that is being followed; it reads by itself. */
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
  /** @param kind null for a file. */
  follow: (path: string, settings: ReadingSettings, kind: SourceKind | null) => Follower
  now: () => number
}

interface Followed {
  path: string
  follower: Follower
  /** Epoch ms. */
  lastRead: number | null
  lines: number
  /** What was there at first was read, as far as it can be. */
  caughtUp: boolean
  /** The pattern that it came from and goes with; null when it was named. */
  pattern: string | null
}

export class Sources {
  private readonly options: SourcesOptions
  private readonly followed = new Map<string, Followed>()
  /** What cannot be followed now and may be later, as one line each. */
  notices: string[] = []
  searched: { path: string; found: string }[] = []
  private finding: Promise<void> | null = null
  private closed = false

  constructor(options: SourcesOptions) {
    this.options = options
  }

  get paths(): string[] {
    return [...this.followed.keys()]
  }

  /** Resolves names and patterns and follows what is new. Throws source-unreadable when `strict` and a file that was
   *  named exists and cannot be read; a file that is not there yet is waited for. */
  find(strict: boolean): Promise<void> {
    // An engine may take longer to answer than the time until the next call.
    this.finding ??= this.look(strict).finally(() => {
      this.finding = null
    })
    return this.finding
  }

  private async look(strict: boolean): Promise<void> {
    const { config } = this.options
    const notices: string[] = []
    if (config.sources.length === 0) {
      const found = findInputs([], { ...processEnvironment(), stdinPiped: false })
      this.searched = found.searched
      notices.push(...found.errors.map(({ message }) => message))
      for (const path of found.inputs) this.add(path, {})
    }
    for (const { path: written, ...own } of config.sources) {
      const kind = kindOf(written)
      if (kind) await this.ofKind(kind, written, own, strict, notices)
      else this.files(written, own, strict, notices)
    }
    this.notices = notices
  }

  private files(written: string, own: OwnSettings, strict: boolean, notices: string[]): void {
    const named = resolve(this.options.cwd, written)
    const { inputs, errors } = findInputs([named])
    for (const error of errors) this.refused(error, named, own, strict, notices)
    for (const path of inputs) this.add(path, own)
  }

  private async ofKind(
    kind: SourceKind,
    written: string,
    own: OwnSettings,
    strict: boolean,
    notices: string[],
  ): Promise<void> {
    let paths: string[]
    try {
      paths = await kind.find(written)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const message = `${written}: ${error.message}`
      if (strict && !(error instanceof NotNow)) throw new HalfopenError('source-unreadable', message)
      notices.push(message)
      return
    }
    if (this.closed) return
    for (const path of paths) this.add(path, own, kind, path === written ? null : written)
    // Containers come and go: those that are gone for good would be looked for for ever.
    const there = new Set(paths)
    for (const { path, pattern, follower } of this.followed.values())
      if (pattern === written && !there.has(path) && follower.status().state === 'missing') {
        this.followed.delete(path)
        await follower.close()
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
      const status = follower.status()
      const state = status.state === 'idle' && !followed.caughtUp ? 'reading' : status.state
      const lag_seconds = lagSeconds(status, summary, this.options.now())
      return { ...summary, ...status, state, lag_seconds, last_read_at }
    })
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.followed.values()].map(({ follower }) => follower.close()))
  }

  private refused(error: InputError, named: string, own: OwnSettings, strict: boolean, notices: string[]): void {
    if (error.code === 'not-found' && error.path === named && !/[*?[{]/.test(named)) {
      notices.push(`${named}: not there yet; it is read as soon as it appears`)
      this.add(named, own)
    } else if (error.path !== named || error.code === 'not-found' || error.code === 'no-logs' || !strict) {
      notices.push(error.message)
    } else {
      throw new HalfopenError('source-unreadable', error.message)
    }
  }

  private add(path: string, own: OwnSettings, kind: SourceKind | null = null, pattern: string | null = null): void {
    if (this.followed.has(path)) return
    const { config, logFormats, follow } = this.options
    const settings: ReadingSettings = {
      format: own.format ?? null,
      logFormat: own.log_format ?? config.log_format ?? logFormats(),
      timezone: own.timezone ?? config.timezone,
    }
    const problem = optionProblem(settings)
    if (problem) throw new HalfopenError('config-invalid', `${problem.option}: ${problem.reason} (for ${path})`)
    const follower = follow(path, settings, kind)
    const followed: Followed = { path, follower, lastRead: null, lines: 0, caughtUp: false, pattern }
    this.followed.set(path, followed)
    void follower.poll().then(() => {
      followed.caughtUp = true
    })
  }
}

type OwnSettings = Omit<Config['sources'][number], 'path'>

/** How old the newest line that was read is while there are others, s; null when that cannot be told. */
function lagSeconds({ state, lag_bytes }: SourceStatus, { to }: InputSummary, now: number): number | null {
  if (lag_bytes === 0) return state === 'reading' || state === 'idle' ? 0 : null
  return to === null ? null : Math.max(0, Math.round((now - Date.parse(to)) / 1000))
}

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
