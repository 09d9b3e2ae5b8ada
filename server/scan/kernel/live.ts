/** Reads nginx's error entries for somebody who waits for each event: of every entry that says again what the parser read
 *  before there is a row, of which place it is, when, and with which text. Lines of a text differ in their stamp, the
 *  serial behind `*` and the client's address alone; whoever knows the text knows the rest. A row in memory:
 *
 *    0 f64  epoch ms                               28 i32  text, -1: one of its own
 *    8 f64  serial, -1: none                       32 i32  client: start, 0: none
 *   16 i32  start of the line                      36 i32  its length
 *   20 i32  its length                             40 i32  minutes from UTC to the clock on the wall
 *   24 i32  place                                  44 i32  lines read before it, by this call */
import { millis, minute, timeWall } from './clock'
import { end, keyLength, locate, next } from './error-line'
import { locateMessage, serial, serialEnd, stop, tag } from './error-message'
import { clearErrors, full, messageNumber, ready, stopped, widenSpan } from './errors'
import { copyTo, findUnprintable } from './find'
import {
  CONTEXT,
  E_CLIENT,
  FIELDS,
  FILE,
  KEY,
  LEVEL,
  MAX_ROWS,
  NEW_TEXT,
  OUTSIDE,
  ROW_SIZE,
  ROWS,
  TEXT_PLACES,
  UNKNOWN,
} from './layout'
import { FIELD_END, find, keep, seal } from './table'

/** Value for entries that are no events; the place with the number n has n + 1. */
const ORDINARY: i32 = 0
/** Instead of the fields, see MESSAGE_ALONE. */
const TEXT_ALONE: u8 = 0xfe
/** NGX_MAX_ERROR_STR, as in error-line.ts. */
const MAX_LENGTH: usize = 2040
/** Longest address, and longest serial that a double holds. */
const MAX_CLIENT: usize = 45
const MAX_SERIAL: usize = 15

/** Lines read by `readErrors`, and rows it has written. */
export let linesRead: i32 = 0
export let rows: i32 = 0
/** A bit for each level that was read since `clearLive`. */
export let levels: i32 = 0
let outside: i32 = 0
/** Minutes to add to UTC, of the stamp that was read last. */
let wall: i32 = 0

// What of a line its text leaves out.
let clientAt: usize = 0
let clientEnd: usize = 0
let textEnd: usize = 0
let textLength: i32 = 0

/** The host's, whenever it is asked for the minute of a stamp. */
export function setWall(minutes: i32): void {
  wall = minutes
}

/** Another chunk. @param all forget what was learned, too */
export function clearLive(all: bool): void {
  levels = 0
  outside = 0
  if (all) clearErrors()
}

/** Lines outside of the asked window. */
export function takeOutsideErrors(): i32 {
  const n = outside
  outside = 0
  return n
}

/** As runErrors. `texts`: it also stops at texts that are not known. */
export function readErrors(from: usize, to: usize, since: f64, until: f64, texts: bool): usize {
  ready()
  rows = 0
  let at = from
  let n: i32 = 0
  while (at < to) {
    if (rows == MAX_ROWS) {
      full()
      break
    }
    const behind = readEntry(at, n, since, until, texts)
    if (behind == 0) break
    n++
    at = behind
  }
  linesRead = n
  return at
}

/** Where the next line begins; 0 leaves this one to the host. */
function readEntry(start: usize, n: i32, since: f64, until: f64, texts: bool): usize {
  if (!locateMessage(start) || !timeWall(start)) return 0
  const time = <f64>minute * 60_000 + millis
  const inside = time >= since && time < until
  const hasText = locateText(start)
  if (hasText && inside) {
    const text = find()
    if (text >= 0) {
      levels |= 1 << (tag & LEVEL)
      widenSpan(time)
      const behind = load<u8>(textEnd) == 13 ? textEnd + 2 : textEnd + 1
      row(start, n, time, load<i32>(TEXT_PLACES + text * 4), text)
      return behind
    }
  }
  if (!locate(start)) return 0
  if (!inside) {
    if (messageNumber() == 0) return left(start, OUTSIDE)
    outside++
    return next
  }
  seal(keyLength)
  const found = find()
  if (found < 0) return left(start, UNKNOWN)
  if (found != ORDINARY) {
    if (hasText) {
      if (texts) return left(start, NEW_TEXT)
    } else {
      clientAt = load<u32>(FIELDS + E_CLIENT * 8)
      clientEnd = load<u32>(FIELDS + E_CLIENT * 8, 4)
      textEnd = end
    }
    row(start, n, time, found - 1, -1)
  }
  levels |= 1 << (tag & LEVEL)
  widenSpan(time)
  return next
}

function left(start: usize, why: i32): usize {
  stopped(start, why)
  return 0
}

/** Puts the text together as a key; false for lines that have to be read as a whole. */
function locateText(start: usize): bool {
  if ((tag & (CONTEXT | FILE)) != CONTEXT) return false
  const digits = serialEnd - serial
  if (digits > MAX_SERIAL || (digits > 1 && load<u8>(serial) == 48)) return false
  clientAt = stop + 10
  clientEnd = clientAt
  while (isOfAddress(load<u8>(clientEnd))) clientEnd++
  if (clientEnd == clientAt || clientEnd - clientAt > MAX_CLIENT) return false
  const byte = load<u8>(clientEnd)
  if (byte != 44 && byte != 10 && byte != 13) return false
  textEnd = findUnprintable(clientEnd)
  if (load<u8>(textEnd) != 10 && load<u16>(textEnd) != 0x0a0d) return false
  if (textEnd + 2 - start > MAX_LENGTH) return false
  store<u8>(KEY, 0)
  store<u8>(KEY, TEXT_ALONE, 1)
  let to = copyTo(KEY + 2, start + 19, <i32>(serial - start - 19))
  store<u8>(to, FIELD_END)
  to = copyTo(to + 1, serialEnd, <i32>(clientAt - serialEnd))
  store<u8>(to, FIELD_END)
  to = copyTo(to + 1, clientEnd, <i32>(textEnd - clientEnd))
  textLength = <i32>(to - KEY)
  seal(textLength)
  return true
}

/** Hexadecimal digits, dots and colons: nothing that could be a part of a secret's name or begin one, see said-book.ts. */
function isOfAddress(byte: u32): bool {
  return byte - 48 < 11 || byte == 46 || (byte | 32) - 97 < 6
}

function row(start: usize, n: i32, time: f64, place: i32, text: i32): void {
  const at = ROWS + rows * ROW_SIZE
  store<f64>(at, time)
  store<f64>(at, number(serial, serialEnd), 8)
  store<i32>(at, <i32>start, 16)
  store<i32>(at, <i32>(textEnd - start), 20)
  store<i32>(at, place, 24)
  store<i32>(at, text, 28)
  store<i32>(at, <i32>clientAt, 32)
  store<i32>(at, <i32>(clientEnd - clientAt), 36)
  store<i32>(at, wall, 40)
  store<i32>(at, n, 44)
  rows++
}

/** -1 for none, and for one that a double does not hold. */
function number(from: usize, to: usize): f64 {
  if (to == from || to - from > MAX_SERIAL) return -1
  let n: u64 = 0
  for (let at = from; at < to; at++) n = n * 10 + (<u64>load<u8>(at) - 48)
  return <f64>n
}

/** Gives the text of the line at `start`, which was stopped at, a number and the place. False: there is no room. */
export function keepText(start: usize, text: i32, place: i32): bool {
  if (!locateMessage(start) || !locateText(start)) return false
  store<i32>(TEXT_PLACES + text * 4, place)
  return keep(text)
}
