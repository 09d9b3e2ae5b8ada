/** How often something failed before and after a moment. */
import type { Bucket } from '../../server/http/wire.ts'

export interface Rate {
  failed: number
  ok: number
  /** Of the time looked at. */
  hours: number
}

const sum = (counts: Record<string, number>, leftOut: readonly string[] = []): number =>
  Object.entries(counts).reduce((total, [key, n]) => (leftOut.includes(key) ? total : total + n), 0)

/** Everything that is no success and no ordinary end. */
const failures = ({ handshakes_failed, closures, timeouts }: Bucket): number =>
  sum(handshakes_failed) + sum(closures, ['session_closed', 'client_closed']) + sum(timeouts)

/** The step that `at` falls into belongs to neither side: nobody knows what in it came first.
 *  @param buckets filled, one per step of `step` seconds */
export function ratesAround(buckets: readonly Bucket[], step: number, at: number): { before: Rate; after: Rate } {
  const none = (): Rate => ({ failed: 0, ok: 0, hours: 0 })
  const rates = { before: none(), after: none() }
  for (const bucket of buckets) {
    const from = Date.parse(bucket.time)
    const side = from + step * 1000 <= at ? rates.before : from > at ? rates.after : null
    if (side === null) continue
    side.failed += failures(bucket)
    side.ok += bucket.handshakes_ok
    side.hours += step / 3600
  }
  return rates
}
