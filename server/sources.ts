/** Which logs are followed: names and patterns of the configuration become files, containers and what else there is,
 *  again and again, since they come late. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from './config.ts'
import { HalfopenError } from './http/contract.ts'
import { MOST } from './descriptors.ts'
import type { SourceState } from './http/wire.ts'
import {
  findInputs,
  optionProblem,
  processEnvironment,
  unreadSummary,
  type FoundInputs,
  type InputError,
} from './scan/contract.ts'
import type { InputSummary } from './diagnosis/contract.ts'
import { kindOf, NotNow, type SourceKind, type SourceStatus } from './tail/contract.ts'
import { Turns, type Follower } from './turns.ts'

/** How one source is to be read. */
export interface ReadingSettings {
  format: string | null
  logFormat: string | readonly string[] | null
  timezone: string | null
}

export interface SourcesOptions {
  config: Config
  /** log_format texts of the nginx configuration, for sources that have none of their own. */
  logFormats: () => readonly string[] | null
  cwd: string
  /** @param kind null for a file. */
  follow: (path: string, settings: ReadingSettings, kind: SourceKind | null) => Follower
  /** It was read before: it goes on where it was left, without an import. */
  isKnown: (path: string) => boolean
  /** How many are followed at once. */
  most: number
  now: () => number
}

/** A log that is no longer than this is read in one go, bytes: its import is nothing to wait for. */
const SHORT = 2 ** 20
/** Names in a notice. */
const NAMED = 3
/** Looking takes at most one part in so many of the time. */
const REST = 20

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
  kind: SourceKind | null
}

export class Sources {
  private readonly options: SourcesOptions
  private readonly followed = new Map<string, Followed>()
  /** What cannot be followed now and may be later, as one line each. */
  notices: string[] = []
  searched: { path: string; found: string }[] = []
  private readonly turns = new Turns()
  /** Found, and more than can be followed. */
  private readonly beyond = new Set<string>()
  private finding: Promise<void> | null = null
  /** Not looked again before, ms of performance.now(). */
  private restUntil = -Infinity
  private closed = false

  constructor(options: SourcesOptions) {
    this.options = options
  }

  get paths(): string[] {
    return [...this.followed.keys()]
  }

  /** Resolves names and patterns and follows what is new. Throws source-unreadable when `strict` and nothing of what was
   *  named can be followed; what cannot beside others is a notice, and a file that is not there yet is waited for. */
  find(strict: boolean): Promise<void> {
    if (!strict && performance.now() < this.restUntil) return Promise.resolve()
    // An engine may take longer to answer than the time until the next call.
    this.finding ??= this.look(strict).finally(() => {
      this.finding = null
    })
    return this.finding
  }

  private async look(strict: boolean): Promise<void> {
    const { config, most } = this.options
    const notices: string[] = []
    const refusals: string[] = []
    this.beyond.clear()
    const from = performance.now()
    if (config.sources.length === 0) {
      const found = findInputs([], { ...processEnvironment(), stdinPiped: false })
      this.searched = found.searched
      notices.push(...found.errors.map(({ message }) => message))
      for (const path of found.inputs) this.add(path, {})
    }
    let took = performance.now() - from
    for (const { path: written, ...own } of config.sources) {
      const kind = kindOf(written)
      const began = performance.now()
      if (kind) await this.ofKind(kind, written, own, strict, notices)
      else this.files(written, own, notices, refusals)
      if (!kind) took += performance.now() - began
    }
    const [refusal] = refusals
    if (strict && refusal !== undefined && this.followed.size === 0)
      throw new HalfopenError('source-unreadable', refusal)
    if (this.beyond.size > 0) {
      notices.push(tooMany([...this.beyond], most))
      await this.makeRoom()
    }
    this.notices = [...new Set([...notices, ...refusals])]
    this.restUntil = performance.now() + took * REST
  }

  private files(written: string, own: OwnSettings, notices: string[], refusals: string[]): void {
    const named = resolve(this.options.cwd, written)
    const found = findInputs([named], undefined, { rotated: false, since: null, most: this.options.most })
    for (const error of found.errors) this.refused(error, named, own, notices, refusals)
    const pattern = isOne(found, named) ? null : named
    for (const path of [...found.inputs, ...(found.beyond ?? [])]) this.add(path, own, null, pattern)
  }

  /** Files that came by a pattern and are gone make room for others. */
  private async makeRoom(): Promise<void> {
    for (const { path, pattern, follower, kind } of this.followed.values())
      if (pattern !== null && kind === null && follower.status().state === 'missing') {
        this.followed.delete(path)
        await follower.close()
      }
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
      const summary = byPath.get(path) ?? unreadSummary(path)
      if (summary.lines !== followed.lines) {
        if (summary.lines > followed.lines) followed.lastRead = this.options.now()
        followed.lines = summary.lines
      }
      const last_read_at = followed.lastRead === null ? null : new Date(followed.lastRead).toISOString()
      const status = follower.status()
      const state = status.state === 'idle' && !followed.caughtUp ? 'reading' : status.state
      // Of one that waits for its turn nothing is known.
      const known = followed.caughtUp || status.lag_bytes > 0
      const lag_seconds = known ? lagSeconds(status, summary, this.options.now()) : null
      return { ...summary, ...status, state, lag_seconds, last_read_at }
    })
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.followed.values()].map(({ follower }) => follower.close()))
  }

  private refused(error: InputError, named: string, own: OwnSettings, notices: string[], refusals: string[]): void {
    if (error.code === 'not-found' && error.path === named && !/[*?[{]/.test(named)) {
      notices.push(`${named}: not there yet; it is read as soon as it appears`)
      this.add(named, own)
    } else if (error.path !== named || error.code === 'not-found' || error.code === 'no-logs') {
      notices.push(error.message)
    } else {
      refusals.push(error.message)
    }
  }

  /** Call when a line was stored that came after first sight: what was there before is imported. */
  live(path: string): void {
    const followed = this.followed.get(path)
    if (followed === undefined) return
    followed.caughtUp = true
    this.turns.done(followed.follower)
  }

  private add(path: string, own: OwnSettings, kind: SourceKind | null = null, pattern: string | null = null): void {
    if (this.followed.has(path)) return
    const { config, logFormats, follow, isKnown, most } = this.options
    if (this.followed.size >= most) {
      this.beyond.add(path)
      return
    }
    const settings: ReadingSettings = {
      format: own.format ?? null,
      logFormat: own.log_format ?? config.log_format ?? logFormats(),
      timezone: own.timezone ?? config.timezone,
    }
    const problem = optionProblem(settings)
    if (problem) throw new HalfopenError('config-invalid', `${problem.option}: ${problem.reason} (for ${path})`)
    const bytes = kind === null ? sizeOf(path) : 0
    const imports = !isKnown(path) && (kind === null ? bytes > SHORT : kind.live !== true)
    const follower = this.turns.follow(() => follow(path, settings, kind), { bytes, imports })
    const followed: Followed = { path, follower, lastRead: null, lines: 0, caughtUp: false, pattern, kind }
    this.followed.set(path, followed)
    void follower.poll().then(() => {
      followed.caughtUp = true
    })
  }
}

/** The name stands for one file, so it is not a pattern or a directory. */
const isOne = ({ inputs, beyond }: FoundInputs, named: string): boolean =>
  beyond === undefined && inputs.length === 1 && inputs[0] === named

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

function tooMany(beyond: readonly string[], most: number): string {
  const rest = beyond.length - NAMED
  const names = beyond.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest.toLocaleString('en')} more` : '')
  const many = `${beyond.length.toLocaleString('en')} ${beyond.length === 1 ? 'log is' : 'logs are'} not read`
  return (
    `${many}, since at most ${most.toLocaleString('en')} are followed at once: ${names}; ` +
    (most < MOST
      ? 'raise the limit of open files (ulimit -n, LimitNOFILE=), or name those that matter'
      : 'name those that matter, or share them among several servers with a database each')
  )
}

type OwnSettings = Omit<Config['sources'][number], 'path'>

/** How old the newest line that was read is while there are others, s; null when that cannot be told. */
function lagSeconds({ state, lag_bytes }: SourceStatus, { to }: InputSummary, now: number): number | null {
  if (lag_bytes === 0) return state === 'reading' || state === 'idle' ? 0 : null
  return to === null ? null : Math.max(0, Math.round((now - Date.parse(to)) / 1000))
}
