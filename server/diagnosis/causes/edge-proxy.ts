/** Another proxy, CDN or load balancer in front took the upgrade away before the request reached this nginx. */
import { fixOf, handshake } from '../advice.ts'
import type { Cause, Weighed } from '../cause.ts'
import { clientsOf, countOf, groupBy, times } from '../group.ts'
import type { View } from '../view.ts'

export const edgeProxy: Cause = {
  id: 'edge-proxy',
  title: 'The upgrade is lost before it reaches this nginx{which}',
  severity: 'error',
  docs: 'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Protocol_upgrade_mechanism',

  weigh: (view) => [
    ...strippedAnswers(view),
    ...groupBy(view.signs('upgrade-lost-before-nginx'), 'server+path').map(({ scope, members }) => {
      const n = countOf(members)
      const good = view.upgradedAt(scope)
      return {
        scope,
        // Somebody may have opened the URL in a browser, or a scanner may know it: one line is no proof.
        for: [
          {
            weight: n >= 3 ? 0.7 : 0.4,
            text: `only a WebSocket client asks for this URL, and it arrived without an Upgrade header ${times(n)} ($http_upgrade is logged and empty)`,
          },
          ...(clientsOf(members) > 1 ? [{ weight: 0.25, text: `from ${clientsOf(members)} different addresses` }] : []),
        ],
        against:
          good.count > 0
            ? [{ weight: 0.6, successes: true as const, text: `${good.count} handshakes on this path arrived whole` }]
            : [],
        observations: members,
        values: { which: scope.path === null ? '' : `: ${scope.path}` },
        alternatives: [
          {
            cause: 'client-gone',
            confidence: 0.2,
            check: 'do the user agents look like scanners or a browser tab opened by hand? then no socket was meant',
          },
        ],
      }
    }),
  ],

  fix: (w) =>
    fixOf({
      layer: 'edge',
      summary:
        'Nothing to change in this nginx. The proxy in front has to pass Upgrade and Connection on: another nginx needs the upgrade headers, a CDN its WebSocket setting (Cloudflare: Network, WebSockets), a load balancer an HTTP/1.1 listener with upgrade support.',
      verify: [handshake(w.scope, 'nginx')],
    }),
}

/** A browser got 101 without what belongs to it: some hop took headers out of the answer, or answered from a cache. */
function strippedAnswers(view: View): Weighed[] {
  return groupBy(view.signs('browser-answer-stripped'), 'server+path').map(({ scope, members }) => ({
    scope,
    for: [
      {
        weight: 0.65,
        text: `a browser got an answer to its handshake in which Upgrade, Connection or Sec-WebSocket-Accept was missing or wrong (${times(countOf(members))})`,
      },
    ],
    against: [],
    observations: members,
    values: { which: scope.path === null ? '' : `: ${scope.path}` },
    alternatives: [
      {
        cause: 'handshake-rejected',
        confidence: 0.25,
        check: `${handshake(scope, 'backend')} # the same answer without a proxy: the application is no WebSocket server`,
      },
    ],
  }))
}
