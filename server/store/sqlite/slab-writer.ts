/** Adds a batch's counts to the minutes. Runs inside the transaction of the commit. */
import { minuteOf, type Evidence, type Suspect } from '../../diagnosis/contract.ts'
import type { Batch } from '../contract.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import { ENDS_MEASURE, minutesOf } from './ends.ts'
import { HistogramSum } from './histogram-blob.ts'
import { TALLIES } from './migration-2.ts'
import { spansOf, spreadStatus, type Counted, type Slabs } from './slabs.ts'
import type { Stale } from './stale.ts'
import { MINUTE, minuteNumber } from './tiers.ts'

export type Tally = (typeof TALLIES)[number]
/** Names of variables come from the log; a log in JSON may have any number of them. */
const MAX_FACTS = 500

interface StoredHistogram {
  first: number | null
  last: number | null
  data: Buffer
}

export class SlabWriter {
  private readonly dimensions: Dimensions
  private readonly stale: Stale
  private readonly count: Statement
  private readonly addTrend: Statement
  private readonly addTally: Statement
  private readonly histogram: Statement<[number, number, number], StoredHistogram>
  private readonly saveHistogram: Statement
  private readonly histogramSum: Statement<[number, number], Buffer>
  private readonly saveHistogramSum: Statement
  private readonly span: Statement
  private readonly fact: Statement
  private readonly sum = new HistogramSum()

  constructor(db: Db, dimensions: Dimensions, stale: Stale) {
    this.dimensions = dimensions
    this.stale = stale
    // min() and max() of two values are NULL when one is; of rows, NULLs are skipped. Here NULL means "no time".
    this.count = db.prepare(
      `INSERT INTO counts (tier, start, scope_id, class_id, timed, n, first, last, assumed)
       VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n,
         first = ifnull(min(first, excluded.first), ifnull(first, excluded.first)),
         last = ifnull(max(last, excluded.last), ifnull(last, excluded.last)), assumed = max(assumed, excluded.assumed)`,
    )
    const plus = 'ON CONFLICT DO UPDATE SET n = n + excluded.n'
    this.addTrend = db.prepare(`INSERT INTO trend (tier, start, class_id, n) VALUES (0, ?, ?, ?) ${plus}`)
    this.addTally = db.prepare(`INSERT INTO tallies (tier, what, start, key, n) VALUES (0, ?, ?, ?, ?) ${plus}`)
    this.histogram = db.prepare(
      'SELECT first, last, data FROM histograms WHERE tier = 0 AND start = ? AND scope_id = ? AND measure = ?',
    )
    this.saveHistogram = db.prepare(
      'INSERT OR REPLACE INTO histograms (tier, start, scope_id, measure, first, last, data) VALUES (0, ?, ?, ?, ?, ?, ?)',
    )
    this.histogramSum = db
      .prepare('SELECT data FROM histogram_sums WHERE tier = 0 AND measure = ? AND start = ?')
      .pluck() as Statement<[number, number], Buffer>
    this.saveHistogramSum = db.prepare(
      'INSERT OR REPLACE INTO histogram_sums (tier, measure, start, data) VALUES (0, ?, ?, ?)',
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

  /** `readIn` is the minute (epoch ms) of what has no time. Returns the minutes since 1970 that were written to. */
  write({ evidence }: Batch, slabs: Slabs, readIn: number): Set<number> {
    const touched = new Set<number>()
    const tally = (minute: number, what: Tally, key: number, n: number): void => {
      if (n <= 0) return
      this.addTally.run(TALLIES.indexOf(what), minute, key, n)
      touched.add(minute)
    }
    const counts = [...slabs.counts.values()].flatMap((ofMinute) => [...ofMinute.values()])
    let dropped = evidence.suspects_dropped
    for (const suspect of evidence.suspects.values()) {
      const scope = this.dimensions.suspectScopeId(suspect.scope)
      if (scope === null) dropped += suspect.count
      else counts.push(...this.suspect(suspect, scope, minuteNumber(readIn)))
    }
    this.writeCounts(counts, touched)
    this.writeHistograms(slabs.histograms)
    for (const [minute, buckets] of minutesOf(evidence.ends)) this.addSum(ENDS_MEASURE, minute, buckets)
    for (const [minute, n] of evidence.requests_per_minute) tally(minuteNumber(minute), 'requests', 0, n)
    const end = evidence.last === null ? readIn : minuteOf(evidence.last)
    for (const [minute, status, n] of spreadStatus(evidence, end)) tally(minuteNumber(minute), 'status', status, n)
    for (const [minute, n] of slabs.overflowed) tally(minute, 'other_scope', 0, n)
    tally(minuteNumber(end), 'suspects_dropped', 0, dropped)
    for (const [minute, { first, last }] of spansOf(evidence, slabs)) this.span.run(minute, first, last)
    this.facts(evidence, readIn)
    for (const minute of touched) this.stale.touch(minute)
    return touched
  }

  private writeCounts(counts: readonly Counted[], touched: Set<number>): void {
    const trend = new Map<string, { minute: number; class: number; n: number }>()
    for (const { minute, scope, class: kind, timed, n, first, last, assumed } of counts) {
      const at = minute * MINUTE
      this.count.run(
        minute,
        scope,
        kind,
        timed,
        n,
        first === null ? null : first - at,
        last === null ? null : last - at,
        assumed,
      )
      touched.add(minute)
      if (timed === 0) continue
      const key = `${minute} ${kind}`
      const found = trend.get(key)
      if (found === undefined) trend.set(key, { minute, class: kind, n })
      else found.n += n
    }
    for (const { minute, class: kind, n } of trend.values()) this.addTrend.run(minute, kind, n)
  }

  private writeHistograms(histograms: Slabs['histograms']): void {
    const sums = new Map<string, { minute: number; measure: number; buckets: Map<number, number> }>()
    for (const { minute, scope, measure, buckets, first, last } of histograms.values()) {
      const stored = this.histogram.get(minute, scope, measure)
      this.saveHistogram.run(
        minute,
        scope,
        measure,
        earlier(first, stored?.first ?? null),
        later(last, stored?.last ?? null),
        this.added(stored?.data, buckets),
      )
      const key = `${minute} ${measure}`
      let sum = sums.get(key)
      if (sum === undefined) sums.set(key, (sum = { minute, measure, buckets: new Map() }))
      for (const [bucket, n] of buckets) sum.buckets.set(bucket, (sum.buckets.get(bucket) ?? 0) + n)
    }
    for (const { minute, measure, buckets } of sums.values()) this.addSum(measure, minute, buckets)
  }

  private addSum(measure: number, minute: number, buckets: ReadonlyMap<number, number>): void {
    this.saveHistogramSum.run(measure, minute, this.added(this.histogramSum.get(measure, minute), buckets))
  }

  private added(stored: Buffer | undefined, buckets: ReadonlyMap<number, number>): Buffer {
    if (stored !== undefined) this.sum.addBlob(stored)
    for (const [bucket, n] of buckets) this.sum.add(bucket, n)
    const blob = this.sum.blob()
    this.sum.clear()
    return blob
  }

  private *suspect(s: Suspect, scope: number, readIn: number): Generator<Counted> {
    const kind = this.dimensions.classId(suspectClass(s))
    const { first, last } = s
    let timed = 0
    for (const [at, n] of s.minutes) {
      timed += n
      // Exact at the ends; between them the start of the minute stands for its requests.
      const from = first !== null && minuteOf(first) === at ? first : at
      const to = last !== null && minuteOf(last) === at ? last : from
      yield { minute: minuteNumber(at), scope, class: kind, timed: 1, n, first: from, last: to, assumed: 0 }
    }
    const n = s.count - timed
    if (n > 0) yield { minute: readIn, scope, class: kind, timed: 0, n, first: null, last: null, assumed: 0 }
  }

  private facts(evidence: Evidence, readIn: number): void {
    const [first, last] = [evidence.first ?? readIn, evidence.last ?? readIn]
    const sets = { level: evidence.error_levels, variable: evidence.variables, format: evidence.formats }
    for (const [what, values] of Object.entries(sets))
      for (const value of values) this.fact.run({ what, value, first, last })
  }
}

export const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
export const later = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)

export function suspectClass(s: Pick<Suspect, 'status' | 'answered_by'>): Parameters<Dimensions['classId']>[0] {
  return { kind: 'request', sign: '', status: s.status, asked: null, answered_by: s.answered_by, echo: false }
}
