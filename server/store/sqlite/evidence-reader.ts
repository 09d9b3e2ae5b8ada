/** Rebuilds the evidence of a window from the per-minute tables, as if its records had been folded in memory. */
import {
  add,
  emptyEvidence,
  lifetimesKey,
  MinuteCounts,
  observationKey,
  settleShares,
  SortedCounts,
  suspectKey,
} from '../../diagnosis/contract.ts'
import type { Evidence, Lifetimes, Observation, Suspect } from '../../diagnosis/contract.ts'
import type { Class, Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { Proofs } from './proofs.ts'
import type { Tally } from './slab-writer.ts'

/** As many as a fold keeps in memory. */
const MAX_SUSPECTS = 5_000

type Window = [from: number, to: number]
interface CountRow {
  minute: number
  scope_id: number
  class_id: number
  timed: 0 | 1
  n: number
  first: number | null
  last: number | null
  assumed: 0 | 1
}
interface LifetimeRow {
  scope_id: number
  measured_by: Lifetimes['measured_by']
  bucket: number
  n: number
  first: number | null
  last: number | null
}
type Counted = Pick<Observation, 'count' | 'first' | 'last' | 'minutes' | 'exemplars' | 'clients'> & {
  assumed: boolean
}

export class EvidenceReader {
  private readonly dimensions: Dimensions
  private readonly proofs: Proofs
  private readonly counts: Statement<Window, CountRow>
  private readonly lifetimes: Statement<Window, LifetimeRow>
  private readonly tallies: Statement<Window, { minute: number; what: Tally; key: number; n: number }>
  private readonly span: Statement<Window, { first: number | null; last: number | null }>
  private readonly facts: Statement<Window, { what: 'level' | 'variable' | 'format'; value: string }>

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    this.proofs = new Proofs(db, dimensions)
    this.counts = db.prepare('SELECT * FROM counts WHERE minute >= ? AND minute < ?')
    this.lifetimes = db.prepare(
      `SELECT scope_id, measured_by, bucket, sum(n) AS n, min(first) AS first, max(last) AS last FROM lifetimes
       WHERE minute >= ? AND minute < ? GROUP BY scope_id, measured_by, bucket`,
    )
    this.tallies = db.prepare('SELECT * FROM tallies WHERE minute >= ? AND minute < ?')
    this.span = db.prepare('SELECT min(first) AS first, max(last) AS last FROM spans WHERE minute >= ? AND minute < ?')
    this.facts = db.prepare('SELECT what, value FROM facts WHERE last >= ? AND first < ?')
  }

  /** Minutes that begin in [from, to), `from` snapped to its minute. Either may be infinite. */
  read(from: number, to: number): Evidence {
    const window: Window = [Number.isFinite(from) ? Math.floor(from / 60_000) * 60_000 : from, to]
    const evidence = emptyEvidence()
    this.readCounts(evidence, window)
    this.readLifetimes(evidence, window)
    for (const { minute, what, key, n } of this.tallies.iterate(...window)) {
      if (what === 'status') add(evidence.status, key, n)
      else if (what === 'requests') evidence.requests_per_minute.add(minute, n)
      else if (what === 'latency') add(evidence.handshake_latency, key, n)
      else evidence.suspects_dropped += n
    }
    for (const { what, value } of this.facts.iterate(...window)) {
      if (what === 'level') evidence.error_levels.add(value)
      else if (what === 'variable') evidence.variables.add(value)
      else evidence.formats.add(value)
    }
    const span = this.span.get(...window)
    evidence.first = span?.first ?? null
    evidence.last = span?.last ?? null
    return evidence
  }

  private readCounts(evidence: Evidence, [from, to]: Window): void {
    const found = new Map<number, Map<number, Counted>>()
    for (const row of this.counts.iterate(from, to)) {
      let ofScope = found.get(row.scope_id)
      if (ofScope === undefined) found.set(row.scope_id, (ofScope = new Map()))
      let counted = ofScope.get(row.class_id)
      if (counted === undefined) ofScope.set(row.class_id, (counted = nothing()))
      counted.count += row.n
      if (row.timed === 1) counted.minutes.add(row.minute, row.n)
      if (row.first !== null && row.first < (counted.first ?? Infinity)) counted.first = row.first
      if (row.last !== null && row.last > (counted.last ?? -Infinity)) counted.last = row.last
      if (row.assumed === 1) counted.assumed = true
    }
    for (const [scopeId, ofScope] of found) {
      for (const [classId, counted] of ofScope) {
        counted.exemplars = this.proofs.exemplarsIn(scopeId, classId, from, to)
        counted.clients = this.proofs.clientsIn(scopeId, classId, from, to)
        const is = this.dimensions.class(classId)
        if (is.kind === 'request') addSuspect(evidence, this.dimensions.scope(scopeId), is, counted)
        else addObservation(evidence, this.dimensions.scope(scopeId), { ...is, kind: is.kind }, counted)
      }
    }
    settleShares(evidence, evidence.observations, 0)
    settleShares(evidence, evidence.suspects, 0)
  }

  private readLifetimes(evidence: Evidence, window: Window): void {
    const scopes = new Map<Lifetimes, number>()
    for (const row of this.lifetimes.iterate(...window)) {
      const scope = this.dimensions.scope(row.scope_id)
      const { measured_by } = row
      const key = lifetimesKey({ scope, measured_by })
      let found = evidence.lifetimes.get(key)
      if (found === undefined) {
        found = { scope, measured_by, buckets: new SortedCounts(), exemplars: [], first: null, last: null }
        evidence.lifetimes.set(key, found)
        scopes.set(found, row.scope_id)
      }
      found.buckets.add(row.bucket, row.n)
      if (row.first !== null && row.first < (found.first ?? Infinity)) found.first = row.first
      if (row.last !== null && row.last > (found.last ?? -Infinity)) found.last = row.last
    }
    for (const [lifetimes, scope] of scopes) lifetimes.exemplars = this.proofs.lifetimeExemplars(scope, lifetimes)
  }
}

const nothing = (): Counted => ({
  count: 0,
  first: null,
  last: null,
  minutes: new MinuteCounts(),
  exemplars: [],
  clients: new Set(),
  assumed: false,
})

function addObservation(
  evidence: Evidence,
  scope: Observation['scope'],
  is: Class & { kind: Observation['kind'] },
  { assumed, ...counted }: Counted,
): void {
  const identity = {
    scope,
    sign: is.sign,
    kind: is.kind,
    status: is.status,
    asked: is.asked,
    answered_by: is.answered_by,
    echo: is.echo,
  }
  const zone = assumed ? ('assumed' as const) : ('known' as const)
  const observation: Observation = { ...identity, zone, ...counted }
  evidence.observations.set(observationKey(observation), observation)
}

function addSuspect(evidence: Evidence, scope: Suspect['scope'], is: Class, counted: Counted): void {
  const { count, first, last, minutes, exemplars, clients } = counted
  if (evidence.suspects.size >= MAX_SUSPECTS) {
    evidence.suspects_dropped += count
    return
  }
  const { answered_by } = is
  const suspect: Suspect = {
    scope,
    status: is.status ?? 0,
    answered_by,
    count,
    first,
    last,
    minutes,
    exemplars,
    clients,
  }
  evidence.suspects.set(suspectKey(suspect), suspect)
}
