/** Follows a log file through everything rotation does to it. One file is read at a time, the older first: so one
 *  position says exactly what was read. */
import { randomUUID } from 'node:crypto'
import { statSync, type Stats } from 'node:fs'
import type { FilePosition, FollowOptions, Source, SourceStatus } from './contract.ts'
import { CHUNK_BYTES, OpenLog, type OpenedAs, type Start } from './open-log.ts'
import { explain } from './regular-file.ts'
import { findRotated, rotatedAfter } from './rotated.ts'
import { wakeByDirectory, type Wake, type WakeFor } from './wake.ts'

/** What a follower takes from outside; tests bring their own clock and wake-ups. */
export interface Surroundings {
  /** Epoch ms. */
  now(): number
  wake: WakeFor
}

/** nginx writes to the renamed file until USR1 reaches it, measured up to 2.5 s later: how long the old file must be
 *  quiet after another one took its path, ms. */
const LINGER = 5000
/** A rotated file that still grows after this long belongs to a writer that was never told, ms. */
const NEVER_TOLD = 60_000
const ACTIVE = { interval: 250, for: 10_000 }
const IDLE_INTERVAL = 2000
const RETRY = { first: 250, last: 30_000 }

/** Follows the file at `options.path`; starts by itself. */
export function followFile(options: FollowOptions, surroundings: Partial<Surroundings> = {}): Source {
  return new Follower(options, { now: Date.now, wake: wakeByDirectory, ...surroundings })
}

/** Followers that are behind read one after the other, a chunk each, and everybody else has a turn in between: what is
 *  imported for minutes must not hold up lines that come now. */
let turns: Promise<void> = Promise.resolve()
function nextTurn(): Promise<void> {
  turns = turns.then(() => new Promise((resolve) => setImmediate(resolve)))
  return turns
}

class Follower implements Source {
  readonly path: string
  readonly #options: FollowOptions
  readonly #now: () => number
  readonly #wake: Wake
  #log: OpenLog | null = null
  /** Where to go on; null once it was found, or given up for lost. */
  #resume: { generation: string; position: FilePosition } | null
  /** History is what stands in a file that was there when we came; one that is made later is read live. */
  #history: Start['history']
  /** When another file was first seen at the path. */
  #replaced: number | null = null
  #failures = 0
  #closed = false
  #running: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | null = null
  #shown: SourceStatus = { state: 'idle', lag_bytes: 0, hint: null }

  constructor(options: FollowOptions, { now, wake }: Surroundings) {
    this.path = options.path
    this.#options = options
    const { resume } = options
    this.#resume = resume && { generation: resume.generation, position: resume.position as FilePosition }
    this.#history = options.resume ? 'none' : 'all'
    this.#now = now
    this.#wake = wake(options.path, () => void this.poll())
    this.#wake.plan(0, true)
  }

  poll(): Promise<void> {
    // A pass that is under way may have looked before the caller's bytes were there: another one follows it.
    this.#waiting ??= this.#running = this.#running.then(() => {
      this.#waiting = null
      return this.#pass()
    })
    return this.#waiting
  }

  status(): SourceStatus {
    return { ...this.#shown, lag_bytes: this.#lag() }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake.close()
    await this.#running
    this.#log?.close()
    this.#log = null
  }

  async #pass(): Promise<void> {
    try {
      while (!this.#closed && this.#turn()) await nextTurn()
      this.#failures = 0
    } catch (error) {
      this.#failures++
      this.#show('unreadable', error instanceof Error ? error.message : String(error))
    }
    if (!this.#closed) this.#wake.plan(this.#interval(), this.#failures > 0)
  }

  /** One chunk, or one change of file. Returns whether there may be more to do now. */
  #turn(): boolean {
    this.#log ??= this.#open()
    const log = this.#log
    if (!log) return false
    const step = log.step(this.#options.onChunk, this.#now(), false)
    if (step === 'truncated') return this.#truncated(log)
    if (step === 'more') {
      // Only when behind: a busy log would change its status with every line.
      if (this.#lag() > CHUNK_BYTES) this.#show('reading', null)
      return true
    }
    const there = this.#look()
    if (!there) return false
    if (log.is(there)) {
      this.#replaced = null
      this.#show('idle', null)
      return false
    }
    return this.#rotated(log)
  }

  /** The file to begin with. */
  #open(): OpenLog | null {
    const resume = this.#resume
    if (!resume) return this.#start(this.path, 'path', this.#fresh())
    const start: Start = { ...resume, history: 'none' }
    const log = this.#start(this.path, 'path', start)
    const as = log?.recognise(resume.position) ?? null
    if (!log && this.#shown.state === 'unreadable') return null
    const found = as === 'same' ? null : findRotated(this.path, resume.position)
    if (found) {
      log?.close()
      const old = this.#start(found.path, found.as === 'copy' ? 'copy' : 'rotated', start)
      if (old) this.#resume = null
      return old
    }
    if (!log) return null
    this.#resume = null
    if (as) return log
    // Compressed or deleted meanwhile: what it still held is out of reach.
    log.close()
    return this.#start(this.path, 'path', this.#fresh())
  }

  #rotated(log: OpenLog): boolean {
    const now = this.#now()
    this.#replaced ??= now
    // Found under another name: its own times tell when it was last touched.
    const since = log.as === 'path' ? Math.max(log.grown, this.#replaced) : log.grown
    if (log.as !== 'copy' && now - since < LINGER) {
      const late = now - this.#replaced > NEVER_TOLD
      this.#show('idle', late ? `the rotated file is still written to; make its writer reopen ${this.path}` : null)
      return false
    }
    while (log.position.offset < log.size || log.position.in_line) {
      const step = log.step(this.#options.onChunk, now, true)
      if (step === 'truncated') return this.#truncated(log)
      if (step === 'caught-up') break
    }
    const next = rotatedAfter(this.path, log.ino)
    const open = this.#start(next ?? this.path, next ? 'rotated' : 'path', this.#fresh())
    if (!open) return false
    // Another rotation between the look and the opening moves every name on by one.
    const still = rotatedAfter(this.path, log.ino) === next
    if (still) this.#follow(open)
    else open.close()
    return true
  }

  /** The bytes not yet read are gone, unless the truncation was logrotate's copytruncate: then they are in the copy. */
  #truncated(log: OpenLog): boolean {
    const copy = findRotated(this.path, log.position, log.ino)
    const { generation, position } = log
    const next = copy
      ? this.#start(copy.path, 'copy', { generation, position, history: 'none' })
      : this.#start(this.path, 'path', this.#fresh())
    if (next) this.#follow(next)
    return next !== null
  }

  /** The old file is let go only when the next one is open. */
  #follow(next: OpenLog): void {
    this.#log?.close()
    this.#log = next
    this.#replaced = null
  }

  #fresh(): Start {
    return { generation: randomUUID(), position: null, history: this.#history }
  }

  /** Opens a file; null, with the status saying why, when that fails. */
  #start(path: string, as: OpenedAs, start: Start): OpenLog | null {
    try {
      const log = new OpenLog(path, as, start, this.#now())
      // A name may have moved on to another file since it was found; the next look finds it again.
      if (as !== 'path' && start.position && !log.recognise(start.position)) {
        log.close()
        return null
      }
      this.#history = 'none'
      return log
    } catch (error) {
      const { state, hint } = explain(error, path)
      if (state === 'missing') this.#history = 'none'
      this.#show(state, hint)
      return null
    }
  }

  /** What is at the path now; null, with the status saying why, when that cannot be told. */
  #look(): Stats | null {
    try {
      return statSync(this.path)
    } catch (error) {
      const { state, hint } = explain(error, this.path)
      this.#replaced = null
      this.#show(state, hint)
      return null
    }
  }

  #interval(): number {
    if (this.#failures > 0) return Math.min(RETRY.first * 2 ** (this.#failures - 1), RETRY.last)
    const log = this.#log
    const active = log && (log.waiting || this.#replaced !== null || this.#now() - log.grown < ACTIVE.for)
    return active ? ACTIVE.interval : IDLE_INTERVAL
  }

  #lag(): number {
    return this.#log ? Math.max(0, this.#log.size - this.#log.position.offset) : 0
  }

  #show(state: SourceStatus['state'], hint: string | null): void {
    const before = this.#shown
    this.#shown = { state, hint, lag_bytes: this.#lag() }
    if (before.state !== state || before.hint !== hint) this.#options.onStatus(this.#shown)
  }
}
