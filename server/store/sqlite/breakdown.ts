/** Counts by one dimension and quantiles of what is measured, over time. Dimensions and measures are the enums of the
 *  contract; nothing here reads raw events. */
import { latencyOf, lifetimeOf, type Scope } from '../../diagnosis/contract.ts'
import type { Breakdown, BreakdownQuery, Dimension, Quantiles, QuantilesQuery, Where } from '../contract.ts'
import { chartStep, type ChartStep } from './chart-step.ts'
import { TIMED, type CountColumns } from './count-columns.ts'
import type { Class, Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import type { Extent } from './extent.ts'
import { HistogramSum } from './histogram-blob.ts'
import { MEASURES as HISTOGRAMS } from './migration-2.ts'
import type { OtherPaths } from './other-paths.ts'
import type { Stale } from './stale.ts'
import { LENGTH, MINUTE, type Tier } from './tiers.ts'
import type { Trend } from './trend.ts'

/** Groups of one answer; what is beyond is counted together. */
export const MAX_GROUPS = 20
export const REST = '(other)'
/** Fewer places than this are looked up one by one; of more, all rows are read. */
const FEW = 16
/** Rows of counts that one answer adds up: 20 ms. */
const MAX_ROWS = 250_000

const OF_SCOPE: readonly (keyof Scope)[] = ['server', 'path', 'upstream']
const isOfScope = (dimension: Dimension | null): dimension is keyof Scope => OF_SCOPE.some((part) => part === dimension)
const lifetimes = HISTOGRAMS.flatMap((name, number) => (name === 'latency' ? [] : [number]))
const NUMBERS = { handshake_latency: [HISTOGRAMS.indexOf('latency')], session_length: lifetimes } as const
const SECONDS = { handshake_latency: latencyOf, session_length: lifetimeOf } as const

const statusClass = (status: number | null): string | null =>
  status === null || status < 100 ? null : `${Math.floor(status / 100)}xx`

const fitsScope = (where: Where, scope: Scope): boolean =>
  OF_SCOPE.every((part) => where[part] === undefined || where[part] === scope[part])
const fitsClass = (where: Where, { kind, status }: Class): boolean =>
  (where.kind === undefined || where.kind === kind) &&
  (where.status_class === undefined || where.status_class === statusClass(status))

export interface BreakdownParts {
  others: OtherPaths
  dimensions: Dimensions
  stale: Stale
  columns: CountColumns
  extent: Extent
  trend: Trend
}

export class Breakdowns {
  private readonly parts: BreakdownParts
  private readonly sums: Statement<[Tier, number, number, number], { start: number; data: Buffer }>
  private readonly histograms: Statement<
    [Tier, number, number],
    { start: number; scope_id: number; measure: number; data: Buffer }
  >
  private readonly ofPlace: Statement<[Tier, number, number], { start: number; measure: number; data: Buffer }>
  private readonly sum = new HistogramSum()

  constructor(db: Db, parts: BreakdownParts) {
    this.parts = parts
    this.sums = db.prepare(
      'SELECT start, data FROM histogram_sums WHERE tier = ? AND measure = ? AND start >= ? AND start < ?',
    )
    this.ofPlace = db.prepare(
      'SELECT start, measure, data FROM histograms WHERE tier = ? AND start = ? AND scope_id = ?',
    )
    this.histograms = db.prepare(
      'SELECT start, scope_id, measure, data FROM histograms WHERE tier = ? AND start >= ? AND start < ?',
    )
  }

  /** Events (and failed ordinary requests, kind `request`) by step and by the values of one dimension, the most frequent
   *  first. Echoes and what has no time are left out, as in series(). */
  counts(query: BreakdownQuery): Breakdown {
    const { by, where } = query
    const ofScopes = isOfScope(by) || OF_SCOPE.some((part) => where[part] !== undefined)
    const step = ofScopes ? this.affordable(query) : chartStep(query.from, query.to, query.stepSeconds)
    const steps = Math.round((step.to - step.from) / step.step)
    const groups = new Map<string | null, Float64Array>()
    const count = (value: string | null, at: number, n: number): void => {
      let group = groups.get(value)
      if (group === undefined) groups.set(value, (group = new Float64Array(steps)))
      group[at] = (group[at] ?? 0) + n
    }
    if (ofScopes) this.byScope(query, step, count)
    else
      for (const { is, n } of this.parts.trend.classes(step)) {
        if (is.echo || !fitsClass(where, is)) continue
        const value = by === null ? null : valueOf(by, is, null)
        for (let i = 0; i < n.length; i++) if ((n[i] as number) > 0) count(value, i, n[i] as number)
      }
    return { ...rangeOf(step), groups: topOf(groups, steps, by === 'path' ? this.parts.others.estimate() : 0) }
  }

  /** Quantiles by step, or of the whole range when `stepSeconds` is null. `values` are seconds; null: nothing measured. */
  quantiles(query: QuantilesQuery): Quantiles {
    const { from, to, stepSeconds, measure, where, quantiles } = query
    const whole = stepSeconds === null
    // A place has thousands of histograms in a month of hours: from a week on they are read by the day.
    const scoped = OF_SCOPE.some((part) => where[part] !== undefined)
    const least = scoped && to - from > 8 * LENGTH[2] * MINUTE ? LENGTH[2] * 60 : 60
    const step = chartStep(from, to, whole ? least : Math.max(stepSeconds, least))
    const blobs = new Map<number, Buffer[]>()
    for (const { start, data } of this.blobs(query, step, whole ? 2 : step.tier, scoped)) {
      const at = whole ? step.from : start - ((start - step.from) % step.step)
      const found = blobs.get(at)
      if (found === undefined) blobs.set(at, [data])
      else found.push(data)
    }
    const steps: Quantiles['steps'] = []
    for (let at = step.from; at < step.to; at += whole ? step.to - step.from : step.step) {
      for (const blob of blobs.get(at) ?? []) this.sum.addBlob(blob)
      const values = this.sum.quantiles(quantiles).map((bucket) => (bucket === null ? null : SECONDS[measure](bucket)))
      steps.push({ time: new Date(at * MINUTE).toISOString(), count: this.sum.total, values })
      this.sum.clear()
    }
    return { ...rangeOf(step), ...(whole ? { step_seconds: (step.to - step.from) * 60 } : {}), steps }
  }

  private *blobs(
    { measure, where }: QuantilesQuery,
    { from, to }: ChartStep,
    tier: Tier,
    scoped: boolean,
  ): Generator<{ start: number; data: Buffer }> {
    const inside = this.parts.extent.clamp(from, to)
    if (inside === null) return
    const numbers: readonly number[] = NUMBERS[measure]
    const wanted = scoped ? this.scopes(where) : null
    for (const segment of this.parts.stale.cover(...inside, tier)) {
      const window = [segment.from, segment.to] as const
      if (wanted !== null && wanted.size <= FEW) {
        for (let start = segment.from; start < segment.to; start += LENGTH[segment.tier])
          for (const scope of wanted.keys())
            for (const row of this.ofPlace.iterate(segment.tier, start, scope))
              if (numbers.includes(row.measure)) yield row
      } else if (wanted === null)
        for (const number of numbers) yield* this.sums.iterate(segment.tier, number, ...window)
      else
        for (const row of this.histograms.iterate(segment.tier, ...window))
          if (numbers.includes(row.measure) && wanted.has(row.scope_id)) yield row
    }
  }

  private byScope(
    { by, where }: BreakdownQuery,
    step: ChartStep,
    count: (value: string | null, at: number, n: number) => void,
  ): void {
    const { columns, dimensions, extent } = this.parts
    const inside = extent.clamp(step.from, step.to)
    if (inside === null) return
    const scopes = this.scopes(where)
    for (const part of columns.read(...inside, step.tier)) {
      const { start, scope, class: classes, n, flags } = part.columns
      for (let i = part.at; i < part.end; i++) {
        const scopeId = scope[i] as number
        if (((flags[i] as number) & TIMED) === 0 || !scopes.has(scopeId)) continue
        const is = dimensions.class(classes[i] as number)
        if (is.echo || !fitsClass(where, is)) continue
        const at = Math.floor(((start[i] as number) - step.from) / step.step)
        count(by === null ? null : valueOf(by, is, scopes.get(scopeId) ?? null), at, n[i] as number)
      }
    }
  }

  private scopes(where: Where): Map<number, Scope> {
    const { dimensions } = this.parts
    return new Map([...dimensions.allScopes()].filter(([, scope]) => fitsScope(where, scope)))
  }

  /** Longer steps where there are more rows than can be added up. */
  private affordable({ from, to, stepSeconds }: BreakdownQuery): ChartStep {
    const step = chartStep(from, to, stepSeconds)
    const inside = this.parts.extent.clamp(step.from, step.to)
    const finest = inside === null ? 0 : this.parts.columns.finest(...inside, MAX_ROWS)
    return finest <= step.tier ? step : chartStep(from, to, Math.max(stepSeconds, LENGTH[finest] * 60))
  }
}

function valueOf(by: Dimension, is: Class, scope: Scope | null): string | null {
  if (by === 'kind') return is.kind
  return by === 'status_class' ? statusClass(is.status) : (scope?.[by] ?? null)
}

const rangeOf = ({ from, to, step }: ChartStep): { from: string; to: string; step_seconds: number } => ({
  from: new Date(from * MINUTE).toISOString(),
  to: new Date(to * MINUTE).toISOString(),
  step_seconds: step * 60,
})

/** @param swallowed how many paths stand behind the one of places that found no room */
function topOf(
  groups: ReadonlyMap<string | null, Float64Array>,
  steps: number,
  swallowed: number,
): Breakdown['groups'] {
  const ranked = [...groups]
    .map(([value, n]) => ({ value, n, total: n.reduce((sum, one) => sum + one, 0) }))
    .sort(
      (a, b) =>
        Number(a.value === REST) - Number(b.value === REST) ||
        b.total - a.total ||
        ((a.value ?? '') < (b.value ?? '') ? -1 : 1),
    )
  const overflowed = ranked.at(-1)?.value === REST
  const own = overflowed ? ranked.slice(0, -1) : ranked
  const top = own.slice(0, MAX_GROUPS).map(({ value, n }) => ({ value, values: 1, n: [...n] }))
  const rest = ranked.slice(top.length)
  if (rest.length === 0) return top
  const sum = new Float64Array(steps)
  for (const { n } of rest) for (let i = 0; i < steps; i++) sum[i] = (sum[i] as number) + (n[i] as number)
  const values = own.length - top.length + (overflowed ? Math.max(1, swallowed) : 0)
  return [...top, { value: REST, values, n: [...sum] }]
}
