/** Lines counted into one thing that the evidence already holds. The evidence itself, with its Maps, is touched once a
 *  minute and at the end, by the host. A tally in memory:
 *
 *    0 f64  lines before this time (epoch ms) are the parser's: they may belong to the first three that are kept
 *    8 f64  first time counted                     64 i32  count
 *   16 f64  last time counted                      68 i32  minute of the last one, or the first of its step
 *   24 f64  time of the newest kept line           72 i32  count in that minute
 *   32 f64  its number                             76 i32  touched since the last copy
 *   40 f64  time of the kept line before it        80 i32  clients are complete
 *   48 f64  its number                             84 i32  which of its two places holds the newest line
 *   56 i32  newest: start in the window, 0: copied 88 i32  tally of the session's end, -1: none
 *   60 i32  its length                             92 i32  its lifetimes, -1: none
 *   96 i32  line before: start                    104 i32  clients known by their hash
 *  100 i32  its length                            112 u64 × 8  hashes of clients
 *  176 i32  minutes that are counted together: its evidence tells no less apart
 *  180 i32  so many of the first three lines are still to come: the host keeps these, and long ones
 *  184 i32  what is counted here is no event */
import { copyTo } from './find'
import { client, kept, settled } from './host'
import { KEPT, KEPT_SIZE, TALLIES, TALLY_SIZE } from './layout'

/** Tallies touched since the last copy. */
let touched: i32 = 0
const TOUCHED_END: i32 = -1
let head: i32 = TOUCHED_END

export function tallyAt(index: i32): usize {
  return TALLIES + index * TALLY_SIZE
}

/** Whether a line of this time can be counted without the parser. */
export function accepts(tally: usize, time: f64): bool {
  return time >= load<f64>(tally)
}

/** @param time when it happened, epoch ms
 *  @param minute of `time`
 *  @param stamp the time of the line itself, by which kept lines are ordered */
export function count(index: i32, time: f64, minute: i32, stamp: f64, number: f64, start: usize, length: i32): void {
  const tally = tallyAt(index)
  if (<u32>(minute - load<i32>(tally, 68)) >= load<u32>(tally, 176)) {
    settleMinute(index)
    // The host may just have changed it.
    const step = load<i32>(tally, 176)
    store<i32>(tally, step == 1 ? minute : minute - (minute % step), 68)
  }
  store<i32>(tally, load<i32>(tally, 72) + 1, 72)
  store<i32>(tally, load<i32>(tally, 64) + 1, 64)
  if (time < load<f64>(tally, 8)) store<f64>(tally, time, 8)
  if (time > load<f64>(tally, 16)) store<f64>(tally, time, 16)
  const missing = load<i32>(tally, 180)
  if (missing > 0 || length > keptSize) {
    kept(index, start, length, stamp, number)
    if (missing > 0) {
      store<i32>(tally, missing - 1, 180)
      store<f64>(tally, stamp)
    }
    return
  }
  if (load<i32>(tally, 76) == 0) {
    store<i32>(tally, head + 2, 76)
    head = index
    touched++
  }
  if (stamp >= load<f64>(tally, 24)) {
    store<f64>(tally, load<f64>(tally, 24), 40)
    store<f64>(tally, load<f64>(tally, 32), 48)
    store<i32>(tally, load<i32>(tally, 56), 96)
    store<i32>(tally, load<i32>(tally, 60), 100)
    store<f64>(tally, stamp, 24)
    store<f64>(tally, number, 32)
    store<i32>(tally, <i32>start, 56)
    store<i32>(tally, length, 60)
    // The place of the newest line now holds the one before it.
    store<i32>(tally, load<i32>(tally, 84) ^ 1, 84)
  } else if (stamp >= load<f64>(tally, 40)) {
    store<f64>(tally, stamp, 40)
    store<f64>(tally, number, 48)
    store<i32>(tally, <i32>start, 96)
    store<i32>(tally, length, 100)
  }
}

/** Notes the client while the evidence has room for more. Its hash says whether the host was told of it before. */
export function noteClient(index: i32, at: usize, length: i32): void {
  const tally = tallyAt(index)
  if (load<i32>(tally, 80) != 0 || (length == 1 && load<u8>(at) == 45)) return
  let hash: u64 = 0xcbf2_9ce4_8422_2325
  for (let i = 0; i < length; i++) hash = (hash ^ load<u8>(at + i)) * 0x100_0000_01b3
  const known = load<i32>(tally, 104)
  for (let i = 0; i < known; i++) if (load<u64>(tally + 112 + i * 8) == hash) return
  if (client(index, at, length)) store<i32>(tally, 1, 80)
  else if (known < 8) {
    store<u64>(tally + 112 + known * 8, hash)
    store<i32>(tally, known + 1, 104)
  }
}

/** Hands the current minute of a tally over to the host. */
export function settleMinute(index: i32): void {
  const tally = tallyAt(index)
  const n = load<i32>(tally, 72)
  if (n > 0) settled(index, load<i32>(tally, 68), n)
  store<i32>(tally, 0, 72)
}

/** A multiple of 16, see copyTo. */
let keptSize: i32 = KEPT_SIZE

/** Room for longer lines, and for fewer tallies. Before the first one. */
export function keepLonger(bytes: i32): void {
  keptSize = bytes
}

export function keptAt(index: i32, place: i32): usize {
  return KEPT + (index * 2 + place) * keptSize
}

/** The window is about to be overwritten: kept lines are copied to the places of their tallies. */
export function copyKept(): void {
  while (head != TOUCHED_END) {
    const index = head
    const tally = tallyAt(index)
    head = load<i32>(tally, 76) - 2
    store<i32>(tally, 0, 76)
    const place = load<i32>(tally, 84)
    const before = load<i32>(tally, 96)
    if (before != 0) copyTo(keptAt(index, place ^ 1), before, load<i32>(tally, 100))
    const newest = load<i32>(tally, 56)
    if (newest != 0) copyTo(keptAt(index, place), newest, load<i32>(tally, 60))
    store<i32>(tally, 0, 56)
    store<i32>(tally, 0, 96)
  }
  touched = 0
}

/** A fresh tally: nothing counted, nothing kept. `missing`: so many of the first three lines have not been seen. */
export function resetTally(index: i32, from: f64, missing: i32, plain: bool): void {
  const tally = tallyAt(index)
  memory.fill(tally, 0, TALLY_SIZE)
  store<f64>(tally, from)
  store<f64>(tally, Infinity, 8)
  store<f64>(tally, -Infinity, 16)
  store<f64>(tally, -Infinity, 24)
  store<f64>(tally, -Infinity, 40)
  store<i32>(tally, -1, 88)
  store<i32>(tally, -1, 92)
  store<i32>(tally, 1, 176)
  store<i32>(tally, missing, 180)
  store<i32>(tally, plain ? 1 : 0, 184)
}
