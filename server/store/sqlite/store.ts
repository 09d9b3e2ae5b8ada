/** The embedded store: one SQLite file, one connection, one writer. */
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Finding, InputSummary } from '../../diagnosis/contract.ts'
import type { EventPage, Series } from '../../http/wire.ts'
import type {
  Batch,
  CommitResult,
  DeliveryQuery,
  DeliveryResult,
  GoneReceiver,
  HistoryRow,
  OutboxRow,
  ProblemRow,
  SourcePosition,
  Store,
  StoreState,
  WatchedSource,
} from '../contract.ts'
import { Breakdowns } from './breakdown.ts'
import { Committer } from './commit.ts'
import { CountColumns } from './count-columns.ts'
import { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { EventBlocks } from './event-blocks.ts'
import { EvidenceReader } from './evidence-reader.ts'
import { Expiry, sizeOf } from './expire.ts'
import { Extent } from './extent.ts'
import { HistoryTable } from './history-table.ts'
import { lockDatabase, type Lock } from './lock.ts'
import { TALLIES } from './migration-2.ts'
import { asStoreError, openDatabase, prepareFile } from './open.ts'
import { OtherPaths } from './other-paths.ts'
import { OutboxTable } from './outbox-table.ts'
import { Presence } from './presence.ts'
import { remember, setAside } from './stale-wal.ts'
import { ProblemTable } from './problem-table.ts'
import { Proofs } from './proofs.ts'
import { RollUp } from './roll-up.ts'
import { Stale } from './stale.ts'
import { Trend } from './trend.ts'

/** Opens or creates the database at `path`. Throws StoreError, whose message names the path and what to do; also when
 *  another process writes to it. */
export function openSqliteStore(path: string): Store {
  const file = resolve(path)
  let lock: Lock | null = null
  let db: Db | null = null
  try {
    prepareFile(file)
    lock = lockDatabase(file)
    const real = realpathSync(file)
    const aside = setAside(real, lock, Date.now())
    db = openDatabase(file)
    remember(real, lock)
    return new SqliteStore(db, file, lock, aside)
  } catch (error) {
    db?.close()
    lock?.withdraw()
    throw asStoreError(error, file)
  }
}

/** The parts of a store, joined. For tests that look at one of them too. */
export function partsOf(db: Db, limits?: ConstructorParameters<typeof Dimensions>[1]) {
  const others = new OtherPaths(db)
  const dimensions = new Dimensions(db, limits, (path) => others.add(path))
  const stale = new Stale(db)
  const columns = new CountColumns(db, stale, 'counts')
  const sums = new CountColumns(db, stale, 'trend')
  const extent = new Extent(db)
  const proofs = new Proofs(db, dimensions)
  const blocks = new EventBlocks(db, dimensions)
  const trend = new Trend(db, { dimensions, stale, columns, sums, extent })
  const onWritten = (minutes: ReadonlySet<number>): void => {
    columns.forget(minutes)
    sums.forget(minutes)
    trend.forget()
  }
  const all = { others, dimensions, stale, columns, sums, extent, proofs, blocks, trend }
  return {
    ...all,
    committer: new Committer(db, { others, dimensions, blocks, proofs, stale, onWritten }),
    reader: new EvidenceReader(db, all),
    breakdowns: new Breakdowns(db, all),
    expiry: new Expiry(db, all),
    rollUp: new RollUp(db, stale, [columns, sums]),
  }
}

class SqliteStore implements Store {
  private readonly db: Db
  private readonly file: string
  private readonly lock: Lock
  private readonly presence: Presence
  private readonly aside: string | null
  private readonly parts: ReturnType<typeof partsOf>
  private readonly problemTable: ProblemTable
  private readonly outbox: OutboxTable
  private readonly histories: HistoryTable
  private readonly newest: Statement<[], Omit<SourcePosition, 'summary'> & { summary: string }>
  private readonly overflowed: Statement<[], number | null>
  private trouble: string | null = null
  /** Null: ask the table. Everything that shows the sources asks, several times a second. */
  private known: SourcePosition[] | null = null
  /** Something was written since there was last nothing to merge. */
  private written = true

  constructor(db: Db, file: string, lock: Lock, aside: string | null) {
    this.db = db
    this.aside = aside
    this.file = file
    this.lock = lock
    this.presence = new Presence(file)
    this.parts = partsOf(db)
    this.outbox = new OutboxTable(db)
    this.histories = new HistoryTable(db)
    this.problemTable = new ProblemTable(db, this.outbox, this.histories)
    this.newest = db.prepare(
      `SELECT generation, path, seq, position, summary FROM sources s
       WHERE committed = (SELECT max(committed) FROM sources WHERE path = s.path) ORDER BY path`,
    )
    this.overflowed = db
      .prepare(
        `SELECT sum(n) FROM tallies WHERE tier = 0 AND what IN (${TALLIES.indexOf('other_scope')}, ${TALLIES.indexOf('suspects_dropped')})`,
      )
      .pluck() as Statement<[], number | null>
  }

  positions(): SourcePosition[] {
    return (this.known ??= this.guard(() =>
      this.newest.all().map((row) => ({ ...row, summary: JSON.parse(row.summary) as InputSummary })),
    ))
  }

  commit(batch: Batch): CommitResult {
    this.known = null
    this.written = true
    try {
      this.presence.check()
      const result = this.guard(() => this.parts.committer.commit(batch, Date.now()))
      this.trouble = null
      return result
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error)
      throw error
    }
  }

  evidence(from: number, to: number): ReturnType<Store['evidence']> {
    return this.guard(() => this.parts.reader.read(from, to))
  }

  lifetimes(from: number, to: number): ReturnType<Store['lifetimes']> {
    return this.guard(() => this.parts.reader.readLifetimes(from, to))
  }

  inputs(): InputSummary[] {
    return this.positions().map(({ summary }) => summary)
  }

  series(from: number, to: number, stepSeconds: number): Series {
    return this.guard(() => this.parts.trend.series(from, to, stepSeconds))
  }

  counts(query: Parameters<Store['counts']>[0]): ReturnType<Store['counts']> {
    return this.guard(() => this.parts.breakdowns.counts(query))
  }

  quantiles(query: Parameters<Store['quantiles']>[0]): ReturnType<Store['quantiles']> {
    return this.guard(() => this.parts.breakdowns.quantiles(query))
  }

  events(query: { cursor: string | null; limit: number }): EventPage {
    return this.guard(() => this.parts.blocks.list(query))
  }

  problems(): ProblemRow[] {
    return this.guard(() => this.problemTable.problems())
  }

  saveProblems(changed: ProblemRow[], messages: OutboxRow[], watched: readonly WatchedSource[] = []): void {
    this.presence.check()
    this.guard(() => this.problemTable.save(changed, messages, watched))
  }

  history(problem: string): HistoryRow[] {
    return this.guard(() => this.histories.of(problem))
  }

  addNote(problem: string, at: number, text: string): boolean {
    this.presence.check()
    return this.guard(() => this.histories.addNote(problem, at, text))
  }

  deleteNote(problem: string, note: number): boolean {
    this.presence.check()
    return this.guard(() => this.histories.deleteNote(problem, note))
  }

  watchedSources(): WatchedSource[] {
    return this.guard(() => this.problemTable.watched())
  }

  undelivered(limit: number, channel?: string): OutboxRow[] {
    return this.guard(() => this.outbox.undelivered(limit, channel))
  }

  awaited(): string[] {
    return this.guard(() => this.outbox.awaited())
  }

  markDelivery(id: string, result: DeliveryResult): void {
    this.guard(() => this.outbox.mark(id, result))
  }

  followsDead(id: string): boolean {
    return this.guard(() => this.outbox.followsDead(id))
  }

  deliveries(query: DeliveryQuery): ReturnType<Store['deliveries']> {
    return this.guard(() => this.outbox.page(query))
  }

  delivery(id: string): OutboxRow | null {
    return this.guard(() => this.outbox.one(id))
  }

  laterDeliveries(id: string, limit: number): OutboxRow[] {
    return this.guard(() => this.outbox.later(id, limit))
  }

  replay(ids: readonly string[], at: number): void {
    this.guard(() => this.outbox.replay(ids, at))
  }

  outboxCounts(): ReturnType<Store['outboxCounts']> {
    return this.guard(() => this.outbox.counts())
  }

  goneReceivers(): GoneReceiver[] {
    return this.guard(() => this.outbox.gone())
  }

  setGone(receiver: GoneReceiver): void {
    this.guard(() => this.outbox.setGone(receiver))
  }

  forgetGone(name: string): void {
    this.guard(() => this.outbox.forgetGone(name))
  }

  sparkline(finding: Finding, from: number, to: number, steps: number): number[] {
    return this.guard(() => this.parts.trend.sparkline(finding, from, to, steps))
  }

  expire(before: number, maxBytes = Infinity): boolean {
    this.known = null
    this.written = true
    return this.guard(() => this.parts.expiry.run(before, maxBytes))
  }

  tidy(): boolean {
    this.presence.check()
    return this.guard(() => {
      this.parts.proofs.flush()
      this.parts.proofs.forget(performance.now())
      if (this.parts.rollUp.step()) return true
      return this.written && (this.written = this.parts.blocks.merge())
    })
  }

  state(): StoreState {
    const { bytes, free_bytes } = sizeOf(this.db)
    const { scopeCount: places, limit: max_places } = this.parts.dimensions
    const damaged_blocks = this.parts.blocks.damaged.size
    return {
      bytes,
      free_bytes,
      trouble: this.presence.fault() ?? this.trouble,
      places,
      max_places,
      other: this.overflowed.get() ?? 0,
      other_paths: this.parts.others.estimate(),
      damaged_blocks,
      set_aside: this.aside,
    }
  }

  close(): void {
    try {
      if (this.db.open) this.parts.proofs.flush()
    } catch {
      // A disk that is full to the end: lines of proof, no counts.
    }
    this.db.close()
    this.lock.release()
  }

  /** A full disk or a locked file is no bug of ours: the caller gets a StoreError and may try again. */
  private guard<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw asStoreError(error, this.file)
    }
  }
}
