/** Deleting what is older than the retention, in steps short enough for the event loop (5000 rows: about 5 ms). */
import { minuteOf } from '../../diagnosis/contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { dayOf } from './proofs.ts'

const ROWS = 5000
/** Proofs outlive their events. Only when there are this many do those go that nothing counts any more. */
const MAX_EXEMPLARS = 20_000

export class Expiry {
  private readonly dimensions: Dimensions
  private readonly steps: { statement: Statement<[number]>; horizon: (before: number) => number }[]
  private readonly sources: Statement<[]>
  private readonly exemplars: Statement<[], number>
  private readonly unusedExemplars: Statement<[]>
  private readonly unusedScopes: Statement<[]>

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    const step = (sql: string, horizon: (before: number) => number) => ({
      statement: db.prepare<[number]>(sql),
      horizon,
    })
    const byKey = (table: string, key: string): string =>
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE minute < ? LIMIT ${ROWS})`
    const byId = (table: string, column: string): string =>
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${column} < ? LIMIT ${ROWS})`
    this.steps = [
      step(byId('events', 'kept_since'), (before) => before),
      step(byKey('counts', 'minute, scope_id, class_id, timed'), minuteOf),
      step(byKey('lifetimes', 'minute, scope_id, measured_by, bucket'), minuteOf),
      step(byKey('tallies', 'minute, what, key'), minuteOf),
      step(byKey('spans', 'minute'), minuteOf),
      step(byId('clients', 'day'), dayOf),
      step(
        `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE delivered_at < ? LIMIT ${ROWS})`,
        (before) => before,
      ),
      step('DELETE FROM facts WHERE last < ?', (before) => before),
    ]
    this.sources = db.prepare(
      `DELETE FROM sources WHERE committed < (SELECT max(s.committed) FROM sources s WHERE s.path = sources.path)
       AND NOT EXISTS (SELECT 1 FROM events WHERE source_id = sources.id)`,
    )
    this.exemplars = db.prepare('SELECT count(*) FROM exemplars').pluck() as Statement<[], number>
    this.unusedExemplars = db.prepare(
      `DELETE FROM exemplars WHERE id IN (SELECT id FROM exemplars WHERE (scope_id, class_id) NOT IN
       (SELECT scope_id, class_id FROM counts) ORDER BY id LIMIT ${ROWS})`,
    )
    this.unusedScopes = db.prepare(
      `DELETE FROM scopes WHERE id IN (SELECT id FROM scopes WHERE id NOT IN (SELECT scope_id FROM counts)
       AND id NOT IN (SELECT scope_id FROM exemplars) AND id NOT IN (SELECT scope_id FROM lifetime_exemplars) LIMIT ${ROWS})`,
    )
  }

  /** One step. True when there may be more to do. */
  run(before: number): boolean {
    for (const { statement, horizon } of this.steps) {
      if (statement.run(horizon(before)).changes >= ROWS) return true
    }
    this.sources.run()
    if ((this.exemplars.get() ?? 0) > MAX_EXEMPLARS && this.unusedExemplars.run().changes >= ROWS) return true
    // A flood of invented paths must not keep the table full for ever.
    if (this.dimensions.scopeCount < (this.dimensions.limit * 3) / 4) return false
    const { changes } = this.unusedScopes.run()
    if (changes > 0) this.dimensions.reload()
    return changes >= ROWS
  }
}
