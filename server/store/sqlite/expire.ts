/** Deleting what is older than the retention or more than the largest size, in steps short enough for the event loop
 *  (5000 rows: about 5 ms), and giving the room back to the file system. */
import type { CountColumns } from './count-columns.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { SLACK, type EventBlocks } from './event-blocks.ts'
import type { Extent } from './extent.ts'
import { ENDS_MEASURE } from './ends.ts'
import { MEASURES, TALLIES } from './migration-2.ts'
import type { OtherPaths } from './other-paths.ts'
import { dayOf, type Proofs } from './proofs.ts'
import type { Stale } from './stale.ts'
import { LENGTH, MINUTE, minuteNumber, type Tier } from './tiers.ts'
import { Unused } from './unused.ts'

const ROWS = 5000
const HOUR = 60 * MINUTE
/** Problems that are long over, beyond this many, go with their messages. */
const MAX_RESOLVED = 1000
/** Free pages that are kept for what is written next, as a part of all, and pages given back in one step (about 3 ms). */
const SPARE = 0.05
const SPARE_PAGES = 500
const PAGES = 200

export interface ExpiryParts {
  others: OtherPaths
  dimensions: Dimensions
  blocks: EventBlocks
  columns: CountColumns
  sums: CountColumns
  stale: Stale
  proofs: Proofs
  extent: Extent
}

export interface Size {
  /** Of the file, and what of it is free. */
  bytes: number
  free_bytes: number
  /** False for a database made before the file could shrink: `halfopen db compact` changes it. */
  shrinks: boolean
}

export function sizeOf(db: Db): Size {
  const number = (name: string): number => Number(db.pragma(name, { simple: true }))
  const page = number('page_size')
  return {
    bytes: number('page_count') * page,
    free_bytes: number('freelist_count') * page,
    shrinks: number('auto_vacuum') === 2,
  }
}

export class Expiry {
  private readonly db: Db
  private readonly parts: ExpiryParts
  /** `at` makes the bound of a step: minutes since 1970 for counts, epoch ms for the others. */
  private readonly counts: { statement: Statement<[number]>; tier: Tier }[]
  private readonly spans: Statement<[number]>
  private readonly others: { statement: Statement<[number]>; at: (before: number) => number }[]
  private readonly unused: Unused
  private readonly horizon: Statement<[number]>
  private readonly begin: { immediate(minute: number): void }

  constructor(db: Db, parts: ExpiryParts) {
    this.db = db
    this.parts = parts
    this.unused = new Unused(db, parts)
    const byKey = (table: string, key: string, where: string): Statement<[number]> =>
      db.prepare(
        `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} < ? LIMIT ${ROWS})`,
      )
    const byId = (table: string, column: string): Statement<[number]> =>
      db.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${column} < ? LIMIT ${ROWS})`)
    this.counts = ([0, 1, 2] as const).flatMap((tier) => [
      { tier, statement: byKey('counts', 'tier, start, scope_id, class_id, timed', `tier = ${tier} AND start`) },
      { tier, statement: byKey('trend', 'tier, start, class_id', `tier = ${tier} AND start`) },
      { tier, statement: byKey('histograms', 'tier, start, scope_id, measure', `tier = ${tier} AND start`) },
      ...TALLIES.map((_, what) => ({
        tier,
        statement: byKey('tallies', 'tier, what, start, key', `tier = ${tier} AND what = ${what} AND start`),
      })),
      ...[...MEASURES.keys(), ENDS_MEASURE].map((measure) => ({
        tier,
        statement: byKey('histogram_sums', 'tier, measure, start', `tier = ${tier} AND measure = ${measure} AND start`),
      })),
    ])
    this.spans = byKey('spans', 'minute', 'minute')
    this.others = [
      { statement: byId('clients', 'day'), at: dayOf },
      { statement: db.prepare('DELETE FROM other_paths WHERE day < ?'), at: dayOf },
      { statement: byId('outbox', 'delivered_at'), at: (before) => before },
      { statement: byId('outbox', 'dead_at'), at: (before) => before },
      { statement: db.prepare('DELETE FROM facts WHERE last < ?'), at: (before) => before },
      // A generation that was read to its end long ago does not come back.
      {
        statement: db.prepare(
          `DELETE FROM sources WHERE committed_at < ?
           AND committed < (SELECT max(s.committed) FROM sources s WHERE s.path = sources.path)`,
        ),
        at: (before) => before,
      },
      {
        statement: db.prepare(
          `DELETE FROM problems WHERE state = 'resolved' AND changed_at < ? AND id NOT IN
           (SELECT id FROM problems ORDER BY changed_at DESC LIMIT ${MAX_RESOLVED})`,
        ),
        at: (before) => before,
      },
    ]
    this.horizon = db.prepare(
      `INSERT INTO horizons (what, time) VALUES ('counts', ?) ON CONFLICT DO UPDATE SET time = max(time, excluded.time)`,
    )
    this.begin = db.transaction((minute: number) => {
      this.horizon.run(minute * MINUTE)
      // What is left of the hour and the day is summed up again.
      parts.stale.touch(minute)
    })
  }

  /** One step. @param before epoch ms. @param maxBytes what the file may hold. True when there may be more to do. */
  run(before: number, maxBytes: number): boolean {
    const { bytes, free_bytes, shrinks } = sizeOf(this.db)
    if (this.older(before)) return true
    if (bytes - free_bytes > maxBytes && this.oldestHour()) return true
    if (!shrinks || free_bytes <= Math.max(bytes * SPARE, SPARE_PAGES * 4096)) return false
    this.db.pragma(`incremental_vacuum(${PAGES})`)
    return true
  }

  private older(before: number): boolean {
    const { blocks, columns, sums, extent } = this.parts
    if (blocks.expire(before)) return true
    // The counts of an event stay as long as the event.
    const minute = minuteNumber(before - SLACK)
    if (extent.clamp(-Infinity, minute) !== null) {
      this.begin.immediate(minute)
      columns.forgetBefore(minute)
      sums.forgetBefore(minute)
      for (const { statement, tier } of this.counts)
        if (statement.run(minute - LENGTH[tier] + 1).changes >= ROWS) return true
      if (this.spans.run(minute * MINUTE).changes >= ROWS) return true
    }
    for (const { statement, at } of this.others) if (statement.run(at(before)).changes >= ROWS) return true
    this.parts.others.reload()
    return this.unused.step()
  }

  /** As if the retention ended an hour later than what is there begins. False when there is nothing left to delete. */
  private oldestHour(): boolean {
    const { blocks, extent } = this.parts
    const counted = extent.clamp(-Infinity, Infinity)
    const oldest = Math.min(blocks.oldestTime() ?? Infinity, counted === null ? Infinity : counted[0] * MINUTE)
    if (!Number.isFinite(oldest)) return false
    const before = (Math.floor(oldest / HOUR) + 1) * HOUR + SLACK
    this.older(before)
    return true
  }
}
