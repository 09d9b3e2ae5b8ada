/** evidence → findings: every cause is weighed, the best explanation comes first. The only place that ranks. */
import { blindSpots } from './blind-spots.ts'
import { CAUSES } from './causes/index.ts'
import { confidence, type Cause, type Weighed } from './cause.ts'
import type { BlindSpot, ConfigView, Evidence, Exemplar, Finding, Severity } from './contract.ts'
import { keepExemplars } from './evidence.ts'
import { findingId } from './finding-id.ts'
import { countOf } from './group.ts'
import { inspect, type View } from './view.ts'

export interface DiagnoseOptions {
  config: ConfigView | null
}

/** Scanners invent places; nobody reads more, and every reader of the list pays for each. */
const MAX_FINDINGS = 200

const SEVERITIES: readonly Severity[] = ['critical', 'error', 'warning', 'info']

/** Pure. Findings are sorted as CONTRACT.md says: confidence ≥ 0.5 first, then severity, confidence, count. */
export function diagnose(
  evidence: Evidence,
  options: DiagnoseOptions,
): { findings: Finding[]; blind_spots: BlindSpot[] } {
  const view = inspect(evidence)
  const findings: Finding[] = []
  for (const cause of CAUSES) {
    for (const weighed of cause.weigh(view, options.config)) {
      const finding = toFinding(cause, weighed, options.config, view)
      if (finding !== null) findings.push(finding)
    }
  }
  return {
    findings: onePatchAtATime(settle(findings).sort(rank).slice(0, MAX_FINDINGS)),
    blind_spots: blindSpots(evidence),
  }
}

function rank(a: Finding, b: Finding): number {
  return (
    Number(b.confidence >= 0.5) - Number(a.confidence >= 0.5) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    b.confidence - a.confidence ||
    b.count - a.count ||
    (a.id < b.id ? -1 : 1)
  )
}

/** 1006 and resets at the minute of a better explained cut are that cut, told by the application. */
const EXPLAINS = new Set(['idle-timeout', 'backend-reset', 'backend-down', 'reload-drop'])

function settle(findings: Finding[]): Finding[] {
  const exact = findings.filter((f) => EXPLAINS.has(f.cause) && f.confidence >= 0.5)
  return findings.filter((f) => {
    if (f.cause !== 'abnormal-closure' || f.scope.source === null) return true
    const cut = exact.find((e) => overlaps(e, f))
    if (cut === undefined) return true
    cut.because.push(`the application reports it too: ${f.count} closures with code 1006 in the same period`)
    cut.evidence.push(...f.evidence.slice(0, 2))
    return false
  })
}

function overlaps(a: Finding, b: Finding): boolean {
  if (a.first_seen === null || b.first_seen === null || a.last_seen === null || b.last_seen === null) return false
  const slack = 60_000
  return (
    Date.parse(a.first_seen) - slack <= Date.parse(b.last_seen) &&
    Date.parse(b.first_seen) - slack <= Date.parse(a.last_seen)
  )
}

/** Patches of one configuration share lines (the map, a block): each is written against the file as it is now. */
function onePatchAtATime(findings: Finding[]): Finding[] {
  const first = findings.findIndex((f) => f.fix.patch !== null)
  return findings.map((finding, at) => {
    const { fix } = finding
    if (fix.patch === null || at === first) return finding
    const same = fix.patch === findings[first]?.fix.patch
    const note = same
      ? 'The patch is the same as above.'
      : 'Apply one patch, then run this again for the next: they share lines.'
    return { ...finding, fix: { ...fix, summary: `${fix.summary} ${note}` } }
  })
}

function toFinding(cause: Cause, weighed: Weighed, config: ConfigView | null, view: View): Finding | null {
  const evidence = exemplars(weighed)
  if (evidence.length === 0) return null
  const sure = confidence(weighed)
  const title = cause.title.replace(/\{(\w+)\}/g, (_, name: string) => weighed.values?.[name] ?? '?')
  const times = weighed.observations.flatMap((o) => [o.first, o.last]).filter((t) => t !== null)
  return {
    id: findingId(cause.id, weighed.scope),
    cause: cause.id,
    title: titled(title, sure, weighed),
    // What has stopped is told, and alarms nobody.
    severity: weighed.over ? 'info' : muted(weighed.severity ?? cause.severity, sure),
    confidence: sure,
    because: weighed.for.map((r) => r.text),
    against: weighed.against.map((r) => r.text),
    count: weighed.count ?? countOf(weighed.observations),
    first_seen: times.length === 0 ? null : new Date(Math.min(...times)).toISOString(),
    last_seen: times.length === 0 ? null : new Date(Math.max(...times)).toISOString(),
    scope: { ...weighed.scope, source: weighed.source ?? null },
    evidence,
    alternatives: [...(weighed.alternatives ?? [])].sort((a, b) => b.confidence - a.confidence),
    fix: cause.fix(weighed, config, view),
    ...(weighed.over ? { over: { ...weighed.over, since: new Date(weighed.over.since).toISOString() } } : {}),
  }
}

function titled(title: string, sure: number, { over }: Weighed): string {
  const guess = sure < 0.5 ? `Possibly: ${title}` : title
  if (over === undefined) return guess
  return over.why === 'succeeded' ? `Repaired: ${guess}` : `Changed since: ${guess}`
}

/** A guess is no alarm. */
const muted = (severity: Severity, sure: number): Severity => (sure >= 0.5 ? severity : 'info')

/** At most five lines, at least one of every log that has something to say. */
function exemplars(weighed: Weighed): Finding['evidence'] {
  const bySource = new Map<string, Exemplar[]>()
  for (const o of weighed.observations) {
    for (const e of o.exemplars) bySource.set(e.source, keepExemplars(bySource.get(e.source) ?? [], [e]))
  }
  const share = Math.max(1, Math.floor(5 / Math.max(1, bySource.size)))
  return [...bySource.values()]
    .flatMap((list) => list.slice(0, share))
    .slice(0, 5)
    .map(({ source, line, text }) => ({ source, line, text }))
}
