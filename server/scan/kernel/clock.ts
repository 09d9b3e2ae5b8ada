/** The time of a line. Most stamps are of the minute that the line before had: only another one is worth reading, and
 *  the host does that. */
import { minuteOf, turned } from './host'

/** Minutes since 1970 of the line, and the milliseconds in it. */
export let minute: i32 = 0
export let millis: i32 = 0

/** Zero bytes begin no stamp. `_A`: the first 16 bytes, `_B`: the last 16 without the seconds. */
let localA = i8x16.splat(0)
let localB = i8x16.splat(0)
let localMinute: i32 = 0
let isoA = i8x16.splat(0)
let isoB = i8x16.splat(0)
let isoMinute: i32 = 0
let wall = i8x16.splat(0)
let wallMinute: i32 = 0
/** The two digits of the seconds lie at the same place in the last 16 bytes of both forms. */
const NO_SECONDS = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, -1, -1, -1, -1, -1, -1)

/** `21/Nov/2026:06:13:34 +0100`; false when it is none. */
export function timeLocal(at: usize, ofRecord: bool): bool {
  const a = v128.load(at)
  const b = v128.and(v128.load(at + 10), NO_SECONDS)
  if (v128.any_true(v128.or(v128.xor(a, localA), v128.xor(b, localB)))) {
    const read = minuteOf(at, 26)
    if (read < 0) return false
    localA = a
    localB = b
    localMinute = read
  }
  return seconds(at + 18, localMinute, ofRecord)
}

/** `2026-11-21T06:13:34+01:00`; false for none, and for other forms of ISO 8601. */
export function timeIso(at: usize, ofRecord: bool): bool {
  const a = v128.load(at)
  const b = v128.and(v128.load(at + 9), NO_SECONDS)
  if (v128.any_true(v128.or(v128.xor(a, isoA), v128.xor(b, isoB)))) {
    const read = minuteOf(at, 25)
    if (read < 0) return false
    isoA = a
    isoB = b
    isoMinute = read
  }
  return seconds(at + 17, isoMinute, ofRecord)
}

/** `2026/11/21 06:13:34` on the wall; false when it is none. The same reading may be of another moment when others have
 *  asked for the zone meanwhile: call `forgetWall` then. */
export function timeWall(at: usize): bool {
  const a = v128.load(at)
  if (v128.any_true(v128.xor(a, wall))) {
    const read = minuteOf(at, 16)
    if (read < 0) return false
    wall = a
    wallMinute = read
  }
  return load<u8>(at + 16) == 58 && seconds(at + 17, wallMinute, true)
}

export function forgetWall(): void {
  wall = i8x16.splat(0)
}

function seconds(at: usize, base: i32, ofRecord: bool): bool {
  const tens = <u32>load<u8>(at) - 48
  const ones = <u32>load<u8>(at + 1) - 48
  if (tens > 5 || ones > 9) return false
  if (ofRecord) {
    minute = base
    millis = (tens * 10 + ones) * 1000
  }
  return true
}

/** `1795241614.062`: ten digits, three decimals. */
export function msec(at: usize, ofRecord: bool): bool {
  let whole: u64 = 0
  for (let i = 0; i < 10; i++) {
    const digit = <u32>load<u8>(at + i) - 48
    if (digit > 9) return false
    whole = whole * 10 + digit
  }
  if (load<u8>(at + 10) != 46) return false
  let part: u32 = 0
  for (let i = 11; i < 14; i++) {
    const digit = <u32>load<u8>(at + i) - 48
    if (digit > 9) return false
    part = part * 10 + digit
  }
  // Years 1991 to 2099, within what epochTime accepts.
  if (whole < 662_688_000 || whole > 4_070_908_800) return false
  if (ofRecord) {
    minute = <i32>(whole / 60)
    millis = <i32>(whole % 60) * 1000 + part
  }
  return true
}

// What was counted in the current minute.
let current: i32 = -1
let requests: i32 = 0
let first: i32 = 60_000
let last: i32 = -1

/** Counts a request at the time read last. */
export function tick(): void {
  if (minute != current) turn()
  requests++
  if (millis < first) first = millis
  if (millis > last) last = millis
}

/** Hands the current minute over to the host. */
export function turn(): void {
  if (requests > 0) turned(current, requests, first, last)
  current = minute
  requests = 0
  first = 60_000
  last = -1
}
