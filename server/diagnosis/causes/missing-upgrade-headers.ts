/** The hop in front of the backend did not pass `Upgrade` and `Connection` on. nginx drops both unless told otherwise,
 *  writes nothing about it, and only the backend's answer shows it. Source: ngx_http_proxy_module.c
 *  (ngx_http_proxy_headers), measured answers of six backends. */
import {
  expected,
  fixOf,
  handshake,
  path,
  prepare,
  rollBack,
  servingLocation,
  snippet,
  TEST_AND_RELOAD,
  upstream,
} from '../advice.ts'
import { changedSince } from '../changed-since.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, ConfigView, Directive, EffectiveProxy, Observation, Scope } from '../contract.ts'
import { clientsOf, countOf, groupBy, shareMinutes, times } from '../group.ts'
import { speaks11 } from '../nginx-version.ts'
import { rewrittenPath } from '../rewritten-path.ts'
import { comesAgain } from '../rhythm.ts'
import { scanned } from '../scanned.ts'
import { fromPages } from '../plain-404.ts'
import { joinPlaces, plainRequests } from '../silent-refusals.ts'
import { timeline } from '../timeline.ts'
import { BY_CLIENTS, unsaid } from '../unsaid-upgrade.ts'
import { APP_SIGNS, appReasons, lacking, likelyPlace, passesUpgrade, type LikelyPlace } from '../upgrade-told.ts'
import { HUB_SIGN, type SuccessesAt, type View } from '../view.ts'

/** What backends answer to a handshake that arrives as an ordinary GET, and how telling each answer is when it is known
 *  that the client asked, and when it is not. */
const ANSWERS: Readonly<Record<number, { meaning: string; asked: number; likely: number; unknown: number }>> = {
  426: { meaning: '426 Upgrade Required', asked: 0.88, likely: 0.82, unknown: 0.6 },
  400: { meaning: '400 Bad Request', asked: 0.6, likely: 0.6, unknown: 0.3 },
  505: { meaning: '505 HTTP Version Not Supported', asked: 0.6, likely: 0.5, unknown: 0 },
  404: { meaning: '404 Not Found', asked: 0.45, likely: 0.4, unknown: 0 },
  405: { meaning: '405 Method Not Allowed', asked: 0.45, likely: 0.4, unknown: 0 },
  200: { meaning: '200 OK instead of 101', asked: 0.45, likely: 0.4, unknown: 0 },
}

export const missingUpgradeHeaders: Cause = {
  id: 'missing-upgrade-headers',
  title: 'The proxy does not pass the WebSocket upgrade on to the backend{where}',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/websocket.html',

  weigh(view, config) {
    // Where nginx looked for a file there is no backend to pass a header on to: path-mismatch.
    const files = new Set(view.signs('static-not-found').map((o) => o.scope.path))
    const refused = view.failedHandshakes.filter(
      (o) =>
        o.status !== null &&
        o.asked !== 'no' &&
        o.sign !== 'engine-io-upgrade-refused' &&
        ANSWERS[o.status] !== undefined &&
        o.answered_by !== 'nginx' &&
        !(o.status === 404 && files.has(o.scope.path)),
    )
    const told = view.signs(...APP_SIGNS)
    const groups = groupBy(refused, 'server+path').map((g) => fromNginx(g.scope, oneAnswer(g.members), view, config))
    const silent = plainRequests(view)
    if (told.length === 0)
      return [
        ...joinPlaces(
          groups.filter((w) => w !== null),
          silent,
        ),
        ...unsaid(view),
      ]
    // The application names no path. Its lines belong to the place that failed in the same minutes, else they stand alone.
    const partner = groups
      .filter((w) => w !== null)
      .sort((a, b) => countOf(b.observations) - countOf(a.observations))
      .find((w) => w.observations.some((o) => o.status === 400) && shareMinutes(w.observations, told))
    if (partner) {
      partner.for.push(...appReasons(told))
      partner.observations = [...partner.observations, ...told]
      partner.count = Math.max(countOf(partner.observations) - countOf(told), countOf(told))
    }
    const rest = groups.filter((w) => w !== null)
    if (partner) return rest
    // What passes them on did not lose them: edge-proxy.
    const place = likelyPlace(config)
    return place?.passes === true ? rest : [...rest, fromApplication(told, place)]
  },

  fix(weighed, config, view) {
    // An application's line names no path: the block that serves sockets is meant.
    const at = weighed.values?.['place'] ?? weighed.scope.path
    const settings = settingsFor({ ...weighed.scope, path: at }, config)
    if (weighed.over?.why === 'config-changed') return applied(weighed, settings)
    if (settings !== null && passesUpgrade(settings))
      return weighed.over?.why === 'succeeded'
        ? repaired(weighed.over.successes, settings)
        : elsewhere(weighed, settings)
    const context = settings?.context ?? servingLocation(weighed.scope)
    const directives: Directive[] = [
      ...(settings?.connection_map === true ? [] : [{ context: 'http', text: MAP }]),
      { context, text: 'proxy_http_version 1.1;' },
      { context, text: 'proxy_set_header Upgrade $http_upgrade;' },
      { context, text: 'proxy_set_header Connection $connection_upgrade;' },
    ]
    const patch = at === null ? null : (config?.patch(weighed.scope.server, at, directives) ?? null)
    return fixOf({
      layer: 'nginx',
      summary: `Add the upgrade headers to ${settings ? settings.context : 'the location that proxies this path'}, in the same block as its other proxy_set_header lines: one proxy_set_header in a block drops all inherited ones.${version(config)}${config === null && !view.hasAccess ? BEHIND_A_PAGE : ''}`,
      directives,
      snippet: snippet(directives),
      patch: patch?.patch ?? null,
      target: patch?.target ?? (settings ? { file: settings.file, line: settings.line } : null),
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD, handshake(weighed.scope, 'nginx', settings), ...expected(weighed.scope)],
      rollback: rollBack(config),
    })
  },
}

/** Which of the lines an nginx needs. Source: CHANGES, 1.29.7. */
function version(config: ConfigView | null): string {
  const known = config?.version ?? null
  if (known === null) return ' proxy_http_version 1.1 is needed before nginx 1.29.7, and the default since.'
  return speaks11(known)
    ? ` nginx ${known} speaks HTTP/1.1 by itself and sends no Connection of its own: both headers are needed all the same.`
    : ''
}

/** Where nothing tells whose nginx it is: most of those who have none of their own have one of these. */
const BEHIND_A_PAGE =
  ' (Nginx Proxy Manager: switch on "Websockets Support" of the proxy host. Synology: Custom Header, Create, WebSocket in the rule.)'

/** `''` maps to close: an ordinary request in the same location stays an ordinary request. */
const MAP = `map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}`

function fromNginx(scope: Scope, members: Observation[], view: View, config: ConfigView | null): Weighed | null {
  const total = countOf(members)
  const best = [...members].sort((a, b) => weightOf(b) - weightOf(a))[0]
  if (best === undefined) return null
  if (weightOf(best) === 0) return fromPages(scope, members, view, settingsFor(scope, config))
  const meaning = ANSWERS[best.status ?? 0]?.meaning ?? ''
  const reasons: Reason[] = [
    {
      weight: weightOf(best),
      text:
        `${phrase(best)} and the backend answered ${meaning} ${times(total)}` +
        (best.sign === 'engine-io-no-upgrade'
          ? ': by its size the answer that Engine.IO has for a WebSocket request without its upgrade'
          : ''),
    },
  ]
  const typed = best.asked === 'unknown' && (total < 3 || comesAgain(members) === false)
  const against: Reason[] = typed ? scanned(scope, members, members, view) : []
  const clients = clientsOf(members)
  // Thirty scanners at /api/websocket of a static site get thirty 404s: numbers only add to an answer that speaks.
  const speaks = weightOf(best) >= 0.5
  if (speaks && clients > 1 && !typed)
    reasons.push({ weight: 0.2, text: `${clients >= 8 ? '8 or more' : clients} different clients got the same answer` })
  else if (speaks && total >= 3 && !typed)
    reasons.push({ weight: 0.15, text: 'the same client tried again and again, as a page does that reconnects' })

  const settings = settingsFor(scope, config)
  const changedPath = rewrittenPath(scope, config)
  let over = judgeTimes(members, view.upgradedAt(scope), reasons, against)
  if (settings !== null && passesUpgrade(settings)) {
    const where = `${settings.context} (${settings.file}:${settings.line})`
    const changed = changedSince(config, Math.max(...members.map((o) => o.last ?? Infinity)))
    if (changed !== null) {
      over ??= { since: changed, successes: 0, why: 'config-changed' }
      reasons.push({
        weight: 0,
        text: `your configuration passes both headers now in ${where}: it was changed after the last failure`,
      })
    } else if (over?.why === 'succeeded') {
      // A dump does not tell when it was changed, and handshakes succeed: then it is the repaired one.
      reasons.push({ weight: 0, text: `your configuration passes both headers now in ${where}` })
    } else if (best.asked === 'yes' && (PATH_ANSWERS.has(best.status ?? 0) || BY_CLIENTS.has(best.sign))) {
      // It passes it on: what answers 404 then is no socket (path-mismatch), what refuses is elsewhere (edge-proxy).
      return null
    } else if (changedPath !== null && (best.asked !== 'yes' || changedPath.own)) {
      // Both headers pass, and the path does not: path-mismatch.
      return null
    } else {
      const hop =
        best.asked === 'yes' ? 'another proxy between it and the application' : 'another proxy in front or behind'
      against.push({
        weight: 0.8,
        text: `your configuration passes both headers in ${where}: ${hop} drops them, or the application refuses for its own reasons`,
      })
    }
  } else if (settings?.proxy_pass != null)
    reasons.push({
      weight: 0.93,
      text: `your configuration does not pass them: ${lacking(settings)} in ${settings.context} (${settings.file}:${settings.line})`,
    })
  if (
    best.status === 400 &&
    best.asked !== 'yes' &&
    (settings === null || passesUpgrade(settings)) &&
    refusesEverything(view, total)
  )
    against.push({
      weight: 0.5,
      text: 'ordinary requests are answered 400 as well: the backend may expect something else altogether, such as TLS',
    })
  return {
    scope,
    for: reasons,
    against,
    observations: members,
    values: { where: scope.path === null ? '' : ` at ${scope.path}` },
    // A server of sockets alone answers 426 whatever page somebody asks for.
    ...(typed && total < 3 && !view.isSocket(scope) ? { severity: 'info' as const } : {}),
    // A configuration without the headers has settled it.
    alternatives:
      settings?.proxy_pass != null && !passesUpgrade(settings) ? [] : alternatives(scope, best.status, settings),
    ...(over === undefined ? {} : { over }),
  }
}

/** A backend that asks for the upgrade (426, 400) is there: who got 404 or a page beside it asked for something else, as
 *  scanners do. */
function oneAnswer(members: Observation[]): Observation[] {
  const asking = members.filter((o) => !PATH_ANSWERS.has(o.status ?? 0) && weightOf(o) >= 0.5)
  return asking.length === 0 ? members : members.filter((o) => o.asked === 'yes' || !PATH_ANSWERS.has(o.status ?? 0))
}

/** A server that has no such page, and one that answers every page: both without a socket there. */
const PATH_ANSWERS = new Set([404, 405, 200])

/** What successes at the same place mean: before, after, or beside the failures. */
function judgeTimes(failures: Observation[], good: SuccessesAt, reasons: Reason[], against: Reason[]): Weighed['over'] {
  const time = timeline(failures, good)
  const at = (ms: number): string => new Date(ms).toISOString().replace(/\.000Z$/, 'Z')
  const elsewhere = good.hostUnknown ? ', maybe on another host: the log does not name it' : ''
  const many = time.kind === 'repaired' ? `${time.atLeast ? 'at least ' : ''}${time.successes}` : ''
  switch (time.kind) {
    case 'only-failures':
      return undefined
    case 'stopped-working':
      reasons.push({
        weight: 0,
        text: `${time.successes} handshakes succeeded here until ${at(time.until)}${elsewhere}: something changed then`,
      })
      return undefined
    case 'mixed':
      against.push({
        weight: good.hostUnknown ? 0.6 : 0.75,
        text: `${time.successes} handshakes on this path succeeded in the same period${elsewhere}`,
      })
      return undefined
    case 'repaired':
      if (good.datedByEnd || good.hostUnknown) {
        const why = good.datedByEnd
          ? 'the log dates them by their end, so they may be older sessions'
          : 'maybe on another host'
        against.push({
          weight: 0.05,
          successes: true,
          text: `${many} handshakes on this path succeeded later: it may be repaired already (${why})`,
        })
        return undefined
      }
      reasons.push({
        weight: 0,
        successes: true,
        text: `${many} handshakes succeeded here since ${at(time.since)}, and none failed: it works now`,
      })
      return { since: time.since, successes: time.successes, why: 'succeeded' }
  }
}

/** More ordinary requests than handshakes were answered 400. */
function refusesEverything(view: View, handshakes: number): boolean {
  return (view.evidence.status.get(400) ?? 0) - handshakes > handshakes
}

function weightOf(o: Observation): number {
  // Beside an answer that speaks only to requests without the upgrade, a logged one was lost on the way for sure.
  if (o.sign === 'engine-io-no-upgrade') return o.asked === 'yes' ? 0.9 : 0.68
  const answer = ANSWERS[o.status ?? 0]
  if (answer === undefined) return 0
  // A SignalR client for certain; by WebSocket, events or polling.
  if (o.sign === HUB_SIGN && o.status === 400) return 0.42
  return o.asked === 'yes' ? answer.asked : o.asked === 'likely' ? answer.likely : answer.unknown
}

function phrase(o: Observation): string {
  if (o.asked === 'yes') return 'the client sent Upgrade: websocket'
  if (o.sign === 'handshake-refused-learned-url') return 'this path carries WebSockets in the same logs'
  if (o.sign === HUB_SIGN) return 'a SignalR client asked, maybe by another transport than WebSocket,'
  return o.asked === 'likely'
    ? 'only a WebSocket client asks for this URL'
    : 'the log does not say whether the client asked for an upgrade,'
}

function fromApplication(told: Observation[], place: LikelyPlace | null): Weighed {
  const nowhere = { server: null, path: null, upstream: null }
  return {
    scope: nowhere,
    source: told[0]?.exemplars[0]?.source ?? 'application',
    for: [
      ...appReasons(told),
      ...(place === null
        ? []
        : [
            {
              weight: 0.85,
              text: `your configuration does not pass them: ${lacking(place.settings)} in ${place.where}`,
            },
          ]),
    ],
    against:
      place === null
        ? [
            {
              weight: 0,
              text: 'no nginx log of the same time was given: the line proves that the header was lost, not at which hop',
            },
          ]
        : [],
    observations: told,
    values: { where: '', ...(place === null ? {} : { place: place.path }) },
    alternatives: place === null ? alternatives(nowhere, 400) : [],
  }
}

const PATH_CHANGED: Alternative = {
  cause: 'path-mismatch',
  confidence: 0.15,
  check: "nginx -T | grep -n proxy_pass # a path after the host, be it '/', takes the place of the location's name",
}

function alternatives(scope: Scope, status: number | null, settings: EffectiveProxy | null = null): Alternative[] {
  const direct = `${handshake(scope, 'backend', settings)} # 101 here and not through nginx: the headers are lost on the way`
  return [
    {
      cause: 'edge-proxy',
      confidence: 0.15,
      check: `nginx -T | grep -nE 'Upgrade|Connection' # both passed in the serving location? then another proxy drops them`,
    },
    ...(status === 400
      ? [
          { cause: 'handshake-rejected', confidence: 0.15, check: direct },
          ...(scope.path === null || scope.path === '/' ? [] : [PATH_CHANGED]),
          {
            cause: 'upstream-tls-mismatch',
            confidence: 0.1,
            check: `openssl s_client -connect ${upstream(scope)} </dev/null # a certificate: that port wants https:// in proxy_pass`,
          },
        ]
      : []),
    ...(status === 404 || status === 200 || status === 405
      ? [{ cause: 'path-mismatch', confidence: 0.4, check: direct }]
      : []),
    ...(status === 505
      ? [
          {
            cause: 'upstream-http-version',
            confidence: 0.4,
            check: `nginx -T | grep -n proxy_http_version # 1.1 needed at ${path(scope)}`,
          },
        ]
      : []),
  ]
}

function settingsFor(scope: Scope, config: ConfigView | null): EffectiveProxy | null {
  return scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
}

function elsewhere(weighed: Weighed, settings: EffectiveProxy): ReturnType<Cause['fix']> {
  return fixOf({
    layer: 'edge',
    summary: weighed.observations.some((o) => o.asked === 'yes')
      ? 'Nothing to change in this nginx: the upgrade reached it and it passes both headers on. Look behind it: a second proxy before the application, or what the application itself says at that time.'
      : 'Nothing to change in this nginx: it passes both headers. Check the proxy or CDN in front of it, or a second proxy between it and the application.',
    verify: [handshake(weighed.scope, 'nginx', settings), handshake(weighed.scope, 'backend', settings)],
  })
}

/** Why it failed before is in the configuration of that time. */
function repaired(successes: number, settings: EffectiveProxy): ReturnType<Cause['fix']> {
  return fixOf({
    layer: 'none',
    summary: `Nothing more to do: ${settings.context} passes both headers now, and handshakes have succeeded since (${times(successes)}).`,
  })
}

/** The configuration already says what would be advised. */
function applied(weighed: Weighed, settings: EffectiveProxy | null): ReturnType<Cause['fix']> {
  return fixOf({
    layer: 'none',
    summary:
      'Your configuration passes both headers now. If nginx was not reloaded since, reload it; the next handshake shows whether it works.',
    verify: [TEST_AND_RELOAD, handshake(weighed.scope, 'nginx', settings), ...expected(weighed.scope)],
  })
}
