/** Which rule speaks for a problem, and on what terms. The first that matches decides, as in a firewall. Pure. */
import type { Finding } from '../diagnosis/contract.ts'
import type { Kind, MessageType, ProblemRow, Terms } from './contract.ts'
import { isDuring, isWithin, type Hours, type Window } from './calendar.ts'

export type Severity = Finding['severity']
const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical']

/** At least as bad. */
export const isAtLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least)

/** A rule as configured; empty lists and null stand for any. Names may hold `*`. Times in ms. */
export interface Rule {
  name: string
  kinds: readonly Kind[]
  causes: readonly string[]
  severity: Severity
  confidence: number
  host: string | null
  path: string | null
  upstream: string | null
  /** Only when it happened so often within so long. */
  rate: { count: number; within: number } | null
  /** Names of receivers; null: all. */
  channels: readonly string[] | null
  /** False: what matches is told to nobody. */
  send: boolean
  cooldown: number
  /** The first time that it comes back within the cooldown is told at once. */
  tells_return?: boolean
  remind_every: number | null
}

export interface Rules {
  rules: readonly Rule[]
  /** How long handshakes must have succeeded before a problem counts as resolved, ms. */
  settle: number
  quiet_hours: readonly Hours[]
  /** Problems that are at least so bad pass quiet hours; null: none. */
  let_through: Severity | null
  maintenance: readonly Window[]
}

/** Of which kind a problem is when it begins now; null: it began already, who knows how. */
export function kindOf(previous: ProblemRow | null): Kind | null {
  if (previous === null || previous.state === 'imported') return 'new'
  if (previous.state === 'resolved') return previous.last_live === null ? 'new' : 'regressed'
  return previous.state === 'regressed' ? 'regressed' : null
}

/** Of which kind a message about a problem is. */
export function kindOfNews(type: MessageType, previous: ProblemRow | null): Kind {
  if (type === 'problem.resolved') return 'resolved'
  return type === 'problem.reminder' ? 'reminder' : (kindOf(previous) ?? 'new')
}

/** What may match a rule. */
export interface Subject {
  cause: string
  severity: Severity
  confidence: number
  scope: { server: string | null; path: string | null; upstream: string | null }
}

/** @param kind null: whatever it is of, as long as it begins something. */
export function ruleFor(subject: Subject, rules: readonly Rule[], kind: Kind | null): Rule | null {
  return rules.find((rule) => matches(rule, subject, kind)) ?? null
}

function matches(rule: Rule, { cause, severity, confidence, scope }: Subject, kind: Kind | null): boolean {
  return (
    (rule.kinds.length === 0 || kind === null || rule.kinds.includes(kind)) &&
    (rule.causes.length === 0 || rule.causes.includes(cause)) &&
    isAtLeast(severity, rule.severity) &&
    confidence >= rule.confidence &&
    isLike(scope.server, rule.host) &&
    isLike(scope.path, rule.path) &&
    isLike(scope.upstream, rule.upstream)
  )
}

/** `*` stands for anything. A glob without backtracking: each part is looked for behind the one before. */
export function isLike(text: string | null, pattern: string | null): boolean {
  if (pattern === null) return true
  if (text === null) return pattern === '*'
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const value = text.toLowerCase()
  const last = rest.pop()
  if (last === undefined) return value === first
  if (!value.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return value.length - last.length >= at && value.endsWith(last)
}

/** @param wall local time as isWithin takes it. @param happened how often it happened within the rate's window. */
export function termsFor(
  subject: Subject,
  { rules, settle, quiet_hours, let_through, maintenance }: Rules,
  {
    now,
    wall,
    kind,
    happened,
    surge = false,
  }: { now: number; wall: number; kind: Kind | null; happened: (within: number) => number; surge?: boolean },
): Terms {
  const rule = ruleFor(subject, rules, kind)
  const away = maintenance.some(
    (window) =>
      isDuring(window, now, wall) &&
      isLike(subject.scope.server, window.host) &&
      isLike(subject.scope.path, window.path),
  )
  const passes = let_through !== null && isAtLeast(subject.severity, let_through)
  const quiet = !passes && quiet_hours.some((hours) => isWithin(hours, wall))
  return {
    rule: rule?.name ?? null,
    send: rule?.send ?? false,
    enough: rule?.rate == null || happened(rule.rate.within) >= rule.rate.count,
    cooldown: rule?.cooldown ?? 0,
    tells_return: rule?.tells_return ?? false,
    remind_every: rule?.remind_every ?? null,
    surge,
    settle,
    hush: away ? 'maintenance' : quiet ? 'quiet-hours' : null,
  }
}
