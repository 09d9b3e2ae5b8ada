/** nginx reached nobody: nothing listens, the address is wrong, the host is gone, or packets are dropped.
 *  Source: ngx_http_upstream_connect, ngx_http_upstream_test_connect, ngx_event_connect_peer. */
import { fixOf, handshake, settingsOf, shellSafe, upstream } from '../advice.ts'
import { reasonsFor, which, type Signs } from '../by-signs.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, ConfigView, Observation } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { deployments } from '../deployments.ts'
import { CLOUDFLARE_ADVICE, fromEdgeStatus, ofCloudflare } from '../edge-statuses.ts'
import { severityOf } from '../severity.ts'
import { timeline } from '../timeline.ts'
import type { View } from '../view.ts'

const SIGNS: Signs = {
  'connect-refused': { weight: 0.95, text: 'the connection was refused: no process listens at that address' },
  'connect-unreachable': { weight: 0.93, text: 'the host or network is unreachable' },
  'connect-socket-missing': { weight: 0.95, text: 'the unix socket does not exist' },
  'connect-denied': { weight: 0.88, text: 'nginx may not open the connection (permissions, SELinux)' },
  'connect-no-ipv6': {
    weight: 0.85,
    text: 'the address is of IPv6, and this machine or container has none (localhost means ::1, too: write 127.0.0.1)',
  },
  'connect-failed': { weight: 0.8, text: 'the connection could not be opened' },
  'connect-timeout': {
    weight: 0.82,
    text: 'the connection was never accepted: packets are dropped, or the accept queue is full',
  },
  'haproxy-connect-refused': { weight: 0.9, text: 'the connection was refused (HAProxy: SC)' },
  'haproxy-connect-timeout': { weight: 0.85, text: 'the connection was never accepted (HAProxy: sC)' },
  'app-proxy-refused': {
    weight: 0.92,
    text: 'the connection was refused or the host unreachable (Caddy, Traefik)',
  },
  'app-proxy-timeout': { weight: 0.82, text: 'the connection was never accepted (Caddy, Traefik)' },
  'app-proxy-away': { weight: 0.45, text: 'a page got 502, 503 or 504 to an ordinary request before its socket' },
  'no-live-upstreams': { weight: 0.9, text: 'every server of the upstream group was marked as failed' },
}

export const backendDown: Cause = {
  id: 'backend-down',
  title: '{who} cannot reach the backend{which}',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server',

  weigh(view, config) {
    const failed = view.signs(...Object.keys(SIGNS))
    // "no live upstreams" follows from failures of the group's servers: it stands alone only when those are not in the logs.
    const direct = failed.filter((o) => o.sign !== 'no-live-upstreams')
    const group = failed.filter((o) => o.sign === 'no-live-upstreams')
    const found = groupBy(direct, 'server+upstream').map(({ scope, members }) => {
      const follows = group.filter((o) => o.scope.server === scope.server)
      return weighed(scope, [...members, ...follows.map((o) => ({ ...o, echo: true }))], view, config)
    })
    for (const { scope, members } of groupBy(
      group.filter((o) => !direct.some((d) => d.scope.server === o.scope.server)),
      'server+upstream',
    ))
      found.push(weighed(scope, members, view, config))
    return [...found, ...markedAlone(view), ...fromStatusAlone(view, failed), ...fromEdgeStatus(view, 'backend-down')]
  },

  fix(w, config) {
    if (w.observations.every(ofCloudflare)) return fixOf({ layer: 'host', summary: CLOUDFLARE_ADVICE })
    const port = /:(\d{1,5})$/.exec(w.scope.upstream ?? '')?.[1]
    const place = { ...w.scope, path: w.observations[0]?.scope.path ?? null }
    const container = w.scope.upstream !== null && !/^(?:127\.|\[::1\]|localhost|unix:)/.test(w.scope.upstream)
    return fixOf({
      layer: w.observations.some((o) => o.sign === 'connect-unreachable' || o.sign === 'connect-timeout')
        ? 'host'
        : 'application',
      summary: w.over
        ? `Nothing to change: ${w.over.successes} handshakes succeeded since. If this was no restart of yours, look into the log of the application at that time.`
        : `Start the backend, and check that it listens at ${shellSafe(w.scope.upstream, 'the address in proxy_pass')}${container ? ' (in a container network: on its own address, not on 127.0.0.1)' : ''}. Nothing to change in nginx unless the address is wrong.`,
      // Nothing is patched: it is where the address stands that may be wrong.
      target: w.over ? null : (config?.backend_line?.(place.server, place.path, place.upstream) ?? null),
      verify: [
        port === undefined ? 'ss -tln' : `ss -tln 'sport = :${port}'`,
        `curl -sS --max-time 5 -o /dev/null -w '%{http_code}\\n' http://${upstream(w.scope)}/`,
        handshake(place, 'nginx', settingsOf(place, config)),
      ],
    })
  },
}

function weighed(scope: Weighed['scope'], members: Observation[], view: View, config: ConfigView | null): Weighed {
  const against: Reason[] = []
  const socket = members.find((o) => view.isSocket(o.scope))
  const good = socket ? view.upgradedAt(socket.scope) : null
  const time = good === null ? null : timeline(members, good)
  let over: Weighed['over']
  if (good !== null && time?.kind === 'repaired' && !good.datedByEnd && !good.hostUnknown) {
    over = { since: time.since, successes: time.successes, why: 'succeeded' }
  } else if (good !== null && good.count > 0) {
    against.push({
      weight: 0.05,
      successes: true,
      text: `${good.count} handshakes on the same path succeeded: the backend was away for a part of the time, or only one of several is`,
    })
  }
  const away = over === undefined ? deployments(members, view, good) : null
  return {
    scope,
    for: [...reasonsFor(SIGNS, members), ...(away === null ? [] : [{ weight: 0, text: away }])],
    against,
    observations: members,
    severity: away === null ? severityOf(members, view, 'error', config) : 'info',
    values: { ...which(scope.upstream), who: who(members) },
    alternatives: alternativesFor(members),
    ...(over === undefined ? {} : { over }),
  }
}

function alternativesFor(members: readonly Observation[]): Alternative[] {
  if (!members.some((o) => o.sign === 'connect-timeout')) return []
  return [
    {
      cause: 'backend-slow',
      confidence: 0.15,
      check: 'ss -ltn on the backend: Recv-Q at its Send-Q limit means that it listens but does not accept',
    },
  ]
}

const who = (members: readonly Observation[]): string =>
  members.every((o) => o.sign.startsWith('haproxy-'))
    ? 'HAProxy'
    : members.every((o) => o.sign.startsWith('app-proxy-'))
      ? 'The proxy'
      : 'nginx'

const MARKED = 'upstream-disabled'

/** `upstream server temporarily disabled` follows a failure that is logged at a higher level: alone it tells that there was one. */
function markedAlone(view: View): Weighed[] {
  const told = new Set(
    [...view.evidence.observations.values()].flatMap((o) =>
      o.kind.startsWith('upstream_') && o.sign !== MARKED ? (o.scope.upstream ?? []) : [],
    ),
  )
  const alone = view.signs(MARKED).filter((o) => o.scope.upstream === null || !told.has(o.scope.upstream))
  return groupBy(
    alone.map((o) => ({ ...o, echo: false })),
    'server+upstream',
  ).map(({ scope, members }) => ({
    scope,
    for: [{ weight: 0.45, text: `nginx marked the backend as failed ${times(countOf(members))} (max_fails)` }],
    against: [],
    observations: members,
    values: { ...which(scope.upstream), who: 'nginx' },
    alternatives: ['backend-reset', 'backend-slow'].map((cause) => ({
      cause,
      confidence: 0.25,
      check: 'sudo grep -B1 "temporarily disabled" /var/log/nginx/error.log # the line before says what failed',
    })),
  }))
}

/** A 502 without an error log: nobody says why, so it is a guess and is called one. */
function fromStatusAlone(view: View, said: readonly Observation[]): Weighed[] {
  if (view.hasError || said.length > 0 || view.signs('haproxy-died-before-headers').length > 0) return []
  const bad = view.failedHandshakes.filter((o) => o.status === 502 && o.answered_by !== 'backend')
  return groupBy(bad, 'server+path').map(({ scope, members }) => ({
    scope,
    for: [
      {
        weight: 0.45,
        text: `nginx answered 502 ${times(countOf(members))}; the reason is in its error log, which was not given`,
      },
    ],
    against: [],
    observations: members,
    values: { which: scope.path === null ? '' : ` behind ${scope.path}`, who: 'nginx' },
    alternatives: [
      {
        cause: 'backend-reset',
        confidence: 0.2,
        check: 'sudo tail -n 50 /var/log/nginx/error.log # "prematurely closed"',
      },
      {
        cause: 'upstream-tls-mismatch',
        confidence: 0.15,
        check: 'sudo tail -n 50 /var/log/nginx/error.log # "SSL_do_handshake() failed"',
      },
    ],
  }))
}
