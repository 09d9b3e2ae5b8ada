/** The embedded store: one SQLite file, one connection, one writer. */
import { resolve } from 'node:path'
import type { Finding, InputSummary } from '../../diagnosis/contract.ts'
import type { EventPage, Series } from '../../http/wire.ts'
import type { Batch, CommitResult, OutboxRow, ProblemRow, SourcePosition, Store } from '../contract.ts'
import { Committer } from './commit.ts'
import { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { EventList } from './event-list.ts'
import { EvidenceReader } from './evidence-reader.ts'
import { Expiry } from './expire.ts'
import { asStoreError, openDatabase } from './open.ts'
import { ProblemTable } from './problem-table.ts'
import { Trend } from './trend.ts'

/** Opens or creates the database at `path`. Throws StoreError, whose message names the path and what to do. */
export function openSqliteStore(path: string): Store {
  const db = openDatabase(path)
  try {
    return new SqliteStore(db, resolve(path))
  } catch (error) {
    db.close()
    throw asStoreError(error, resolve(path))
  }
}

class SqliteStore implements Store {
  private readonly db: Db
  private readonly file: string
  private readonly committer: Committer
  private readonly reader: EvidenceReader
  private readonly trend: Trend
  private readonly list: EventList
  private readonly problemTable: ProblemTable
  private readonly expiry: Expiry
  private readonly newest: Statement<[], Omit<SourcePosition, 'summary'> & { summary: string }>

  constructor(db: Db, file: string) {
    this.db = db
    this.file = file
    const dimensions = new Dimensions(db)
    this.committer = new Committer(db, dimensions)
    this.reader = new EvidenceReader(db, dimensions)
    this.trend = new Trend(db, dimensions)
    this.list = new EventList(db, dimensions)
    this.problemTable = new ProblemTable(db)
    this.expiry = new Expiry(db, dimensions)
    this.newest = db.prepare(
      `SELECT generation, path, seq, position, summary FROM sources s
       WHERE committed = (SELECT max(committed) FROM sources WHERE path = s.path) ORDER BY path`,
    )
  }

  positions(): SourcePosition[] {
    return this.guard(() =>
      this.newest.all().map((row) => ({ ...row, summary: JSON.parse(row.summary) as InputSummary })),
    )
  }

  commit(batch: Batch): CommitResult {
    return this.guard(() => this.committer.commit(batch, Date.now()))
  }

  evidence(from: number, to: number): ReturnType<Store['evidence']> {
    return this.guard(() => this.reader.read(from, to))
  }

  inputs(): InputSummary[] {
    return this.positions().map(({ summary }) => summary)
  }

  series(from: number, to: number, stepSeconds: number): Series {
    return this.guard(() => this.trend.series(from, to, stepSeconds))
  }

  events(query: { cursor: string | null; limit: number }): EventPage {
    return this.guard(() => this.list.read(query))
  }

  problems(): ProblemRow[] {
    return this.guard(() => this.problemTable.problems())
  }

  saveProblems(changed: ProblemRow[], messages: OutboxRow[]): void {
    this.guard(() => this.problemTable.save(changed, messages))
  }

  undelivered(limit: number): OutboxRow[] {
    return this.guard(() => this.problemTable.undelivered(limit))
  }

  markDelivery(id: string, result: { delivered_at: number } | { error: string }): void {
    this.guard(() => this.problemTable.mark(id, result))
  }

  sparkline(finding: Finding, from: number, to: number, steps: number): number[] {
    return this.guard(() => this.trend.sparkline(finding, from, to, steps))
  }

  expire(before: number): boolean {
    return this.guard(() => this.expiry.run(before))
  }

  close(): void {
    this.db.close()
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
