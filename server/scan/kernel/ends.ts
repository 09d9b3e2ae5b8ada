/** Sessions that ended in one second, by age (diagnosis/session-ends.ts). nginx writes a session's line when it ends, so
 *  one second is open at a time, and the host hears of it when another one comes. */
import { ended, proveEnd } from './host'
import { AGE_UNKNOWN, ENDS } from './layout'

const PROVEN_FROM: i32 = 4

let current: i32 = -1
let n: i32 = 0

/** @param ms the length of the session; below zero: not known */
export function countEnd(second: i32, ms: f64, start: usize, length: i32, stamp: f64, number: f64): void {
  if (second != current) {
    closeEnds()
    current = second
  }
  const at = ENDS + ageOf(ms) * 4
  store<i32>(at, load<i32>(at) + 1)
  if (++n == PROVEN_FROM) proveEnd(second, start, length, stamp, number)
}

/** Hands the open second over. */
export function closeEnds(): void {
  if (n > 0) ended(current)
  n = 0
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
