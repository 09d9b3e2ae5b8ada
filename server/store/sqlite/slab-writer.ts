/** Adds a batch's evidence to the per-minute tables. Runs inside the transaction of the commit. */
import { minuteOf } from '../../diagnosis/contract.ts'
import type { Evidence, Suspect } from '../../diagnosis/contract.ts'
import type { Batch } from '../contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { slabsOf, spansOf, spreadStatus } from './slabs.ts'

export type Tally = 'status' | 'requests' | 'latency' | 'suspects_dropped'
/** Names of variables come from the log; a log in JSON may have any number of them. */
const MAX_FACTS = 500

export class SlabWriter {
  private readonly dimensions: Dimensions
  private readonly count: Statement
  private readonly lifetime: Statement
  private readonly addTally: Statement
  private readonly span: Statement
  private readonly fact: Statement

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    // min() and max() of two values are NULL when one is; of rows, NULLs are skipped. Here NULL means "no time".
    const widen = `n = n + excluded.n, first = ifnull(min(first, excluded.first), ifnull(first, excluded.first)),
      last = ifnull(max(last, excluded.last), ifnull(last, excluded.last))`
    this.count = db.prepare(
      `INSERT INTO counts (minute, scope_id, class_id, timed, n, first, last, assumed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${widen}, assumed = max(assumed, excluded.assumed)`,
    )
    this.lifetime = db.prepare(
      `INSERT INTO lifetimes (minute, scope_id, measured_by, bucket, n, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${widen}`,
    )
    this.addTally = db.prepare(
      'INSERT INTO tallies (minute, what, key, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    )
    this.span = db.prepare(
      `INSERT INTO spans (minute, first, last) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
    )
    this.fact = db.prepare(
      `INSERT INTO facts (what, value, first, last) SELECT $what, $value, $first, $last
       WHERE (SELECT count(*) FROM facts) < ${MAX_FACTS} OR EXISTS (SELECT 1 FROM facts WHERE what = $what AND value = $value)
       ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
    )
  }

  /** `readIn` is the minute of events without a time. Returns how many suspects found no room. */
  write(batch: Batch, readIn: number): number {
    const { evidence } = batch
    const slabs = slabsOf(batch)
    for (const [minute, slab] of slabs.minutes) this.events(minute, slab, 1)
    this.events(readIn, slabs.untimed, 0)
    for (const [minute, n] of evidence.requests_per_minute) this.tally(minute, 'requests', 0, n)
    const end = evidence.last === null ? readIn : minuteOf(evidence.last)
    for (const [minute, status, n] of spreadStatus(evidence, end)) this.tally(minute, 'status', status, n)
    for (const [minute, { first, last }] of spansOf(evidence, slabs)) this.span.run(minute, first, last)
    this.facts(evidence, readIn)
    let dropped = evidence.suspects_dropped
    for (const suspect of evidence.suspects.values()) if (!this.suspect(suspect, readIn)) dropped += suspect.count
    return dropped
  }

  tally(minute: number, what: Tally, key: number, n: number): void {
    if (n > 0) this.addTally.run(minute, what, key, n)
  }

  private events(minute: number, slab: Evidence, timed: 0 | 1): void {
    const { dimensions } = this
    for (const o of slab.observations.values()) {
      const [scope, kind] = [dimensions.scopeId(o.scope), dimensions.classId(o)]
      this.count.run(minute, scope, kind, timed, o.count, o.first, o.last, o.zone === 'assumed' ? 1 : 0)
    }
    for (const l of slab.lifetimes.values()) {
      const scope = dimensions.scopeId(l.scope)
      for (const [bucket, n] of l.buckets) this.lifetime.run(minute, scope, l.measured_by, bucket, n, l.first, l.last)
    }
    for (const [bucket, n] of slab.handshake_latency) this.tally(minute, 'latency', bucket, n)
  }

  private suspect(s: Suspect, readIn: number): boolean {
    const scope = this.dimensions.suspectScopeId(s.scope)
    if (scope === null) return false
    const kind = this.dimensions.classId(suspectClass(s))
    const { first, last } = s
    let timed = 0
    for (const [minute, n] of s.minutes) {
      timed += n
      // Exact at the ends; between them the start of the minute stands for its requests.
      const from = first !== null && minuteOf(first) === minute ? first : minute
      const to = last !== null && minuteOf(last) === minute ? last : from
      this.count.run(minute, scope, kind, 1, n, from, to, 0)
    }
    if (s.count > timed) this.count.run(readIn, scope, kind, 0, s.count - timed, null, null, 0)
    return true
  }

  private facts(evidence: Evidence, readIn: number): void {
    const [first, last] = [evidence.first ?? readIn, evidence.last ?? readIn]
    const sets = { level: evidence.error_levels, variable: evidence.variables, format: evidence.formats }
    for (const [what, values] of Object.entries(sets))
      for (const value of values) this.fact.run({ what, value, first, last })
  }
}

export function suspectClass(s: Pick<Suspect, 'status' | 'answered_by'>): Parameters<Dimensions['classId']>[0] {
  return { kind: 'request', sign: '', status: s.status, asked: null, answered_by: s.answered_by, echo: false }
}
