/** Another proxy, CDN or load balancer in front took the upgrade away before the request reached this nginx. */
import { fixOf, handshake } from '../advice.ts'
import { changedSince } from '../changed-since.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { ConfigView } from '../contract.ts'
import { clientsOf, countOf, groupBy, times } from '../group.ts'
import { rewrittenPath } from '../rewritten-path.ts'
import { BY_CLIENTS } from '../unsaid-upgrade.ts'
import { APP_SIGNS, appReasons, likelyPlace, passesUpgrade } from '../upgrade-told.ts'
import type { View } from '../view.ts'

export const edgeProxy: Cause = {
  id: 'edge-proxy',
  title: 'The upgrade is lost before it reaches this nginx{which}',
  severity: 'error',
  docs: 'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Protocol_upgrade_mechanism',

  weigh: (view, config) => [
    ...lostElsewhere(view, config),
    ...strippedAnswers(view),
    ...proxyProtocol(view),
    ...refusedThoughPassed(view, config),
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

  fix(w) {
    const missing = w.observations.some((o) => o.sign === 'proxy-protocol-missing')
    if (missing || w.observations.some((o) => o.sign === 'proxy-protocol-unexpected'))
      return fixOf({
        layer: 'edge',
        summary: `Both sides have to agree on the PROXY protocol: ${missing ? 'either the proxy in front sends it (HAProxy: send-proxy; Traefik and load balancers have a switch), or `proxy_protocol` goes from that listen line. Monitors and clients that ask the port itself need a listener without it' : 'either `listen … proxy_protocol` here, with set_real_ip_from for the address of that proxy alone, or the proxy in front stops to send it'}.`,
        verify: ['sudo nginx -T 2>/dev/null | grep -nE "listen .*proxy_protocol|set_real_ip_from"'],
      })
    return fixOf({
      layer: 'edge',
      summary:
        'Nothing to change in this nginx. The proxy in front has to pass Upgrade and Connection on: another nginx needs the upgrade headers, a CDN its WebSocket setting (Cloudflare: Network, WebSockets), a load balancer an HTTP/1.1 listener with upgrade support.',
      verify: [handshake(w.scope, 'nginx')],
    })
  },
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

/** sign → what it says. */
const PROXY_PROTOCOL: Readonly<Record<string, string>> = {
  'proxy-protocol-missing': 'connections came without the PROXY header that this listener asks for, and were closed',
  'proxy-protocol-unexpected':
    'a proxy in front sends a PROXY header to a listener that does not expect one, and got 400',
}

/** Scanners reach a listener that expects the header, too, and a few send one to any port: once. A proxy, or a page that
 *  reconnects, comes again and again. */
function proxyProtocol(view: View): Weighed[] {
  const all = view.signs(...Object.keys(PROXY_PROTOCOL))
  return groupBy(all, 'server+path').map(({ scope, members }) => {
    const n = countOf(members)
    const again = n >= 3 && n >= 3 * clientsOf(members)
    return {
      scope,
      for: Object.entries(PROXY_PROTOCOL).flatMap(([sign, text]) => {
        const of = members.filter((o) => o.sign === sign)
        return of.length === 0 ? [] : [{ weight: again ? 0.78 : 0.45, text: `${text} (${times(countOf(of))})` }]
      }),
      against: [],
      observations: members,
      severity: again ? ('error' as const) : ('info' as const),
      values: { which: ': PROXY protocol on one side only' },
      alternatives: [
        {
          cause: 'client-gone',
          confidence: again ? 0.1 : 0.4,
          check:
            'is the client address that of your proxy? if not, somebody asked the port itself, and nothing is wrong',
        },
      ],
    }
  })
}

/** A client that asked for the upgrade was refused as one is who did not, and this nginx passes it on. */
function refusedThoughPassed(view: View, config: ConfigView | null): Weighed[] {
  if (config === null || config.changed_at != null) return []
  const refused = view.failedHandshakes.filter(
    (o) => o.asked === 'yes' && BY_CLIENTS.has(o.sign) && (o.status === 400 || o.status === 426),
  )
  return groupBy(refused, 'server+path').flatMap(({ scope, members }) => {
    const settings = scope.path === null ? null : config.settings(scope.server, scope.path)
    if (
      settings === null ||
      !passesUpgrade(settings) ||
      rewrittenPath(scope, config) !== null ||
      view.upgradedAt(scope).count > 0
    )
      return []
    const says = members.some((o) => o.status === 426)
    return [
      {
        scope,
        for: [
          {
            weight: says ? 0.5 : 0.4,
            text: `a client that asked for the upgrade was answered ${says ? 426 : 400} (${times(countOf(members))}), and your configuration passes it on in ${settings.context} (${settings.file}:${settings.line})`,
          },
        ],
        against: [],
        observations: members,
        values: { which: ', or behind it' },
        alternatives: [
          {
            cause: 'handshake-rejected',
            confidence: says ? 0.15 : 0.35,
            check: `${handshake(scope, 'backend', settings)} # refused as well: the application has a reason of its own`,
          },
          {
            cause: 'missing-upgrade-headers',
            confidence: 0.25,
            check: 'sudo nginx -T # is that block the one that runs, and was nginx reloaded since it was changed?',
          },
        ],
      },
    ]
  })
}
