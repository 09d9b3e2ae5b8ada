/** The step of a chart: as fine as was asked for, at most 1,500 of them, and never so fine that more minutes or hours would
 *  have to be added up than 50 ms allow. Pure. */
import { LENGTH, type Tier } from './tiers.ts'

/** More points than any screen shows. */
export const MAX_POINTS = 1500
/** Steps in seconds that divide what people read on an axis. */
const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800]
/** Longest range that is added up from minutes, and from hours, in seconds: 2 days and 400 days. */
const FROM_MINUTES = 3000 * 60
const FROM_HOURS = 9600 * 3600

/** All in minutes since 1970. */
export interface ChartStep {
  from: number
  to: number
  step: number
  /** The coarsest counts the step is made of. */
  tier: Tier
}

/** Every step of [from, to), epoch ms, widened to whole ones. Throws RangeError when it is none. */
export function chartStep(from: number, to: number, stepSeconds: number): ChartStep {
  if (!Number.isFinite(from) || !Number.isFinite(to) || to < from) throw new RangeError(`no range: ${from} to ${to}`)
  const seconds = (to - from) / 1000
  const unit = seconds <= FROM_MINUTES ? 60 : seconds <= FROM_HOURS ? 3600 : 86_400
  // One step is kept for each end that has to be widened.
  const least = Math.max(unit, stepSeconds, seconds / (MAX_POINTS - 2))
  const found = STEPS.find((step) => step >= least && step % unit === 0) ?? Math.ceil(least / 604_800) * 604_800
  const chosen = stepSeconds === least && stepSeconds % unit === 0 ? stepSeconds : found
  const ms = chosen * 1000
  const step = chosen / 60
  const tier: Tier = step % LENGTH[2] === 0 ? 2 : step % LENGTH[1] === 0 ? 1 : 0
  return { from: (Math.floor(from / ms) * ms) / 60_000, to: (Math.ceil(to / ms) * ms) / 60_000, step, tier }
}
