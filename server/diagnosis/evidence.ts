/** Folding events into evidence. One fold serves analyze (a whole file in memory) and serve (a batch, then SQLite). */
import type { Event, Scope } from '../../parsers/event.ts'
import type { Evidence, Exemplar, Lifetimes, Observation, Occurrences, Suspect } from './contract.ts'
import { latencyBucket, lifetimeBucket } from './histogram.ts'

export const MINUTE = 60_000
/** Distinct failing paths kept in memory; a scanner may invent any number of them. */
export const MAX_SUSPECTS = 5_000
/** Distinct observations kept; beyond it new scopes are counted under the scope "(other)". */
export const MAX_OBSERVATIONS = 20_000
const MAX_CLIENTS = 8

export const minuteOf = (time: number): number => time - (((time % MINUTE) + MINUTE) % MINUTE)

export function emptyEvidence(): Evidence {
  return {
    observations: new Map(),
    lifetimes: new Map(),
    suspects: new Map(),
    suspects_dropped: 0,
    status: new Map(),
    requests_per_minute: new Map(),
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
  const all = [...kept, ...more].sort(byTime)
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

function occur(into: Occurrences, time: number | null, client: string | null, exemplar: Exemplar): void {
  into.count++
  into.first = earlier(into.first, time)
  into.last = later(into.last, time)
  if (time !== null) add(into.minutes, minuteOf(time), 1)
  into.exemplars = place(into.exemplars, exemplar)
  if (client !== null && into.clients.size < MAX_CLIENTS) into.clients.add(client)
}

/** keepExemplars for one line. Logs come in the order of time, so the newest line mostly replaces the newest kept one:
 *  that is done in place, since sorting for every event would dominate a log of a million failures. */
function place(kept: Exemplar[], exemplar: Exemplar): Exemplar[] {
  const [, , third, fourth, fifth] = kept
  if (!third || !fourth || !fifth) return keepExemplars(kept, [exemplar])
  if (byTime(exemplar, fifth) > 0) {
    kept[3] = fifth
    kept[4] = exemplar
  } else if (byTime(exemplar, fourth) > 0) kept[3] = exemplar
  else if (byTime(exemplar, third) < 0) return keepExemplars(kept, [exemplar])
  return kept
}

/** Adds one event and returns what it was counted in. `exemplar` is the masked line it came from. */
export function foldEvent(evidence: Evidence, event: Event, exemplar: Exemplar): Occurrences {
  span(evidence, event.time, event.time)
  if (event.kind === 'session_closed') foldLifetime(evidence, event, exemplar)
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
  if (found === undefined && evidence.observations.size >= MAX_OBSERVATIONS) {
    identity.scope = OTHER
    key = observationKey(identity)
    found = evidence.observations.get(key)
  }
  if (found === undefined) {
    found = {
      ...identity,
      count: 0,
      first: null,
      last: null,
      zone: event.zone,
      minutes: new Map(),
      exemplars: [],
      clients: new Set(),
    }
    evidence.observations.set(key, found)
  }
  if (event.zone === 'assumed') found.zone = 'assumed'
  occur(found, event.time, event.client, exemplar)
  return found
}

function foldLifetime(evidence: Evidence, event: Event & { kind: 'session_closed' }, exemplar: Exemplar): void {
  const key = lifetimesKey(event)
  let found = evidence.lifetimes.get(key)
  if (found === undefined) {
    if (evidence.lifetimes.size >= MAX_OBSERVATIONS) return
    found = {
      scope: event.scope,
      measured_by: event.measured_by,
      buckets: new Map(),
      exemplars: [],
      first: null,
      last: null,
    }
    evidence.lifetimes.set(key, found)
  }
  const bucket = lifetimeBucket(event.seconds)
  // One proof per bucket for the first few buckets seen: a peak must be able to show its lines.
  if (!found.buckets.has(bucket) && found.exemplars.length < 64) found.exemplars.push({ bucket, exemplar })
  add(found.buckets, bucket, 1)
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
    add(evidence.requests_per_minute, minuteOf(time), 1)
    span(evidence, time, time)
  }
  if (request === null || exemplar === null) return null
  const key = suspectKey(request)
  let found = evidence.suspects.get(key)
  if (found === undefined) {
    if (evidence.suspects.size >= MAX_SUSPECTS) {
      evidence.suspects_dropped++
      return null
    }
    const { scope, answered_by } = request
    found = {
      scope,
      status: request.status,
      answered_by,
      count: 0,
      first: null,
      last: null,
      exemplars: [],
      clients: new Set(),
      minutes: new Map(),
    }
    evidence.suspects.set(key, found)
  }
  occur(found, request.time, request.client, exemplar)
  return found
}

export function span(evidence: Evidence, first: number | null, last: number | null): void {
  evidence.first = earlier(evidence.first, first)
  evidence.last = later(evidence.last, last)
}

/** Adds `from` to `into` and returns `into`. Associative and commutative up to the caps. */
export function merge(into: Evidence, from: Evidence): Evidence {
  for (const [key, o] of from.observations) {
    const found = into.observations.get(key)
    if (found === undefined && into.observations.size >= MAX_OBSERVATIONS) mergeOther(into, o)
    else if (found === undefined) into.observations.set(key, copyOccurrences(o))
    else {
      mergeOccurrences(found, o)
      if (o.zone === 'assumed') found.zone = 'assumed'
    }
  }
  for (const [key, s] of from.suspects) {
    const found = into.suspects.get(key)
    if (found !== undefined) mergeOccurrences(found, s)
    else if (into.suspects.size < MAX_SUSPECTS) into.suspects.set(key, copyOccurrences(s))
    else into.suspects_dropped += s.count
  }
  for (const [key, l] of from.lifetimes) {
    const found = into.lifetimes.get(key)
    if (found === undefined) {
      if (into.lifetimes.size >= MAX_OBSERVATIONS) continue
      into.lifetimes.set(key, { ...l, buckets: new Map(l.buckets), exemplars: [...l.exemplars] })
      continue
    }
    for (const { bucket, exemplar } of l.exemplars)
      if (!found.buckets.has(bucket) && found.exemplars.length < 64) found.exemplars.push({ bucket, exemplar })
    for (const [bucket, n] of l.buckets) add(found.buckets, bucket, n)
    found.first = earlier(found.first, l.first)
    found.last = later(found.last, l.last)
  }
  for (const [k, n] of from.status) add(into.status, k, n)
  for (const [k, n] of from.requests_per_minute) add(into.requests_per_minute, k, n)
  for (const [k, n] of from.handshake_latency) add(into.handshake_latency, k, n)
  for (const v of from.error_levels) into.error_levels.add(v)
  for (const v of from.variables) into.variables.add(v)
  for (const v of from.formats) into.formats.add(v)
  into.suspects_dropped += from.suspects_dropped
  span(into, from.first, from.last)
  return into
}

/** Like an event of a new scope when there is no room for one. */
function mergeOther(into: Evidence, o: Observation): void {
  const other = { ...o, scope: OTHER }
  const key = observationKey(other)
  const found = into.observations.get(key)
  if (found === undefined) into.observations.set(key, copyOccurrences(other))
  else {
    mergeOccurrences(found, o)
    if (o.zone === 'assumed') found.zone = 'assumed'
  }
}

function copyOccurrences<T extends Occurrences>(t: T): T {
  return { ...t, minutes: new Map(t.minutes), exemplars: [...t.exemplars], clients: new Set(t.clients) }
}

function mergeOccurrences(into: Occurrences, from: Occurrences): void {
  into.count += from.count
  into.first = earlier(into.first, from.first)
  into.last = later(into.last, from.last)
  for (const [minute, n] of from.minutes) add(into.minutes, minute, n)
  into.exemplars = keepExemplars(into.exemplars, from.exemplars)
  for (const client of from.clients) if (into.clients.size < MAX_CLIENTS) into.clients.add(client)
}
