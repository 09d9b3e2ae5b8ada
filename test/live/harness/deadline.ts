/** Waiting for something to become true, never for time to pass. */
import { setTimeout as pause } from 'node:timers/promises'

const STEP_MS = 15

/** Looks until `look` answers with something other than null, undefined or false, and returns it.
 *  Rejects after `deadlineMs`, naming `what` and, when given, what `state` then says. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { deadlineMs = 10_000, state }: { deadlineMs?: number; state?: () => string } = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== null && seen !== undefined && seen !== false) return seen as Exclude<NonNullable<T>, false>
    if (Date.now() > end) {
      throw new Error(`not within ${deadlineMs} ms: ${what}${state ? `\n${state()}` : ''}`)
    }
    await pause(STEP_MS)
  }
}

/** Settles with `promise`, or rejects after `deadlineMs`. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = 10_000): Promise<T> {
  const stop = new AbortController()
  const late = pause(deadlineMs, undefined, { signal: stop.signal }).then(
    () => {
      throw new Error(`not within ${deadlineMs} ms: ${what}`)
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    stop.abort()
  }
}
