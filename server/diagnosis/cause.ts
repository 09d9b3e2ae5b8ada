/** The contract of a cause: data, and one predicate over evidence and config. */
import type { Alternative, ConfigView, Fix, Observation, Scope, Severity } from './contract.ts'
import type { View } from './view.ts'

/** One piece of evidence in words. `weight` is how far it alone would convince, 0..1. */
export interface Reason {
  text: string
  weight: number
  /** It speaks of handshakes that succeeded. Those after the last failure are told as what worked since. */
  successes?: true
}

/** A possible finding: where, what speaks for it, what against it. */
export interface Weighed {
  scope: Scope
  /** Set when the place is an application's log and nothing else. */
  source?: string
  for: Reason[]
  against: Reason[]
  /** What is counted and shown. Echoes are shown, not counted. */
  observations: readonly Observation[]
  /** Values for `{name}` in the title. */
  values?: Readonly<Record<string, string>>
  severity?: Severity
  alternatives?: readonly Alternative[]
  /** The failure has stopped; `since` in epoch ms. */
  over?: { since: number; successes: number; why: 'succeeded' | 'config-changed' }
  /** For causes whose count is not the sum of their observations. */
  count?: number
}

export interface Cause {
  id: string
  /** In plain words; `{name}` is replaced from Weighed.values. */
  title: string
  severity: Severity
  /** Where the mechanism is described. */
  docs: string
  weigh(view: View, config: ConfigView | null): Weighed[]
  fix(weighed: Weighed, config: ConfigView | null, view: View): Fix
}

/** Independent reasons combine as "not all of them mislead"; each reason against takes its share away. */
export function confidence(weighed: Pick<Weighed, 'for' | 'against'>): number {
  const doubt = weighed.for.reduce((left, r) => left * (1 - r.weight), 1)
  const kept = weighed.against.reduce((left, r) => left * (1 - r.weight), 1)
  return Math.round(Math.min(0.98, (1 - doubt) * kept) * 100) / 100
}
