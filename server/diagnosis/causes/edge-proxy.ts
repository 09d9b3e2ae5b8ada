/** Another proxy, CDN or load balancer in front took the upgrade away before the request reached this nginx. */
import { fixOf, handshake } from '../advice.ts'
import { changedSince } from '../changed-since.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { ConfigView } from '../contract.ts'
import { clientsOf, countOf, groupBy, times } from '../group.ts'
import { APP_SIGNS, appReasons, likelyPlace } from '../upgrade-told.ts'
import type { View } from '../view.ts'

export const edgeProxy: Cause = {
  id: 'edge-proxy',
  title: 'The upgrade is lost before it reaches this nginx{which}',
  severity: 'error',
  docs: 'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Protocol_upgrade_mechanism',

  weigh: (view, config) => [
    ...lostElsewhere(view, config),
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

/** The application misses what this nginx passes on. Both have to be of one time: a file that was changed since proves nothing
 *  of before. */
function lostElsewhere(view: View, config: ConfigView | null): Weighed[] {
  const told = view.signs(...APP_SIGNS)
  const place = told.length === 0 || view.failedHandshakes.some((o) => o.status === 400) ? null : likelyPlace(config)
  if (place?.passes !== true) return []
  const last = Math.max(...told.map((o) => o.last ?? Infinity))
  return [
    {
      scope: { server: null, path: null, upstream: null },
      source: told[0]?.exemplars[0]?.source ?? 'application',
      for: [
        ...appReasons(told),
        { weight: 0.3, text: `your configuration passes both headers on in ${place.where}: another hop dropped them` },
      ],
      against:
        changedSince(config, last) !== null
          ? [
              {
                weight: 0.4,
                text: 'the configuration was changed after the last such line: it may be the repaired one',
              },
            ]
          : [],
      observations: told,
      values: { which: ', or behind it' },
      alternatives: [
        {
          cause: 'missing-upgrade-headers',
          confidence: 0.25,
          check: 'sudo nginx -T # is that block the one that runs, and was nginx reloaded since it was changed?',
        },
      ],
    },
  ]
}
