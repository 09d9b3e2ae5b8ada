/** A batch, counted by minute. One pass over its events: their ids are looked up once, for the blocks and for all counts.
 *  Pure but for the ids, which are given at first sight. */
import { latencyBucket, lifetimeBucket, minuteOf, type Evidence } from '../../diagnosis/contract.ts'
import type { Event } from '../../../parsers/event.ts'
import type { Batch } from '../contract.ts'
import type { BlockEvent } from './block.ts'
import type { Dimensions } from './dimensions.ts'
import { countKey, countRun } from './run-slabs.ts'
import type { StoredRun } from './run-block.ts'
import { MEASURES, measureNumber } from './migration-2.ts'
import { minuteNumber } from './tiers.ts'

/** Most characters that are kept of a line. */
const MAX_TEXT = 4_000

export interface Counted {
  minute: number
  scope: number
  class: number
  timed: 0 | 1
  n: number
  first: number | null
  last: number | null
  assumed: 0 | 1
}

export interface Histogram {
  minute: number
  scope: number
  measure: number
  buckets: Map<number, number>
  first: number | null
  last: number | null
}

export interface Slabs {
  /** Their ids are given when they are written. */
  events: BlockEvent[]
  /** More of them. */
  repeated: StoredRun | null
  /** By minute since 1970, then by a number made of scope, class and `timed`. */
  counts: Map<number, Map<number, Counted>>
  histograms: Map<string, Histogram>
  /** Minute (epoch ms) → first and last time of its events. */
  spans: Map<number, { first: number; last: number }>
  /** Events whose scope found no room, by minute since 1970. */
  overflowed: Map<number, number>
}

/** @param now epoch ms: where events without a time are filed. Throws when the batch's evidence counts other events than
 *  it brings, or not minute by minute: something would be lost without a word. */
export function slabsOf(batch: Batch, source: number, now: number, dimensions: Dimensions): Slabs {
  refuseInexact(batch)
  const slabs: Slabs = {
    events: [],
    repeated: null,
    counts: new Map(),
    histograms: new Map(),
    spans: new Map(),
    overflowed: new Map(),
  }
  // Two events of one line have one exemplar, whose text is masked each time somebody asks for it.
  let [masked, text]: [Batch['events'][number]['exemplar'] | null, string] = [null, '']
  for (const { event, seq, ordinal, exemplar } of batch.events) {
    if (exemplar !== masked) [masked, text] = [exemplar, exemplar.text.slice(0, MAX_TEXT)]
    const { time, scope, client } = event
    const scopeId = dimensions.scopeId(scope)
    const classId = classOf(event, dimensions)
    const kept = time ?? now
    const minute = minuteNumber(kept)
    slabs.events.push({
      id: 0,
      source,
      seq,
      ordinal,
      time,
      kept,
      class: classId,
      scope: scopeId,
      origin: dimensions.originId(exemplar.source),
      line: exemplar.line,
      client,
      text,
    })
    if (time !== null) note(slabs.spans, minuteOf(time), time, time)
    count(slabs.counts, minute, scopeId, classId, time, event.zone === 'assumed' ? 1 : 0)
    if (event.kind === 'session_closed')
      measure(slabs.histograms, minute, scopeId, measureNumber(event.measured_by), lifetimeBucket(event.seconds), time)
    if (event.kind === 'handshake_ok' && event.upstream_header_time !== null)
      measure(slabs.histograms, minute, scopeId, LATENCY, latencyBucket(event.upstream_header_time), time)
    if (dimensions.isOther(scopeId) && scope.path !== '(other)')
      slabs.overflowed.set(minute, (slabs.overflowed.get(minute) ?? 0) + 1)
  }
  if (batch.repeated) slabs.repeated = countRun(slabs, batch.repeated, source, batch.source.path, dimensions)
  return slabs
}

const LATENCY = MEASURES.indexOf('latency')

function refuseInexact({ evidence, events, repeated, source }: Batch): void {
  let counted = 0
  for (const { count: n } of evidence.observations.values()) counted += n
  const all = events.length + (repeated?.run.size ?? 0)
  if (counted !== all)
    throw new Error(`batch of ${source.path}: evidence counts ${counted} events, but ${all} are in it`)
  const { requests_per_minute, suspects } = evidence
  if ([requests_per_minute, ...[...suspects.values()].map(({ minutes }) => minutes)].some(({ step }) => step > 1))
    throw new Error(`batch of ${source.path}: its evidence is not exact`)
}

function count(
  into: Slabs['counts'],
  minute: number,
  scope: number,
  kind: number,
  time: number | null,
  assumed: 0 | 1,
): void {
  const timed = time === null ? 0 : 1
  let ofMinute = into.get(minute)
  if (ofMinute === undefined) into.set(minute, (ofMinute = new Map()))
  const key = countKey(scope, kind, timed)
  const found = ofMinute.get(key)
  if (found === undefined) {
    ofMinute.set(key, { minute, scope, class: kind, timed, n: 1, first: time, last: time, assumed })
    return
  }
  found.n++
  if (time !== null && (found.first === null || time < found.first)) found.first = time
  if (time !== null && (found.last === null || time > found.last)) found.last = time
  if (assumed === 1) found.assumed = 1
}

function measure(
  into: Slabs['histograms'],
  minute: number,
  scope: number,
  number: number,
  bucket: number,
  time: number | null,
): void {
  const key = `${minute} ${scope} ${number}`
  let found = into.get(key)
  if (found === undefined)
    into.set(key, (found = { minute, scope, measure: number, buckets: new Map(), first: time, last: time }))
  found.buckets.set(bucket, (found.buckets.get(bucket) ?? 0) + 1)
  if (time !== null && (found.first === null || time < found.first)) found.first = time
  if (time !== null && (found.last === null || time > found.last)) found.last = time
}

/** As foldEvent tells observations apart. */
function classOf(event: Event, dimensions: Dimensions): number {
  const { kind, sign } = event
  const status = 'status' in event ? event.status : null
  const echo = event.echo === true
  return event.kind === 'handshake_failed'
    ? dimensions.classOf(kind, sign, status, event.asked, event.answered_by, echo)
    : dimensions.classOf(kind, sign, status, null, null, echo)
}

function note(spans: Slabs['spans'], minute: number, first: number, last: number): void {
  const span = spans.get(minute)
  if (span === undefined) spans.set(minute, { first, last })
  else {
    span.first = Math.min(span.first, first)
    span.last = Math.max(span.last, last)
  }
}

/** Statuses come without minutes: each is spread over the minutes as the requests are, whole numbers, sums exact.
 *  Returns [minute, status, n], minutes in epoch ms; requests without any time go to `fallback`. */
export function spreadStatus(evidence: Evidence, fallback: number): [number, number, number][] {
  const minutes = [...evidence.requests_per_minute].sort((a, b) => a[0] - b[0])
  const total = minutes.reduce((sum, [, n]) => sum + n, 0)
  if (total === 0) return [...evidence.status].map(([status, n]) => [fallback, status, n])
  const rows: [number, number, number][] = []
  for (const [status, n] of evidence.status) {
    let seen = 0
    let given = 0
    for (const [minute, requests] of minutes) {
      seen += requests
      const share = Math.round((n * seen) / total) - given
      if (share > 0) rows.push([minute, status, share])
      given += share
    }
  }
  return rows
}

/** First and last time per minute. The ends are exact; a minute between them only says that it was there. */
export function spansOf(evidence: Evidence, slabs: Slabs): Slabs['spans'] {
  const spans = new Map([...slabs.spans].map(([minute, span]) => [minute, { ...span }]))
  if (evidence.first !== null) note(spans, minuteOf(evidence.first), evidence.first, evidence.first)
  if (evidence.last !== null) note(spans, minuteOf(evidence.last), evidence.last, evidence.last)
  const ends = [evidence.first, evidence.last].map((t) => (t === null ? null : minuteOf(t)))
  for (const minute of evidence.requests_per_minute.keys())
    if (!ends.includes(minute)) note(spans, minute, minute, minute)
  return spans
}
