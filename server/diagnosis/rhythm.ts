/** Who asks is told by when: a page that cannot open its socket asks again within seconds, for as long as it is open;
 *  scanners and crawlers ask once and go on; a backend that is deployed anew is away for minutes, once. */
import type { Observation, Occurrences } from './contract.ts'
import { clientsOf, spread } from './group.ts'
import { MINUTE, MinuteCounts } from './minute-counts.ts'

/** Nothing failed for so long: it is over. As the default of `alerts.resolve_after`. */
export const CALM = 10 * MINUTE
/** Addresses that evidence keeps of a place: when all are taken there may have been any number. */
export const MOST_CLIENTS = 8
/** Requests a minute from which on chance alone brings several in a row. */
const BUSY = 0.5
/** Of so many minutes in a row, and so many requests in them, no scan consists. */
const ROW = 3
const PAIR = 2
const SUSTAINED = 12
/** Of all requests; chance fills fewer. */
const SHARE = 1 / 8

const minutesOf = (all: readonly Pick<Occurrences, 'minutes'>[]): MinuteCounts => {
  const sum = new MinuteCounts()
  for (const { minutes } of all) sum.merge(minutes)
  return sum
}

/** Whether clients come back soon, as pages do that reconnect. Of eight and more addresses it is not known how often each
 *  came: there several minutes in a row have to be full of requests, more of them than chance would fill. Null when this
 *  cannot be told: too few requests, no times, times by longer buckets than minutes, or so many requests that every minute
 *  is full. */
export function comesAgain(observations: readonly Observation[]): boolean | null {
  const counted = observations.filter((o) => !o.echo)
  const n = counted.reduce((sum, o) => sum + o.count, 0)
  const minutes = minutesOf(counted)
  if (n < 3 || minutes.step > 1 || minutes.size === 0) return null
  const clients = clientsOf(counted)
  if (clients < MOST_CLIENTS) return n >= 3 * Math.max(1, clients) && besideAnother(minutes) * 2 >= n
  if (n / Math.max(1, spread(counted) / 60) >= BUSY) return null
  return sustained(minutes) >= Math.max(SUSTAINED, n * SHARE)
}

/** Requests that had another one in their own minute or the next to it. */
function besideAnother(minutes: MinuteCounts): number {
  let near = 0
  for (const [start, n] of minutes)
    if (n > 1 || minutes.touches(start - MINUTE, start) || minutes.touches(start + MINUTE, start + 2 * MINUTE))
      near += n
  return near
}

/** Requests in rows of minutes that have two and more each, on average. */
function sustained(minutes: MinuteCounts): number {
  let [all, row, length, next] = [0, 0, 0, -Infinity]
  const end = (): void => {
    if (length >= ROW && row >= PAIR * length) all += row
  }
  for (const [start, n] of minutes) {
    if (start !== next) {
      end()
      row = length = 0
    }
    row += n
    length++
    next = start + MINUTE
  }
  end()
  return all
}

/** A time in which something failed again and again. */
export interface Outage {
  /** Epoch ms. */
  from: number
  /** At most so long: of several, minutes are known. */
  seconds: number
  count: number
}

/** Failures between which nothing was calm for ten minutes, by time. Empty when no line had a time. */
export function outages(observations: readonly Occurrences[]): Outage[] {
  const minutes = minutesOf(observations)
  const all: (Outage & { last: number })[] = []
  for (const [start, n] of minutes) {
    const open = all.at(-1)
    // A bucket of an hour with two failures in it has failing minutes for two at most.
    const seconds = Math.min(minutes.step, n) * 60
    if (open === undefined || start - open.last > CALM + (minutes.step - 1) * MINUTE) {
      all.push({ from: start, seconds, count: n, last: start })
      continue
    }
    open.seconds = minutes.step === 1 ? (start - open.from) / 1000 + 60 : open.seconds + seconds
    open.count += n
    open.last = start
  }
  const [only] = all
  if (only !== undefined && all.length === 1) {
    only.from = Math.min(...observations.map((o) => o.first ?? Infinity))
    only.seconds = Math.ceil(spread(observations as readonly Observation[]))
  }
  return all.map(({ from, seconds, count }) => ({ from, seconds, count }))
}
