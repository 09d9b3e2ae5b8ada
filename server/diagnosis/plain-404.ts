/** A backend such as Express answers 404 to a handshake that arrives as a plain GET. Scanners get the same, so that a page
 *  has to have come again and again, and the configuration to lose the upgrade: then the lines are missing whether or not
 *  the application has a socket at that path. */
import { handshake } from './advice.ts'
import { onlyBrowsers } from './agents.ts'
import type { Weighed } from './cause.ts'
import type { EffectiveProxy, Observation, Scope } from './contract.ts'
import { countOf, times } from './group.ts'
import { comesAgain } from './rhythm.ts'
import { scanned } from './scanned.ts'
import { lacking, passesUpgrade } from './upgrade-told.ts'
import type { View } from './view.ts'

/** Possible `missing-upgrade-headers`; null where the configuration passes the upgrade, does not serve the place, or nobody
 *  came again. */
export function fromPages(
  scope: Scope,
  members: readonly Observation[],
  view: View,
  settings: EffectiveProxy | null,
): Weighed | null {
  const pages = members.filter((o) => o.status === 404)
  if (settings?.proxy_pass == null || passesUpgrade(settings) || view.upgradedAt(scope).count > 0) return null
  if (comesAgain(pages) !== true || !onlyBrowsers(pages) || scanned(scope, pages, pages, view).length > 0) return null
  const direct = `${handshake(scope, 'backend', settings)} # 404 here as well: the application has no socket at that path`
  return {
    scope,
    for: [
      {
        weight: 0.25,
        text: `the backend answered 404 Not Found ${times(countOf(pages))} at a path that is named as a socket`,
      },
      { weight: 0.2, text: 'browsers tried again and again, as a page does that reconnects' },
      {
        weight: 0.3,
        text: `your configuration does not pass the upgrade: ${lacking(settings)} in ${settings.context} (${settings.file}:${settings.line})`,
      },
    ],
    against: [],
    observations: pages,
    values: { where: ` at ${scope.path}` },
    severity: 'warning',
    alternatives: [{ cause: 'path-mismatch', confidence: 0.4, check: direct }],
  }
}
