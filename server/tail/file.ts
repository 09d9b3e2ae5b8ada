/** Follows a log file through everything rotation does to it. One file is read at a time, the older first: so one
 *  position says exactly what was read. */
import { randomUUID } from 'node:crypto'
import { statSync, type Stats } from 'node:fs'
import type { FilePosition, FollowOptions, Source, SourceStatus } from './contract.ts'
import { CHUNK_BYTES } from './line-window.ts'
import { OpenLog, type Log, type OpenedAs, type Start } from './open-log.ts'
import { openPacked } from './packed-log.ts'
import { codeOf, explain } from './regular-file.ts'
import { findRotated, headAt, isNamed, outOfReach, rotatedAfter, rotatedLater } from './rotated.ts'
import { Moving, resolved, rotatedBeside, type Sibling } from './siblings.ts'
import { wakeByDirectory, type Wake, type WakeFor } from './wake.ts'

/** What a follower takes from outside; tests bring their own clock and wake-ups. */
export interface Surroundings {
  /** ms of a clock that is never set: after a jump of the other one a file would seem to have been quiet for hours. */
  now(): number
  wake: WakeFor
}

/** nginx writes to the renamed file until USR1 reaches it, measured up to 2.5 s later: how long the old file must be
 *  quiet under our eyes after another one took its path, ms. */
const LINGER = 5000
/** A rotated file that still grows after this long belongs to a writer that was never told, ms. */
const NEVER_TOLD = 60_000
const ACTIVE = { interval: 250, for: 10_000 }
const IDLE_INTERVAL = 2000
/** A quiet file is looked at wholly so often; then only its size and times are. */
const LOOKS = 2
const RETRY = { first: 250, last: 30_000 }

/** Follows the file at `options.path`; starts by itself. */
export function followFile(options: FollowOptions, surroundings: Partial<Surroundings> = {}): Source {
  return new Follower(options, { now: () => performance.now(), wake: wakeByDirectory, ...surroundings })
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
  #log: Log | null = null
  /** Where to go on; null once it was found, or given up for lost. */
  #resume: { generation: string; position: FilePosition } | null
  /** History is what stands in a file that was there when we came; one that is made later is read live. */
  #history: Start['history']
  /** When another file was first seen at the path. */
  #replaced: number | null = null
  /** The file at the path, and since when it was seen there. */
  #here = { ino: -1, since: 0 }
  /** What the path looked like, and how often in a row. */
  #still = { stamp: '', looks: 0 }
  /** Nobody can write to the replaced file any more. */
  #left = false
  /** Identities of the files beside the log that are older than it. */
  #older: ReadonlySet<string> = new Set()
  /** What could not be read and is passed over, one line. */
  #lost: string | null = null
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
      while (!this.#closed && (await this.#turn())) await nextTurn()
      this.#failures = 0
    } catch (error) {
      this.#failures++
      this.#failed(error)
    }
    if (!this.#closed) this.#wake.plan(this.#interval(), this.#failures > 0)
  }

  #failed(error: unknown): void {
    if (error instanceof Moving) this.#show('reading', error.message)
    else this.#show('unreadable', error instanceof Error ? error.message : String(error))
    // NFS: the file was removed by another host. Under what name it may still be there is found out as after a restart.
    if (codeOf(error) !== 'ESTALE' || this.#log === null) return
    this.#resume = { generation: this.#log.generation, position: this.#log.position }
    this.#log.close()
    this.#log = null
  }

  /** One chunk, or one change of file. Returns whether there may be more to do now. */
  async #turn(): Promise<boolean> {
    this.#log ??= await this.#open()
    const log = this.#log
    if (!log) return false
    // Before the file is looked at: we may be stopped at any line here, and what is written meanwhile is no silence.
    const now = this.#now()
    if (this.#isStill(log, now)) return false
    const step = await log.step(this.#options.onChunk, now, false)
    if (step === 'truncated') return this.#truncated(log)
    if (step === 'touched') return this.#touched(log)
    if (step === 'more') {
      // Only when behind: a busy log would change its status with every line.
      if (this.#lag() > CHUNK_BYTES) this.#show('reading', null)
      // What was written meanwhile is read with what comes next: each commit has its price.
      if (log.behind) return true
    }
    const there = this.#look()
    if (!there) return false
    if (!log.is(there)) return this.#rotated(log, now)
    this.#replaced = null
    this.#show('idle', null)
    return false
  }

  /** A file that nothing was read of may be filled, copied and emptied between two looks, and has no head by which that
   *  would show: what is in the copy comes first. */
  async #touched(log: Log): Promise<boolean> {
    if (!(log instanceof OpenLog)) return false
    const there = this.#look()
    // Renamed: what is written to it is its own.
    const copy = there !== null && log.is(there) ? rotatedLater(this.path, log.position, this.#older) : null
    // Copied but not emptied, yet or at all.
    if (copy === null || log.isFound(await headAt(copy))) {
      log.accept()
      return true
    }
    const next = await this.#startNext(copy, this.#fresh(log.position.mtime))
    if (next) this.#follow(next)
    return next !== null
  }

  /** Nothing happened since the last looks: with twenty quiet logs, opening each one's first page every two seconds is most
   *  of what an idle server does. ctime cannot be set back. Not while the file is active: two changes within a tick of the
   *  file system's clock leave the same times, and a file that is read in one of them must be read again. */
  #isStill(log: Log, now: number): boolean {
    if (log.as !== 'path' || log.behind || log.waiting || this.#replaced !== null) return false
    if (this.#failures > 0 || now - log.grown < ACTIVE.for) return false
    const there = statSync(this.path, { throwIfNoEntry: false })
    if (!there?.isFile() || !log.is(there) || there.size !== log.size) return false
    const { dev, ino, size, mtimeMs, ctimeMs } = there
    const stamp = `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`
    this.#still = { stamp, looks: stamp === this.#still.stamp ? this.#still.looks + 1 : 1 }
    return this.#still.looks > LOOKS && this.#shown.state === 'idle'
  }

  /** Goes on in the file at the path when it is the one that is read, with another descriptor or as a copy that took its
   *  place; false when it is not. */
  async #sameAgain(log: Log): Promise<boolean> {
    const { generation, position } = log
    const again = await this.#start(this.path, 'path', { generation, position, history: 'none' })
    if (!(again instanceof OpenLog)) return false
    if (again.recognise(position)) this.#follow(again)
    else again.close()
    return this.#log === again
  }

  /** The file to begin with. */
  async #open(): Promise<Log | null> {
    const resume = this.#resume
    this.#older = rotatedBeside(this.path, resume?.position.at)
    const log = resume
      ? await this.#openAgain({ ...resume, history: 'none' }, resume.position)
      : await this.#start(this.path, 'path', this.#fresh())
    if (log) this.#resume = null
    return log
  }

  /** The file of a stored position, wherever it is now. */
  async #openAgain(start: Start, position: FilePosition): Promise<Log | null> {
    const log = await this.#start(this.path, 'path', start)
    const as = log instanceof OpenLog ? log.recognise(position) : null
    if (as === 'same') return log
    if (!log && this.#shown.state === 'unreadable') return null
    try {
      const found = await findRotated(this.path, position)
      if (found) return await this.#start(found.path, found.as, start)
      if (!log) return null
      if (as) return await this.#start(this.path, 'path', start)
      // Deleted meanwhile, or packed in a way that is not read here.
      this.#missed(outOfReach(this.path, position))
      return await this.#startNext(rotatedLater(this.path, position), this.#fresh(position.mtime))
    } finally {
      log?.close()
    }
  }

  async #rotated(log: Log, now: number): Promise<boolean> {
    if (this.#replaced === null) {
      // By a copy of itself, which the file it was read from made way for: restored, rewritten by an editor, or first
      // written to on an overlay.
      if (log.as === 'path' && !isNamed(this.path, log.position) && (await this.#sameAgain(log))) return true
      this.#replaced = now
      this.#left = await this.#isLeft(log)
    }
    // A rotated one was replaced by the time another file was seen at the path, at the latest.
    const replaced = log.as === 'path' ? this.#replaced : Math.min(log.opened, this.#here.since)
    if (!this.#left && now - Math.max(log.grown, replaced) < LINGER) {
      const late = now - this.#replaced > NEVER_TOLD
      this.#show('idle', late ? `the rotated file is still written to; make its writer reopen ${this.path}` : null)
      return false
    }
    for (;;) {
      const step = await log.step(this.#options.onChunk, now, true)
      if (step === 'truncated') return this.#truncated(log)
      if (step === 'touched') return this.#touched(log)
      if (step === 'caught-up') break
    }
    const { sibling, unread } = await rotatedAfter(this.path, log.position, this.#older)
    this.#lost = log.damage
    this.#missed(unread)
    const open = await this.#startNext(sibling, this.#fresh(log.position.mtime))
    if (!open) return false
    // Another rotation between the look and the opening moves every name on by one.
    const older = rotatedBeside(this.path, log.position.at)
    const { sibling: still } = await rotatedAfter(this.path, log.position, this.#older)
    if (still?.ino === sibling?.ino) {
      this.#follow(open)
      this.#older = older
    } else open.close()
    return true
  }

  /** Whether no writer can still have the file open. The reader's clock is not asked: what was written to the next file
   *  so much later tells it, by the clock of the file system alone. */
  async #isLeft(log: Log): Promise<boolean> {
    if (log.as !== 'rotated' || !(log instanceof OpenLog)) return log.as !== 'path'
    const { sibling } = await rotatedAfter(this.path, log.position, this.#older)
    const there = sibling ? null : this.#look()
    const next = there ? { size: there.size, mtime: there.mtimeMs } : sibling
    return next !== null && next.size > 0 && next.mtime - log.mtime >= LINGER
  }

  /** The bytes not yet read are gone, unless the truncation was logrotate's copytruncate: then they are in the copy. */
  async #truncated(log: Log): Promise<boolean> {
    const copy = await findRotated(this.path, log.position, log.ino)
    const { generation, position } = log
    const older = rotatedBeside(this.path, position.at)
    // Filled again and rotated since the last look: another file than the one that was read.
    const later = copy ? null : rotatedLater(this.path, position)
    if (copy === null && later === null && log instanceof OpenLog) {
      this.#log = log.again(this.#fresh(position.mtime), this.#now())
      this.#older = older
      return true
    }
    const next = copy
      ? await this.#start(copy.path, copy.as, { generation, position, history: 'none' })
      : await this.#startNext(later, this.#fresh(position.mtime))
    if (next) this.#follow(next)
    return next !== null
  }

  /** The old file is let go only when the next one is open. */
  #follow(next: Log): void {
    this.#log?.close()
    this.#log = next
    this.#replaced = null
  }

  #fresh(after?: number): Start {
    return { generation: randomUUID(), position: null, history: this.#history, after }
  }

  #startNext(sibling: Sibling | null, start: Start): Promise<Log | null> {
    if (sibling === null) return this.#start(this.path, 'path', start)
    return this.#start(sibling.path, sibling.packing === 'plain' ? 'rotated' : 'packed', start)
  }

  /** Opens a file; null, with the status saying why, when that fails. */
  async #start(path: string, as: OpenedAs, start: Start): Promise<Log | null> {
    try {
      const log =
        as === 'packed'
          ? await openPacked(path, start)
          : new OpenLog(path, as, { ...start, linked: resolved(this.path) !== this.path }, this.#now())
      // A name may have moved on to another file since it was found; the next look finds it again.
      if (as !== 'path' && start.position && !log.belongsTo(start.position)) {
        log.close()
        throw new Moving(`${path} was renamed while it was looked at`)
      }
      this.#history = 'none'
      return log
    } catch (error) {
      if (error instanceof Moving) throw error
      const { state, hint } = explain(error, path)
      if (state === 'missing') this.#history = 'none'
      this.#show(state, hint)
      return null
    }
  }

  #missed(packed: readonly string[]): void {
    if (packed.length === 0) return
    this.#lost = `not read to the end before packed: ${packed.join(', ')}; set delaycompress, or pack with gzip`
  }

  /** What is at the path now; null, with the status saying why, when that cannot be told. */
  #look(): Stats | null {
    try {
      const there = statSync(this.path)
      if (there.ino !== this.#here.ino) this.#here = { ino: there.ino, since: this.#now() }
      return there
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
    this.#shown = { state, hint: hint ?? this.#lost, lag_bytes: this.#lag() }
    if (before.state !== state || before.hint !== this.#shown.hint) this.#options.onStatus(this.#shown)
  }
}
