/** Counts nginx's error entries that say again what the parser read before. At any other line it stops, says why, and the
 *  host has it parsed, or learns what it is from the message alone. */
import { forgetWall, millis, minute, timeWall } from './clock'
import { end, fields, keyLength, locate, next } from './error-line'
import { copyEnd, MESSAGE, serial, serialEnd, tag } from './error-message'
import {
  E_BITS,
  E_CLIENT,
  E_LINE,
  E_MESSAGE,
  E_SERIAL,
  EARLY,
  FIELDS,
  FULL,
  KEY,
  OUTSIDE,
  REFUSED,
  UNKNOWN,
} from './layout'
import { clearTable, find, keep, seal } from './table'
import { accepts, count, noteClient, tallyAt } from './tally'

/** Value for entries that are no events; the tally with the number n has n + 1. */
const ORDINARY: i32 = 0
const MAX_MESSAGES: i32 = 1 << 10
/** Instead of the fields: no entry has all of these bits. */
const MESSAGE_ALONE: u8 = 0xff

/** Lines counted by `runErrors`, and why it stopped. */
export let errorsCounted: i32 = 0
export let reason: i32 = REFUSED
/** Epoch ms of the lines counted since the last `resetSpan`. */
export let firstMs: f64 = Infinity
export let lastMs: f64 = -Infinity

let messages: i32 = 0

/** A line of this time was read. */
export function widenSpan(time: f64): void {
  if (time < firstMs) firstMs = time
  if (time > lastMs) lastMs = time
}

export function resetSpan(): void {
  firstMs = Infinity
  lastMs = -Infinity
}

/** Forgets all that was learned. */
export function clearErrors(): void {
  messages = 0
  clearTable()
}

/** Counts lines from `from` on; memory at `to` holds a line end. Returns where the first line begins that is not counted,
 *  `to` + 1 when all were. `number` is that of the first line; since and until are epoch ms. */
export function runErrors(from: usize, to: usize, number: f64, since: f64, until: f64): usize {
  ready()
  let at = from
  let n: i32 = 0
  while (at < to) {
    if (!countError(at, number + n, since, until)) break
    n++
    at = next
  }
  errorsCounted = n
  return at
}

/** Counts the line; false leaves it to the host. */
function countError(start: usize, number: f64, since: f64, until: f64): bool {
  if (!locate(start) || !timeWall(start)) return false
  const time = <f64>minute * 60_000 + millis
  if (time < since || time >= until) {
    if (messageNumber() > 0) return true
    return stopped(start, OUTSIDE)
  }
  seal(keyLength)
  const found = find()
  if (found != ORDINARY) {
    if (found < 0) return stopped(start, UNKNOWN)
    const index = found - 1
    if (!accepts(tallyAt(index), time)) return stopped(start, EARLY)
    count(index, time, minute, time, number, start, <i32>(end - start))
    const client = load<u32>(FIELDS + E_CLIENT * 8)
    if (client != 0) noteClient(index, client, load<u32>(FIELDS + E_CLIENT * 8, 4) - client)
  }
  widenSpan(time)
  return true
}

/** Leaves the located line at `start` to the host, and tells it where its parts are. */
export function stopped(start: usize, why: i32): bool {
  store<u32>(FIELDS + E_MESSAGE * 8, <u32>MESSAGE)
  store<u32>(FIELDS + E_MESSAGE * 8, <u32>copyEnd, 4)
  store<u32>(FIELDS + E_LINE * 8, <u32>start)
  store<u32>(FIELDS + E_LINE * 8, <u32>end, 4)
  store<u32>(FIELDS + E_SERIAL * 8, <u32>serial)
  store<u32>(FIELDS + E_SERIAL * 8, <u32>serialEnd, 4)
  store<i32>(FIELDS + E_BITS * 8, tag)
  store<i32>(FIELDS + E_BITS * 8, fields, 4)
  reason = why
  return false
}

/** Nothing speaks yet against the lines that come. */
export function ready(): void {
  reason = REFUSED
  forgetWall()
}

/** There is no room for what was read of the line. */
export function full(): void {
  reason = FULL
}

/** Where the line after the one that `runErrors` stopped at begins. */
export function errorNext(): usize {
  return next
}

/** The value kept for the entry that was stopped at, or that of EARLY. */
export function errorValue(): i32 {
  seal(keyLength)
  return find()
}

/** The number of the located line's message; 0 when it has none. With one a parser certainly reads the line. */
export function messageNumber(): i32 {
  const behind = load<u64>(copyEnd)
  sealMessage()
  const found = find()
  unsealMessage(behind)
  return found < 0 ? 0 : found
}

/** Gives the message a number, while there is room; 0: it has none. */
export function keepMessage(): i32 {
  const behind = load<u64>(copyEnd)
  sealMessage()
  let number = find()
  if (number < 0) number = messages < MAX_MESSAGES && keep(messages + 1) ? ++messages : 0
  unsealMessage(behind)
  return number
}

function sealMessage(): void {
  store<u8>(KEY, MESSAGE_ALONE, 1)
  seal(<i32>(copyEnd - KEY))
}

function unsealMessage(behind: u64): void {
  store<u64>(copyEnd, behind)
  store<u8>(KEY, <u8>fields, 1)
}

/** Keeps a value for such entries, when there is room. Their message must have a number. */
export function keepError(value: i32): void {
  seal(keyLength)
  keep(value)
}
