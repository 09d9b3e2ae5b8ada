/** Findings that an application's own lines carry: these name no place in nginx, so the log they stand in is the place. */
import type { Weighed } from './cause.ts'
import type { Alternative, Observation, Severity } from './contract.ts'
import { weighSigns, type Signs } from './by-signs.ts'
import type { View } from './view.ts'

/** As weighSigns, with the severity as it is: what an application says about its sockets is about sockets. */
export const toldByApplication = (
  view: View,
  signs: Signs,
  severity: Severity,
  alternatives?: (members: readonly Observation[]) => Alternative[],
): Weighed[] =>
  weighSigns(view, signs, 'server+path', severity, alternatives).map((w) => ({
    ...w,
    severity,
    source: w.observations[0]?.exemplars[0]?.source ?? 'application',
  }))
