/** Whether the configuration is another one than at the time of the failures. */
import type { ConfigView } from './contract.ts'

/** When it was changed after that moment, epoch ms; null: it was not, or that is not known. Logs tell whole seconds: what was
 *  changed within the second of the failure may have been changed before it.
 *  @param last epoch ms; not finite: not known */
export function changedSince(config: ConfigView | null, last: number): number | null {
  const changed = config?.changed_at ?? null
  return changed !== null && Number.isFinite(last) && Math.floor(changed / 1000) * 1000 > last ? changed : null
}
