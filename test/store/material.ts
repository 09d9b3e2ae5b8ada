/** Batches for the store, made by hand or at random. */
import fc from 'fast-check'
import { EVENT_KINDS, type Event, type Scope } from '../../parsers/event.ts'
import { emptyEvidence, foldEvent, foldRequest } from '../../server/diagnosis/contract.ts'
import type { Evidence, Exemplar, Finding, InputSummary } from '../../server/diagnosis/contract.ts'
import type { Batch, ProblemRow } from '../../server/store/contract.ts'

/** 2026-11-21T08:00:00Z */
export const T0 = 1_795_248_000_000

export const summaryOf = (path: string): InputSummary => ({
  path,
  format: 'nginx-error',
  bytes: 0,
  lines: 0,
  parsed: 0,
  unparsed: 0,
  from: null,
  to: null,
  unparsed_samples: [],
})

/** One record: its events, or an access line that is no event. */
export type Item =
  | { events: Event[]; exemplar: Exemplar }
  | { request: { time: number | null; status: number; failedAt: Scope | null; client: string }; exemplar: Exemplar }

export function fold(into: Evidence, item: Item): void {
  if ('events' in item) for (const event of item.events) foldEvent(into, event, item.exemplar)
  else {
    const { time, status, failedAt, client } = item.request
    const failed = failedAt && { time, status, scope: failedAt, client, answered_by: null }
    foldRequest(into, failed, status, time, item.exemplar)
  }
}

/** A batch whose n-th record is at byte `from + n`. */
export function batchOf(items: readonly Item[], from = 0, generation = 'g1', path = '/var/log/nginx/error.log'): Batch {
  const evidence = emptyEvidence()
  for (const item of items) fold(evidence, item)
  const seq = from + items.length
  return {
    source: { generation, path, seq, position: JSON.stringify({ offset: seq }), summary: summaryOf(path) },
    from_seq: from,
    events: items.flatMap((item, n) =>
      'events' in item
        ? item.events.map((event, ordinal) => ({ event, seq: from + n, ordinal, exemplar: item.exemplar }))
        : [],
    ),
    evidence,
  }
}

export const line = (n: number, time: number | null): Exemplar => ({
  source: 'error.log',
  line: n,
  text: `line ${n}`,
  time,
})

/** An event with the parts a test does not care about filled in. */
export function failure(n: number, time: number | null, scope: Partial<Scope> = {}): Item {
  const event: Event = {
    kind: 'handshake_failed',
    status: 400,
    asked: 'yes',
    answered_by: 'backend',
    time,
    zone: 'known',
    scope: { server: 'a.example', path: '/ws', upstream: '10.0.0.1:80', ...scope },
    sign: 'handshake-refused',
    client: `192.0.2.${n % 250}`,
    connection: n,
  }
  return { events: [event], exemplar: line(n, time) }
}

/** A socket that was opened, and closed after so many seconds; `latency` of its handshake. */
export function session(n: number, time: number, seconds: number, latency: number | null = null): Item {
  const base = {
    time,
    zone: 'known' as const,
    scope: { server: 'a.example', path: '/ws', upstream: '10.0.0.1:80' },
    client: null,
    connection: n,
  }
  const events: Event[] = [
    { ...base, kind: 'handshake_ok', sign: 'access-101', status: 101, upstream_header_time: latency },
    { ...base, kind: 'session_closed', sign: 'access-session', seconds, measured_by: 'request_time' },
  ]
  return { events, exemplar: line(n, time) }
}

export const request = (n: number, time: number, status: number, failedAt: Scope | null = null): Item => ({
  request: { time, status, failedAt, client: `192.0.2.${n % 250}` },
  exemplar: line(n, time),
})

// Few values, so that records meet in one scope, class and minute: that is where counts are added up.
const scope: fc.Arbitrary<Scope> = fc.constantFrom(
  { server: null, path: null, upstream: null },
  { server: 'a.example', path: '/ü/\0x', upstream: '10.0.0.1:80' },
)
const time = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: T0, max: T0 + 3 * 86_400_000 }) },
  { weight: 9, arbitrary: fc.integer({ min: T0, max: T0 + 120_000 }) },
  { weight: 1, arbitrary: fc.constant(null) },
)
const client = fc.constantFrom(null, ...Array.from({ length: 12 }, (_, n) => `192.0.2.${n}`))
/** Half of the events are of one kind, for the same reason. */
const kind = fc.oneof(
  fc.constantFrom(...EVENT_KINDS),
  fc.constantFrom('upstream_reset' as const, 'session_closed' as const),
)

const event: fc.Arbitrary<Event> = fc
  .record({
    time,
    zone: fc.constantFrom('known' as const, 'known' as const, 'known' as const, 'assumed' as const),
    scope,
    sign: fc.constantFrom('sign-a', 'sign-a', 'sign-b'),
    client,
    connection: fc.constantFrom(null, 7),
    echo: fc.constantFrom(false, false, true),
    kind,
    status: fc.constantFrom(null, 400, 502),
    asked: fc.constantFrom('yes' as const, 'likely' as const, 'unknown' as const),
    answered_by: fc.constantFrom(null, 'backend' as const, 'nginx' as const),
    seconds: fc.double({ min: 0, max: 5000, noNaN: true }),
    measured_by: fc.constantFrom('upstream_response_time' as const, 'request_time' as const),
    latency: fc.constantFrom(null, 0.004, 1.5),
  })
  .map(({ kind, status, asked, answered_by, seconds, measured_by, latency, echo, ...rest }): Event => {
    const base = echo ? { ...rest, echo: true as const } : rest
    if (kind === 'handshake_ok') return { ...base, kind, status: 101, upstream_header_time: latency }
    if (kind === 'handshake_failed') return { ...base, kind, status, asked, answered_by }
    if (kind === 'session_closed') return { ...base, kind, seconds, measured_by }
    return { ...base, kind }
  })

/** Records as a log has them: any kind of event, any order of times, some without time, ordinary requests between. */
export const items: fc.Arbitrary<Item[]> = fc
  .array(
    fc.oneof(
      fc.array(event, { minLength: 1, maxLength: 2 }).map((events) => ({ events })),
      fc.record({
        request: fc.record({
          time,
          status: fc.constantFrom(200, 304, 404, 502),
          failedAt: fc.option(scope),
          client: client.map((c) => c ?? '198.51.100.1'),
        }),
      }),
    ),
    { maxLength: 90, size: 'max' },
  )
  .map((list) =>
    list.map((item, n): Item => {
      const at = 'events' in item ? (item.events[0]?.time ?? null) : item.request.time
      return { ...item, exemplar: line(n + 1, at) }
    }),
  )

/** A problem at a.example/ws. */
export function problem(id: string): ProblemRow {
  const finding: Finding = {
    id,
    cause: 'missing-upgrade-headers',
    title: 'Upgrade is not passed on',
    severity: 'error',
    confidence: 0.9,
    because: ['it says so'],
    against: [],
    count: 2,
    first_seen: null,
    last_seen: null,
    scope: { server: 'a.example', path: '/ws', upstream: null, source: null },
    evidence: [{ source: 'error.log', line: 1, text: 'line 1' }],
    alternatives: [],
    fix: {
      layer: 'nginx',
      summary: '',
      directives: [],
      snippet: null,
      patch: null,
      target: null,
      prepare: [],
      verify: [],
      rollback: [],
    },
  }
  return { id, state: 'new', opened_at: T0, changed_at: T0, resolved_at: null, last_live: T0, alerted: true, finding }
}
