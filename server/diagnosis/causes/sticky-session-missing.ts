/** A session that lives on one backend is asked for at another. The answer alone may also be a restart or a long pause:
 *  only several backends at one path make it this. Source: engine.io `Session ID unknown` (code 1), SignalR 404. */
import { fixOf, TEST_AND_RELOAD, prepare, rollBack } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative } from '../contract.ts'
import { countOf, groupBy, times } from '../group.ts'
import { toldByApplication } from '../told-by-application.ts'
import { HUB_SIGN, type View } from '../view.ts'

const SIGNS: Signs = {
  'app-session-unknown': { weight: 0.45, text: 'the application was asked for a session that it does not know' },
}
const POLLED = /\/(?:socket|engine)\.io\/?$|\/negotiate$|hub/i

export const stickySessionMissing: Cause = {
  id: 'sticky-session-missing',
  title: 'Requests of one session go to different backends',
  severity: 'error',
  docs: 'https://socket.io/docs/v4/using-multiple-nodes/',

  weigh: (view) => [...told(view), ...unknownIds(view)],

  fix: (_, config) =>
    fixOf({
      layer: 'nginx',
      summary:
        'Keep a visitor on one backend: ip_hash in the upstream block (all visitors behind one address share a backend then), or hash $cookie_NAME consistent, or the sticky cookie of your ingress. With WebSocket alone (transports: ["websocket"]) Socket.IO needs none.',
      directives: [{ context: 'upstream', text: 'ip_hash;' }],
      snippet: '# upstream (above the server lines and above keepalive)\nip_hash;',
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD],
      rollback: rollBack(config),
    }),
}

const started: Alternative = {
  cause: 'backend-reset',
  confidence: 0.35,
  check: 'did the application start anew at that time? then every session it had is unknown once',
}
const slept: Alternative = {
  cause: 'client-gone',
  confidence: 0.2,
  check: 'are the addresses those of laptops that slept? then the old session is asked for after a long pause',
}

function told(view: View): Weighed[] {
  const backends = backendsOf(view)
  return toldByApplication(view, SIGNS, 'error', () => [started, slept]).map((w) =>
    backends.size > 1
      ? { ...w, for: [...w.for, several(backends, 0.75)] }
      : {
          ...w,
          against:
            backends.size === 1 ? [{ weight: 0.8, text: `all of them went to one backend (${[...backends][0]})` }] : [],
        },
  )
}

/** A hub answers 404 to the id of a connection that it does not have: as after a restart, and to every second visitor where
 *  backends take turns. With one backend it is a restart or a long pause, and nothing to tell. */
function unknownIds(view: View): Weighed[] {
  const refused = view.failedHandshakes.filter((o) => o.sign === HUB_SIGN && o.status === 404)
  return groupBy(refused, 'server+path').flatMap(({ scope, members }): Weighed[] => {
    const backends = backendsOf(view, scope.path)
    const n = countOf(members)
    if (backends.size === 1 || n < 3) return []
    return [
      {
        scope,
        for: [
          { weight: 0.35, text: `a SignalR hub was asked with the id of a connection and answered 404 (${times(n)})` },
          ...(backends.size > 1 ? [several(backends, 0.5)] : []),
        ],
        against: [],
        observations: members,
        alternatives: [started, slept],
      },
    ]
  })
}

const several = (backends: ReadonlySet<string>, weight: number): Reason => ({
  weight,
  text: `requests of such paths went to ${backends.size} backends (${[...backends].slice(0, 3).join(', ')})`,
})

/** Backends that answered at paths of protocols with sessions, or at this one. */
function backendsOf(view: View, path: string | null = null): Set<string> {
  const all = [...view.evidence.observations.values(), ...view.evidence.suspects.values()]
  return new Set(
    all
      .filter(({ scope }) => scope.path !== null && (path === null ? POLLED.test(scope.path) : scope.path === path))
      .map(({ scope }) => scope.upstream)
      .filter((upstream) => upstream !== null),
  )
}
