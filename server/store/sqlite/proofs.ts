/** Exemplars and clients: what makes a count believable. Bounded per scope and class, and kept in memory: every commit
 *  adds to them and diagnosis asks for all of them every second. */
import { keepExemplars } from '../../diagnosis/contract.ts'
import type { Evidence, Exemplar, Lifetimes } from '../../diagnosis/contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { measureNumber } from './migration-2.ts'
import { suspectClass } from './slab-writer.ts'

export const DAY = 86_400_000
const MAX_CLIENTS = 8
const MAX_EXEMPLARS = 5
const MAX_LIFETIME_EXEMPLARS = 64
/** Places whose proofs are in memory; those of more are read again. */
const MAX_KEPT = 10_000
/** Those that nobody asked for in the last one or two spans of this length are read again, too: a day of traffic has ten
 *  times the places of its last minutes, and their lines were half of the memory of a server. ms */
const SPAN = 10_000

interface ExemplarRow {
  id: number
  time: number | null
  origin_id: number
  line: number | null
  text: string
}

/** Proof of one scope and class. */
interface Proof {
  scope: number
  class: number
  exemplars: Exemplar[]
  /** Rows of the table that hold exemplars, as many as were written. */
  rows: number[]
  clients: { day: number; client: string }[]
}

export class Proofs {
  private readonly dimensions: Dimensions
  private readonly exemplars: Statement<[number, number], ExemplarRow>
  private readonly insert: Statement<unknown[], { id: number }>
  private readonly replace: Statement
  private readonly lifetimes: Statement<[number, string], ExemplarRow & { bucket: number }>
  private readonly insertLifetime: Statement
  private readonly clients: Statement<[number, number], { day: number; client: string }>
  private readonly insertClient: Statement
  private readonly flushing: { immediate(): void }
  /** `scope class` → its proof: those of this span, and of the one before. */
  private kept = new Map<string, Proof>()
  private before = new Map<string, Proof>()
  private since = -Infinity
  /** Those whose newest lines the table does not have yet. */
  private readonly unwritten = new Set<Proof>()
  /** `scope measure` → buckets that have a line. */
  private readonly proven = new Map<string, Set<number>>()

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.exemplars = db.prepare(
      'SELECT id, time, origin_id, line, text FROM exemplars WHERE scope_id = ? AND class_id = ? ORDER BY id',
    )
    this.insert = db.prepare(
      'INSERT INTO exemplars (scope_id, class_id, time, origin_id, line, text) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
    )
    this.replace = db.prepare('UPDATE exemplars SET time = ?, origin_id = ?, line = ?, text = ? WHERE id = ?')
    this.lifetimes = db.prepare(
      `SELECT id, bucket, time, origin_id, line, text FROM lifetime_exemplars
       WHERE scope_id = ? AND measured_by = ? ORDER BY id`,
    )
    this.insertLifetime = db.prepare(
      `INSERT INTO lifetime_exemplars (scope_id, measured_by, bucket, time, origin_id, line, text)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    this.clients = db.prepare('SELECT day, client FROM clients WHERE scope_id = ? AND class_id = ? ORDER BY id')
    this.insertClient = db.prepare(
      'INSERT INTO clients (day, scope_id, class_id, client) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.flushing = db.transaction(() => this.writeAll())
  }

  /** After a transaction that was rolled back, and when proofs were deleted. */
  reload(): void {
    this.kept.clear()
    this.before.clear()
    this.unwritten.clear()
    this.proven.clear()
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
      const proven = this.provenOf(scope, l.measured_by)
      for (const { bucket, exemplar: e } of l.exemplars) {
        if (proven.size >= MAX_LIFETIME_EXEMPLARS || proven.has(bucket)) continue
        proven.add(bucket)
        this.insertLifetime.run(scope, l.measured_by, bucket, e.time, dimensions.originId(e.source), e.line, e.text)
      }
    }
  }

  /** Writes the newest lines of places that have all of theirs. Each commit changes them for every place, in pages all over
   *  the file, and a line more or less proves nothing: after kill -9 they are those of a second before. */
  flush(): void {
    if (this.unwritten.size > 0) this.flushing.immediate()
  }

  /** Call now and then, after flush(). @param now of a clock that only goes on, ms */
  forget(now: number): void {
    if (now - this.since < SPAN || this.unwritten.size > 0) return
    this.since = now
    this.before = this.kept
    this.kept = new Map()
  }

  private keepTimed(
    scope: number,
    kind: number,
    o: { exemplars: Exemplar[]; clients: Set<string>; last: number | null },
    now: number,
  ): void {
    const proof = this.of(scope, kind)
    const five = newestOf(proof.exemplars, o.exemplars) ?? keepExemplars(proof.exemplars, o.exemplars)
    if (five.length !== proof.exemplars.length || five.some((e, i) => e !== proof.exemplars[i])) {
      // Own objects: an exemplar of a batch holds on to what it was read from.
      proof.exemplars = five.map((e) => (proof.exemplars.includes(e) ? e : own(e)))
      this.unwritten.add(proof)
      if (proof.rows.length < MAX_EXEMPLARS) this.write(proof)
    }
    if (o.clients.size === 0) return
    const day = dayOf(o.last ?? now)
    let room = MAX_CLIENTS - proof.clients.filter((seen) => seen.day === day).length
    for (const client of o.clients) {
      if (room <= 0) break
      if (proof.clients.some((seen) => seen.day === day && seen.client === client)) continue
      this.insertClient.run(day, scope, kind, client)
      proof.clients.push({ day, client })
      room--
    }
  }

  private of(scope: number, kind: number): Proof {
    const key = `${scope} ${kind}`
    const known = this.kept.get(key)
    if (known !== undefined) return known
    const proof = this.before.get(key) ?? this.read(scope, kind)
    // Those that wait for being written stay; there are no more of them than one second of lines is about.
    if (this.kept.size >= MAX_KEPT)
      for (const [other, old] of this.kept) if (!this.unwritten.has(old)) this.kept.delete(other)
    this.kept.set(key, proof)
    return proof
  }

  private read(scope: number, kind: number): Proof {
    const rows = this.exemplars.all(scope, kind)
    return {
      scope,
      class: kind,
      exemplars: keepExemplars(
        [],
        rows.map((row) => this.exemplar(row)),
      ),
      rows: rows.map(({ id }) => id),
      clients: this.clients.all(scope, kind),
    }
  }

  private writeAll(): void {
    for (const proof of this.unwritten) this.write(proof)
  }

  private write(proof: Proof): void {
    for (const [i, { time, source, line, text }] of proof.exemplars.entries()) {
      const origin = this.dimensions.originId(source)
      const row = proof.rows[i]
      if (row !== undefined) this.replace.run(time, origin, line, text, row)
      else proof.rows.push(this.insert.get(proof.scope, proof.class, time, origin, line, text)?.id ?? 0)
    }
    this.unwritten.delete(proof)
  }

  private provenOf(scope: number, measuredBy: Lifetimes['measured_by']): Set<number> {
    const key = `${scope} ${measureNumber(measuredBy)}`
    let proven = this.proven.get(key)
    if (proven === undefined) {
      if (this.proven.size >= MAX_KEPT) this.proven.clear()
      proven = new Set(this.lifetimes.all(scope, measuredBy).map(({ bucket }) => bucket))
      this.proven.set(key, proven)
    }
    return proven
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

/** keepExemplars where all of them came later, as lines do: only the last two change. Null: not so. */
function newestOf(kept: readonly Exemplar[], more: readonly Exemplar[]): Exemplar[] | null {
  const [first, second, third, , fifth] = kept
  if (first === undefined || second === undefined || third === undefined || fifth === undefined) return null
  const [next, last] = [more[0], more.at(-1)]
  return next !== undefined && last !== undefined && isLater(next, fifth)
    ? [first, second, third, more.at(-2) ?? fifth, last]
    : null
}

const isLater = (a: Exemplar, b: Exemplar): boolean =>
  a.time !== null &&
  b.time !== null &&
  (a.time > b.time || (a.time === b.time && a.source === b.source && (a.line ?? 0) > (b.line ?? 0)))

const own = ({ source, line, text, time }: Exemplar): Exemplar => ({ source, line, text, time })

export const dayOf = (time: number): number => Math.floor(time / DAY) * DAY
