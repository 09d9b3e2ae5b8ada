/** What the kernel counted in a tally (tally.ts), moved into the evidence it was learned from. */
import { add, keepExemplars, latencyBucket, shorter } from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, Lifetimes, Occurrences } from '../diagnosis/contract.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import { MaskedLine } from './masked-line.ts'

/** Lines that a tally has counted and that were not moved yet. */
export const countIn = (kernel: Kernel, index: number): number =>
  kernel.words[(K.TALLIES + index * K.TALLY_SIZE + 64) / 4] as number

/** Moves count, times and the two newest lines; every kept line was copied before, and the tally's minutes are handed over.
 *  Returns the first and the last time, epoch ms.
 *  @param most characters kept of a line
 *  @param room that each kept line has in the kernel's memory */
export function settleInto(
  kernel: Kernel,
  index: number,
  into: Occurrences,
  source: string,
  most: number,
  room: number = K.KEPT_SIZE,
): [first: number, last: number] {
  const at = K.TALLIES + index * K.TALLY_SIZE
  const word = (offset: number): number => kernel.words[(at + offset) / 4] as number
  const double = (offset: number): number => kernel.doubles[(at + offset) / 8] as number
  kernel.exports.settleMinute(index)
  const [first, last] = [double(8), double(16)]
  into.count += word(64)
  into.first = Math.min(into.first ?? Infinity, first)
  into.last = Math.max(into.last ?? -Infinity, last)
  const newest = word(84)
  const kept: Exemplar[] = []
  const keep = (time: number, number: number, place: number, length: number): void => {
    if (time === -Infinity) return
    const from = K.KEPT + (index * 2 + place) * room
    kept.push(new MaskedLine(source, number, kernel.bytes.toString('utf8', from, from + length), time))
  }
  keep(double(24), double(32), newest, word(60))
  keep(double(40), double(48), newest ^ 1, word(100))
  into.exemplars = keepExemplars(into.exemplars, kept).map((exemplar) => shorter(exemplar, most))
  kernel.words[(at + 64) / 4] = 0
  kernel.doubles[(at + 8) / 8] = Infinity
  kernel.doubles[(at + 16) / 8] = -Infinity
  kernel.doubles[(at + 24) / 8] = -Infinity
  kernel.doubles[(at + 40) / 8] = -Infinity
  return [first, last]
}

/** Moves session lengths and handshake latencies. */
export function settleHistograms(kernel: Kernel, evidence: Evidence, all: readonly Lifetimes[]): void {
  for (const [index, lifetimes] of all.entries()) {
    const from = (K.LIFETIMES + index * K.BUCKETS * 4) / 4
    for (let bucket = 0; bucket < K.BUCKETS; bucket++) {
      const n = kernel.words[from + bucket] as number
      if (n <= 0) continue
      lifetimes.buckets.add(bucket, n)
      kernel.words[from + bucket] = 0
    }
  }
  const from = K.LATENCY / 4
  for (let ms = 0; ms < K.LATENCY_SIZE; ms++) {
    const n = kernel.words[from + ms] as number
    if (n > 0) add(evidence.handshake_latency, latencyBucket(ms / 1000), n)
  }
  kernel.words.fill(0, from, from + K.LATENCY_SIZE)
}

/** Moves what ended in a second since 1970. */
export function settleEnds(kernel: Kernel, ends: Evidence['ends'], second: number): void {
  const from = K.ENDS / 4
  for (let age = 0; age < K.AGES; age++) {
    const n = kernel.words[from + age] as number
    if (n > 0) ends.add(second, age, n)
  }
  kernel.words.fill(0, from, from + K.AGES)
}
