/** What evidence keeps of one place, by how many places there are. Few places are a site, and all of it is kept; thousands
 *  are what scanners invent, and then the sum must stay small. The share is a function of the number of places alone, so
 *  the same lines leave the same evidence in whatever order they are folded and merged. */
import type { Evidence, Exemplar, Occurrences } from './contract.ts'
import { MAX_BUCKETS } from './minute-counts.ts'

export interface Share {
  /** Up to this many places. */
  places: number
  /** Buckets of time of each (8 bytes a bucket). */
  buckets: number
  /** Characters of each of its five lines. */
  text: number
}

/** At most 12 MB of buckets and 13 million characters in a table of 5,000. */
const FEW: Share = { places: 100, buckets: MAX_BUCKETS, text: 4_000 }
const SOME: Share = { places: 1_000, buckets: 1_440, text: 2_000 }
const MANY: Share = { places: Infinity, buckets: 288, text: 500 }
/** A batch is as small as the chunk it was read from, and the store wants its minutes as they are. */
const EXACT: Share = { places: Infinity, buckets: Infinity, text: 4_000 }

export function shareOf(evidence: Evidence, places: number): Share {
  if (evidence.exact) return EXACT
  return places <= FEW.places ? FEW : places <= SOME.places ? SOME : MANY
}

/** Call when a table has grown: takes from all places what is more than their share now. */
export function settleShares(evidence: Evidence, table: ReadonlyMap<string, Occurrences>, before: number): void {
  const share = shareOf(evidence, table.size)
  if (share === shareOf(evidence, before)) return
  for (const place of table.values()) {
    place.minutes.lower(share.buckets)
    place.exemplars = place.exemplars.map((exemplar) => shorter(exemplar, share.text))
  }
}

/** Lines that prove session lengths: up to 64 of a place where others have five. */
export const proofShare = (evidence: Evidence, places: number): Share => shareOf(evidence, places * 13)

/** settleShares for session lengths. */
export function settleProofs(evidence: Evidence, before: number): void {
  const share = proofShare(evidence, evidence.lifetimes.size)
  if (share === proofShare(evidence, before)) return
  for (const { exemplars } of evidence.lifetimes.values())
    for (const proof of exemplars) proof.exemplar = shorter(proof.exemplar, share.text)
}

/** The exemplar with at most so many characters. */
export function shorter(exemplar: Exemplar, most: number): Exemplar {
  if (exemplar.shorter !== undefined) return exemplar.shorter(most)
  return exemplar.text.length <= most ? exemplar : { ...exemplar, text: exemplar.text.slice(0, most) }
}
