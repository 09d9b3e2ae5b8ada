/** Small sums over what was read: earliest, latest, and a bounded set of names. */
import type { Evidence } from '../diagnosis/contract.ts'

/** Keys of key=value logs can be anybody's: their number is bounded. */
const MAX_VARIABLES = 500

/** What was added last: lines of one layout share their set, and walking over it for each of them takes longer than all
 *  else that is done for a line. */
const ADDED = new WeakMap<Evidence, ReadonlySet<string>>()

export function addVariables(evidence: Evidence, names: ReadonlySet<string>): void {
  if (ADDED.get(evidence) === names) return
  ADDED.set(evidence, names)
  for (const name of names) if (evidence.variables.size < MAX_VARIABLES) evidence.variables.add(name)
}

export const ms = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))
export const least = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b)
export const most = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)

/** Without a better hint a stamp that lacks its year is of the twelve months up to tomorrow: nearest to this long ago. */
export const HALF_A_YEAR = 181.5 * 86_400_000
