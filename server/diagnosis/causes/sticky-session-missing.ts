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

  fix(w, config, view) {
    const one = oneAddress(view)
    const repair = one === null ? (config?.repair?.('sticky', w.scope.server, w.scope.path) ?? null) : null
    return fixOf({
      layer: 'nginx',
      summary: `${one === null ? (repair ? `${repair.text} ` : '') : `All requests come from ${one}, a proxy in front: ip_hash would send everybody to one backend. First let nginx learn the visitors' addresses (set_real_ip_from with the address of that proxy, real_ip_header). `}${WAYS}`,
      patch: repair?.patch?.patch ?? null,
      target: repair?.patch?.target ?? null,
      directives: [{ context: 'upstream', text: 'ip_hash;' }],
      snippet: '# upstream (above the server lines and above keepalive)\nip_hash;',
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD],
      rollback: rollBack(config),
    })
  },
}

const WAYS =
  'Keep a visitor on one backend: ip_hash in the upstream block (all visitors behind one address share a backend then), or hash $cookie_NAME consistent, or the sticky cookie of your ingress. With WebSocket alone (transports: ["websocket"]) Socket.IO needs none.'

/** Fewer requests may well be those of one visitor. */
const ENOUGH = 10
const PRIVATE = /^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|^(?:::1$|f[cd])/i

/** The address that all requests of such paths come from, when it is one of a private network; null: there are several. */
function oneAddress(view: View): string | null {
  const all = [...view.evidence.observations.values()].filter(
    ({ scope, clients }) => scope.path !== null && POLLED.test(scope.path) && clients.size > 0,
  )
  const clients = new Set(all.flatMap((o) => [...o.clients]))
  const [first] = clients
  const count = all.reduce((sum, o) => sum + o.count, 0)
  return clients.size === 1 && first !== undefined && count >= ENOUGH && PRIVATE.test(first) ? first : null
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
