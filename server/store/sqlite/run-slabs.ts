/** A run of events, counted by minute as slabsOf counts those that come one by one: what is said gets its ids once, and a
 *  count is touched when the minute turns. */
import type { EventRun, Said } from '../../../parsers/event-run.ts'
import type { Dimensions } from './dimensions.ts'
import type { StoredRun, StoredSaid } from './run-block.ts'
import type { Counted, Slabs } from './slabs.ts'
import { MINUTE, minuteNumber } from './tiers.ts'

/** @param origin the name of the source, as its lines have it */
export function countRun(
  slabs: Slabs,
  { run, offset }: { run: EventRun; offset: number },
  source: number,
  origin: string,
  dimensions: Dimensions,
): StoredRun {
  const originId = dimensions.originId(origin)
  const said = run.said.map((one) => storedSaid(one, originId, dimensions))
  const open: (Counted | undefined)[] = []
  let span: { first: number; last: number } | undefined
  let spanMinute = NaN
  for (let row = 0; row < run.size; row++) {
    const time = run.time[row] as number
    const index = run.which[row] as number
    const minute = minuteNumber(time)
    let counted = open[index]
    if (counted?.minute !== minute) counted = open[index] = countedOf(slabs, said[index] as StoredSaid, minute, time)
    counted.n++
    if (time < (counted.first as number)) counted.first = time
    if (time > (counted.last as number)) counted.last = time
    if (minute !== spanMinute) {
      spanMinute = minute
      span = slabs.spans.get(minute * MINUTE)
      if (span === undefined) slabs.spans.set(minute * MINUTE, (span = { first: time, last: time }))
    }
    if (span === undefined) continue
    if (time < span.first) span.first = time
    if (time > span.last) span.last = time
  }
  const isOver = said.map((one) => isOverflow(one, dimensions))
  if (isOver.includes(true)) countOverflow(slabs, run, isOver)
  return { run, offset, source, said }
}

function storedSaid(said: Said, origin: number, dimensions: Dimensions): StoredSaid {
  const { kind, sign, scope, echo } = said.event
  return {
    said,
    // Of these kinds an event has a status and more, and is no part of a run.
    class: dimensions.classOf(kind, sign, null, null, null, echo === true),
    scope: dimensions.scopeId(scope),
    origin,
  }
}

function countedOf(slabs: Slabs, { said, class: kind, scope }: StoredSaid, minute: number, time: number): Counted {
  let ofMinute = slabs.counts.get(minute)
  if (ofMinute === undefined) slabs.counts.set(minute, (ofMinute = new Map()))
  const key = countKey(scope, kind, 1)
  let found = ofMinute.get(key)
  const assumed = said.event.zone === 'assumed' ? 1 : 0
  if (found === undefined)
    ofMinute.set(key, (found = { minute, scope, class: kind, timed: 1, n: 0, first: time, last: time, assumed }))
  if (assumed === 1) found.assumed = 1
  return found
}

/** A number for what is counted together within a minute. */
export const countKey = (scope: number, kind: number, timed: 0 | 1): number => (scope * 65_536 + kind) * 2 + timed

const isOverflow = ({ said, scope }: StoredSaid, dimensions: Dimensions): boolean =>
  dimensions.isOther(scope) && said.event.scope.path !== '(other)'

function countOverflow(slabs: Slabs, run: EventRun, isOver: readonly boolean[]): void {
  for (let row = 0; row < run.size; row++) {
    if (isOver[run.which[row] as number] !== true) continue
    const minute = minuteNumber(run.time[row] as number)
    slabs.overflowed.set(minute, (slabs.overflowed.get(minute) ?? 0) + 1)
  }
}
