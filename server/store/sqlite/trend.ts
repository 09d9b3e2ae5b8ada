/** The numbers behind charts, from the tables of counts only: raw events are too many to count on the event loop. */
import type { EventKind, Finding, Scope } from '../../diagnosis/contract.ts'
import type { Bucket, Series } from '../../http/wire.ts'
import { chartStep, type ChartStep } from './chart-step.ts'
import { TIMED, type CountColumns } from './count-columns.ts'
import type { Class, Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'
import type { Extent } from './extent.ts'
import { TALLIES } from './migration-2.ts'
import type { Stale } from './stale.ts'
import { MINUTE, type Tier } from './tiers.ts'

const CLOSURES = new Set<string>(['abnormal_closure', 'upstream_reset', 'client_closed', 'session_closed'])
const TIMEOUTS = new Set<string>(['upstream_timeout', 'upstream_refused'])
/** Events that are no trouble by themselves. */
const NORMAL: ReadonlySet<EventKind | 'request'> = new Set(['handshake_ok', 'session_closed', 'lifecycle'])
/** Rows of counts that lines of problems are drawn from; of more than that, from hours. */
const MAX_ROWS = 200_000

type Grouped = { tier: Tier; from: number; to: number; origin: number; step: number }

/** What lines of problems are drawn from, by scope: troubles, and failed ordinary requests. */
interface Troubles {
  key: string
  byScope: Map<number, { events: Float64Array; requests: Float64Array }>
}

export interface TrendParts {
  dimensions: Dimensions
  stale: Stale
  columns: CountColumns
  /** Of all places together. */
  sums: CountColumns
  extent: Extent
}

export class Trend {
  private readonly parts: TrendParts
  private readonly requests: Statement<[Grouped], { bucket: number; n: number }>
  private troubles: Troubles = { key: '', byScope: new Map() }

  constructor(db: Db, parts: TrendParts) {
    this.parts = parts
    // Numbers are bound as REAL, so that "/" would not truncate: steps are cut off with "%".
    const bucket = 'start - (start - $origin) % $step AS bucket'
    this.requests = db.prepare(
      `SELECT ${bucket}, sum(n) AS n FROM tallies
       WHERE tier = $tier AND what = ${TALLIES.indexOf('requests')} AND start >= $from AND start < $to GROUP BY 1`,
    )
  }

  /** Counts were written: lines of problems are drawn anew. */
  forget(): void {
    this.troubles = { key: '', byScope: new Map() }
  }

  /** Every step of [from, to), empty ones included; widened to whole steps, the step to at most 1500 of them. */
  series(from: number, to: number, stepSeconds: number): Series {
    const step = chartStep(from, to, stepSeconds)
    const buckets = Array.from({ length: stepsOf(step) }, (_, i) => emptyBucket((step.from + i * step.step) * MINUTE))
    const inApplication = new Float64Array(buckets.length)
    for (const { is, n } of this.classes(step)) {
      const add = adder(is)
      if (add === null) continue
      for (let i = 0; i < n.length; i++) {
        const times = n[i] as number
        if (times === 0) continue
        if (add === 'in application') inApplication[i] = (inApplication[i] as number) + times
        else add(buckets[i] as Bucket, times)
      }
    }
    for (const segment of this.segments(step)) {
      for (const { bucket, n } of this.requests.iterate(segment)) {
        const into = buckets[(bucket - step.from) / step.step]
        if (into !== undefined) into.requests += n
      }
    }
    for (const [i, bucket] of buckets.entries()) join(bucket, inApplication[i] as number)
    return {
      from: new Date(step.from * MINUTE).toISOString(),
      to: new Date(step.to * MINUTE).toISOString(),
      step_seconds: step.step * 60,
      buckets,
    }
  }

  /** Counts of all scopes together: for each class one number a step. */
  classes(chart: ChartStep): { is: Class; n: Float64Array }[] {
    const { from, to, step, tier } = chart
    const inside = this.parts.extent.clamp(from, to)
    if (inside === null) return []
    const found = new Map<number, Float64Array>()
    for (const part of this.parts.sums.read(...inside, tier)) {
      const { start, class: classes, n } = part.columns
      for (let i = part.at; i < part.end; i++) {
        let of = found.get(classes[i] as number)
        if (of === undefined) found.set(classes[i] as number, (of = new Float64Array(stepsOf(chart))))
        const at = Math.floor(((start[i] as number) - from) / step)
        of[at] = (of[at] as number) + (n[i] as number)
      }
    }
    return [...found].map(([id, n]) => ({ is: this.parts.dimensions.class(id), n }))
  }

  private *segments({ from, to, step, tier }: ChartStep): Generator<Grouped> {
    const inside = this.parts.extent.clamp(from, to)
    if (inside === null) return
    for (const segment of this.parts.stale.cover(...inside, tier)) yield { ...segment, origin: from, step }
  }

  /** Troubles at the finding's place per step; a null member of its scope stands for any. */
  sparkline(finding: Finding, from: number, to: number, steps: number): number[] {
    const counts = Array.from({ length: steps }, () => 0)
    const fits = (wanted: string | null, has: string | null): boolean => wanted === null || wanted === has
    const { server, path, upstream } = finding.scope
    for (const [id, { events, requests }] of this.troublesOf(from, to, steps)) {
      const s: Scope = this.parts.dimensions.scope(id)
      if (!fits(server, s.server) || !fits(path, s.path) || !fits(upstream, s.upstream)) continue
      // A failed ordinary request only belongs to a finding about that very path.
      for (let i = 0; i < steps; i++)
        counts[i] = (counts[i] as number) + (events[i] as number) + (path === null ? 0 : (requests[i] as number))
    }
    return counts
  }

  /** One pass over the counts serves the lines of all problems of one answer. */
  private troublesOf(from: number, to: number, steps: number): Troubles['byScope'] {
    const key = `${from} ${to} ${steps}`
    if (this.troubles.key === key) return this.troubles.byScope
    const { columns, dimensions, extent } = this.parts
    const byScope: Troubles['byScope'] = new Map()
    const inside = extent.clamp(Math.ceil(from / MINUTE), Math.ceil(to / MINUTE))
    this.troubles = { key, byScope }
    if (inside === null) return byScope
    const tier = columns.finest(...inside, MAX_ROWS)
    for (const part of columns.read(...inside, tier)) {
      const { start, scope, class: classes, n, flags } = part.columns
      for (let i = part.at; i < part.end; i++) {
        if (((flags[i] as number) & TIMED) === 0) continue
        const { kind, echo } = dimensions.class(classes[i] as number)
        if (echo || NORMAL.has(kind)) continue
        const step = Math.floor((((start[i] as number) * MINUTE - from) * steps) / (to - from))
        let of = byScope.get(scope[i] as number)
        if (of === undefined)
          byScope.set(scope[i] as number, (of = { events: new Float64Array(steps), requests: new Float64Array(steps) }))
        const into = kind === 'request' ? of.requests : of.events
        into[Math.max(0, step)] = (into[Math.max(0, step)] ?? 0) + (n[i] as number)
      }
    }
    return byScope
  }
}

const stepsOf = ({ from, to, step }: ChartStep): number => Math.round((to - from) / step)

/** How a class is counted in a step of the trend; null: not at all. */
function adder({ kind, status, sign, echo }: Class): ((into: Bucket, n: number) => void) | 'in application' | null {
  if (echo) return null
  if (kind === 'handshake_ok') return (into, n) => (into.handshakes_ok += n)
  if (kind === 'handshake_failed' && sign.startsWith('app-')) return 'in application'
  if (kind === 'handshake_failed') return (into, n) => count(into.handshakes_failed, String(status ?? 0), n)
  if (CLOSURES.has(kind)) return (into, n) => count(into.closures, kind, n)
  return TIMEOUTS.has(kind) ? (into, n) => count(into.timeouts, kind, n) : null
}

/** The application's line and nginx's line tell of one handshake: only what nginx did not tell is added. */
function join({ handshakes_failed }: Bucket, inApplication: number): void {
  if (inApplication === 0) return
  const inNginx = Object.values(handshakes_failed).reduce((sum, n) => sum + n, 0)
  if (inApplication > inNginx) count(handshakes_failed, '0', inApplication - inNginx)
}

function count(into: Record<string, number>, key: string, n: number): void {
  into[key] = (into[key] ?? 0) + n
}

const emptyBucket = (time: number): Bucket => ({
  time: new Date(time).toISOString(),
  handshakes_ok: 0,
  handshakes_failed: {},
  closures: {},
  timeouts: {},
  requests: 0,
})
