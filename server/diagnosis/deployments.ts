/** A backend that was away as it is when it starts anew. */
import type { Observation } from './contract.ts'
import { times } from './group.ts'
import { CALM, outages } from './rhythm.ts'
import { DEPLOYMENT } from './severity.ts'
import { successesAfter } from './timeline.ts'
import type { SuccessesAt, View } from './view.ts'

/** More in a day are a backend that does not stay up. */
const A_DAY = 3
const DAY = 86_400_000
/** Successes that may be of sessions from before have to be several. */
const SEVERAL = 3

/** The backend was away as it is when it starts anew: for minutes, rarely, and it works since. In one sentence; null when it
 *  may still be away, was away for long, or does not stay up. */
export function deployments(members: readonly Observation[], view: View, good: SuccessesAt | null): string | null {
  const all = outages(members)
  const last = Math.max(...members.map((o) => o.last ?? Infinity))
  const { evidence } = view
  if (all.length === 0 || (evidence.last ?? 0) < last + CALM) return null
  const after = good === null ? null : successesAfter(good, last)
  // Of pages nothing is kept that tells which backend answered: that requests go on and none fails has to do.
  const works = good === null ? evidence.requests_per_minute.after(last + CALM).count : (after?.count ?? 0)
  if (works < SEVERAL) return null
  const longest = Math.max(...all.map(({ seconds }) => seconds))
  if (longest > DEPLOYMENT) return null
  if (all.some(({ from }) => all.filter((o) => o.from >= from && o.from < from + DAY).length > A_DAY)) return null
  const [only] = all
  const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
  const days = Math.ceil(((evidence.last ?? last) - (evidence.first ?? last)) / DAY)
  const when =
    all.length === 1 && only !== undefined
      ? `for ${Math.max(1, only.seconds)} s at ${at(only.from)}`
      : `${times(all.length)} in ${days} days, for ${Math.ceil(longest / 60)} min at most, last at ${at(last)}`
  return `it was away ${when}, and ${good === null ? 'requests go on without such a failure since' : `${times(works)} a handshake succeeded since`}: a restart or a deployment`
}

/** Seconds between a reset and the refusals that tell of the restart which it was a part of. */
const STARTING = 120

/** Whether resets of a backend belong to such restarts: all of them lie at the times at which nothing listened there. */
export function atDeployments(resets: readonly Observation[], upstream: string | null, view: View): string | null {
  const refused = view
    .signs('connect-refused', 'connect-socket-missing')
    .filter(({ scope }) => upstream !== null && scope.upstream === upstream)
  if (refused.length === 0) return null
  const socket = refused.find((o) => view.isSocket(o.scope)) ?? resets.find((o) => view.isSocket(o.scope))
  const away = deployments(refused, view, socket ? view.upgradedAt(socket.scope) : null)
  if (away === null) return null
  const all = outages(refused)
  const near = (ms: number | null): boolean =>
    ms !== null &&
    all.some(({ from, seconds }) => ms >= from - STARTING * 1000 && ms <= from + (seconds + STARTING) * 1000)
  // Of those in between only the minutes are kept.
  const inside = resets.every((o) => near(o.first) && near(o.last) && [...o.minutes].every(([start]) => near(start)))
  return inside ? away : null
}
