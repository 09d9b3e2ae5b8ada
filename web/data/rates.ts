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

/** The step that `at` falls into belongs to neither side: nobody knows what in it came first. See joinRates.
 *  @param buckets filled, one per step of `step` seconds
 *  @param now epoch ms: of the step that is going on, what is to come is no time without failures */
export function ratesAround(
  buckets: readonly Bucket[],
  step: number,
  at: number,
  now: number,
): { before: Rate; after: Rate } {
  const none = (): Rate => ({ failed: 0, ok: 0, hours: 0 })
  const rates = { before: none(), after: none() }
  for (const bucket of buckets) {
    const from = Date.parse(bucket.time)
    const side = from + step * 1000 <= at ? rates.before : from > at ? rates.after : null
    if (side === null) continue
    side.failed += failures(bucket)
    side.ok += bucket.handshakes_ok
    side.hours += Math.max(0, Math.min(step, (now - from) / 1000)) / 3600
  }
  return rates
}

/** Where a long step is read again in short ones. */
export const joinRates = (a: Rate, b: Rate): Rate => ({
  failed: a.failed + b.failed,
  ok: a.ok + b.ok,
  hours: a.hours + b.hours,
})
