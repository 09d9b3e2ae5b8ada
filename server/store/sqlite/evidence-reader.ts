/** Rebuilds the evidence of a window from the tables of counts, as if its records had been folded in memory. */
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
import { ASSUMED, TIMED, type CountColumns } from './count-columns.ts'
import type { Class, Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { EndsReader } from './ends.ts'
import type { Extent } from './extent.ts'
import { bucketsOf, HistogramSum } from './histogram-blob.ts'
import { MEASURES, TALLIES } from './migration-2.ts'
import type { Proofs } from './proofs.ts'
import type { Stale } from './stale.ts'
import { earlier, later } from './slab-writer.ts'
import { MINUTE, minuteNumber, type Segment, type Tier } from './tiers.ts'

/** As many as a fold keeps in memory. */
const MAX_SUSPECTS = 5_000
const MAX_OBSERVATIONS = 5_000
/** Rows of counts that one answer reads: about 100 ms when none is in memory. More are read by the hour, or by the day. */
const MAX_ROWS = 200_000
/** Buckets of a MinuteCounts, as in memory. */
const MAX_BUCKETS = 10_080
/** Points of requests per minute; beyond them by the hour. */
const MAX_MINUTES = 60 * 24 * 62

type Window = [from: number, to: number]
interface HistogramRow {
  scope_id: number
  measure: number
  first: number | null
  last: number | null
  data: Buffer
}
type Counted = Pick<Observation, 'count' | 'first' | 'last' | 'minutes' | 'exemplars' | 'clients'> & {
  scope: number
  class: number
  assumed: boolean
}

export interface ReaderParts {
  dimensions: Dimensions
  proofs: Proofs
  stale: Stale
  columns: CountColumns
  extent: Extent
}

export class EvidenceReader {
  private readonly parts: ReaderParts
  private readonly sum = new HistogramSum()
  private readonly histograms: Statement<[number, number, number], HistogramRow>
  private readonly latencies: Statement<[number, number, number], Buffer>
  private readonly sums: Statement<[number, number, number, number], { key: number; n: number }>
  private readonly requests: Statement<[number, number, number], [start: number, n: number]>
  private readonly ends: EndsReader
  private readonly span: Statement<Window, { first: number | null; last: number | null }>
  private readonly facts: Statement<Window, { what: 'level' | 'variable' | 'format'; value: string }>

  constructor(db: Db, parts: ReaderParts) {
    this.parts = parts
    this.histograms = db.prepare(
      `SELECT scope_id, measure, first, last, data FROM histograms
       WHERE tier = ? AND start >= ? AND start < ? AND measure > 0`,
    )
    this.latencies = db
      .prepare('SELECT data FROM histogram_sums WHERE tier = ? AND measure = 0 AND start >= ? AND start < ?')
      .pluck() as Statement<[number, number, number], Buffer>
    this.sums = db.prepare(
      'SELECT key, sum(n) AS n FROM tallies WHERE tier = ? AND what = ? AND start >= ? AND start < ? GROUP BY key',
    )
    this.requests = db
      .prepare(
        `SELECT start, n FROM tallies WHERE tier = ? AND what = ${TALLIES.indexOf('requests')} AND start >= ? AND start < ?`,
      )
      .raw() as Statement<[number, number, number], [start: number, n: number]>
    this.ends = new EndsReader(db)
    this.span = db.prepare('SELECT min(first) AS first, max(last) AS last FROM spans WHERE minute >= ? AND minute < ?')
    this.facts = db.prepare('SELECT what, value FROM facts WHERE last >= ? AND first < ?')
  }

  /** Minutes that begin in [from, to), `from` snapped to its minute. Either may be infinite. Where minutes would be too
   *  many, counts over time are by the hour or the day, and their MinuteCounts say so; sums are exact in any case. */
  read(from: number, to: number): Evidence {
    const window: Window = [Number.isFinite(from) ? Math.floor(from / MINUTE) * MINUTE : from, to]
    const evidence = emptyEvidence()
    const minutes = this.parts.extent.clamp(minuteNumber(window[0]), Math.ceil(to / MINUTE))
    if (minutes !== null) {
      this.readCounts(evidence, minutes, window)
      const long = this.parts.stale.cover(...minutes, 2)
      this.readHistograms(evidence, long)
      this.readTallies(evidence, minutes, long)
      this.ends.read(evidence.ends, ...minutes)
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

  /** The same window's session lengths: what the page draws of them needs nothing else. */
  readLifetimes(from: number, to: number): Evidence['lifetimes'] {
    const evidence = emptyEvidence()
    const minutes = this.parts.extent.clamp(minuteNumber(from), Math.ceil(to / MINUTE))
    if (minutes !== null) this.readLengths(evidence, this.parts.stale.cover(...minutes, 2))
    return evidence.lifetimes
  }

  private readCounts(evidence: Evidence, [from, to]: Window, window: Window): void {
    const { columns, dimensions, proofs } = this.parts
    const tier = columns.finest(from, to, MAX_ROWS)
    const found = new Map<number, Counted>()
    for (const part of columns.read(from, to, tier)) {
      const { start, scope, class: classes, n, first, last, flags } = part.columns
      for (let i = part.at; i < part.end; i++) {
        const [scopeId, classId] = [scope[i] as number, classes[i] as number]
        const key = scopeId * 65_536 + classId
        let counted = found.get(key)
        if (counted === undefined) found.set(key, (counted = nothing(scopeId, classId, tier)))
        counted.count += n[i] as number
        const flag = flags[i] as number
        if ((flag & TIMED) !== 0) counted.minutes.add((start[i] as number) * MINUTE, n[i] as number)
        if ((flag & ASSUMED) !== 0) counted.assumed = true
        const [one, other] = [first[i] as number, last[i] as number]
        if (one < (counted.first ?? Infinity)) counted.first = one
        if (other > (counted.last ?? -Infinity)) counted.last = other
      }
    }
    for (const counted of found.values()) {
      counted.exemplars = proofs.exemplarsIn(counted.scope, counted.class, ...window)
      counted.clients = proofs.clientsIn(counted.scope, counted.class, ...window)
      const is = dimensions.class(counted.class)
      const scope = dimensions.scope(counted.scope)
      if (is.kind === 'request') addSuspect(evidence, scope, is, counted)
      else addObservation(evidence, scope, { ...is, kind: is.kind }, counted)
    }
    settleShares(evidence, evidence.observations, 0)
    settleShares(evidence, evidence.suspects, 0)
  }

  private readHistograms(evidence: Evidence, segments: readonly Segment[]): void {
    this.readLengths(evidence, segments)
    for (const { tier, from, to } of segments)
      for (const data of this.latencies.iterate(tier, from, to))
        for (const [bucket, n] of bucketsOf(data)) add(evidence.handshake_latency, bucket, n)
  }

  private readLengths(evidence: Evidence, segments: readonly Segment[]): void {
    const { dimensions, proofs } = this.parts
    const found = new Map<number, { lifetimes: Lifetimes; blobs: Buffer[] }>()
    for (const { tier, from, to } of segments)
      for (const { scope_id, measure, first, last, data } of this.histograms.iterate(tier, from, to)) {
        const measured_by = MEASURES[measure]
        if (measured_by === undefined || measured_by === 'latency') throw new Error(`unknown histogram ${measure}`)
        const key = scope_id * MEASURES.length + measure
        let of = found.get(key)
        if (of === undefined) {
          const scope = dimensions.scope(scope_id)
          const buckets = new SortedCounts()
          of = { lifetimes: { scope, measured_by, buckets, exemplars: [], first: null, last: null }, blobs: [] }
          found.set(key, of)
        }
        of.blobs.push(data)
        of.lifetimes.first = earlier(of.lifetimes.first, first)
        of.lifetimes.last = later(of.lifetimes.last, last)
      }
    for (const [key, { lifetimes, blobs }] of found) {
      for (const blob of blobs) this.sum.addBlob(blob)
      lifetimes.buckets = SortedCounts.unpack(this.sum.pairs())
      this.sum.clear()
      lifetimes.exemplars = proofs.lifetimeExemplars(Math.floor(key / MEASURES.length), lifetimes)
      evidence.lifetimes.set(lifetimesKey(lifetimes), lifetimes)
    }
  }

  private readTallies(evidence: Evidence, [from, to]: Window, segments: readonly Segment[]): void {
    const each = (what: (typeof TALLIES)[number], use: (key: number, n: number) => void): void => {
      for (const segment of segments)
        for (const { key, n } of this.sums.iterate(segment.tier, TALLIES.indexOf(what), segment.from, segment.to))
          use(key, n)
    }
    each('status', (key, n) => add(evidence.status, key, n))
    each('suspects_dropped', (_, n) => (evidence.suspects_dropped += n))
    const tier = to - from > MAX_MINUTES ? 1 : 0
    if (tier === 1) evidence.requests_per_minute = coarse(tier)
    for (const segment of this.parts.stale.cover(from, to, tier))
      for (const [start, n] of this.requests.iterate(segment.tier, segment.from, segment.to))
        evidence.requests_per_minute.add(start * MINUTE, n)
  }
}

/** Counts that say that they are by the hour or by the day. */
const coarse = (tier: Tier): MinuteCounts =>
  tier === 0 ? new MinuteCounts() : MinuteCounts.unpack(tier === 1 ? 60 : 1440, new Int32Array(0), MAX_BUCKETS)

const nothing = (scope: number, kind: number, tier: Tier): Counted => ({
  scope,
  class: kind,
  count: 0,
  first: null,
  last: null,
  minutes: coarse(tier),
  exemplars: [],
  clients: new Set(),
  assumed: false,
})

const OTHER = { server: null, path: '(other)', upstream: null }

function addObservation(
  evidence: Evidence,
  scope: Observation['scope'],
  is: Class & { kind: Observation['kind'] },
  counted: Counted,
): void {
  const { count, first, last, minutes, exemplars, clients, assumed } = counted
  const { sign, kind, status, asked, answered_by, echo } = is
  const zone = assumed ? ('assumed' as const) : ('known' as const)
  const identity = { scope, sign, kind, status, asked, answered_by, echo }
  const observation: Observation = { ...identity, zone, count, first, last, minutes, exemplars, clients }
  const full = evidence.observations.size >= MAX_OBSERVATIONS
  if (full) observation.scope = OTHER
  const key = observationKey(observation)
  const other = full ? evidence.observations.get(key) : undefined
  if (other === undefined) {
    evidence.observations.set(key, observation)
    return
  }
  other.count += count
  other.first = earlier(other.first, first)
  other.last = later(other.last, last)
  other.minutes.merge(minutes)
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
