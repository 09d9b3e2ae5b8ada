/** Buckets shared by the CLI and the store, so that both compute the same quantiles.
 *  Session lengths: 0.1 s steps to 600 s, 1 s steps to 1 h, then 5 % steps. Latencies: 4 % steps from 1 ms. */

const FINE = 6000 // 0.1 s × 6000 = 600 s
const COARSE = 3000 // 600 s … 3600 s in steps of 1 s
const TAIL = Math.log(1.05)

/** Bucket of a session length in seconds. Negative and non-finite values go to bucket 0. */
export function lifetimeBucket(seconds: number): number {
  // 60.0 / 0.1 is 599.99…; a session that nginx rounded to 60.000 belongs to the bucket that starts at 60.0.
  if (!(seconds > 0)) return 0
  if (seconds < 600) return Math.floor(seconds * 10 + 1e-6)
  if (seconds < 3600) return FINE + Math.floor(seconds - 600)
  return FINE + COARSE + Math.min(400, Math.floor(Math.log(seconds / 3600) / TAIL))
}

/** Lower edge of a bucket, in seconds. */
export function lifetimeOf(bucket: number): number {
  if (bucket < FINE) return bucket / 10
  if (bucket < FINE + COARSE) return bucket - FINE + 600
  return 3600 * Math.exp((bucket - FINE - COARSE) * TAIL)
}

/** Bucket of a latency in seconds; 0 holds everything up to 1 ms (nginx's own resolution). */
export function latencyBucket(seconds: number): number {
  return seconds > 0.001 ? Math.min(400, Math.ceil(Math.log(seconds / 0.001) / Math.log(1.04))) : 0
}

/** Upper edge of a bucket of latencies, in seconds. */
export const latencyOf = (bucket: number): number => 0.001 * 1.04 ** bucket

/** Bucket → count. */
type Histogram = { get(bucket: number): number | undefined; keys(): Iterable<number>; values(): Iterable<number> }

/** The smallest bucket that holds the q-quantile (0..1) of a histogram; null when it is empty. */
export function quantileBucket(buckets: Histogram, q: number): number | null {
  let total = 0
  for (const n of buckets.values()) total += n
  if (total === 0) return null
  let left = Math.max(1, Math.ceil(q * total))
  for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
    left -= buckets.get(bucket) ?? 0
    if (left <= 0) return bucket
  }
  return null
}
