/** Questions that several causes ask of the evidence, answered once. */
import { asksHub, asksPusher, ENGINE_IO, knownSocket, SOCKET_NAME, socketPlace } from '../../parsers/known-sockets.ts'
import type { Asked, Evidence, Observation, Scope, Suspect } from './contract.ts'
import { MinuteCounts } from './minute-counts.ts'
import type { Successes } from './timeline.ts'

export interface View {
  evidence: Evidence
  /** Observations with one of these signs; echoes included. */
  signs(...signs: string[]): Observation[]
  /** Handshakes that failed, those on paths that turned out to be sockets included. */
  failedHandshakes: readonly Observation[]
  /** True when other data shows that this place carries WebSockets, or its name says so. */
  isSocket(scope: Scope): boolean
  /** Successful handshakes at this place (any upstream). */
  upgradedAt(scope: Scope): SuccessesAt
  /** The hosts that lines name with this path. */
  hostsOf(path: string | null): ReadonlySet<string>
  /** True when an access log was read. */
  hasAccess: boolean
  hasError: boolean
}

export interface SuccessesAt extends Successes {
  /** The log does not say which host answered: they may be another server's. */
  hostUnknown: boolean
  /** Some are dated by the end of their session, since the log has no `$request_time`. */
  datedByEnd: boolean
  /** Some of their addresses. */
  clients: ReadonlySet<string>
}

const place = (scope: Scope): string => `${scope.server ?? ''} ${scope.path ?? ''}`

export function inspect(evidence: Evidence): View {
  const bySign = new Map<string, Observation[]>()
  const proven = new Set<string>()
  const upgraded = new Map<string, SuccessesAt>()
  const queried = new Set<string>()
  const all = inOrder(evidence.observations)
  for (const o of all) {
    const same = bySign.get(o.sign)
    if (same) same.push(o)
    else bySign.set(o.sign, [o])
    if (o.scope.path === null) continue
    if (asksEngineIo(o)) queried.add(o.scope.path)
    const shows =
      o.kind === 'handshake_ok' || o.sign.startsWith('upgraded-') || o.asked === 'yes' || o.asked === 'likely'
    if (shows) {
      proven.add(place(o.scope))
      // The error log names the server block, combined names nothing: the path alone must do between logs.
      proven.add(place({ ...o.scope, server: null }))
    }
    if (o.kind === 'handshake_ok') {
      for (const key of new Set([place(o.scope), anyHost(o.scope)])) addSuccess(upgraded, key, o)
    }
  }
  const isProven = (scope: Scope): boolean =>
    proven.has(place(scope)) || (scope.server === null && proven.has(place({ ...scope, server: null })))
  const isSocket = (scope: Scope): boolean =>
    scope.path !== null &&
    (isProven(scope) ||
      proven.has(place({ ...scope, server: null })) ||
      SOCKET_NAME.test(scope.path) ||
      knownSocket(scope.path) !== null ||
      socketPlace(scope.path) === 'known')
  let hosts: Map<string | null, Set<string>> | null = null
  const failedHandshakes = [
    ...all.filter((o) => o.kind === 'handshake_failed'),
    ...inOrder(evidence.suspects)
      .filter((s) => !queried.has(s.scope.path ?? ''))
      .filter(
        (s) =>
          isSocket(s.scope) ||
          isHub(s) ||
          isPusher(s) ||
          (asksForUpgrade(s) && socketPlace(s.scope.path ?? '') !== null),
      )
      .map((s) => (isHub(s) ? promoted(s, HUB_SIGN, 'unknown') : promote(s, isProven(s.scope)))),
  ]
  return {
    evidence,
    signs: (...signs) => signs.flatMap((sign) => bySign.get(sign) ?? []),
    failedHandshakes,
    isSocket,
    upgradedAt(scope) {
      const exact = upgraded.get(place(scope))
      if (exact !== undefined) return { ...exact, hostUnknown: scope.server === null }
      // One side names the host and the other does not: the path is all that is left to go by.
      const byPath = upgraded.get(scope.server === null ? anyHost(scope) : place({ ...scope, server: null }))
      return byPath === undefined ? NEVER : { ...byPath, hostUnknown: true }
    },
    hostsOf: (path) => (hosts ??= hostsByPath(evidence)).get(path) ?? NO_HOSTS,
    hasAccess: evidence.status.size > 0,
    hasError: evidence.error_levels.size > 0,
  }
}

/** In the order of their times: what a map holds is in that of reading, and a finding must not tell whether its logs were
 *  read one after the other, followed, or come from a database. */
const inOrder = <T extends { first: number | null }>(all: ReadonlyMap<string, T>): T[] =>
  [...all]
    .toSorted(([a, x], [b, y]) => Math.sign((x.first ?? 1e16) - (y.first ?? 1e16)) || (a < b ? -1 : 1))
    .map(([, one]) => one)

const NO_HOSTS: ReadonlySet<string> = new Set()

function hostsByPath({ observations, suspects }: Evidence): Map<string | null, Set<string>> {
  const byPath = new Map<string | null, Set<string>>()
  const note = ({ scope: { server, path } }: Observation | Suspect): void => {
    if (server === null) return
    const hosts = byPath.get(path)
    if (hosts === undefined) byPath.set(path, new Set([server]))
    else hosts.add(server)
  }
  observations.forEach(note)
  suspects.forEach(note)
  return byPath
}

const NEVER: SuccessesAt = {
  count: 0,
  first: null,
  last: null,
  minutes: new MinuteCounts(),
  exemplars: [],
  hostUnknown: false,
  datedByEnd: false,
  clients: new Set(),
}
const anyHost = (scope: Scope): string => `* ${scope.path ?? ''}`

function addSuccess(all: Map<string, SuccessesAt>, key: string, o: Observation): void {
  const sum = all.get(key) ?? NEVER
  const minutes = sum.minutes.copy()
  minutes.merge(o.minutes)
  all.set(key, {
    count: sum.count + o.count,
    first: o.first === null ? sum.first : Math.min(sum.first ?? Infinity, o.first),
    last: o.last === null ? sum.last : Math.max(sum.last ?? -Infinity, o.last),
    minutes,
    exemplars: [...sum.exemplars, ...o.exemplars],
    hostUnknown: false,
    datedByEnd: sum.datedByEnd || o.sign === 'handshake-101-at-close',
    clients: new Set([...sum.clients, ...o.clients].slice(0, 8)),
  })
}

/** Engine.IO has one path for polling and for WebSocket. Where the log has the query of a handshake, a failure that was
 *  counted as none had another query or no one: it was polling, or somebody who typed the path. */
const asksEngineIo = ({ scope, exemplars }: Observation): boolean =>
  ENGINE_IO.test(scope.path ?? '') && exemplars.some(({ text }) => text.includes('transport=websocket'))

/** A hub that was asked with an id, by one of three transports: even where others got their 101 nothing tells which. */
const isHub = ({ scope, exemplars }: Suspect): boolean => asksHub(scope.path, exemplars)
const isPusher = ({ scope, exemplars }: Suspect): boolean => asksPusher(scope.path, exemplars)
export const HUB_SIGN = 'handshake-refused-hub'

/** What a socket answers to a request that is none: of a path that only may be one, nothing else is of interest. */
const asksForUpgrade = ({ status }: Suspect): boolean => status === 400 || status === 426

/** A failed request on a path that other lines prove to be a socket. */
function promote(s: Suspect, proven: boolean): Observation {
  const known = socketPlace(s.scope.path ?? '') === 'known' || isPusher(s)
  const sign = proven
    ? 'handshake-refused-learned-url'
    : known
      ? 'handshake-refused-known-url'
      : 'handshake-refused-socket-name'
  return promoted(s, sign, proven || known ? 'likely' : 'unknown')
}

function promoted(s: Suspect, sign: string, asked: Asked): Observation {
  const { scope, status, answered_by, count, first, last, minutes, exemplars, clients } = s
  return {
    scope,
    sign,
    kind: 'handshake_failed',
    status,
    asked,
    answered_by,
    echo: false,
    count,
    first,
    last,
    zone: 'known',
    minutes,
    exemplars,
    clients,
  }
}
