/** Failures that recur and that no rule explains: grouped by their shape, never hidden. */
import { fixOf } from '../advice.ts'
import type { Cause } from '../cause.ts'
import type { Alternative, Observation, Scope } from '../contract.ts'
import { saysItself } from '../edge-statuses.ts'
import { countOf, groupBy, shareMinutes, times } from '../group.ts'
import { shapesOf } from '../templates.ts'
import type { View } from '../view.ts'

const UNEXPLAINED = 'unexplained: '
/** What applications say went wrong, and that is nobody's fault in between. */
const NAMED: Readonly<Record<string, string>> = {
  'browser-not-opened': 'a browser could not open its WebSocket and does not say why (its network tab has the status)',
  'app-fault': "the application's own handler of the socket failed",
  'app-not-http': 'the application got bytes that are no HTTP request: TLS at a plain port, or a scanner',
}
/** Shapes of one place that are listed. */
const SHOWN = 5
/** Statuses that a cause in this registry weighs. Everything else a handshake can end with lands here. */
const WEIGHED = new Set([200, 400, 404, 405, 426, 505, 502, 504, 301, 302, 303, 307, 308, 401, 403, 407])

/** 503 is said by many: applications whose own remote is away, nginx at a limit, maintenance pages. */
const UNAVAILABLE: Alternative[] = [
  {
    cause: 'agent-leg',
    confidence: 0.3,
    check:
      "the application's own log at that time: does it say that a server, kernel or agent of its own is not there?",
  },
  {
    cause: 'resource-limit',
    confidence: 0.2,
    check: "grep -h limiting /var/log/nginx/error.log # nginx's own limits answer 503 and say so there",
  },
]

export const unclassified: Cause = {
  id: 'unclassified',
  title: 'a failure that no rule explains: {what}',
  severity: 'warning',
  docs: 'https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.2',

  weigh(view) {
    const odd = [...view.evidence.observations.values()].filter(
      (o) => o.sign.startsWith(UNEXPLAINED) || NAMED[o.sign] !== undefined,
    )
    const refused = view.failedHandshakes.filter(
      (o) =>
        o.status !== null &&
        !WEIGHED.has(o.status) &&
        !saysItself(o.status) &&
        o.asked !== 'unknown' &&
        !limited(o, view),
    )
    const unnamed = odd.filter((o) => NAMED[o.sign] === undefined)
    const shapes = unnamed.length === 0 ? new Map<string, string>() : shapesOf(unnamed.map(textOf))
    const nameOf = (o: Observation): string =>
      NAMED[o.sign] ??
      (o.sign.startsWith(UNEXPLAINED) ? (shapes.get(textOf(o)) ?? textOf(o)) : `handshakes answered with ${o.status}`)
    // One finding a place: its id knows the place alone.
    return [...groupBy(odd, 'server+upstream'), ...groupBy(refused, 'server+path')].map(({ scope, members }) => {
      const named = byName(members, nameOf)
      const [first] = named
      const many = named.filter(({ count }) => count >= 3)
      const application = members.every((o) => isNowhere(o.scope))
      return {
        scope,
        ...(application ? { source: members[0]?.exemplars[0]?.source ?? 'application' } : {}),
        for: named
          .slice(0, SHOWN)
          .map(({ name, count }, i) => ({ weight: i === 0 ? 0.3 : 0, text: `${times(count)}: ${name}` })),
        against: [],
        observations: named.flatMap((group) => group.members),
        ...(members.some((o) => o.status === 503) ? { alternatives: UNAVAILABLE } : {}),
        values: { what: `${first?.name ?? ''}${named.length > 1 ? `, and ${named.length - 1} more` : ''}` },
        severity:
          many.length > 0 && members.some((o) => view.isSocket(o.scope)) ? ('warning' as const) : ('info' as const),
      }
    })
  },

  fix: () =>
    fixOf({
      layer: 'none',
      summary:
        "halfopen knows no cause for this line. The lines above and the application's log at the same time are the place to look.",
    }),
}

/** What nginx answers at a limit: 503 unless limit_conn_status or limit_req_status says 429. */
const AT_LIMIT = new Set([429, 503])

/** The error log of the same minutes has a line of a limit for each of them: resource-limit. */
function limited(o: Observation, view: View): boolean {
  if (o.status === null || !AT_LIMIT.has(o.status) || o.answered_by === 'backend') return false
  const lines = view.signs('limit-conn', 'limit-req').filter(({ scope }) => scope.path === o.scope.path)
  return lines.reduce((n, { count }) => n + count, 0) >= o.count && shareMinutes(lines, [o])
}

/** An application's line names no place in nginx. */
const isNowhere = ({ server, path, upstream }: Scope): boolean => server === null && path === null && upstream === null

/** The most frequent first. */
function byName(
  members: readonly Observation[],
  nameOf: (o: Observation) => string,
): { name: string; count: number; members: Observation[] }[] {
  const groups = new Map<string, Observation[]>()
  for (const o of members) groups.set(nameOf(o), [...(groups.get(nameOf(o)) ?? []), o])
  return [...groups]
    .map(([name, of]) => ({ name, count: countOf(of), members: of }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}

const textOf = (o: Observation): string => o.sign.slice(UNEXPLAINED.length)
