/** Writing one batch: position, events and counts in one transaction. */
import { minuteOf } from '../../diagnosis/contract.ts'
import type { Batch, CommitResult } from '../contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import type { EventBlocks } from './event-blocks.ts'
import type { OtherPaths } from './other-paths.ts'
import type { Proofs } from './proofs.ts'
import { slabsOf } from './slabs.ts'
import { SlabWriter } from './slab-writer.ts'
import type { Stale } from './stale.ts'

export interface CommitParts {
  others: OtherPaths
  dimensions: Dimensions
  blocks: EventBlocks
  proofs: Proofs
  stale: Stale
  /** Called with the minutes since 1970 that a commit wrote to. */
  onWritten: (minutes: ReadonlySet<number>) => void
}

export class Committer {
  private readonly parts: CommitParts
  private readonly slabs: SlabWriter
  private readonly stored: Statement<[string], { id: number; seq: number }>
  private readonly saveSource: Statement<[string, string, number, string, string, number], { id: number }>
  private readonly transaction: { immediate(batch: Batch, now: number): CommitResult }

  constructor(db: Db, parts: CommitParts) {
    this.parts = parts
    this.slabs = new SlabWriter(db, parts.dimensions, parts.stale)
    this.stored = db.prepare('SELECT id, seq FROM sources WHERE generation = ?')
    this.saveSource = db.prepare(
      `INSERT INTO sources (generation, path, seq, position, summary, committed, committed_at)
       VALUES (?, ?, ?, ?, ?, (SELECT ifnull(max(committed), 0) + 1 FROM sources), ?)
       ON CONFLICT (generation) DO UPDATE SET path = excluded.path, seq = excluded.seq, position = excluded.position,
         summary = excluded.summary, committed = excluded.committed, committed_at = excluded.committed_at
       RETURNING id`,
    )
    this.transaction = db.transaction((batch: Batch, now: number) => this.write(batch, now))
  }

  /** `now` (epoch ms) is where events without a time are filed. */
  commit(batch: Batch, now: number): CommitResult {
    try {
      return this.transaction.immediate(batch, now)
    } catch (error) {
      // What was given in the transaction, ids and marks, does not exist any more.
      const { others, dimensions, blocks, proofs, stale } = this.parts
      for (const part of [others, dimensions, blocks, proofs, stale]) part.reload()
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
    const source = this.saveSource.get(generation, path, seq, position, JSON.stringify(summary), now)
    if (source === undefined) throw new Error('upsert returned no row')
    const { others, dimensions, blocks, proofs, onWritten } = this.parts
    const slabs = slabsOf(batch, source.id, now, dimensions)
    blocks.append(slabs.events, slabs.repeated)
    onWritten(this.slabs.write(batch, slabs, minuteOf(now)))
    proofs.keep(batch.evidence, now)
    others.save(now)
    return 'committed'
  }
}
