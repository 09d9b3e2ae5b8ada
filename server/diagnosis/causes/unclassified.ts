/** Failures that recur and that no rule explains: grouped by their shape, never hidden. */
import { fixOf } from '../advice.ts'
import type { Cause } from '../cause.ts'
import type { Observation } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'

/** Statuses that a cause in this registry weighs. Everything else a handshake can end with lands here. */
const WEIGHED = new Set([200, 400, 404, 405, 426, 505, 502, 504, 301, 302, 303, 307, 308, 401, 403, 407])

export const unclassified: Cause = {
  id: 'unclassified',
  title: 'a failure that no rule explains: {what}',
  severity: 'warning',
  docs: 'https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.2',

  weigh(view) {
    const odd = [...view.evidence.observations.values()].filter((o) => o.sign.startsWith('unexplained: '))
    const refused = view.failedHandshakes.filter(
      (o) => o.status !== null && !WEIGHED.has(o.status) && o.asked !== 'unknown',
    )
    return [...groupBy(odd, 'server+upstream'), ...groupBy(refused, 'server+path')].flatMap(({ scope, members }) =>
      bySign(members).map((same) => ({
        scope,
        for: [{ weight: 0.3, text: `the same line appeared ${times(countOf(same))}` }],
        against: [],
        observations: same,
        values: { what: describe(same[0]) },
        severity:
          same.some((o) => view.isSocket(o.scope)) && countOf(same) >= 3 ? ('warning' as const) : ('info' as const),
      })),
    )
  },

  fix: () =>
    fixOf({
      layer: 'none',
      summary:
        "halfopen knows no cause for this line. The lines above and the application's log at the same time are the place to look.",
    }),
}

function bySign(members: Observation[]): Observation[][] {
  const groups = new Map<string, Observation[]>()
  for (const o of members) groups.set(`${o.sign} ${o.status}`, [...(groups.get(`${o.sign} ${o.status}`) ?? []), o])
  return [...groups.values()]
}

function describe(o: Observation | undefined): string {
  if (o === undefined) return ''
  return o.sign.startsWith('unexplained: ') ? o.sign.slice(13) : `handshakes answered with ${o.status}`
}
