/** Minutes, hours and days: the three sizes in which everything is counted. Commits write minutes alone; hours and days are
 *  summed up later (roll-up.ts), and those that are out of date are known (stale.ts). Pure. */

/** 0 minutes, 1 hours, 2 days. Small, since it is in every key: SQLite stores 0 and 1 in no byte at all. */
export type Tier = 0 | 1 | 2

export const MINUTE = 60_000
/** Minutes of one step of a tier. */
export const LENGTH: Readonly<Record<Tier, number>> = [1, 60, 1440]

/** Minutes since 1970, as all tables of counts have them: four bytes where milliseconds take six. */
export const minuteNumber = (time: number): number => Math.floor(time / MINUTE)

/** Start of the step that a minute belongs to, in minutes since 1970. */
export const floorTo = (minute: number, tier: Tier): number => Math.floor(minute / LENGTH[tier]) * LENGTH[tier]

/** A run of steps of one tier, [from, to) in minutes since 1970. */
export interface Segment {
  tier: Tier
  from: number
  to: number
}

/** More gaps than this are not worth walking around. */
const MAX_GAPS = 200

/** Covers [from, to), minutes since 1970, with the longest steps up to `tier` that are in it whole and not out of date.
 *  @param stale the starts of steps of a tier that are out of date, ascending */
export function cover(from: number, to: number, tier: Tier, stale: (tier: Tier) => readonly number[]): Segment[] {
  if (from >= to) return []
  if (tier === 0) return [{ tier, from, to }]
  const length = LENGTH[tier]
  const finer = (tier - 1) as Tier
  const start = Math.ceil(from / length) * length
  const end = Math.floor(to / length) * length
  const gaps = start < end ? stale(tier).filter((at) => at >= start && at < end) : []
  if (start >= end || gaps.length > MAX_GAPS) return cover(from, to, finer, stale)
  const segments = cover(from, start, finer, stale)
  let at = start
  for (const gap of [...gaps, end]) {
    if (gap > at) segments.push({ tier, from: at, to: gap })
    if (gap < end) segments.push(...cover(gap, gap + length, finer, stale))
    at = gap + length
  }
  return [...segments, ...cover(end, to, finer, stale)]
}
