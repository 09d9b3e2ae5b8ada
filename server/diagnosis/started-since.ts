/** nginx that starts has accepted its configuration: what it refused before is history. */
import type { Weighed } from './cause.ts'
import type { Observation } from './contract.ts'
import type { View } from './view.ts'

/** `{ over }` when nginx started after the last of these lines; else {}. Needs error_log at notice. */
export function startedSince(
  view: View,
  refused: readonly Observation[],
): Pick<Weighed, 'over'> | Record<never, never> {
  const last = refused.reduce((latest, o) => Math.max(latest, o.last ?? Infinity), -Infinity)
  const started = view.signs('start').reduce((latest, o) => Math.max(latest, o.last ?? -Infinity), -Infinity)
  return started > last ? { over: { since: started, successes: 0, why: 'config-changed' as const } } : {}
}
