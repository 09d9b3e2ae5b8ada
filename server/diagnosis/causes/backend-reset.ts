/** The backend closed or reset the connection: crash, restart, kill, refusal. The level tells the side: nginx logs the
 *  same text at [error] for the backend and at [info] for the visitor. Source: ngx_connection_error. */
import { fixOf, upstream } from '../advice.ts'
import { weighSigns, which, type Signs } from '../by-signs.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Observation } from '../contract.ts'
import { atDeployments } from '../deployments.ts'
import { fromEdgeStatus } from '../edge-statuses.ts'
import { countOf } from '../group.ts'
import { massDrops, oneOfSeveral, proofsOf, sessionsOf, type Drop } from '../mass-drops.ts'
import type { View } from '../view.ts'

const SIGNS: Signs = {
  'upgraded-backend-reset': {
    weight: 0.9,
    text: 'the backend reset open sessions (logged at [error], which is its side)',
  },
  'header-reset': { weight: 0.7, text: 'the backend reset the connection instead of answering' },
  'send-reset': { weight: 0.6, text: 'the backend closed while nginx was sending the request' },
  'haproxy-server-reset': { weight: 0.75, text: 'the backend broke off open sessions (HAProxy: SD)' },
  'haproxy-died-before-headers': { weight: 0.75, text: 'the backend closed before it had answered (HAProxy: SH)' },
  'app-proxy-reset': { weight: 0.7, text: 'the backend broke the connection off (Caddy, Traefik)' },
  // The answer had begun: a crash in the middle of it, or a process that was stopped.
  'body-premature-close': { weight: 0.6, text: 'the backend closed the connection in the middle of its answer' },
  // One text, at least six causes: crash, http to a TLS port, stale keepalive, a port that refuses plain GETs …
  'header-premature-close': { weight: 0.6, text: 'the backend closed the connection without an answer' },
}

export const backendReset: Cause = {
  id: 'backend-reset',
  title: 'The backend{which} closes connections abruptly',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream',

  weigh: (view) => [
    ...withDrops(view, said(view)).map((w) => ofRestarts(w, view)),
    ...fromEdgeStatus(view, 'backend-reset'),
  ],

  fix: (w, _config, view) =>
    fixOf({
      layer: 'application',
      summary: neverAnswered(w.observations, view)
        ? 'No request of these logs was ever answered there, and nginx speaks plain http to that port. First ask it by TLS (below): if it answers, proxy_pass must say https:// or name the plain port. If it does not, look into the log of the application: it closes every connection.'
        : "Nothing to change in nginx as far as the logs show. Look into the application's log at these times: a crash, a restart, a deployment, a memory kill (dmesg), or a limit on connections.",
      verify: [
        ...(neverAnswered(w.observations, view)
          ? [`curl -skS --max-time 5 -o /dev/null -w '%{http_code}\\n' https://${upstream(w.scope)}/`]
          : []),
        `curl -sS --max-time 5 -o /dev/null -w '%{http_code}\\n' http://${upstream(w.scope)}/`,
        "sudo dmesg -T | grep -iE 'killed process|out of memory' | tail",
      ],
    }),
}

const said = (view: View): Weighed[] =>
  weighSigns(view, SIGNS, 'server+upstream', 'error', (members) => {
    const silent = members.find((o) => o.sign === 'header-premature-close' || o.sign === 'header-reset')
    if (silent === undefined) return []
    const never = neverAnswered(members, view)
    const tls = never
      ? `curl -skS --max-time 5 -o /dev/null -w '%{http_code}\\n' https://${upstream(silent.scope)}/ # a status: that port speaks TLS, and proxy_pass must say https://`
      : `openssl s_client -connect ${upstream(silent.scope)} </dev/null # a certificate: proxy_pass must say https://`
    const headers =
      'a server that only speaks WebSocket closes on a plain GET: does the location pass Upgrade and Connection?'
    return [
      { cause: 'upstream-tls-mismatch', confidence: never ? 0.5 : 0.2, check: tls },
      { cause: 'missing-upgrade-headers', confidence: 0.1, check: headers },
    ]
  })

/** What a restart resets is a part of it. */
function ofRestarts(w: Weighed, view: View): Weighed {
  const away = atDeployments(w.observations, w.scope.upstream, view)
  return away === null ? w : { ...w, severity: 'info', for: [...w.for, { weight: 0, text: away }] }
}

/** So many failures are no single crash. */
const ALWAYS = 3
const PLAIN = /upstream: "http:/

/** Every request of the logs ended so, at a port that nginx speaks plain http to: as a TLS port does with it, and as a
 *  backend hardly does that runs. */
function neverAnswered(members: readonly Observation[], view: View): boolean {
  const plain = members.flatMap(({ exemplars }) => exemplars).every(({ text }) => PLAIN.test(text))
  const silent = members.every((o) => o.sign === 'header-premature-close' || o.sign === 'header-reset')
  if (!silent || !plain || countOf(members) < ALWAYS) return false
  // Of pages no backend is kept: that nothing at all was answered has to do.
  return view.hasAccess && [...view.evidence.status].every(([status, n]) => status >= 500 || n === 0)
}

/** All sessions of one backend end in a second while those of the others stay: it was that backend, and no reload. */
function withDrops(view: View, found: Weighed[]): Weighed[] {
  const sessions = sessionsOf(view)
  for (const drop of massDrops(view.evidence, sessions)) {
    const upstream = oneOfSeveral(drop, sessions)
    if (upstream === null) continue
    const reason = {
      weight: drop.mixed === true ? 0.65 : 0.5,
      text: `${drop.n} sessions of this backend ended within a second or two, and those of the other backends did not`,
    }
    const same = found.find((w) => w.scope.upstream === upstream)
    if (same !== undefined) same.for.push(reason)
    else found.push(alone(upstream, drop, reason, sessions))
  }
  return found
}

const alone = (upstream: string, drop: Drop, reason: Reason, sessions: readonly Observation[]): Weighed => ({
  scope: { server: null, path: null, upstream },
  for: [reason],
  against: [],
  observations: proofsOf([drop], sessions),
  // A restart of one of several is how people deploy.
  severity: 'info',
  values: which(upstream),
  count: drop.n,
})
