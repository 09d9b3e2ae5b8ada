/** A batch, cut into minutes. Pure. */
import { emptyEvidence, foldEvent, minuteOf } from '../../diagnosis/contract.ts'
import type { Evidence } from '../../diagnosis/contract.ts'
import type { Batch } from '../contract.ts'

export interface Slabs {
  /** Start of minute → the events of that minute, folded: first and last are exact. */
  minutes: Map<number, Evidence>
  /** Events without a time; they belong to the minute they were read in. */
  untimed: Evidence
}

/** Throws when the batch's evidence counts other events than it brings, or not minute by minute: something would be lost
 *  without a word. */
export function slabsOf(batch: Batch): Slabs {
  const slabs: Slabs = { minutes: new Map(), untimed: emptyEvidence() }
  for (const { event, exemplar } of batch.events) {
    if (event.time === null) {
      foldEvent(slabs.untimed, event, exemplar)
      continue
    }
    const minute = minuteOf(event.time)
    let slab = slabs.minutes.get(minute)
    if (slab === undefined) slabs.minutes.set(minute, (slab = emptyEvidence()))
    foldEvent(slab, event, exemplar)
  }
  let counted = 0
  for (const { count } of batch.evidence.observations.values()) counted += count
  if (counted !== batch.events.length)
    throw new Error(
      `batch of ${batch.source.path}: evidence counts ${counted} events, but ${batch.events.length} are in it`,
    )
  const { requests_per_minute, suspects } = batch.evidence
  if ([requests_per_minute, ...[...suspects.values()].map(({ minutes }) => minutes)].some(({ step }) => step > 1))
    throw new Error(`batch of ${batch.source.path}: its evidence is not exact`)
  return slabs
}

/** Statuses come without minutes: each is spread over the minutes as the requests are, whole numbers, sums exact.
 *  Returns [minute, status, n]; requests without any time go to `fallback`. */
export function spreadStatus(evidence: Evidence, fallback: number): [number, number, number][] {
  const minutes = [...evidence.requests_per_minute].sort((a, b) => a[0] - b[0])
  const total = minutes.reduce((sum, [, n]) => sum + n, 0)
  if (total === 0) return [...evidence.status].map(([status, n]) => [fallback, status, n])
  const rows: [number, number, number][] = []
  for (const [status, n] of evidence.status) {
    let seen = 0
    let given = 0
    for (const [minute, requests] of minutes) {
      seen += requests
      const share = Math.round((n * seen) / total) - given
      if (share > 0) rows.push([minute, status, share])
      given += share
    }
  }
  return rows
}

/** First and last time per minute. The ends are exact; a minute between them only says that it was there. */
export function spansOf(evidence: Evidence, slabs: Slabs): Map<number, { first: number; last: number }> {
  const spans = new Map<number, { first: number; last: number }>()
  const note = (first: number, last: number): void => {
    const minute = minuteOf(first)
    const span = spans.get(minute)
    if (span === undefined) spans.set(minute, { first, last })
    else {
      span.first = Math.min(span.first, first)
      span.last = Math.max(span.last, last)
    }
  }
  for (const slab of slabs.minutes.values()) {
    if (slab.first !== null && slab.last !== null) note(slab.first, slab.last)
  }
  if (evidence.first !== null) note(evidence.first, evidence.first)
  if (evidence.last !== null) note(evidence.last, evidence.last)
  const ends = [evidence.first, evidence.last].map((t) => (t === null ? null : minuteOf(t)))
  for (const minute of evidence.requests_per_minute.keys()) if (!ends.includes(minute)) note(minute, minute)
  return spans
}
