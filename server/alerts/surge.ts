/** A problem that is known and suddenly happens far more often than it does there. Pure. */
import { surprise } from '../diagnosis/contract.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** What is compared: the last minutes with the week before them. */
export const SURGE_WINDOW = 15 * MINUTE
export const SURGE_USUAL = 7 * DAY
/** Fewer are a coincidence. */
const LEAST = 10
/** Times as many as usual. */
const TIMES = 3
/** exp(-14) is one in a million: a week has 10,000 minutes in which it is asked. */
const SURPRISE = 14

/** What was counted at one place in one span of time. */
export interface Counted {
  /** Occurrences of the problem. */
  failed: number
  /** Handshakes that succeeded there; zero where no log tells. */
  ok: number
}

/** Whether the failures of the window are far more than the place usually has for its handshakes: more visitors bring more
 *  failures, and that is no news.
 *  @param known how long before the window the problem has been known, ms of at most SURGE_USUAL: what began today has no
 *  usual rate. */
export function isSurge(recent: Counted, before: Counted, known: number): boolean {
  if (recent.failed < LEAST || known < DAY || before.failed === 0) return false
  // Visitors are counted by what works: failures are tried again and again. Where that is not logged there is only the time.
  const byTime = SURGE_WINDOW / Math.min(known, SURGE_USUAL)
  const byTraffic = before.ok > 0 ? recent.ok / before.ok : 0
  const expected = before.failed * Math.max(byTime, byTraffic)
  return recent.failed >= TIMES * expected && surprise(recent.failed, expected) > SURPRISE
}
