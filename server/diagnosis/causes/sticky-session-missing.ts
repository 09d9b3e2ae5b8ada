/** A session that lives on one backend is asked for at another. The answer alone may also be a restart or a long pause:
 *  only several backends at one path make it this. Source: engine.io `Session ID unknown` (code 1), SignalR 404. */
import { fixOf, TEST_AND_RELOAD, prepare, rollBack } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import type { View } from '../view.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'app-session-unknown': { weight: 0.45, text: 'the application was asked for a session that it does not know' },
}
const POLLED = /\/(?:socket|engine)\.io\/?$|\/negotiate$|hub/i

export const stickySessionMissing: Cause = {
  id: 'sticky-session-missing',
  title: 'Requests of one session go to different backends',
  severity: 'error',
  docs: 'https://socket.io/docs/v4/using-multiple-nodes/',

  weigh: (view) =>
    toldByApplication(view, SIGNS, 'error', () => [
      {
        cause: 'backend-reset',
        confidence: 0.35,
        check: 'did the application start anew at that time? then every session it had is unknown once',
      },
      {
        cause: 'client-gone',
        confidence: 0.2,
        check: 'are the addresses those of laptops that slept? then the old session is asked for after a long pause',
      },
    ]).map((w) => {
      const backends = backendsOf(view)
      const several = {
        weight: 0.75,
        text: `requests of such paths went to ${backends.size} backends (${[...backends].slice(0, 3).join(', ')})`,
      }
      return backends.size > 1
        ? { ...w, for: [...w.for, several] }
        : {
            ...w,
            against:
              backends.size === 1
                ? [{ weight: 0.8, text: `all of them went to one backend (${[...backends][0]})` }]
                : [],
          }
    }),

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

/** Backends that answered at paths of protocols with sessions. */
function backendsOf(view: View): Set<string> {
  const all = [...view.evidence.observations.values(), ...view.evidence.suspects.values()]
  return new Set(
    all
      .filter(({ scope }) => scope.path !== null && POLLED.test(scope.path))
      .map(({ scope }) => scope.upstream)
      .filter((upstream) => upstream !== null),
  )
}
