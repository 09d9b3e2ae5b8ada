/** The numbers behind charts, from the per-minute tables only: raw events are too many to count on the event loop. */
import type { EventKind, Finding, Scope } from '../../diagnosis/contract.ts'
import type { Bucket, Series } from '../../http/wire.ts'
import type { Dimensions } from './dimensions.ts'
import type { Db, Statement } from './driver.ts'

/** More points than any screen shows. */
export const MAX_POINTS = 1500
/** Steps in seconds that divide what people read on an axis. */
const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800]

const CLOSURES = new Set<string>(['abnormal_closure', 'upstream_reset', 'client_closed', 'session_closed'])
const TIMEOUTS = new Set<string>(['upstream_timeout', 'upstream_refused'])
/** Events that are no trouble by themselves. */
const NORMAL: ReadonlySet<EventKind | 'request'> = new Set(['handshake_ok', 'session_closed', 'lifecycle'])

interface Step {
  from: number
  to: number
  ms: number
}

export class Trend {
  private readonly dimensions: Dimensions
  private readonly counts: Statement<[Step], { bucket: number; class_id: number; n: number }>
  private readonly requests: Statement<[Step], { bucket: number; n: number }>
  private readonly byScope: Statement<
    [number, number],
    { minute: number; scope_id: number; class_id: number; n: number }
  >

  constructor(db: Db, dimensions: Dimensions) {
    this.dimensions = dimensions
    // Numbers are bound as REAL, so that "/" would not truncate: steps are cut off with "%".
    const bucket = 'minute - (minute - $from) % $ms AS bucket'
    this.counts = db.prepare(
      `SELECT ${bucket}, class_id, sum(n) AS n FROM counts WHERE minute >= $from AND minute < $to AND timed = 1 GROUP BY 1, 2`,
    )
    this.requests = db.prepare(
      `SELECT ${bucket}, sum(n) AS n FROM tallies WHERE minute >= $from AND minute < $to AND what = 'requests' GROUP BY 1`,
    )
    this.byScope = db.prepare(
      'SELECT minute, scope_id, class_id, n FROM counts WHERE minute >= ? AND minute < ? AND timed = 1',
    )
  }

  /** Every step of [from, to), empty ones included; widened to whole steps, the step to at most 1500 of them. */
  series(from: number, to: number, stepSeconds: number): Series {
    const step = snap(from, to, stepSeconds)
    const buckets = new Map<number, Bucket & { inApplication: number }>()
    for (let t = step.from; t < step.to; t += step.ms) buckets.set(t, emptyBucket(t))
    for (const { bucket, class_id, n } of this.counts.iterate(step)) {
      const { kind, status, sign, echo } = this.dimensions.class(class_id)
      const into = buckets.get(bucket)
      if (into === undefined || echo) continue
      if (kind === 'handshake_ok') into.handshakes_ok += n
      else if (kind === 'handshake_failed' && sign.startsWith('app-')) into.inApplication += n
      else if (kind === 'handshake_failed') count(into.handshakes_failed, String(status ?? 0), n)
      else if (CLOSURES.has(kind)) count(into.closures, kind, n)
      else if (TIMEOUTS.has(kind)) count(into.timeouts, kind, n)
    }
    for (const { bucket, n } of this.requests.iterate(step)) {
      const into = buckets.get(bucket)
      if (into !== undefined) into.requests = n
    }
    return {
      from: new Date(step.from).toISOString(),
      to: new Date(step.to).toISOString(),
      step_seconds: step.ms / 1000,
      buckets: [...buckets.values()].map(({ inApplication, ...bucket }) => joined(bucket, inApplication)),
    }
  }

  /** Troubles at the finding's place per step; a null member of its scope stands for any. */
  sparkline(finding: Finding, from: number, to: number, steps: number): number[] {
    const counts = Array.from({ length: steps }, () => 0)
    const fits = (wanted: string | null, has: string | null): boolean => wanted === null || wanted === has
    const { server, path, upstream } = finding.scope
    const scopes = new Set(
      this.dimensions.scopeIds(
        (s: Scope) => fits(server, s.server) && fits(path, s.path) && fits(upstream, s.upstream),
      ),
    )
    for (const { minute, scope_id, class_id, n } of this.byScope.iterate(from, to)) {
      if (!scopes.has(scope_id)) continue
      const { kind, echo } = this.dimensions.class(class_id)
      // A failed ordinary request only belongs to a finding about that very path.
      if (echo || NORMAL.has(kind) || (kind === 'request' && path === null)) continue
      const step = Math.floor(((minute - from) * steps) / (to - from))
      counts[step] = (counts[step] ?? 0) + n
    }
    return counts
  }
}

function snap(from: number, to: number, stepSeconds: number): Step {
  if (!Number.isFinite(from) || !Number.isFinite(to) || to < from) throw new RangeError(`no range: ${from} to ${to}`)
  // One step is kept for each end that has to be widened.
  const least = Math.max(60, stepSeconds, (to - from) / 1000 / (MAX_POINTS - 2))
  const seconds = STEPS.find((s) => s >= least) ?? Math.ceil(least / 604_800) * 604_800
  const ms = (stepSeconds === least && stepSeconds % 60 === 0 ? stepSeconds : seconds) * 1000
  return { from: Math.floor(from / ms) * ms, to: Math.ceil(to / ms) * ms, ms }
}

/** The application's line and nginx's line tell of one handshake: only what nginx did not tell is added. */
function joined(bucket: Bucket, inApplication: number): Bucket {
  const inNginx = Object.values(bucket.handshakes_failed).reduce((sum, n) => sum + n, 0)
  if (inApplication > inNginx) count(bucket.handshakes_failed, '0', inApplication - inNginx)
  return bucket
}

function count(into: Record<string, number>, key: string, n: number): void {
  into[key] = (into[key] ?? 0) + n
}

const emptyBucket = (time: number): Bucket & { inApplication: number } => ({
  time: new Date(time).toISOString(),
  handshakes_ok: 0,
  handshakes_failed: {},
  closures: {},
  timeouts: {},
  requests: 0,
  inApplication: 0,
})
