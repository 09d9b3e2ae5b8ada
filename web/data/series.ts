/** Steps of the trend: which window is shown, and how new minutes join what is already there. */
import type { Bucket } from '../../server/http/wire.ts'

/** Seconds of a window and of one bar; every window has 48 to 84 bars. */
export const RANGES = {
  '1h': { seconds: 3600, step: 60, word: '1 h' },
  '6h': { seconds: 6 * 3600, step: 300, word: '6 h' },
  '24h': { seconds: 24 * 3600, step: 1800, word: '24 h' },
  '7d': { seconds: 7 * 86_400, step: 7200, word: '7 d' },
} as const
export type RangeId = keyof typeof RANGES

/** A window of time: half-open [from, to) in epoch ms, both on a step; `step` in seconds. */
export interface Frame {
  from: number
  to: number
  step: number
}

/** The window of a range that ends at `end` (epoch ms), widened to the step `end` falls into. */
export function frameOf(range: RangeId, end: number): Frame {
  const { seconds, step } = RANGES[range]
  const to = Math.ceil((end + 1) / (step * 1000)) * step * 1000
  return { from: to - seconds * 1000, to, step }
}

function addCounts(into: Record<string, number>, from: Record<string, number>): void {
  for (const [key, n] of Object.entries(from)) into[key] = (into[key] ?? 0) + n
}

// Keys come from the server; without a prototype none of them can be mistaken for an inherited one.
const noCounts = (): Record<string, number> => Object.create(null) as Record<string, number>

const emptyBucket = (ms: number): Bucket => ({
  time: new Date(ms).toISOString(),
  handshakes_ok: 0,
  handshakes_failed: noCounts(),
  closures: noCounts(),
  timeouts: noCounts(),
  requests: 0,
})

/** One bucket per step of the window, in order, empty ones included; finer buckets are summed into their step. */
export function fillSteps(buckets: readonly Bucket[], { from, to, step }: Frame): Bucket[] {
  const width = step * 1000
  const steps = Array.from({ length: Math.round((to - from) / width) }, (_, i) => emptyBucket(from + i * width))
  for (const bucket of buckets) {
    const into = steps[Math.floor((Date.parse(bucket.time) - from) / width)]
    if (!into) continue
    into.handshakes_ok += bucket.handshakes_ok
    into.requests += bucket.requests
    addCounts(into.handshakes_failed, bucket.handshakes_failed)
    addCounts(into.closures, bucket.closures)
    addCounts(into.timeouts, bucket.timeouts)
  }
  return steps
}

/** A changed minute carries its whole count, so it replaces the one it had. */
export function mergeBuckets(current: readonly Bucket[], changed: readonly Bucket[]): Bucket[] {
  const byTime = new Map([...current, ...changed].map((bucket) => [Date.parse(bucket.time), bucket]))
  return [...byTime].sort(([a], [b]) => a - b).map(([, bucket]) => bucket)
}

/** A part of the series read again: everything in [from, to) is replaced, also by nothing. */
export function replacePart(current: readonly Bucket[], part: readonly Bucket[], from: number, to: number): Bucket[] {
  const outside = current.filter((bucket) => {
    const time = Date.parse(bucket.time)
    return time < from || time >= to
  })
  return mergeBuckets(outside, part)
}

/** The steps that changed minutes fall into, or null when none is in the window. */
export function staleSteps(changed: readonly Bucket[], { from, to, step }: Frame): { from: number; to: number } | null {
  const times = changed.map((bucket) => Date.parse(bucket.time)).filter((time) => time >= from && time < to)
  if (times.length === 0) return null
  const width = step * 1000
  return {
    from: Math.floor(Math.min(...times) / width) * width,
    to: (Math.floor(Math.max(...times) / width) + 1) * width,
  }
}
