/** The common predicate: some signs at one place, each with its own weight. */
import type { Reason, Weighed } from './cause.ts'
import type { Alternative, Observation, Severity } from './contract.ts'
import { countOf, groupBy, times } from './group.ts'
import { severityOf } from './severity.ts'
import type { View } from './view.ts'

/** sign → how far it convinces, and what it says. */
export type Signs = Readonly<Record<string, { weight: number; text: string }>>

/** One reason per sign that occurred, with its number. Echoes count here: they are what the reader sees in the log. */
export function reasonsFor(signs: Signs, members: readonly Observation[]): Reason[] {
  return Object.entries(signs).flatMap(([sign, { weight, text }]) => {
    const n = members.filter((o) => o.sign === sign).reduce((sum, o) => sum + o.count, 0)
    return n > 0 ? [{ weight, text: `${text} (${times(n)})` }] : []
  })
}

/** A finding per place. `{which}` in the title becomes the upstream or path it is about. */
export function weighSigns(
  view: View,
  signs: Signs,
  by: 'server+path' | 'server+upstream',
  severity: Severity,
  alternatives: (members: readonly Observation[]) => Alternative[] = () => [],
): Weighed[] {
  return groupBy(view.signs(...Object.keys(signs)), by).map(({ scope, members }) => ({
    scope,
    for: reasonsFor(signs, members),
    against: [],
    observations: members,
    severity: severityOf(members, view, severity),
    values: which(scope.upstream ?? scope.path),
    alternatives: alternatives(members),
    count: countOf(members),
  }))
}

export const which = (name: string | null): Record<string, string> => ({ which: name === null ? '' : ` ${name}` })
