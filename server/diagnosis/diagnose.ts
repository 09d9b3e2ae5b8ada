/** evidence → findings: every cause is weighed, the best explanation comes first. The only place that ranks. */
import { backedUp } from './advice.ts'
import { blindSpots } from './blind-spots.ts'
import { causesFor } from './causes/index.ts'
import { confidence, type Cause, type Reason, type Weighed } from './cause.ts'
import type { BlindSpot, ConfigView, Evidence, Exemplar, Finding, Fix, Severity } from './contract.ts'
import { keepExemplar } from './evidence.ts'
import { addressed, addressedChecks, frontDoor } from './front-door.ts'
import { findingId } from './finding-id.ts'
import { countOf } from './group.ts'
import { commandsFor } from './installation.ts'
import { inTheirTerms } from './product-terms.ts'
import { productOf } from './products.ts'
import { inspect, type View } from './view.ts'
import { asTold, workedSince, type Worked } from './worked-since.ts'

export interface DiagnoseOptions {
  config: ConfigView | null
  /** See blindSpots. */
  emptyErrorLogs?: readonly string[]
  quietErrorLogs?: readonly string[]
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
  for (const cause of causesFor(evidence)) {
    for (const weighed of cause.weigh(view, options.config)) {
      const finding = toFinding(cause, weighed, options.config, view)
      if (finding !== null) findings.push(finding)
    }
  }
  const all = settle(findings).sort(rank)
  const left = all.slice(MAX_FINDINGS)
  return {
    findings: onePatchAtATime(all.slice(0, MAX_FINDINGS)),
    blind_spots: [
      ...(left.length > 0 ? [tooMany(left)] : []),
      ...blindSpots(evidence, options.emptyErrorLogs, options.config, options.quietErrorLogs),
    ],
  }
}

function tooMany(left: readonly Finding[]): BlindSpot {
  const failures = left.reduce((sum, { count }) => sum + count, 0)
  return {
    what: `${left.length} more findings`,
    why: `the first ${MAX_FINDINGS} by their weight are listed; those left out happened ${failures} times together`,
    change: 'read fewer hosts at once, or a shorter time: --since, --until',
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

function toFinding(cause: Cause, proposed: Weighed, config: ConfigView | null, view: View): Finding | null {
  const evidence = exemplars(proposed)
  if (evidence.length === 0) return null
  const worked = workedSince(cause.id, proposed.observations, view)
  const weighed = ended(proposed, worked)
  const { over } = weighed
  const sure = confidence(weighed)
  const filled = cause.title.replace(/\{(\w+)\}/g, (_, name: string) => weighed.values?.[name] ?? '?')
  const title = sure < 0.5 ? `Possibly: ${filled}` : filled
  const severity = muted(weighed.severity ?? cause.severity, sure)
  const door = frontDoor(weighed.scope, lines(weighed.observations))
  const fix = worded(cause.id, cause.fix(weighed, config, view), config, weighed, view)
  const times = weighed.observations.flatMap((o) => [o.first, o.last]).filter((t) => t !== null)
  return {
    id: findingId(cause.id, weighed.scope),
    cause: cause.id,
    title: over === undefined ? title : `${over.why === 'succeeded' ? 'Repaired' : 'Changed since'}: ${title}`,
    // What has stopped is told, and alarms nobody.
    severity: over ? 'info' : severity,
    confidence: sure,
    because: texts(weighed.for, worked),
    against: texts(weighed.against, worked),
    count: weighed.count ?? countOf(weighed.observations),
    first_seen: times.length === 0 ? null : new Date(Math.min(...times)).toISOString(),
    last_seen: times.length === 0 ? null : new Date(Math.max(...times)).toISOString(),
    scope: { ...weighed.scope, source: weighed.source ?? null },
    evidence,
    alternatives: addressedChecks(weighed.alternatives ?? [], door).sort((a, b) => b.confidence - a.confidence),
    fix: commandsFor(backedUp(addressed(fix, door)), config, view.evidence.formats),
    ...(over ? { over: { ...over, since: new Date(over.since).toISOString(), was: { title, severity } } } : {}),
    ...(worked ? { worked: asTold(cause.id, worked) } : {}),
  }
}

/** What the program that writes the configuration calls it, before what it means in nginx. */
function worded(cause: string, fix: Fix, config: ConfigView | null, weighed: Weighed, view: View): Fix {
  if (fix.layer !== 'nginx') return fix
  const file = fix.target?.file ?? null
  const product = productOf(config, view.evidence.formats, file, lines(weighed.observations))
  const told = product === null ? null : inTheirTerms(cause, product)
  return told === null ? fix : { ...fix, summary: `${told} ${fix.summary}` }
}

const lines = (observations: Weighed['observations']): Exemplar[] => observations.flatMap(({ exemplars }) => exemplars)

/** Handshakes that succeed long enough after the last failure end every fault of a configuration. */
function ended(weighed: Weighed, worked: Worked | null): Weighed {
  if (worked === null || !worked.settled || weighed.over?.why === 'succeeded') return weighed
  return { ...weighed, over: { since: worked.since, successes: worked.handshakes, why: 'succeeded' } }
}

/** What worked after a repair speaks neither for the failure nor against it. */
const texts = (reasons: readonly Reason[], worked: Worked | null): string[] =>
  reasons.filter(({ successes }) => !(successes && worked?.repaired)).map(({ text }) => text)

/** A guess is no alarm. */
const muted = (severity: Severity, sure: number): Severity => (sure >= 0.5 ? severity : 'info')

/** At most five lines, at least one of every log that has something to say. */
function exemplars(weighed: Weighed): Finding['evidence'] {
  const bySource = new Map<string, Exemplar[]>()
  for (const o of weighed.observations) {
    for (const e of o.exemplars) bySource.set(e.source, keepExemplar(bySource.get(e.source) ?? [], e))
  }
  const share = Math.max(1, Math.floor(5 / Math.max(1, bySource.size)))
  return [...bySource.values()]
    .flatMap((list) => list.slice(0, share))
    .slice(0, 5)
    .map(({ source, line, text }) => ({ source, line, text }))
}
