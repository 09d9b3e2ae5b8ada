/** What of an evidence can be compared with another log's: failures and ends of sessions, by place and minute. */
import type { Evidence, EventKind, Exemplar, Observation, Occurrences, Scope } from './contract.ts'

/** A line whose second is known. Few are (the kept ones); all have their minute. */
export interface Moment {
  time: number
  /** Looked for in the line, so only when it is needed. */
  client: () => string | null
  upstream: string | null
}

export interface Track {
  server: string | null
  /** Null: an application's line, which says when and seldom where. */
  path: string | null
  /** Start of minute (epoch ms) → events. */
  minutes: Map<number, number>
  moments: Moment[]
}

/** Sides of a comparison are bounded: a log of years has half a million minutes. The newest count. */
const MAX_MINUTES = 20_000
const MAX_MOMENTS = 400

/** Without a place only these are certain to leave a line in nginx's log too. */
const TOLD_TWICE: ReadonlySet<EventKind> = new Set([
  'abnormal_closure',
  'handshake_failed',
  'origin_rejected',
  'session_closed',
  'upstream_refused',
  'upstream_reset',
  'upstream_timeout',
])

/** @param zone only what has this kind of stamp; null: all of it
 *  @param wanted the paths of the log that is compared, null among them when it has lines without one; null: all paths */
export function tracksOf(
  evidence: Evidence,
  zone: Observation['zone'] | null,
  wanted: ReadonlySet<string | null> | null,
): Track[] {
  const isWanted = (path: string | null): boolean => wanted === null || wanted.has(path)
  const tracks = new Map<string, Track>()
  for (const o of evidence.observations.values())
    if (
      isTold(o) &&
      (zone === null || o.zone === zone) &&
      (o.scope.path === null || isWanted(o.scope.path) || isWanted(null))
    )
      collect(tracks, o.scope, o)
  for (const s of evidence.suspects.values()) if (isWanted(s.scope.path)) collect(tracks, s.scope, s)
  return bounded([...tracks.values()])
}

function isTold({ kind, sign, echo, scope }: Observation): boolean {
  if (echo || scope.path === '(other)') return false
  // A 101 is dated back to its beginning when its length is known; the other log tells of its end.
  if (kind === 'handshake_ok') return sign === 'handshake-101-at-close'
  return scope.path !== null || TOLD_TWICE.has(kind)
}

function collect(tracks: Map<string, Track>, { server, path, upstream }: Scope, from: Occurrences): void {
  const key = JSON.stringify([server, path])
  let track = tracks.get(key)
  if (track === undefined) tracks.set(key, (track = { server, path, minutes: new Map(), moments: [] }))
  // Of a bucket of several minutes it is not known which of them it was.
  const exact = from.minutes.step === 1 ? from.minutes : []
  for (const [minute, n] of exact) track.minutes.set(minute, (track.minutes.get(minute) ?? 0) + n)
  // Only where a place is known a second is worth looking at the line for.
  if (path === null) return
  for (const exemplar of from.exemplars)
    if (exemplar.time !== null)
      track.moments.push({ time: exemplar.time, client: once(() => clientOf(exemplar, from.clients)), upstream })
}

function once<T>(get: () => T): () => T {
  let got: { value: T } | null = null
  return () => (got ??= { value: get() }).value
}

/** Which of the clients the line is about: lines are masked, addresses in them are not. */
function clientOf({ text }: Exemplar, clients: ReadonlySet<string>): string | null {
  for (const client of clients)
    for (let at = text.indexOf(client); at >= 0; at = text.indexOf(client, at + 1))
      if (!/[\w.:]/.test(text[at - 1] ?? ' ') && !/[\w.]/.test(text[at + client.length] ?? ' ')) return client
  return null
}

function bounded(tracks: Track[]): Track[] {
  const minutes = tracks.flatMap((track) => [...track.minutes.keys()])
  if (minutes.length > MAX_MINUTES) {
    const from = minutes.sort((a, b) => b - a)[MAX_MINUTES] as number
    for (const track of tracks)
      for (const minute of track.minutes.keys()) if (minute <= from) track.minutes.delete(minute)
  }
  let kept = 0
  for (const track of tracks) kept += track.moments.length
  if (kept > MAX_MOMENTS) {
    const times = tracks.flatMap(({ moments }) => moments.map(({ time }) => time)).sort((a, b) => b - a)
    const from = times[MAX_MOMENTS] as number
    for (const track of tracks) track.moments = track.moments.filter(({ time }) => time > from)
  }
  return tracks.filter(({ minutes, moments }) => minutes.size > 0 || moments.length > 0)
}
