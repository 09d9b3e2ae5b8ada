/** The rhythm of a running server: judge what was read, send, look for new files, tidy up. Files are read by their
 *  followers, in their own time. */
import type { Outbox } from './alerts/contract.ts'
import type { Stream } from './http/contract.ts'
import type { SourceState } from './http/wire.ts'
import type { Live } from './live.ts'
import type { Logger } from './logging.ts'
import type { NginxFile } from './nginx-view.ts'
import type { Sources } from './sources.ts'
import { HeapWatch } from './scan/contract.ts'
import { StoreError, type Store } from './store/contract.ts'
import { kindOf } from './tail/contract.ts'

/** Diagnosis reads a day of evidence: at most once a second, ms, and a tenth of the time. */
const ROUND = 1_000
const REST = 9
/** Longest rest, ms: a machine that stood still for a minute during a round must not be followed by ten blind ones. */
const LONGEST_REST = 10_000
/** Most of what is there at the start is read by then, and judged at once; what takes longer does not hold up the rest. */
const IMPORT = 2_000
const LOOK = ROUND / 4
/** Silence is noticed so late at most, ms. */
const QUIET = 2_000
const OUTBOX = 5_000
/** Commits in that time: lines come so fast that nothing may hold them up. */
const BUSY = 100
/** Patterns and missing files are looked for again. */
const FIND = 10_000
/** Old lines are deleted, ms: also when a burst fills the database. */
const EXPIRE = 30_000
/** For so long minutes are summed up at a time, ms: lines come first. */
const TIDY_FOR = 200

/** How long to wait after a round that took so long, both in ms. */
export const restAfter = (took: number): number => Math.max(ROUND - took, Math.min(took * REST, LONGEST_REST))

export interface LoopOptions {
  sources: Sources
  live: Live
  outbox: Outbox
  store: Store
  stream: Stream
  states: () => SourceState[]
  /** Null when none was named. */
  nginx: NginxFile | null
  retention: number
  /** Bytes; null: no limit. */
  max_size: number | null
  /** Epoch ms, of evidence and problems; the rhythm itself follows the real clock. */
  now: () => number
  logger: Logger
}

export class Loop {
  private readonly options: LoopOptions
  private readonly timers: NodeJS.Timeout[] = []
  private readonly published = new Map<string, string>()
  /** Hints of sources that cannot be read. */
  private readonly stuck = new Map<string, string>()
  /** Notices that were told. */
  private told = new Set<string>()
  private closing = false
  private commits = 0
  private readonly heap = new HeapWatch()
  private nextRound = -Infinity
  private nextQuiet = -Infinity
  private nextSources = -Infinity
  /** The next look, and when it is due. */
  private looking: NodeJS.Timeout | null = null
  private lookAt = Infinity
  private expiring = false
  private tidying = false
  /** What went wrong last, by what was tried. */
  private readonly complaints = new Map<string, string>()
  /** What is read is judged. */
  private judging = false
  /** True when everything that was there at the start is stored. */
  ready = false

  constructor(options: LoopOptions) {
    this.options = options
  }

  /** Begins to read; returns at once. */
  start(): void {
    const { outbox } = this.options
    void this.attempt('import', () => this.import())
    this.plan(LOOK)
    this.every('outbox', OUTBOX, () => {
      this.heap.look(this.commits > BUSY)
      this.commits = 0
      return outbox.flush()
    })
    this.told = new Set(this.options.sources.notices.map(withoutNumbers))
    this.every('find', FIND, () => this.find())
    this.every('expire', EXPIRE, () => this.expire())
  }

  /** Call after every commit: what was read is shown and judged soon. */
  committed(): void {
    this.commits++
    if (!this.closing && this.lookAt - performance.now() > LOOK) this.plan(LOOK)
  }

  /** One timer for all that follows from lines: an idle server is woken up once a second by it, not ten times. */
  private plan(ms: number): void {
    if (this.looking !== null) clearTimeout(this.looking)
    this.lookAt = performance.now() + ms
    this.looking = setTimeout(() => {
      this.looking = null
      this.look()
      this.plan(this.options.live.due || !this.judging ? LOOK : ROUND)
    }, ms)
  }

  private look(): void {
    void this.attempt('rounds', () => {
      if (!this.judging) return
      if (performance.now() >= (this.options.live.due ? this.nextRound : this.nextQuiet)) this.round()
      // Lines are seen at once, though they are judged together.
      else this.options.live.tell(this.options.now())
    })
    if (performance.now() < this.nextSources) return
    this.nextSources = performance.now() + ROUND
    void this.attempt('sources', () => this.publishSources())
    void this.attempt('tidy', () => this.tidy())
  }

  /** Ends reading, then judges what was read since the last round: after the next start it would no longer be news. */
  async close(): Promise<void> {
    this.closing = true
    for (const timer of this.timers) clearInterval(timer)
    if (this.looking !== null) clearTimeout(this.looking)
    await this.options.sources.close()
    // Twice: what was held in the first one is judged in the second.
    for (let n = 0; n < 2 && this.judging && this.options.live.due; n++) this.round()
  }

  private every(what: string, ms: number, run: () => unknown): void {
    this.timers.push(setInterval(() => void this.attempt(what, run), ms))
  }

  private async import(): Promise<void> {
    const { sources, live } = this.options
    const all = sources.poll()
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, IMPORT).unref())])
    if (this.closing) return
    live.skipStoredEvents()
    this.judging = true
    this.round()
    await all
    if (this.closing) return
    this.ready = true
    this.round()
  }

  private round(): void {
    const from = performance.now()
    // Lines are the work of a configuration that was written before them.
    this.lookAtConfig()
    void this.attempt('round', async () => {
      const send = this.options.live.round()
      const took = performance.now() - from
      this.nextRound = from + took + restAfter(took)
      this.nextQuiet = Math.max(this.nextRound, from + QUIET)
      if (send) await this.options.outbox.flush()
    })
  }

  /** What cannot be read any more, or is too much, is told once. */
  private async find(): Promise<void> {
    const { sources, logger } = this.options
    await sources.find(false)
    for (const notice of sources.notices) if (!this.told.has(withoutNumbers(notice))) logger.warn(notice)
    this.told = new Set(sources.notices.map(withoutNumbers))
  }

  private lookAtConfig(): void {
    const { nginx, live, logger } = this.options
    if (nginx === null) return
    const before = nginx.notice
    if (nginx.refresh()) {
      logger.info('nginx_config changed')
      live.configChanged()
    }
    if (nginx.notice !== before && nginx.notice !== null) logger.warn(nginx.notice)
  }

  private publishSources(): void {
    for (const state of this.options.states()) {
      const text = JSON.stringify(state)
      if (this.published.get(state.path) === text) continue
      this.published.set(state.path, text)
      this.complain(state)
      this.options.stream.publish('source', state)
    }
  }

  /** What keeps a source from being read is told where people look first; a file that is not there was told of. */
  private complain({ path, state, hint }: SourceState): void {
    const stuck = state === 'unreadable' || (state === 'missing' && kindOf(path) !== null) ? hint : null
    if (stuck !== null && this.stuck.get(path) !== stuck) this.options.logger.warn(`${path}: ${stuck}`)
    if (stuck === null) this.stuck.delete(path)
    else this.stuck.set(path, stuck)
  }

  /** In small steps, so that reading goes on between them. */
  private async expire(): Promise<void> {
    const { store, now, retention, max_size } = this.options
    if (this.expiring) return
    this.expiring = true
    try {
      while (!this.closing && store.expire(now() - retention, max_size ?? Infinity)) await new Promise(setImmediate)
    } finally {
      this.expiring = false
    }
  }

  private async tidy(): Promise<void> {
    if (this.tidying) return
    this.tidying = true
    const until = performance.now() + TIDY_FOR
    try {
      while (!this.closing && performance.now() < until && this.options.store.tidy()) await new Promise(setImmediate)
    } finally {
      this.tidying = false
    }
  }

  /** A full disk or a locked database passes: it is told once, and tried again. Everything else is a bug and ends us. */
  private async attempt(what: string, run: () => unknown): Promise<void> {
    try {
      await run()
      this.complaints.delete(what)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      // Whatever is tried, the disk is full once.
      if (![...this.complaints.values()].includes(error.message)) this.options.logger.warn(error.message)
      this.complaints.set(what, error.message)
    }
  }
}

/** The same news with another count is none. */
const withoutNumbers = (notice: string): string => notice.replaceAll(/\d+/g, '0')
