/** Sessions that ended in one second, by age (diagnosis/session-ends.ts). nginx writes a session's line when it ends, so
 *  one second is open at a time, and the host hears of it when another one comes. */
import { ended } from './host'
import { AGE_UNKNOWN, AGES, ENDS, PROOF, PROOF_SIZE } from './layout'

const PROVEN_FROM: i32 = 4

let current: i32 = -1
let n: i32 = 0
/** The host keeps no second with fewer ends than this. */
let least: i32 = 0
/** What was handed over of this second was not all of it. */
let begun: i32 = -1
// The line that is kept of the open second.
let proofLength: i32 = 0
let proofStamp: f64 = 0
let proofNumber: f64 = 0

/** @param ms the length of the session; below zero: not known */
export function countEnd(second: i32, ms: f64, start: usize, length: i32, stamp: f64, number: f64): void {
  if (second != current) {
    closeEnds(true)
    current = second
  }
  const at = ENDS + ageOf(ms) * 4
  store<i32>(at, load<i32>(at) + 1)
  if (++n != PROVEN_FROM) return
  // Copied: most seconds end as ordinary ones, and only then it is known whether the host wants a line of this one.
  proofLength = length < PROOF_SIZE ? length : PROOF_SIZE
  memory.copy(PROOF, start, proofLength)
  proofStamp = stamp
  proofNumber = number
}

/** Hands the open second over, unless the host would only throw it away.
 *  @param whole nothing more of it will come */
export function closeEnds(whole: bool): void {
  if (n > 0) {
    if (whole && n < least && current != begun) memory.fill(ENDS, 0, AGES * 4)
    else least = ended(current, proofLength, proofStamp, proofNumber)
    begun = whole ? -1 : current
  }
  // The next lines may be another reader's, of whose evidence nothing is known.
  if (!whole) least = 0
  n = 0
  proofLength = 0
  current = -1
}

function ageOf(ms: f64): i32 {
  if (ms < 0) return AGE_UNKNOWN
  const whole = <i32>Math.min(1073741824, Math.floor(ms / 1000))
  if (whole < 1) return 0
  const octave = 31 - clz(whole)
  const upper = octave > 0 ? (whole >> (octave - 1)) & 1 : 0
  const age = 1 + 2 * octave + upper
  return age > 30 ? 30 : age
}
