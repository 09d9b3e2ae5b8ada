/** The report of CONTRACT.md: one shape for `analyze --output json` and GET /api/v1/report. */
import type { EventKind } from '../../parsers/event.ts'
import type { ConfigView, Evidence, InputSummary, Report, Totals } from './contract.ts'
import { clockDoubts, emptyErrorLogs, quietErrorLogs } from './blind-spots.ts'
import { diagnose } from './diagnose.ts'
import { lifetimeOf, quantileBucket } from './histogram.ts'

export interface ReportOptions {
  inputs: readonly InputSummary[]
  /** Epoch ms. */
  generatedAt: number
  config: ConfigView | null
  /** Effective resolution of the window, seconds; 0 when exact. What was counted in longer buckets than that says so. */
  resolution?: number
  /** Findings to keep; null: all. */
  top?: number | null
  /** Set when reading was stopped before the end. */
  partial?: { done: number; total: number | null; left: readonly string[] } | null
  /** Epoch ms; what was asked for. */
  asked?: { since: number | null; until: number | null }
  /** Epoch ms: inputs may hold lines from before it, which `evidence` has no part of. */
  from?: number
  notRead?: readonly { path: string; message: string }[]
}

/** Pure: the clock is an argument. */
export function buildReport(evidence: Evidence, options: ReportOptions): Report {
  const { findings, blind_spots } = diagnose(evidence, {
    config: options.config,
    emptyErrorLogs: emptyErrorLogs(options.inputs),
    quietErrorLogs: options.from === undefined ? [] : quietErrorLogs(options.inputs, options.from),
  })
  return {
    schema: 'halfopen.report/1',
    generated_at: new Date(options.generatedAt).toISOString(),
    ...partial(options.partial ?? null),
    ...asked(options.asked),
    window: { from: iso(evidence.first), to: iso(evidence.last) },
    resolution_seconds: Math.max(options.resolution ?? 0, bucketSeconds(evidence)),
    inputs: [...options.inputs],
    ...notRead(options.notRead ?? []),
    totals: totals(evidence),
    findings: options.top == null ? findings : findings.slice(0, options.top),
    blind_spots: [...blind_spots, ...clockDoubts(options.inputs)],
  }
}

/** Seconds that counts over time are exact to; 0 when all of them are by the minute. First and last times are always exact. */
function bucketSeconds(evidence: Evidence): number {
  let step = evidence.requests_per_minute.step
  for (const { minutes } of evidence.observations.values()) step = Math.max(step, minutes.step)
  return step === 1 ? 0 : step * 60
}

function partial(stopped: NonNullable<ReportOptions['partial']> | null): Pick<Report, 'partial' | 'read'> {
  if (stopped === null) return {}
  const { done, total, left } = stopped
  const fraction = total === null || total <= 0 ? null : Math.min(1, Math.floor((done / total) * 1000) / 1000)
  return { partial: true, read: { bytes: done, of: total, fraction, inputs_left: [...left] } }
}

function asked(
  { since, until }: NonNullable<ReportOptions['asked']> = { since: null, until: null },
): Pick<Report, 'asked'> {
  return since === null && until === null ? {} : { asked: { from: iso(since), to: iso(until) } }
}

const notRead = (errors: NonNullable<ReportOptions['notRead']>): Pick<Report, 'not_read'> =>
  errors.length === 0 ? {} : { not_read: errors.map(({ path, message }) => ({ path, reason: message })) }

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

export function totals(evidence: Evidence): Totals {
  const events: Partial<Record<EventKind, number>> = {}
  let upgraded = 0
  let inAccess = 0
  let inApplication = 0
  for (const o of evidence.observations.values()) {
    if (o.echo) continue
    events[o.kind] = (events[o.kind] ?? 0) + o.count
    if (o.kind === 'handshake_ok') upgraded += o.count
    if (o.kind === 'handshake_failed') {
      if (o.sign.startsWith('app-')) inApplication += o.count
      else inAccess += o.count
    }
  }
  // The application's line and nginx's line tell of one handshake: where both logs were read it is counted once.
  const failed = Math.max(inAccess, inApplication)
  let requests = 0
  const status: Record<string, number> = {}
  for (const [code, n] of [...evidence.status].sort((a, b) => a[0] - b[0])) {
    status[String(code).padStart(3, '0')] = n
    requests += n
  }
  return {
    requests,
    handshakes: upgraded + failed,
    upgraded,
    failed_handshakes: failed,
    events,
    status,
    session_seconds: sessions(evidence),
  }
}

function sessions(evidence: Evidence): Totals['session_seconds'] {
  const all = new Map<number, number>()
  let count = 0
  for (const l of evidence.lifetimes.values()) {
    for (const [bucket, n] of l.buckets) {
      all.set(bucket, (all.get(bucket) ?? 0) + n)
      count += n
    }
  }
  const at = (q: number): number => Math.round(lifetimeOf(quantileBucket(all, q) ?? 0) * 10) / 10
  return count === 0 ? { count: 0, p50: 0, p95: 0, max: 0 } : { count, p50: at(0.5), p95: at(0.95), max: at(1) }
}
