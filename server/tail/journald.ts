/** `journald:UNIT`: what journalctl prints, one JSON object per entry, passed on as it is. The position is the cursor of
 *  the last entry, so nothing is lost or doubled while the journal keeps what we did not read. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Source, SourceOptions, SourceStatus } from './contract.ts'
import { EntryScan, readEntry, sameEntry, type JournalEntry } from './journald/entry.ts'
import { explainEnd, explainWarning, noEntry, type Ended, type Shown } from './journald/hints.ts'
import { journalArguments, parseJournalName, warningArguments, type JournalName } from './journald/name.ts'
import type { SourceKind } from './kinds.ts'
import { LineQueue } from './line-queue.ts'
import { LineSplitter } from './line-splitter.ts'

/** Longest entry that is passed on whole; a line of journald's own has 48 KiB, as an array of bytes four times as much. */
const ENTRY_BYTES = 2 ** 20 - 1
/** Without output for so long, journalctl has shown what there was, ms. */
const QUIET = 500
const RETRY = { first: 250, last: 30_000 }
/** A run of that length was none that failed at once, ms. */
const LONG_RUN = 10_000
const LOOK_WITHIN = 10_000
const FINE: Shown = { state: 'idle', hint: null }
const VACUUMED: Shown = {
  state: 'idle',
  hint: 'the journal no longer holds what followed the last line read; went on with the oldest entry it has',
}
const KILL_AFTER = 2000
const STDERR_BYTES = 4096

export interface JournalPosition {
  /** Of the last entry that is done with; null before any. */
  cursor: string | null
  /** Entries passed on so far. */
  line: number
  /** Entries up to this time (µs since 1970) were there at first sight; null when they are all read. */
  history_until: number | null
}

export const journald: SourceKind = {
  scheme: 'journald',
  async find(name) {
    parseJournalName(name)
    return [name]
  },
  open: (name, options) => new Journal(name, parseJournalName(name), options),
}

/** One run of journalctl. */
interface Run {
  child: ChildProcess
  /** performance.now() */
  started: number
  /** The cursor it was to begin at, as long as its first entry has not come. */
  expected: string | null
  /** New ones. */
  entries: number
  stderr: string
  error: NodeJS.ErrnoException | null
}

class Journal implements Source {
  readonly path: string
  private readonly name: JournalName
  private readonly queue: LineQueue
  /** How far back to go at first sight, epoch ms. */
  private readonly since: number
  private at: JournalPosition
  private run: Run | null = null
  private failures = 0
  private restart: NodeJS.Timeout | null = null
  private quiet: NodeJS.Timeout | null = null
  private caughtUp = false
  private waiting: (() => void)[] = []
  private closed = false
  private looking: ChildProcess | null = null
  /** Shown as long as journalctl runs. */
  private note: Shown = FINE
  /** Of `note`: an entry disproves it. */
  private passing = false

  constructor(path: string, name: JournalName, options: SourceOptions) {
    this.path = path
    this.name = name
    const { resume, history_since } = options
    this.since = history_since ?? 0
    this.at = (resume?.position as JournalPosition | undefined) ?? {
      cursor: null,
      line: 0,
      history_until: Date.now() * 1000,
    }
    const start = { generation: resume?.generation ?? randomUUID(), seq: resume?.seq ?? 0, position: this.at }
    this.queue = new LineQueue(options, { ...start, line: this.at.line + 1 }, { onRoom: () => this.goOn() })
    this.start()
    this.lookRound()
  }

  poll(): Promise<void> {
    this.queue.flush()
    if (this.caughtUp || this.closed) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  status(): SourceStatus {
    return this.queue.status()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    if (this.restart) clearTimeout(this.restart)
    this.caught()
    this.queue.close()
    await Promise.all([this.run?.child, this.looking].map((child) => end(child ?? null)))
  }

  private start(): void {
    const { cursor } = this.at
    const args = journalArguments(this.name, cursor === null ? { since: this.since } : { cursor })
    const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
    const run: Run = { child, started: performance.now(), expected: cursor, entries: 0, stderr: '', error: null }
    this.run = run
    let scan: EntryScan | null = null
    const lines = new LineSplitter(ENTRY_BYTES, {
      onLine: (line, cut) => {
        if (!cut) this.line(run, line)
        else this.longEntry(run, scan)
        scan = null
      },
      onSkipped: (bytes, kept) => {
        scan ??= new EntryScan()
        if (kept) scan.push(kept)
        scan.push(bytes)
      },
    })
    child.stdout.on('data', (bytes: Buffer) => {
      if (this.closed) return
      this.quiet?.refresh()
      lines.push(bytes)
      // journalctl then waits in its write; what it has not printed stays in the journal.
      if (this.queue.full) child.stdout.pause()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      run.stderr = (run.stderr + text).slice(-STDERR_BYTES)
    })
    child.once('error', (error) => (run.error = error))
    // Not 'exit': what it printed before comes first. Nothing is an end that breaks off within a line.
    child.once('close', (code, signal) => this.ended(run, { code, signal, ...run }))
    this.listenForQuiet()
  }

  /** For people journalctl says what it may not or cannot see; with JSON it is silent about that. */
  private lookRound(): void {
    const args = warningArguments(this.name)
    const options = { env: environment(), timeout: LOOK_WITHIN }
    this.looking = execFile('journalctl', args, options, (_error, _stdout, stderr) => {
      const warning = explainWarning(stderr, this.name)
      if (!warning || this.closed || (warning.state === 'missing' && this.at.cursor !== null)) return
      this.note = warning
      this.passing = warning.state === 'missing'
      if (this.run) this.show()
    })
  }

  private line(run: Run, line: Buffer): void {
    const entry = line[0] === 0x7b ? readEntry(line) : null
    if (entry) this.entry(run, entry, line)
  }

  private longEntry(run: Run, scan: EntryScan | null): void {
    const found = scan?.entry()
    if (found) this.entry(run, found.entry, found.line)
  }

  private entry(run: Run, { cursor, time, hasMessage }: JournalEntry, line: Buffer): void {
    const { expected } = run
    run.expected = null
    if (expected !== null && sameEntry(expected, cursor)) return this.show()
    if (this.passing) this.remark(FINE, false)
    if (expected !== null) this.remark(VACUUMED, false)
    if (run.entries++ === 0) this.show()
    const { history_until } = this.at
    const history = history_until !== null && time <= history_until
    this.at = { cursor, line: this.at.line + (hasMessage ? 1 : 0), history_until: history ? history_until : null }
    if (hasMessage) this.queue.push(line, this.at, history)
    if (!history) this.caught()
  }

  /** Room again in the queue. */
  private goOn(): void {
    this.quiet?.refresh()
    this.run?.child.stdout?.resume()
  }

  private ended(run: Run, how: Ended): void {
    if (this.closed) return
    if (run.entries > 0 || performance.now() - run.started > LONG_RUN) this.failures = 0
    this.failures++
    const { state, hint } = explainEnd(how, this.name)
    this.queue.show(state, hint)
    this.run = null
    this.caught()
    const wait = Math.min(RETRY.first * 2 ** (this.failures - 1), RETRY.last)
    this.restart = setTimeout(() => this.start(), wait)
  }

  private listenForQuiet(): void {
    if (this.quiet) clearTimeout(this.quiet)
    const quiet = setTimeout(() => {
      // What waits for a commit that fails is not going on.
      if (this.queue.full && this.queue.status().state !== 'unreadable') quiet.refresh()
      else this.settle()
    }, QUIET)
    this.quiet = quiet
  }

  private settle(): void {
    if (this.closed || this.run === null) return
    if (this.at.cursor === null && this.note === FINE) this.remark(noEntry(this.name), true)
    this.show()
    this.caught()
  }

  private caught(): void {
    this.caughtUp = true
    if (this.quiet) clearTimeout(this.quiet)
    this.quiet = null
    for (const resolve of this.waiting.splice(0)) {
      this.queue.flush()
      resolve()
    }
  }

  private remark(note: Shown, passing: boolean): void {
    this.note = note
    this.passing = passing
    this.show()
  }

  private show(): void {
    this.queue.show(this.note.state, this.note.hint)
  }
}

/** What is read from its messages is English. */
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C', SYSTEMD_COLORS: '0' })

/** Resolves when the process has ended. */
async function end(child: ChildProcess | null): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.kill('SIGTERM')
  const last = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER)
  await gone
  clearTimeout(last)
}
