/** The handshake reached something that is no socket: another location won, proxy_pass rewrote the path, or the
 *  application has no socket there. Source: ngx_http_core_find_location; measured answers of six backends. */
import { fixOf, handshake, prepare, rollBack, settingsOf, TEST_AND_RELOAD } from '../advice.ts'
import { agentsOf } from '../agents.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, Observation, Scope } from '../contract.ts'
import { clientsOf, countOf, groupBy, shareMinutes, times } from '../group.ts'
import { rewrittenPath, type RewrittenPath } from '../rewritten-path.ts'
import { comesAgain } from '../rhythm.ts'
import { scanned } from '../scanned.ts'
import { timeline } from '../timeline.ts'
import { toldByApplication } from '../told-by-application.ts'
import type { View } from '../view.ts'

const STATUSES = new Set([200, 404, 405])
/** What a backend answers at a path that was made another one, whoever asked: Node's ws says 400 there. */
const CHANGED = new Set([400, 404, 405, 426])
const FILE = 'static-not-found'
const NO_ROUTE: Signs = {
  'app-socket-not-there': {
    weight: 0.4,
    text: 'the application answered 404 at its socket: what was asked for (a kernel, a terminal) is gone, or the path came changed',
  },
  'app-negotiate-not-there': {
    weight: 0.6,
    text: "the page's negotiation, an ordinary request, was answered 404 or 405: what answered there knows no hub at that path",
  },
  'app-other-port': {
    weight: 0.9,
    text: 'the handshake reached the port of the pages: the application serves its sockets at another port',
  },
  'app-no-route': {
    weight: 0.88,
    text: 'the handshake reached the application, which names the path that it got and has no socket there',
  },
}

export const pathMismatch: Cause = {
  id: 'path-mismatch',
  title: 'Handshakes{which} reach something that is no WebSocket endpoint',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',

  weigh(view, config) {
    // A bare 404 or 200 never decides: that the client asked has to be known, and that the headers are not the reason; or
    // nginx says itself that it looked for a file.
    const refused = view.failedHandshakes.filter((o) => o.status !== null && STATUSES.has(o.status) && o.asked !== 'no')
    const told = toldByApplication(view, NO_ROUTE, 'error', gone).map((w) => ({ ...w, values: { which: '' } }))
    const changed = config === null ? [] : groupBy(view.failedHandshakes.filter(atAnother), 'server+path')
    const rewritten = changed.flatMap(({ scope, members }) => {
      const path = rewrittenPath(scope, config)
      return path === null ? [] : [fromRewritten(scope, refusing(members), path, view)]
    })
    const places = groupBy([...refused, ...view.signs(FILE)], 'server+path').flatMap(({ scope, members: all }) => {
      const files = all.filter((o) => o.sign === FILE)
      const members = all.filter((o) => o.asked === 'yes' && !(o.answered_by === 'nginx' && afterFailure(o, view)))
      if (files.length > 0) return [fromFiles(scope, files, all, view)]
      if (rewritten.some((w) => w.scope.server === scope.server && w.scope.path === scope.path)) return []
      if (members.length === 0) return []
      const settings = scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
      const passes =
        settings?.set_headers.get('upgrade') !== undefined && settings.set_headers.get('connection') !== undefined
      const byNginx = members.every((o) => o.answered_by === 'nginx')
      if (!passes && !byNginx) return []
      const statuses = [...new Set(members.map((o) => o.status))].join(', ')
      const reasons: Reason[] = [
        {
          weight: byNginx ? 0.75 : 0.4,
          text: `${byNginx ? 'nginx itself' : 'the backend'} answered ${statuses} to a client that sent Upgrade: websocket (${times(countOf(members))})`,
        },
      ]
      if (passes && !byNginx)
        reasons.push({
          weight: 0.35,
          text: `your configuration passes the upgrade on in ${settings.context} (${settings.file}:${settings.line})`,
        })
      const good = view.upgradedAt(scope)
      const against: Reason[] =
        good.count > 0
          ? [{ weight: 0.4, successes: true, text: `${good.count} handshakes on this path succeeded` }]
          : []
      return [
        {
          scope,
          for: reasons,
          against,
          observations: members,
          values: { which: scope.path === null ? '' : ` at ${scope.path}` },
          // One path asked for once or twice by one client is a scanner or a typing mistake.
          severity: countOf(members) >= 3 ? ('warning' as const) : ('info' as const),
          alternatives: byNginx
            ? []
            : [
                {
                  cause: 'handshake-rejected',
                  confidence: 0.25,
                  check: `${handshake(scope, 'backend')} # the same answer: the application refuses`,
                },
              ],
        },
      ]
    })
    return [...told, ...rewritten, ...places]
  },

  fix(w, config) {
    if (w.observations.some((o) => o.sign === 'app-other-port'))
      return fixOf({
        layer: 'nginx',
        summary:
          'Give the path of the sockets a location of its own that proxies to the port which the line names (Odoo: location /websocket to gevent_port, 8072), with the upgrade headers in it; and run the application with workers, or that port is not there.',
        verify: [TEST_AND_RELOAD],
      })
    const repair = config?.repair?.('path', w.scope.server, w.scope.path) ?? null
    const verify = [
      handshake(w.scope, 'nginx', settingsOf(w.scope, config)),
      handshake(w.scope, 'backend', settingsOf(w.scope, config)),
    ]
    if (repair)
      return fixOf({
        layer: 'nginx',
        summary: repair.text,
        patch: repair.patch?.patch ?? null,
        target: repair.patch?.target ?? null,
        prepare: repair.patch ? prepare(config) : [],
        verify: [...(repair.patch ? [TEST_AND_RELOAD] : []), ...verify],
        rollback: repair.patch ? rollBack(config) : [],
      })
    return fixOf({
      layer:
        w.observations.some((o) => o.sign === FILE) || w.observations.every((o) => o.answered_by === 'nginx')
          ? 'nginx'
          : 'application',
      summary:
        'Compare three paths: what the client asks for, what the location sends on (a URI part in proxy_pass replaces the matched prefix), and what the application serves. A static or regex location may win over the socket location; ^~ on the socket location prevents that.',
      verify,
    })
  },
}

/** Whether nginx answered with a page of its own for what failed at the backend (error_page), by its error log. */
function afterFailure(o: Observation, view: View): boolean {
  const failed = [...view.evidence.observations.values()].filter(
    (f) => f.kind.startsWith('upstream_') && f.scope.path === o.scope.path,
  )
  return countOf(failed) >= o.count && shareMinutes(failed, [o])
}

/** What else a 404 of the application at its own socket may be. */
const gone = (members: readonly Observation[]): Alternative[] =>
  members.some((o) => o.sign !== 'app-socket-not-there')
    ? []
    : [
        {
          cause: 'backend-reset',
          confidence: 0.35,
          check: 'did the application start anew before that? then what an open page asks for is gone: reload the page',
        },
        {
          cause: 'client-gone',
          confidence: 0.15,
          check: 'was the page left open after its kernel had been shut down?',
        },
      ]

/** `open() "/srv/html/ws" failed (2: …)`: the location that won serves files. That a WebSocket client asked is as likely as
 *  the name of the path, more so when the log says so or one client comes again and again; less when those who ask are
 *  scanners, by what else they ask for, by their agent, or since nobody comes back. */
function fromFiles(scope: Scope, files: readonly Observation[], all: readonly Observation[], view: View): Weighed {
  const answers = all.filter((o) => o.sign !== FILE)
  const asked = answers.some((o) => o.asked === 'yes')
  const n = countOf(files)
  const again = (comesAgain(files) ?? n >= 3 * clientsOf(files)) && n >= 3 && agentsOf(answers) !== 'tools'
  return {
    scope,
    for: [
      {
        weight: 0.72,
        text: `nginx looked for a file at that path and found none (${times(n)}): no location passes it on`,
      },
      ...(asked ? [{ weight: 0.6, text: 'the client sent Upgrade: websocket' }] : []),
      ...(again && !asked
        ? [{ weight: 0.2, text: 'the same client came again and again, as a page does that reconnects' }]
        : []),
    ],
    against: [...worked(scope, files, view), ...(asked || again ? [] : scanned(scope, files, answers, view))],
    observations: [...files, ...answers.map((o) => ({ ...o, echo: true }))],
    values: { which: scope.path === null ? '' : ` at ${scope.path}` },
    // Scanners ask every site for /ws, once.
    severity: (asked && n >= 3) || again ? ('warning' as const) : ('info' as const),
    alternatives: asked
      ? []
      : [
          {
            cause: 'client-gone',
            confidence: 0.2,
            check: 'one request from an address that asks for other odd paths too: a scanner, and nothing is wrong',
          },
        ],
  }
}

const atAnother = (o: Observation): boolean =>
  o.status !== null && CHANGED.has(o.status) && o.asked !== 'no' && o.answered_by !== 'nginx'

/** Beside a backend that refuses an ordinary GET there, 404s without a logged upgrade are those of scanners. */
function refusing(members: Observation[]): Observation[] {
  const spoken = members.filter((o) => o.asked === 'yes' || o.status === 400 || o.status === 426)
  return spoken.length > 0 ? spoken : members
}

/** The configuration sends the handshake to another path, and what is there refuses it. */
function fromRewritten(scope: Scope, members: Observation[], path: RewrittenPath, view: View): Weighed {
  const { settings, arrives, own } = path
  const n = countOf(members)
  const asked = members.some((o) => o.asked === 'yes')
  const again = comesAgain(members) === true && agentsOf(members) !== 'tools'
  return {
    scope,
    for: [
      {
        weight: asked ? 0.5 : 0.3,
        text: `the backend answered ${[...new Set(members.map((o) => o.status))].join(', ')} (${times(n)})`,
      },
      {
        weight: own ? 0.7 : 0.2,
        text: `your configuration passes the upgrade on in ${settings.context} (${settings.file}:${settings.line}), but asks the backend for ${arrives}, not for ${scope.path}`,
      },
    ],
    against: [...worked(scope, members, view), ...(asked || again ? [] : scanned(scope, members, members, view))],
    observations: members,
    values: { which: ` at ${scope.path}` },
    severity: n >= 3 && (asked || again) ? ('warning' as const) : ('info' as const),
    alternatives: [
      {
        cause: 'handshake-rejected',
        confidence: 0.2,
        check: `${handshake(scope, 'backend', settings)} # that is where nginx sends it; 101 at another path of the backend: the path is wrong`,
      },
    ],
  }
}

/** Handshakes that succeeded there before, and none since, are no reason against. */
function worked(scope: Scope, files: readonly Observation[], view: View): Reason[] {
  const good = view.upgradedAt(scope)
  if (good.count === 0 || (!good.hostUnknown && timeline(files, good).kind === 'stopped-working')) return []
  return [{ weight: 0.4, text: `${good.count} handshakes on this path succeeded` }]
}
