/** Handshakes that an application refuses without a word: its request log has the status, and no line says why. What is
 *  left is what such answers mostly mean, and that stays below a half: Tornado answers 400 to a request without Upgrade,
 *  403 to a foreign Origin and to a visitor who is not logged in alike (tornado/websocket.py, starlette's websocket.close
 *  before accept). */
import { handshake } from './advice.ts'
import { confidence, type Weighed } from './cause.ts'
import type { Alternative, Observation, Scope } from './contract.ts'
import { countOf, groupBy, times } from './group.ts'
import type { View } from './view.ts'

/** Lines that say why. */
const REASONS = [
  'app-connection-token-missing',
  'app-upgrade-token-missing',
  'app-http10-handshake',
  'app-http2-handshake',
  'app-origin-refused',
  'app-handshake-invalid',
  'app-unsupported-upgrade',
  'app-forwarded-untrusted',
  'app-auth-refused',
  'app-session-unknown',
  'app-engine-io-mismatch',
  'app-websocket-library-missing',
  'app-no-hijacker',
  'app-no-route',
  'app-agent-unreachable',
  'app-remote-refused',
] as const

/** Those that no line explains, counted although a reason mostly comes with them. A rotated log has its reason in another
 *  file, and request lines have no time: any reason will do. */
export function withoutReason(view: View, observations: readonly Observation[]): Observation[] {
  if (observations.length === 0 || view.signs(...REASONS).length > 0) return []
  return observations.map((o) => (o.echo ? { ...o, echo: false } : o))
}

interface Meaning {
  /** By how sure it is that the path is a socket. */
  likely: number
  unknown: number
  text: string
}

/** What arrives at the backend as an ordinary GET. HTTP/1.0 is what nginx speaks when nothing is set: no upgrade can pass
 *  there, whoever asked; whether the path is a socket is the doubt that is left. */
const PLAIN: Readonly<Record<string, Meaning>> = {
  'app-http10-get-on-socket': {
    likely: 0.62,
    unknown: 0.45,
    text: 'the application got an ordinary GET in HTTP/1.0 there, which is what nginx sends unless told otherwise, and refused it',
  },
  'app-plain-get-on-socket': {
    likely: 0.48,
    unknown: 0.4,
    text: 'the application got an ordinary GET there instead of a handshake, and refused it',
  },
  'app-socket-request-refused': {
    likely: 0.48,
    unknown: 0.4,
    text: 'the application refused the request there, as it does one without the upgrade, and does not say why',
  },
}
const FORBIDDEN: Readonly<Record<string, Meaning>> = {
  'app-socket-request-forbidden': {
    likely: 0.48,
    unknown: 0.4,
    text: 'the application answered 401 or 403 there and does not say why: no login, or an Origin that it does not accept',
  },
  'app-closed-before-accept': {
    likely: 0.45,
    unknown: 0.45,
    text: 'the application closed handshakes before it accepted them (403) and does not say why: no login, a foreign Origin, or no such path',
  },
}

/** Possible `missing-upgrade-headers`, by path. */
export const plainRequests = (view: View): Weighed[] =>
  refusals(view, PLAIN, (scope) => [
    {
      cause: 'handshake-rejected',
      confidence: 0.25,
      check: `${handshake(scope, 'backend')} # refused as well: the application has a reason of its own`,
    },
    { cause: 'path-mismatch', confidence: 0.2, check: 'does the application have a socket at that very path?' },
    {
      cause: 'client-gone',
      confidence: 0.15,
      check: 'one request from an address that asks for other odd paths too: a scanner, and nothing is wrong',
    },
  ])

/** Possible `auth-rejected`, by path. */
export const forbiddenRequests = (view: View): Weighed[] =>
  refusals(view, FORBIDDEN, (scope) => [
    {
      cause: 'origin-rejected',
      confidence: 0.35,
      check: `${handshake(scope, 'nginx').replace(' | head -1', '')} # 101 without an Origin header: the application checks Origin or Host`,
    },
    { cause: 'path-mismatch', confidence: 0.25, check: 'does the application have a socket at that very path?' },
  ])

/** Findings from nginx's logs joined with these. Of one place the surer one stays, with what the other says; a place that is
 *  in both logs is counted once. */
export function joinPlaces(places: readonly Weighed[], silent: readonly Weighed[]): Weighed[] {
  const all = [...places]
  for (const s of silent) {
    const at = all.findIndex(({ scope }) => scope.path === s.scope.path)
    const same = all[at]
    if (same === undefined) all.push(s)
    else if (confidence(s) <= confidence(same))
      all[at] = {
        ...same,
        for: [...same.for, ...s.for.map((reason) => ({ ...reason, text: `${reason.text} (its own log)` }))],
        observations: [...same.observations, ...s.observations.map((o) => ({ ...o, echo: true }))],
      }
    else if (same.scope.server === null) all[at] = s
    else all.push(s)
  }
  return all
}

function refusals(
  view: View,
  meanings: Readonly<Record<string, Meaning>>,
  alternatives: (scope: Scope) => Alternative[],
): Weighed[] {
  const silent = withoutReason(view, view.signs(...Object.keys(meanings)))
  return groupBy(silent, 'server+path').map(({ scope, members }) => {
    const best = members
      .map((o) => ({ ...(meanings[o.sign] as Meaning), likely: weightOf(o, meanings) }))
      .sort((a, b) => b.likely - a.likely)[0] as Meaning
    return {
      scope,
      source: members[0]?.exemplars[0]?.source ?? 'application',
      for: [{ weight: best.likely, text: `${best.text} (${times(countOf(members))})` }],
      against: [],
      observations: members,
      values: {
        where: scope.path === null ? '' : ` at ${scope.path}`,
        which: scope.path === null ? '' : ` at ${scope.path}`,
      },
      alternatives: alternatives(scope),
    }
  })
}

const weightOf = ({ sign, asked }: Observation, meanings: Readonly<Record<string, Meaning>>): number =>
  meanings[sign]?.[asked === 'yes' || asked === 'likely' ? 'likely' : 'unknown'] ?? 0
