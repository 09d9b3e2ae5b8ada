/** Exemplars and clients: what makes a count believable. Bounded per scope and class. */
import { keepExemplars } from '../../diagnosis/contract.ts'
import type { Evidence, Exemplar, Lifetimes } from '../../diagnosis/contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { suspectClass } from './slab-writer.ts'

export const DAY = 86_400_000
const MAX_CLIENTS = 8
const MAX_LIFETIME_EXEMPLARS = 64
/** Places whose proofs are kept in memory: diagnosis asks for all of them every second. */
const MAX_KEPT = 10_000

interface ExemplarRow {
  time: number | null
  origin_id: number
  line: number | null
  text: string
}

export class Proofs {
  private readonly dimensions: Dimensions
  private readonly exemplars: Statement<[number, number], ExemplarRow>
  private readonly forget: Statement
  private readonly insert: Statement
  private readonly lifetimes: Statement<[number, string], ExemplarRow & { bucket: number }>
  private readonly insertLifetime: Statement
  private readonly clients: Statement<[number, number], { day: number; client: string }>
  private readonly insertClient: Statement
  /** `scope class` → what the tables say. */
  private readonly kept = new Map<string, { exemplars: Exemplar[]; clients: { day: number; client: string }[] }>()

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.exemplars = db.prepare(
      'SELECT time, origin_id, line, text FROM exemplars WHERE scope_id = ? AND class_id = ? ORDER BY id',
    )
    this.forget = db.prepare('DELETE FROM exemplars WHERE scope_id = ? AND class_id = ?')
    this.insert = db.prepare(
      'INSERT INTO exemplars (scope_id, class_id, time, origin_id, line, text) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.lifetimes = db.prepare(
      `SELECT bucket, time, origin_id, line, text FROM lifetime_exemplars WHERE scope_id = ? AND measured_by = ? ORDER BY id`,
    )
    this.insertLifetime = db.prepare(
      `INSERT INTO lifetime_exemplars (scope_id, measured_by, bucket, time, origin_id, line, text)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    this.clients = db.prepare('SELECT day, client FROM clients WHERE scope_id = ? AND class_id = ? ORDER BY id')
    this.insertClient = db.prepare(
      'INSERT INTO clients (day, scope_id, class_id, client) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
  }

  /** After a transaction that was rolled back, and when proofs were deleted. */
  reload(): void {
    this.kept.clear()
  }

  /** Runs inside the transaction of the commit. */
  keep(evidence: Evidence, now: number): void {
    const { dimensions } = this
    for (const o of evidence.observations.values())
      this.keepTimed(dimensions.scopeId(o.scope), dimensions.classId(o), o, now)
    for (const s of evidence.suspects.values()) {
      const scope = dimensions.suspectScopeId(s.scope)
      if (scope !== null) this.keepTimed(scope, dimensions.classId(suspectClass(s)), s, now)
    }
    for (const l of evidence.lifetimes.values()) {
      const scope = dimensions.scopeId(l.scope)
      let room = MAX_LIFETIME_EXEMPLARS - this.lifetimes.all(scope, l.measured_by).length
      for (const { bucket, exemplar: e } of l.exemplars) {
        if (room <= 0) break
        const origin = dimensions.originId(e.source)
        room -= this.insertLifetime.run(scope, l.measured_by, bucket, e.time, origin, e.line, e.text).changes
      }
    }
  }

  private keepTimed(
    scope: number,
    kind: number,
    o: { exemplars: Exemplar[]; clients: Set<string>; last: number | null },
    now: number,
  ): void {
    const before = this.of(scope, kind)
    const five = keepExemplars(before.exemplars, o.exemplars)
    if (five.length !== before.exemplars.length || five.some((e, i) => e !== before.exemplars[i])) {
      this.forget.run(scope, kind)
      for (const e of five) this.insert.run(scope, kind, e.time, this.dimensions.originId(e.source), e.line, e.text)
      // Read again by whoever asks: a line is masked text there, and a whole buffer here.
      this.kept.delete(`${scope} ${kind}`)
    }
    if (o.clients.size === 0) return
    const day = dayOf(o.last ?? now)
    const known = before.clients.filter((seen) => seen.day === day)
    let room = MAX_CLIENTS - known.length
    for (const client of o.clients) {
      if (room <= 0) break
      if (known.some((seen) => seen.client === client)) continue
      room -= this.insertClient.run(day, scope, kind, client).changes
      this.kept.delete(`${scope} ${kind}`)
    }
  }

  private of(scope: number, kind: number): { exemplars: Exemplar[]; clients: { day: number; client: string }[] } {
    const key = `${scope} ${kind}`
    let found = this.kept.get(key)
    if (found === undefined) {
      const exemplars = this.exemplars.all(scope, kind).map((row) => this.exemplar(row))
      found = { exemplars, clients: this.clients.all(scope, kind) }
      if (this.kept.size >= MAX_KEPT) this.kept.clear()
      this.kept.set(key, found)
    }
    return found
  }

  private exemplar({ time, origin_id, line, text }: ExemplarRow): Exemplar {
    return { source: this.dimensions.origin(origin_id), line, text, time }
  }

  /** Those of the window; when none is in it, those that show the same thing at another time. */
  exemplarsIn(scope: number, kind: number, from: number, to: number): Exemplar[] {
    const all = this.of(scope, kind).exemplars
    const inside = all.filter(({ time }) => time === null || (time >= from && time < to))
    return inside.length > 0 ? inside : [...all]
  }

  /** Clients seen on the days of the window. */
  clientsIn(scope: number, kind: number, from: number, to: number): Set<string> {
    const all = new Set<string>()
    const since = Number.isFinite(from) ? dayOf(from) : from
    for (const { day, client } of this.of(scope, kind).clients) {
      if (day >= since && day < to) all.add(client)
      if (all.size === MAX_CLIENTS) break
    }
    return all
  }

  /** Proof for the buckets that the window has. */
  lifetimeExemplars(scope: number, l: Lifetimes): Lifetimes['exemplars'] {
    return this.lifetimes
      .all(scope, l.measured_by)
      .filter(({ bucket }) => l.buckets.has(bucket))
      .map((row) => ({ bucket: row.bucket, exemplar: this.exemplar(row) }))
  }
}

export const dayOf = (time: number): number => Math.floor(time / DAY) * DAY
