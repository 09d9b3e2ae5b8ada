/** Writing one batch: position, events and slabs in one transaction. */
import { minuteOf } from '../../diagnosis/contract.ts'
import type { Batch, CommitResult } from '../contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { Proofs } from './proofs.ts'
import { SlabWriter } from './slab-writer.ts'

export class Committer {
  private readonly dimensions: Dimensions
  private readonly proofs: Proofs
  private readonly slabs: SlabWriter
  private readonly stored: Statement<[string], { id: number; seq: number }>
  private readonly saveSource: Statement<[string, string, number, string, string], { id: number }>
  private readonly insertEvent: Statement
  private readonly transaction: { immediate(batch: Batch, now: number): CommitResult }

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.proofs = new Proofs(db, dimensions)
    this.slabs = new SlabWriter(db, dimensions)
    this.stored = db.prepare('SELECT id, seq FROM sources WHERE generation = ?')
    this.saveSource = db.prepare(
      `INSERT INTO sources (generation, path, seq, position, summary, committed)
       VALUES (?, ?, ?, ?, ?, (SELECT ifnull(max(committed), 0) + 1 FROM sources))
       ON CONFLICT (generation) DO UPDATE SET path = excluded.path, seq = excluded.seq, position = excluded.position,
         summary = excluded.summary, committed = excluded.committed
       RETURNING id`,
    )
    this.insertEvent = db.prepare(
      `INSERT INTO events (source_id, seq, ordinal, time, kept_since, class_id, scope_id, origin_id, line, client, text)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.transaction = db.transaction((batch: Batch, now: number) => this.write(batch, now))
  }

  /** `now` (epoch ms) is where events without a time are filed. */
  commit(batch: Batch, now: number): CommitResult {
    try {
      return this.transaction.immediate(batch, now)
    } catch (error) {
      // Ids given in the transaction do not exist any more.
      this.dimensions.reload()
      throw error
    }
  }

  private write(batch: Batch, now: number): CommitResult {
    const { generation, path, seq, position, summary } = batch.source
    const before = this.stored.get(generation)
    if (before !== undefined && before.seq !== batch.from_seq) {
      if (seq <= before.seq) return 'already-applied'
      throw new Error(`${path}: batch from ${batch.from_seq} to ${seq}, but the stored position is ${before.seq}`)
    }
    const source = this.saveSource.get(generation, path, seq, position, JSON.stringify(summary))
    if (source === undefined) throw new Error('upsert returned no row')
    this.writeEvents(batch, source.id, now)
    const dropped = this.slabs.write(batch, minuteOf(now))
    this.slabs.tally(minuteOf(batch.evidence.last ?? now), 'suspects_dropped', 0, dropped)
    this.proofs.keep(batch.evidence, now)
    return 'committed'
  }

  private writeEvents(batch: Batch, source: number, now: number): void {
    const { dimensions } = this
    for (const { event, seq, ordinal, exemplar } of batch.events) {
      this.insertEvent.run(
        source,
        seq,
        ordinal,
        event.time,
        event.time ?? now,
        dimensions.classId(classOf(event)),
        dimensions.scopeId(event.scope),
        dimensions.originId(exemplar.source),
        exemplar.line,
        event.client,
        exemplar.text,
      )
    }
  }
}

/** As foldEvent tells observations apart. */
function classOf(event: Batch['events'][number]['event']): Parameters<Dimensions['classId']>[0] {
  const failed = event.kind === 'handshake_failed' ? event : null
  return {
    kind: event.kind,
    sign: event.sign,
    status: 'status' in event ? event.status : null,
    asked: failed?.asked ?? null,
    answered_by: failed?.answered_by ?? null,
    echo: event.echo === true,
  }
}
