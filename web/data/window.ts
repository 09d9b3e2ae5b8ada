/** A window of time that the reader chose by hand, and the counts of one place in the shape of the trend. */
import type { Breakdown, Bucket } from '../../server/http/wire.ts'
import type { Frame } from './series.ts'

/** Seconds of a bar, from fine to coarse. */
const STEPS = [60, 300, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800] as const
const MAX_BARS = 90

/** Widened to whole steps; at most MAX_BARS of them where a step allows that. Null when the order is wrong. */
export function customFrame(from: number, to: number): Frame | null {
  if (!(to > from)) return null
  const step = STEPS.find((seconds) => (to - from) / 1000 / seconds <= MAX_BARS) ?? 604_800
  const width = step * 1000
  return { from: Math.floor(from / width) * width, to: Math.ceil(to / width) * width, step }
}

/** The window before this one, equally long. */
export const previousFrame = ({ from, to, step }: Frame): Frame => ({ from: from - (to - from), to: from, step })

/** Counts by kind, and failed handshakes by class of status (those of several answers added up), as buckets of the trend:
 *  there a status of one digit stands for its class. */
export function asBuckets(kinds: Breakdown, ...failures: readonly Breakdown[]): Bucket[] {
  const buckets = new Map<number, Bucket>()
  const at = (of: Breakdown, i: number): Bucket => {
    const time = Date.parse(of.from) + i * of.step_seconds * 1000
    const known = buckets.get(time)
    if (known) return known
    const made: Bucket = {
      time: new Date(time).toISOString(),
      handshakes_ok: 0,
      handshakes_failed: {},
      closures: {},
      timeouts: {},
      requests: 0,
    }
    buckets.set(time, made)
    return made
  }
  for (const { value, n } of kinds.groups)
    for (const [i, count] of n.entries()) {
      if (count === 0 || value === null) continue
      const bucket = at(kinds, i)
      if (value === 'handshake_ok') bucket.handshakes_ok += count
      else if (CLOSURES.has(value)) bucket.closures[value] = count
      else if (TIMEOUTS.has(value)) bucket.timeouts[value] = count
    }
  for (const failed of failures)
    for (const { value, n } of failed.groups)
      for (const [i, count] of n.entries()) {
        if (count === 0) continue
        const { handshakes_failed: into } = at(failed, i)
        const status = value === null ? '0' : value.slice(0, 1)
        into[status] = (into[status] ?? 0) + count
      }
  return [...buckets.values()].sort((a, b) => (a.time < b.time ? -1 : 1))
}

const CLOSURES = new Set(['abnormal_closure', 'upstream_reset', 'client_closed', 'session_closed'])
const TIMEOUTS = new Set(['upstream_timeout', 'upstream_refused'])
