/** Where lines like one that was parsed are counted. */
import type { Event } from '../../parsers/event.ts'
import { lifetimeBucket, lifetimesKey } from '../diagnosis/contract.ts'
import type { Evidence, Lifetimes, Occurrences, Suspect } from '../diagnosis/contract.ts'

/** What an upgraded connection is counted in when its line tells how long it lasted. */
export interface Upgraded {
  handshake: Occurrences
  session: Occurrences
  lifetimes: Lifetimes
  /** The bucket that this line was counted in. */
  bucket: number
}

/** Where lines like one that was parsed are counted. `ordinary`: in nothing but the totals; `dropped`: among the suspects
 *  that found no room. */
export type Learned = Occurrences | Upgraded | 'ordinary' | 'dropped'

/** A request that is no event. */
export const isSuspect = (into: Learned): into is Suspect =>
  typeof into === 'object' && 'status' in into && !('kind' in into)

/** What further lines like the one with these events are counted in. */
export function learnedFrom(
  events: readonly Event[],
  counted: readonly Occurrences[],
  evidence: Evidence,
): Learned | null {
  const [first, second] = events
  if (events.length === 1) return counted[0] ?? null
  if (events.length !== 2 || first?.kind !== 'handshake_ok' || second?.kind !== 'session_closed') return null
  const lifetimes = evidence.lifetimes.get(lifetimesKey(second))
  const [handshake, session] = counted
  if (lifetimes === undefined || handshake === undefined || session === undefined) return null
  return { handshake, session, lifetimes, bucket: lifetimeBucket(second.seconds) }
}
