/** Folding events into evidence. One fold serves analyze (a whole file in memory) and serve (a batch, then SQLite). */
import type { Event, Scope } from '../../parsers/event.ts'
import type { Evidence, Exemplar, Lifetimes, Observation, Occurrences, Suspect } from './contract.ts'
import { latencyBucket, lifetimeBucket } from './histogram.ts'
import { MINUTE, MinuteCounts } from './minute-counts.ts'
import { ownText } from './own-text.ts'
import { proofShare, settleProofs, settleShares, shareOf, shorter, type Share } from './share.ts'
import { AGE_UNKNOWN, ageOf, SessionEnds } from './session-ends.ts'
import { SortedCounts } from './sorted-counts.ts'
import { OTHER as OTHER_SHAPE } from './templates.ts'

/** Distinct failing paths kept in memory; a scanner may invent any number of them. */
export const MAX_SUSPECTS = 5_000
/** Distinct observations kept; beyond it new scopes are counted under the scope "(other)". */
export const MAX_OBSERVATIONS = 5_000
/** Of these, shapes of lines that nothing explains: an application may write any number, and the known ones need the room. */
export const MAX_ODD = 1_000
const ODD = 'unexplained: '
/** How many of them an evidence has. */
const ODDS = new WeakMap<Evidence, number>()

function oddOf(evidence: Evidence): number {
  const known = ODDS.get(evidence)
  if (known !== undefined) return known
  let n = 0
  for (const { sign } of evidence.observations.values()) if (sign.startsWith(ODD)) n++
  ODDS.set(evidence, n)
  return n
}

/** Distinct places whose session lengths are kept: each may fill all 9,400 buckets, 75 KB. */
export const MAX_LIFETIMES = 400
const MAX_CLIENTS = 8
/** Buckets of session lengths that have a line as proof. */
export const MAX_PROOFS = 64

export const minuteOf = (time: number): number => time - (((time % MINUTE) + MINUTE) % MINUTE)

/** @param exact for a batch: it is small, and the store keeps its minutes one by one. */
export function emptyEvidence(exact = false): Evidence {
  return {
    exact,
    observations: new Map(),
    lifetimes: new Map(),
    suspects: new Map(),
    suspects_dropped: 0,
    status: new Map(),
    requests_per_minute: new MinuteCounts(exact ? Infinity : undefined),
    ends: new SessionEnds(),
    handshake_latency: new Map(),
    error_levels: new Set(),
    variables: new Set(),
    formats: new Set(),
    first: null,
    last: null,
  }
}

const scopeKey = (s: Scope): string => JSON.stringify([s.server, s.path, s.upstream])

export const observationKey = (
  o: Omit<Observation, 'count' | 'first' | 'last' | 'zone' | 'minutes' | 'exemplars' | 'clients'>,
): string => [o.kind, o.sign, o.status, o.asked, o.answered_by, o.echo ? 1 : 0, scopeKey(o.scope)].join(' ')
export const lifetimesKey = (l: Pick<Lifetimes, 'scope' | 'measured_by'>): string =>
  l.measured_by + ' ' + scopeKey(l.scope)
export const suspectKey = (s: Pick<Suspect, 'scope' | 'status' | 'answered_by'>): string =>
  [s.status, s.answered_by, scopeKey(s.scope)].join(' ')

const OTHER: Scope = { server: null, path: '(other)', upstream: null }

export function add<K>(map: Map<K, number>, key: K, n: number): void {
  map.set(key, (map.get(key) ?? 0) + n)
}

/** The first three and the last two in time order, whatever the order of arrival: merging batches gives the same five. */
export function keepExemplars(kept: Exemplar[], more: readonly Exemplar[]): Exemplar[] {
  const all = kept.concat(more).sort(byTime)
  const unique = all.filter((e, i) => i === 0 || byTime(all[i - 1] as Exemplar, e) !== 0)
  return unique.length <= 5 ? unique : [...unique.slice(0, 3), ...unique.slice(-2)]
}

function byTime(a: Exemplar, b: Exemplar): number {
  return (
    (a.time ?? Infinity) - (b.time ?? Infinity) ||
    compare(a.source, b.source) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compare(a.text, b.text)
  )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
const later = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b))

/** Counts one line in `into`, of whose text the share is kept. */
export function occur(
  into: Occurrences,
  time: number | null,
  client: string | null,
  exemplar: Exemplar,
  { text }: Share,
): void {
  into.count++
  into.first = earlier(into.first, time)
  into.last = later(into.last, time)
  if (time !== null) into.minutes.add(time, 1)
  into.exemplars = keepExemplar(into.exemplars, shorter(exemplar, text))
  if (client !== null && into.clients.size < MAX_CLIENTS) addClient(into.clients, client)
}

/** Longer than any address; what stands for one in a log of JSON can be as long as the line. */
const MAX_CLIENT = 64

function addClient(clients: Set<string>, client: string): void {
  if (!clients.has(client)) clients.add(ownText(client, MAX_CLIENT))
}

const ownScope = ({ server, path, upstream }: Scope): Scope => ({
  server: server === null ? null : ownText(server, 255),
  path,
  upstream: upstream === null ? null : ownText(upstream, 255),
})

/** keepExemplars for one line. Logs come in the order of time, so the newest line mostly replaces the newest kept one:
 *  that is done in place, since sorting for every event would dominate a log of a million failures. */
export function keepExemplar(kept: Exemplar[], exemplar: Exemplar): Exemplar[] {
  const third = kept[2]
  const fourth = kept[3]
  const fifth = kept[4]
  if (!third || !fourth || !fifth) {
    const last = kept.at(-1)
    if (last !== undefined && byTime(exemplar, last) <= 0) return keepExemplars(kept, [exemplar])
    kept.push(exemplar)
    return kept
  }
  const order = byTime(exemplar, fifth)
  // Two events of one line: it is kept once.
  if (order === 0) return kept
  if (order > 0) {
    kept[3] = fifth
    kept[4] = exemplar
  } else if (byTime(exemplar, fourth) > 0) kept[3] = exemplar
  else if (byTime(exemplar, third) < 0) return keepExemplars(kept, [exemplar])
  return kept
}

/** Adds one event and returns what it was counted in. `exemplar` is the masked line it came from. */
export function foldEvent(evidence: Evidence, event: Event, exemplar: Exemplar): Observation {
  span(evidence, event.time, event.time)
  if (event.kind === 'session_closed') foldLifetime(evidence, event, exemplar)
  if (event.time !== null && (event.kind === 'session_closed' || (event.kind === 'handshake_ok' && event.ended)))
    evidence.ends.see(
      Math.floor(event.time / 1000),
      event.kind === 'session_closed' ? ageOf(event.seconds) : AGE_UNKNOWN,
      exemplar,
    )
  if (event.kind === 'handshake_ok' && event.upstream_header_time !== null)
    add(evidence.handshake_latency, latencyBucket(event.upstream_header_time), 1)
  const identity = {
    scope: event.scope,
    sign: event.sign,
    kind: event.kind,
    status: 'status' in event ? event.status : null,
    asked: event.kind === 'handshake_failed' ? event.asked : null,
    answered_by: event.kind === 'handshake_failed' ? event.answered_by : null,
    echo: event.echo === true,
  }
  let key = observationKey(identity)
  let found = evidence.observations.get(key)
  // The text of such a sign is the line's: it must not make the table longer.
  const odd = found === undefined && identity.sign.startsWith(ODD)
  if (found === undefined && (evidence.observations.size >= MAX_OBSERVATIONS || (odd && oddOf(evidence) >= MAX_ODD))) {
    identity.scope = OTHER
    if (odd) identity.sign = ODD + OTHER_SHAPE
    key = observationKey(identity)
    found = evidence.observations.get(key)
  }
  if (found === undefined) {
    found = {
      ...identity,
      scope: ownScope(identity.scope),
      count: 0,
      first: null,
      last: null,
      zone: event.zone,
      minutes: new MinuteCounts(shareOf(evidence, evidence.observations.size + 1).buckets),
      exemplars: [],
      clients: new Set(),
    }
    evidence.observations.set(key, found)
    if (odd) ODDS.set(evidence, oddOf(evidence) + 1)
    settleShares(evidence, evidence.observations, evidence.observations.size - 1)
  }
  if (event.zone === 'assumed') found.zone = 'assumed'
  occur(found, event.time, event.client, exemplar, shareOf(evidence, evidence.observations.size))
  return found
}

function foldLifetime(evidence: Evidence, event: Event & { kind: 'session_closed' }, exemplar: Exemplar): void {
  let { scope } = event
  let key = lifetimesKey(event)
  let found = evidence.lifetimes.get(key)
  if (found === undefined && evidence.lifetimes.size >= MAX_LIFETIMES) {
    scope = OTHER
    key = lifetimesKey({ scope, measured_by: event.measured_by })
    found = evidence.lifetimes.get(key)
  }
  if (found === undefined) {
    found = {
      scope: ownScope(scope),
      measured_by: event.measured_by,
      buckets: new SortedCounts(),
      exemplars: [],
      first: null,
      last: null,
    }
    evidence.lifetimes.set(key, found)
    settleProofs(evidence, evidence.lifetimes.size - 1)
  }
  const bucket = lifetimeBucket(event.seconds)
  // One proof per bucket for the first few buckets seen: a peak must be able to show its lines.
  if (!found.buckets.has(bucket) && found.exemplars.length < MAX_PROOFS)
    found.exemplars.push({ bucket, exemplar: shorter(exemplar, proofShare(evidence, evidence.lifetimes.size).text) })
  found.buckets.add(bucket, 1)
  found.first = earlier(found.first, event.time)
  found.last = later(found.last, event.time)
}

/** A request that is no event: counted by status, and remembered by path when it failed. Returns where it is
 *  remembered; null when it is not. */
export function foldRequest(
  evidence: Evidence,
  request: {
    time: number | null
    status: number
    scope: Scope
    client: string | null
    answered_by: 'backend' | 'nginx' | null
  } | null,
  status: number,
  time: number | null,
  exemplar: Exemplar | null,
): Occurrences | null {
  add(evidence.status, status, 1)
  if (time !== null) {
    evidence.requests_per_minute.add(time, 1)
    span(evidence, time, time)
  }
  if (request === null || exemplar === null) return null
  const found = suspectOf(evidence, request)
  if (found === null) evidence.suspects_dropped++
  else occur(found, request.time, request.client, exemplar, shareOf(evidence, evidence.suspects.size))
  return found
}

/** Where such failures are remembered; null when there is no room for another place. */
export function suspectOf(evidence: Evidence, like: Pick<Suspect, 'scope' | 'status' | 'answered_by'>): Suspect | null {
  const key = suspectKey(like)
  const known = evidence.suspects.get(key)
  if (known !== undefined) return known
  if (evidence.suspects.size >= MAX_SUSPECTS) return null
  const found: Suspect = {
    scope: ownScope(like.scope),
    status: like.status,
    answered_by: like.answered_by,
    count: 0,
    first: null,
    last: null,
    exemplars: [],
    clients: new Set(),
    minutes: new MinuteCounts(shareOf(evidence, evidence.suspects.size + 1).buckets),
  }
  evidence.suspects.set(key, found)
  settleShares(evidence, evidence.suspects, evidence.suspects.size - 1)
  return found
}

export function span(evidence: Evidence, first: number | null, last: number | null): void {
  evidence.first = earlier(evidence.first, first)
  evidence.last = later(evidence.last, last)
}

/** Adds `from` to `into` and returns `into`. Associative and commutative up to the caps. */
export function merge(into: Evidence, from: Evidence): Evidence {
  const before = [into.observations.size, into.suspects.size, into.lifetimes.size] as const
  for (const [key, o] of from.observations) mergeObservation(into, key, o)
  settleShares(into, into.observations, before[0])
  for (const [key, s] of from.suspects) {
    const found = into.suspects.get(key)
    if (found !== undefined) mergeOccurrences(found, s, shareOf(into, into.suspects.size))
    else if (into.suspects.size < MAX_SUSPECTS) into.suspects.set(key, copyOccurrences(into, into.suspects.size, s))
    else into.suspects_dropped += s.count
  }
  settleShares(into, into.suspects, before[1])
  for (const l of from.lifetimes.values()) mergeLifetimes(into, l)
  settleProofs(into, before[2])
  for (const [k, n] of from.status) add(into.status, k, n)
  into.requests_per_minute.merge(from.requests_per_minute)
  into.ends.merge(from.ends)
  for (const [k, n] of from.handshake_latency) add(into.handshake_latency, k, n)
  for (const v of from.error_levels) into.error_levels.add(v)
  for (const v of from.variables) into.variables.add(v)
  for (const v of from.formats) into.formats.add(v)
  into.suspects_dropped += from.suspects_dropped
  span(into, from.first, from.last)
  return into
}

function mergeObservation(into: Evidence, key: string, from: Observation): void {
  let found = into.observations.get(key)
  const odd = found === undefined && from.sign.startsWith(ODD)
  if (found === undefined && (into.observations.size >= MAX_OBSERVATIONS || (odd && oddOf(into) >= MAX_ODD))) {
    const sign = odd ? ODD + OTHER_SHAPE : from.sign
    from = { ...from, scope: OTHER, sign }
    key = observationKey(from)
    found = into.observations.get(key)
  }
  if (found === undefined) {
    into.observations.set(key, copyOccurrences(into, into.observations.size, from))
    if (odd) ODDS.set(into, oddOf(into) + 1)
  } else {
    mergeOccurrences(found, from, shareOf(into, into.observations.size))
    if (from.zone === 'assumed') found.zone = 'assumed'
  }
}

function mergeLifetimes(into: Evidence, from: Lifetimes): void {
  let key = lifetimesKey(from)
  let found = into.lifetimes.get(key)
  if (found === undefined && into.lifetimes.size >= MAX_LIFETIMES) {
    from = { ...from, scope: OTHER }
    key = lifetimesKey(from)
    found = into.lifetimes.get(key)
  }
  if (found === undefined) {
    found = { ...from, buckets: new SortedCounts(), exemplars: [] }
    into.lifetimes.set(key, found)
  }
  const { text } = proofShare(into, into.lifetimes.size)
  for (const { bucket, exemplar } of from.exemplars)
    if (!found.buckets.has(bucket) && found.exemplars.length < MAX_PROOFS)
      found.exemplars.push({ bucket, exemplar: shorter(exemplar, text) })
  found.buckets.merge(from.buckets)
  found.first = earlier(found.first, from.first)
  found.last = later(found.last, from.last)
}

function copyOccurrences<T extends Occurrences>(into: Evidence, places: number, from: T): T {
  const { buckets, text } = shareOf(into, places + 1)
  const exemplars = from.exemplars.map((exemplar) => shorter(exemplar, text))
  return { ...from, minutes: from.minutes.copy(buckets), exemplars, clients: new Set(from.clients) }
}

function mergeOccurrences(into: Occurrences, from: Occurrences, { text }: Share): void {
  into.count += from.count
  into.first = earlier(into.first, from.first)
  into.last = later(into.last, from.last)
  into.minutes.merge(from.minutes)
  into.exemplars = keepExemplars(
    into.exemplars,
    from.exemplars.map((exemplar) => shorter(exemplar, text)),
  )
  for (const client of from.clients) if (into.clients.size < MAX_CLIENTS) into.clients.add(client)
}
