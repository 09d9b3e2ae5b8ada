/** A session that lives on one backend is asked for at another. The answer alone may also be a restart or a long pause:
 *  only several backends at one path make it this. Source: engine.io `Session ID unknown` (code 1), SignalR 404. */
import { fixOf, TEST_AND_RELOAD, prepare, rollBack } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause, Reason, Weighed } from '../cause.ts'
import type { Alternative, ConfigView, Observation, Repair, Scope } from '../contract.ts'
import { clientsOf, countOf, groupBy, shareMinutes, times } from '../group.ts'
import { MINUTE, MinuteCounts } from '../minute-counts.ts'
import { MOST_CLIENTS } from '../rhythm.ts'
import { toldByApplication } from '../told-by-application.ts'
import { HUB_SIGN, type View } from '../view.ts'

const SIGNS: Signs = {
  'app-session-unknown': { weight: 0.45, text: 'the application was asked for a session that it does not know' },
  'engine-io-session-unknown': {
    weight: 0.45,
    text: 'the answer 400 has the very size of what Engine.IO says to a session that it does not know',
  },
}
const POLLED = /\/(?:socket|engine)\.io\/?$|\/negotiate$|hub/i

export const stickySessionMissing: Cause = {
  id: 'sticky-session-missing',
  title: 'Requests of one session go to different backends',
  severity: 'error',
  docs: 'https://socket.io/docs/v4/using-multiple-nodes/',

  weigh: (view, config) => [...told(view, config), ...unknownIds(view)],

  fix(w, config, view) {
    if (backendsOf(view).size === 1)
      return fixOf({
        layer: 'application',
        summary:
          'Nothing to change in nginx as far as the logs show: it has one backend there. Where that runs several processes behind its port (PM2 or Node.js cluster), these need sticky sessions of their own (@socket.io/sticky, @socket.io/pm2), or WebSocket alone (transports: ["websocket"]).',
      })
    const one = oneAddress(view)
    const repair = one === null || LOOPBACK.test(one) ? spreads(w.scope, config) : null
    return fixOf({
      layer: 'nginx',
      summary: `${repair ? `${repair.text} ` : ''}${one === null ? '' : LOOPBACK.test(one) ? `All requests come from ${one}: tests on this machine, or a proxy or tunnel in front, and then ip_hash sends everybody to one backend until nginx learns the visitors' addresses (set_real_ip_from, real_ip_header). ` : `All requests come from ${one}, a proxy in front: ip_hash would send everybody to one backend. First let nginx learn the visitors' addresses (set_real_ip_from with the address of that proxy, real_ip_header). `}${WAYS}`,
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

const LOOPBACK = /^127\.|^::1$/

/** What the configuration says of the group that serves the place. An application's line names none: then that of the only
 *  location with sockets, or where Socket.IO is. */
const spreads = ({ server, path }: Scope, config: ConfigView | null): Repair | null =>
  config?.repair?.('sticky', server, path) ??
  (path === null ? (config?.repair?.('sticky', server, '/socket.io/') ?? null) : null)

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

/** Sessions that the application does not know, by its own word or by the size of its answer. */
function told(view: View, config: ConfigView | null): Weighed[] {
  const backends = backendsOf(view)
  return oneEach(toldByApplication(view, SIGNS, 'error', () => [started, slept])).map((found) => {
    const minutes = goesOn(found.observations)
    const w = { ...found, for: [...found.for], against: [...found.against] }
    if (minutes > 0)
      w.for.push({
        weight: 0.4,
        text: `it went on for ${minutes} minutes: a restart makes every session unknown once, and then it is over`,
      })
    // A group of several servers and nothing that keeps a visitor on one: what the logs leave open is settled.
    if (spreads(w.scope, config)?.patch != null)
      w.for.push({
        weight: 0.75,
        text: 'your configuration sends these requests to several servers by turns, and nothing keeps a visitor on one (no ip_hash, hash or sticky)',
      })
    if (backends.size > 1) w.for.push(several(backends, 0.75))
    // Several processes may share one port: PM2 and Node.js's cluster do that.
    else if (backends.size === 1)
      w.against.push({
        weight: minutes > 0 ? 0.5 : 0.8,
        text: `all of them went to one backend (${[...backends][0]})`,
      })
    return w
  })
}

/** The application names no path, and its body and the size of its answer are one event: its lines belong to the place in
 *  nginx's log that had them most. */
function oneEach(found: Weighed[]): Weighed[] {
  const home = found
    .filter(({ scope }) => scope.path !== null)
    .sort((a, b) => countOf(b.observations) - countOf(a.observations))[0]
  if (home === undefined) return found
  const rest = found.filter((w) => w !== home)
  const told = rest.filter(
    ({ scope, observations }) =>
      scope.path === null &&
      (observations.every(({ first }) => first === null) || shareMinutes(home.observations, observations)),
  )
  return [
    {
      ...home,
      for: [...home.for, ...told.flatMap((w) => w.for)],
      observations: [...home.observations, ...told.flatMap((w) => w.observations)],
      count: Math.max(...[home, ...told].map((w) => countOf(w.observations))),
    },
    ...rest.filter((w) => !told.includes(w)),
  ]
}

/** So many minutes in a row of a few visitors, or in all of many, are no restart: that is met once by each. */
const IN_A_ROW = 5
const OF_MANY = 30

/** For how many minutes visitors kept meeting it; 0 when a restart would look the same. */
function goesOn(observations: readonly Observation[]): number {
  const minutes = new MinuteCounts()
  for (const o of observations) minutes.merge(o.minutes)
  if (minutes.step > 1) return minutes.size >= OF_MANY ? minutes.size * minutes.step : 0
  const n = observations.reduce((sum, o) => sum + o.count, 0)
  const clients = clientsOf(observations)
  if (clients >= MOST_CLIENTS) return minutes.size >= OF_MANY && n >= 3 * minutes.size ? minutes.size : 0
  let [longest, row, next] = [0, 0, -Infinity]
  for (const [start] of minutes) {
    row = start === next ? row + 1 : 1
    longest = Math.max(longest, row)
    next = start + MINUTE
  }
  return longest >= IN_A_ROW && n >= IN_A_ROW * Math.max(1, clients) ? minutes.size : 0
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
