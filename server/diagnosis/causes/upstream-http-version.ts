/** HTTP/1.0 to a backend that only upgrades 1.1, or HTTP/2 where the upgrade of 1.1 is needed. nginx before 1.29.7 speaks
 *  HTTP/1.0 to a backend unless proxy_http_version says otherwise. Of the servers measured only Python's websockets and
 *  coder/websocket refuse 1.0 for its own sake. */
import {
  fixOf,
  handshake,
  prepare,
  rollBack,
  servingLocation,
  settingsOf,
  snippet,
  TEST_AND_RELOAD,
} from '../advice.ts'
import { reasonsFor, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import type { ConfigView, Observation, Scope } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { speaks11 } from '../nginx-version.ts'
import type { View } from '../view.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'app-http10-handshake': { weight: 0.85, text: 'the application printed that the handshake came as HTTP/1.0' },
  'http2-upgrade-refused': {
    weight: 0.8,
    text: 'an Upgrade header came to nginx over HTTP/2 or 3, which have none (RFC 9113 section 8.2.2), and was answered 400',
  },
  'http2-upgrade-broken': {
    weight: 0.85,
    text: 'nginx passed an upgrade on that came over HTTP/2, which has none (RFC 9113 section 8.2.2), and could not join both ends',
  },
  'http1-answer-to-http2': {
    weight: 0.92,
    text: 'nginx spoke HTTP/2 to a backend that answered in HTTP/1: its answer begins with "HTTP" where a frame should',
  },
  'app-http2-handshake': {
    weight: 0.82,
    text: 'an Upgrade header came over HTTP/2, which has none (RFC 9113 section 8.2.2)',
  },
}
/** 505 HTTP Version Not Supported. */
const REFUSED = 505

export const upstreamHttpVersion: Cause = {
  id: 'upstream-http-version',
  title: 'The handshake is passed on in an HTTP version that the backend does not upgrade',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version',

  weigh(view, config) {
    const refused = view.failedHandshakes.filter((o) => o.status === REFUSED && o.asked !== 'no')
    const places = groupBy(refused, 'server+path').map((g) => answered(g.scope, g.members, view, config))
    const told = toldByApplication(view, SIGNS, 'error', () => [missing(0.25)])
    const [place] = places
    if (place === undefined) return told
    // Application and access log tell of one refusal.
    for (const w of told) {
      place.for.push(...reasonsFor(SIGNS, w.observations))
      place.observations = [...place.observations, ...w.observations.map((o) => ({ ...o, echo: true }))]
    }
    return places
  },

  fix(w, config) {
    if (w.observations.some((o) => o.sign.includes('http2-')))
      return fixOf({
        layer: 'edge',
        summary:
          'The proxy or client in front must speak HTTP/1.1 to this one for WebSockets (Caddy: transport http { versions 1.1 }); in nginx there is nothing to change. Browsers do so by themselves. nginx 1.31.0 and newer refuse such a request with 400, older ones break it off after the 101.',
        verify: [handshake(w.scope, 'nginx')],
      })
    const settings = settingsOf(w.scope, config)
    const context = settings?.context ?? servingLocation(w.scope)
    const directives = [
      { context, text: 'proxy_http_version 1.1;' },
      { context, text: 'proxy_set_header Upgrade $http_upgrade;' },
      { context, text: 'proxy_set_header Connection $connection_upgrade;' },
    ]
    const { server, path } = w.scope
    const patch = path === null ? null : (config?.patch(server, path, directives) ?? null)
    return fixOf({
      layer: 'nginx',
      summary:
        'Let nginx speak HTTP/1.1 to this backend, in the same block as the upgrade headers. (nginx 1.29.7 and newer do so by default.)',
      directives,
      snippet: snippet(directives),
      patch: patch?.patch ?? null,
      target: patch?.target ?? (settings ? { file: settings.file, line: settings.line } : null),
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD, handshake(w.scope, 'nginx', settings)],
      rollback: rollBack(config),
    })
  },
}

function answered(scope: Scope, members: Observation[], view: View, config: ConfigView | null): Weighed {
  const settings = settingsOf(scope, config)
  const headers = settings?.set_headers.has('upgrade') === true && settings.set_headers.has('connection')
  const old = settings !== null && settings.proxy_http_version !== '1.1' && !speaks11(config?.version ?? null)
  const good = view.upgradedAt(scope)
  return {
    scope,
    for: [
      { weight: 0.45, text: `the backend answered 505 HTTP Version Not Supported ${times(countOf(members))}` },
      ...(headers && old
        ? [
            {
              weight: 0.9,
              text: `${settings.context} passes the upgrade headers on, and leaves proxy_http_version at 1.0`,
            },
          ]
        : []),
    ],
    against: [
      ...(settings !== null && !old
        ? [{ weight: 0.7, text: `${settings.context} speaks HTTP/1.1 to the backend` }]
        : []),
      ...(settings !== null && !headers
        ? [{ weight: 0.5, text: `${settings.context} does not pass the upgrade headers on either` }]
        : []),
      ...(good.count > 0
        ? [{ weight: 0.5, successes: true as const, text: `${good.count} handshakes on this path succeeded` }]
        : []),
    ],
    observations: members,
    alternatives: [missing(0.4)],
  }
}

const missing = (confidence: number): { cause: string; confidence: number; check: string } => ({
  cause: 'missing-upgrade-headers',
  confidence,
  check: "nginx -T | grep -nE 'proxy_http_version|Upgrade|Connection' # are all three in the location of the socket?",
})
