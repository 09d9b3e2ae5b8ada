/** What worked after the last failure. It is no evidence for or against the failure: it says whether it is over, and how
 *  far that can be known. Combined names no host and dates a handshake by the end of its session. */
import type { Evidence, Finding, Observation, Scope } from './contract.ts'
import { MINUTE, MinuteCounts } from './minute-counts.ts'
import { sideBySide, successesAfter, timeline } from './timeline.ts'
import { inspect, type SuccessesAt, type View } from './view.ts'

export interface Worked {
  /** Epoch ms of the first success after the last failure. */
  since: number
  handshakes: number
  /** `path`: one side names no host, so the path alone was compared. */
  by: 'place' | 'path'
  /** `end`: the log does not say when the sessions began. */
  dated: 'start' | 'end'
  /** The fault shows in a handshake, and these are enough to say that it is gone. */
  decides: boolean
  /** It failed, and since then it only works. */
  repaired: boolean
  /** The fault lies in a configuration, which does not repair itself, and the log went on for a while without it. */
  settled: boolean
}

type Failure = Pick<Observation, 'scope' | 'first' | 'last' | 'minutes' | 'clients'>

/** Nothing failed for so long: as the default of `alerts.resolve_after`. */
const CALM = 10 * MINUTE
/** Sessions that may be older than the failure, or another host's, have to be several. */
const SEVERAL = 3
/** More are not counted out: an open problem would be another one with every handshake. */
const MANY = 100

/** A handshake that succeeds shows that these are gone. The others strike open sessions (idle-timeout), some visitors only
 *  (origin-rejected), or elsewhere (agent-leg). */
const CONFIGURED = [
  'missing-upgrade-headers',
  'upstream-http-version',
  'upstream-tls-mismatch',
  'path-mismatch',
  'redirected-handshake',
  'edge-proxy',
]
const SHOWN = [
  ...CONFIGURED,
  'backend-down',
  'backend-slow',
  'dns-failure',
  'handshake-rejected',
  'invalid-upstream-response',
]

/** Null when nothing is known to have worked at the places of these failures, or when a failure has no time. */
export function workedSince(cause: string, failures: readonly Failure[], view: View): Worked | null {
  const failed = failures.map((o) => o.last)
  if (failed.some((time) => time === null)) return null
  const last = Math.max(...failed.filter((time) => time !== null))
  const places = placesOf(failures)
  const good = places.map((place) => view.upgradedAt(place))
  const after = good.map((one) => successesAfter(one, last))
  const found = after.filter((one) => one !== null)
  if (found.length === 0) return null
  const handshakes = found.reduce((sum, { count }) => sum + count, 0)
  const by = good.some((one) => one.hostUnknown) ? 'path' : 'place'
  const dated = good.some((one) => one.datedByEnd) ? 'end' : 'start'
  const repaired = good.every((one) => timeline(failures, one).kind === 'repaired')
  const plain = by === 'place' && dated === 'start'
  const decides =
    SHOWN.includes(cause) &&
    repaired &&
    (plain ||
      (handshakes >= SEVERAL &&
        places.every((place) => namesOneHost(view, place)) &&
        good.every((one) => (one.last ?? 0) >= last + CALM && fits(failures, one))))
  return {
    since: Math.min(...found.map(({ first }) => first)),
    handshakes,
    by,
    dated,
    decides,
    repaired,
    settled: decides && CONFIGURED.includes(cause) && (view.evidence.last ?? 0) >= last + CALM,
  }
}

/** What worked at the places of findings whose failures lie before all of this evidence. By id; those of which nothing is
 *  known are left out. */
export function workedLater(
  evidence: Evidence,
  findings: readonly Finding[],
): Map<string, NonNullable<Finding['worked']>> {
  const view = inspect(evidence)
  const later = new Map<string, NonNullable<Finding['worked']>>()
  for (const { id, cause, scope, last_seen } of findings) {
    if (last_seen === null) continue
    const last = Date.parse(last_seen)
    const failure = { scope, first: last, last, minutes: new MinuteCounts(), clients: new Set<string>() }
    const worked = workedSince(cause, [failure], view)
    if (worked !== null) later.set(id, asTold(cause, worked))
  }
  return later
}

/** As a finding carries it. */
export function asTold(cause: string, worked: Worked): NonNullable<Finding['worked']> {
  const { by, dated, decides } = worked
  const since = new Date(worked.since).toISOString()
  return { since, handshakes: Math.min(worked.handshakes, MANY + 1), by, dated, decides, told: told(cause, worked) }
}

/** In one sentence; times are ISO 8601, for the reader's zone to be put in. */
function told(cause: string, worked: Worked): string {
  const { since, handshakes, by, dated, decides } = worked
  const one = handshakes === 1
  const many = handshakes > MANY ? `more than ${MANY}` : `${handshakes}`
  const what =
    dated === 'end'
      ? `${many} WebSocket ${one ? 'session' : 'sessions'} ended`
      : `${many} ${one ? 'handshake' : 'handshakes'} succeeded`
  const where = by === 'path' ? ' on this path' : ' there'
  const unknown = [...(by === 'path' ? ['the host'] : []), ...(dated === 'end' ? ['when a session began'] : [])]
  const blind = unknown.length === 0 ? '' : ` (the log does not say ${unknown.join(', nor ')})`
  const limits = [
    ...(dated === 'end' ? ['be older than the failure'] : []),
    ...(by === 'path' ? ['be another host’s'] : []),
  ]
  const doubt = !SHOWN.includes(cause)
    ? '; a handshake does not show that this is over'
    : decides || limits.length === 0
      ? ''
      : `; ${one ? 'it' : 'they'} may ${limits.join(', or ')}`
  return `${what}${where} since ${new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')}${blind}${doubt}`
}

/** A host's places; a line without a host adds none where another line names it. */
function placesOf(failures: readonly Failure[]): Scope[] {
  const places = new Map<string, Scope>()
  for (const { scope } of failures)
    if (scope.path !== null) places.set(`${scope.server ?? ''} ${scope.path}`, { ...scope, upstream: null })
  const named = new Set([...places.values()].filter(({ server }) => server !== null).map(({ path }) => path))
  return [...places.values()].filter(({ server, path }) => server !== null || !named.has(path))
}

/** No line names another host with this path. */
function namesOneHost(view: View, { server, path }: Scope): boolean {
  const hosts = view.hostsOf(path)
  return hosts.size === 0 || (hosts.size === 1 && (server === null || hosts.has(server)))
}

/** Kept addresses of an observation: when all are taken there may have been more. */
const MOST_CLIENTS = 8

/** It did not work beside the failures, as another host would; and one who failed is among those for whom it worked, who
 *  are else those of before, leaving one after the other. */
function fits(failures: readonly Failure[], good: SuccessesAt): boolean {
  if (sideBySide(failures, good)) return false
  const failed = new Set(failures.flatMap((o) => [...o.clients]))
  const known =
    failed.size > 0 && good.clients.size > 0 && failed.size < MOST_CLIENTS && good.clients.size < MOST_CLIENTS
  return !known || [...failed].some((client) => good.clients.has(client))
}
