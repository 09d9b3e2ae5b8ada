/** Reads access lines of one format and counts those that it can prove: ordinary successes, and failures and handshakes
 *  that say again what a parser read before. At any other line it stops, and the host has it parsed.
 *
 *  AssemblyScript. The format is a program that the host has compiled (line-program.ts); a line that runs through it is
 *  one that the parser of that format reads in the same way. */
import { millis, minute, tick } from './clock'
import { countEnd } from './ends'
import { bucketOf } from './host'
import {
  BUCKETS,
  F_BODY,
  F_CLIENT,
  F_HEADER_TIME,
  F_REQUEST_TIME,
  F_RESPONSE_TIME,
  F_UPGRADE,
  F_URI,
  FIELDS,
  LATENCY,
  LATENCY_SIZE,
  LIFETIMES,
  STATUS,
} from './layout'
import { expect, line, lineEnd, socket, status } from './line'
import { clearUsable, findRequest } from './requests'
import { clearTable } from './table'
import { accepts, count, noteClient, tallyAt } from './tally'

export { keepRequest, usable } from './requests'
export { copyKept, keepLonger, resetTally, settleMinute } from './tally'
export {
  clearErrors,
  errorNext,
  errorsCounted,
  errorValue,
  firstMs,
  keepError,
  keepMessage,
  lastMs,
  messageNumber,
  reason,
  resetSpan,
  runErrors,
} from './errors'
export { clearLive, keepText, levels, linesRead, readErrors, rows, setWall, takeOutsideErrors } from './live'
export { millis, minute, turn } from './clock'
export { closeEnds } from './ends'
export { clearFields, lineEnd, status } from './line'

/** What a line was counted in, as a value of the request table; from 2 on a tally. */
const ORDINARY: i32 = 0
const DROPPED: i32 = 1
const TALLY: i32 = 2

/** Lines counted by `run`. */
export let counted: i32 = 0
/** The line that `run` stopped at is one of the format; if its request is `usable`, it may be learned. */
export let learnable: bool = false
/** Lines outside of the asked window. */
let outside: i32 = 0
/** Requests that found no room among the suspects. */
export let dropped: i32 = 0

let since: f64 = -Infinity
let until: f64 = Infinity
/** Which requests that were seen before may be counted: 0 none, 1 all, 2 those that are no events. */
let repeats: i32 = 0
let wholeRequest: bool = false
let keyedFields: i32 = 0

/** Once per program and window of time. `plain` and `own`: see line.ts. */
export function configure(from: f64, to: f64, request: bool, plain: bool, keyed: i32, ownA: u32, ownB: u32): void {
  since = from
  until = to
  wholeRequest = request
  keyedFields = keyed
  expect(plain, ownA, ownB)
}

export function clearRequests(): void {
  clearUsable()
  clearTable()
}

export function takeOutside(): i32 {
  const n = outside
  outside = 0
  return n
}

export function takeDropped(): i32 {
  const n = dropped
  dropped = 0
  return n
}

/** Counts lines from `from` on; memory at `end` holds a line end. Returns where the first line begins that is not
 *  counted, `end` + 1 when all were. `number` is that of the first line. `repeat`: see `repeats`. */
export function run(from: usize, end: usize, number: f64, repeat: i32): usize {
  repeats = repeat
  learnable = false
  let at = from
  let n: i32 = 0
  while (at < end) {
    const next = line(at)
    if (next == 0 || next > end + 1) break
    if (!countLine(at, next, number + n)) break
    n++
    at = next
  }
  counted = n
  return at
}

/** Counts the line that ran through the program; false leaves it to the parser. */
function countLine(start: usize, next: usize, number: f64): bool {
  // A path that is none is no access line to some parsers.
  const uri = load<u32>(FIELDS + F_URI * 8)
  if (!wholeRequest && uri != 0 && load<u8>(uri) != 47) return false
  const success = (status >= 200 && status < 300) || status == 304
  const ordinary = success && !socket && upgradeAbsent()
  const time = <f64>minute * 60_000 + millis
  // Outside of the asked window a line is read and counted in nothing.
  if (time < since || time >= until) {
    outside++
    return true
  }
  if (!ordinary && (repeats == 0 || !repeated(start, time, number))) return false
  tick()
  const address = STATUS + status * 4
  store<i32>(address, load<i32>(address) + 1)
  return true
}

function upgradeAbsent(): bool {
  const start = load<u32>(FIELDS + F_UPGRADE * 8)
  if (start == 0) return true
  const length = load<u32>(FIELDS + F_UPGRADE * 8, 4) - start
  return length == 0 || (length == 1 && load<u8>(start) == 45)
}

function repeated(start: usize, time: f64, number: f64): bool {
  const length = <i32>(lineEnd - start)
  // Longer than any address: the parser cuts it.
  if (load<u32>(FIELDS + F_CLIENT * 8, 4) - load<u32>(FIELDS + F_CLIENT * 8) > 64) return false
  // nginx's page for plain http at a TLS port tells something else than other answers of the status.
  if (status == 400 && isPageSize()) return false
  learnable = true
  const value = findRequest(status, wholeRequest, keyedFields)
  if (value < TALLY) {
    if (value < 0) return false
    dropped += value
    learnable = false
    return true
  }
  const index = value - TALLY
  const tally = tallyAt(index)
  if (repeats == 2 && load<i32>(tally, 184) == 0) return false
  if (!accepts(tally, time)) return false
  const ended = load<i32>(tally, 88)
  let happened = time
  let bucket: usize = 0
  let latency: usize = 0
  let age: f64 = -1
  if (status == 101) {
    const requestTime = thousandths(F_REQUEST_TIME)
    if (requestTime < -1) return false
    if (requestTime >= 0) happened = time - requestTime
    const header = thousandths(F_HEADER_TIME)
    if (header < -1 || header >= LATENCY_SIZE) return false
    if (header >= 0) latency = LATENCY + <i32>header * 4
    if (ended >= 0) {
      const response = thousandths(F_RESPONSE_TIME)
      if (response < -1 || !accepts(tallyAt(ended), time)) return false
      const session = response >= 0 ? response : requestTime
      if (session < 0) return false
      age = session
      const seconds = session / 1000
      const number = seconds < 600 ? (seconds > 0 ? <i32>(seconds * 10 + 1e-6) : 0) : bucketOf(seconds)
      bucket = LIFETIMES + (load<i32>(tally, 92) * BUCKETS + number) * 4
      // The first line of each bucket is kept: the parser's.
      if (load<i32>(bucket) < 0) return false
    }
  }
  const client = load<u32>(FIELDS + F_CLIENT * 8)
  const clientLength = client == 0 ? 0 : <i32>(load<u32>(FIELDS + F_CLIENT * 8, 4) - client)
  const minuteOf = happened == time ? minute : <i32>Math.floor(happened / 60_000)
  count(index, happened, minuteOf, time, number, start, length)
  if (clientLength > 0) noteClient(index, client, clientLength)
  if (latency != 0) store<i32>(latency, load<i32>(latency) + 1)
  // The line of a session is written at its end. One that tells when it began and no length is of no known form.
  if (status == 101 && (ended >= 0 || happened == time))
    countEnd(minute * 60 + millis / 1000, age, start, length, time, number)
  if (ended >= 0) {
    count(ended, time, minute, time, number, start, length)
    if (clientLength > 0) noteClient(ended, client, clientLength)
    store<i32>(bucket, load<i32>(bucket) + 1)
  }
  learnable = false
  return true
}

/** A body of 248 to 266 bytes (PLAIN_HTTP_PAGE in parsers/nginx/access-events.ts). */
function isPageSize(): bool {
  const at = load<u32>(FIELDS + F_BODY * 8)
  if (at == 0 || load<u32>(FIELDS + F_BODY * 8, 4) != at + 3 || load<u8>(at) != 50) return false
  const rest = (<i32>load<u8>(at, 1) - 48) * 10 + <i32>load<u8>(at, 2) - 48
  return rest >= 48 && rest <= 66
}

/** Seconds with three decimals as a whole number of milliseconds; -1 for none, -2 for another form. */
function thousandths(field: i32): f64 {
  const start = <usize>load<u32>(FIELDS + field * 8)
  const end = <usize>load<u32>(FIELDS + field * 8, 4)
  if (start == 0 || end == start || (end == start + 1 && load<u8>(start) == 45)) return -1
  if (end < start + 5 || end > start + 13 || load<u8>(end - 4) != 46) return -2
  let n: f64 = 0
  for (let at = start; at < end; at++) {
    if (at == end - 4) continue
    const digit = <u32>load<u8>(at) - 48
    if (digit > 9) return -2
    n = n * 10 + digit
  }
  return n
}
