/** Head and message of an nginx error_log entry: `TIME [LEVEL] PID#TID: *CONN MESSAGE`, up to `, client: ` or the end of
 *  the line. The message is copied to where the key begins. Source: ngx_log_error_core. Numbers of letters are
 *  little-endian words of them. */
import { copyTo, findComma } from './find'
import { CONNECTED, CONTEXT, ERROR, FILE, KEY, NUMBERS } from './layout'

/** Longer messages are not kept. */
const MAX_TEXT: usize = 500
/** Stands for a number that tells nothing. */
const RUN: u8 = 1
/** Behind the tag and the fields. */
export const MESSAGE: usize = KEY + 2

/** Level, whether it has a connection and a context, and what was done to it. */
export let tag: i32 = 0
/** Where the message ends in the line, and its copy. */
export let stop: usize = 0
export let copyEnd: usize = 0
/** Where the digits behind `*` begin and end; where the message begins when there are none. */
export let serial: usize = 0
export let serialEnd: usize = 0

/** True when the entry at `start` was read up to the end of its message. The time is not looked at. */
export function locateMessage(start: usize): bool {
  const at = locateHead(start)
  if (at == 0) return false
  const first = load<u32>(at)
  // open, dire, and a quote
  if (first == 0x6e65_706f || first == 0x6572_6964 || (first & 0xff) == 34) return locateFile(at, first)
  return isNumbered(at, first) ? withoutNumbers(at) : whole(at)
}

function locateHead(start: usize): usize {
  if (load<u16>(start + 19) != 0x5b20) return 0
  let at = start + 21
  switch (load<u32>(at)) {
    case 0x6f72_7265: // error
      if (load<u32>(at + 3) != 0x205d_726f) return 0
      tag = ERROR
      at += 7
      break
    case 0x6f66_6e69: // info
      if (load<u32>(at + 2) != 0x205d_6f66) return 0
      tag = 0
      at += 6
      break
    case 0x6974_6f6e: // notice
      if (load<u32>(at + 4) != 0x205d_6563) return 0
      tag = 1
      at += 8
      break
    case 0x6e72_6177: // warn
      if (load<u32>(at + 2) != 0x205d_6e72) return 0
      tag = 2
      at += 6
      break
    case 0x7469_7263: // crit
      if (load<u32>(at + 2) != 0x205d_7469) return 0
      tag = 4
      at += 6
      break
    case 0x7265_6c61: // alert
      if (load<u32>(at + 3) != 0x205d_7472) return 0
      tag = 5
      at += 7
      break
    default:
      return 0
  }
  at = numberEnd(at, 10)
  if (at == 0 || load<u8>(at) != 35) return 0
  at = numberEnd(at + 1, 10)
  if (at == 0 || load<u16>(at) != 0x203a) return 0
  at += 2
  serial = serialEnd = at
  if (load<u8>(at) != 42) return at
  tag |= CONNECTED
  serial = at + 1
  at = serialEnd = numberEnd(serial, 19)
  return at == 0 || load<u8>(at) != 32 ? 0 : at + 1
}

/** Where the digits end that begin at `from`; 0 when these are none, or too many. */
function numberEnd(from: usize, most: usize): usize {
  let at = from
  while (isDigit(load<u8>(at))) at++
  return at == from || at - from > most ? 0 : at
}

function isDigit(byte: u32): bool {
  return byte - 48 < 10
}

/** Messages with numbers that tell nothing: `excess: 5.280`, names of temporary files, sizes, addresses. */
function isNumbered(at: usize, first: u32): bool {
  switch (first) {
    case 0x696d_696c: // limi
    case 0x616c_6564: // dela
    case 0x6c63_2061: // a cl
    case 0x7520_6e61: // an u
      return true
    case 0x6569_6c63: // clie
      // `client 192.0.2.1 closed`, `client intended to send too large body`
      return isDigit(load<u8>(at + 7)) || load<u32>(at + 7) == 0x6574_6e69
    default:
      return false
  }
}

const ENDED: i32 = 1
const GOES_ON: i32 = 0
const ODD: i32 = -1

/** Whether the message ends at a comma, or at a byte that is no printable ASCII. */
function endsAt(at: usize): i32 {
  const byte = <u32>load<u8>(at)
  if (byte == 44) {
    // ` client:` and a blank
    if (load<u64>(at + 1) != 0x3a74_6e65_696c_6320 || load<u8>(at + 9) != 32) return GOES_ON
    tag |= CONTEXT
  } else {
    if (byte >= 32 && byte < 127) return GOES_ON
    if (byte != 10 && load<u16>(at) != 0x0a0d) return ODD
  }
  stop = at
  return ENDED
}

/** The message as it is. */
function whole(from: usize): bool {
  let at = from
  while (true) {
    at = findComma(at)
    if (at - from > MAX_TEXT) return false
    const ended = endsAt(at)
    if (ended == ODD) return false
    if (ended == ENDED) break
    at++
  }
  copyEnd = copyTo(MESSAGE, from, <i32>(at - from))
  return at > from
}

/** A run of what a number or an address can hold counts as one byte, when it begins with a digit. */
function withoutNumbers(from: usize): bool {
  let to = MESSAGE
  let at = from
  while (at - from <= MAX_TEXT) {
    const byte = <u32>load<u8>(at)
    if (isDigit(byte)) {
      store<u8>(to++, RUN)
      do at++
      while (isNumeric(load<u8>(at)))
      continue
    }
    const ended = byte > 44 && byte < 127 ? GOES_ON : endsAt(at)
    if (ended == ODD) return false
    if (ended == ENDED) {
      tag |= NUMBERS
      copyEnd = to
      return to > MESSAGE
    }
    store<u8>(to++, <u8>byte)
    at++
  }
  return false
}

/** Of numbers with a fraction and of addresses. */
function isNumeric(byte: u32): bool {
  return byte - 48 < 11 || byte == 46 || byte - 97 < 6
}

/** `open() "/srv/x" failed (2: No such file or directory), client: `: the first of what looks like a context must be
 *  nginx's, which it is behind nginx's own words (see quoteIsOpen). */
function locateFile(from: usize, first: u32): bool {
  let length = 2
  if (first == 0x6e65_706f) {
    if (load<u64>(from) != 0x2220_2928_6e65_706f) return false // open() "
    length = 8
  } else if (first == 0x6572_6964) {
    // directory index of "
    if (load<u64>(from) != 0x726f_7463_6572_6964 || load<u64>(from + 8) != 0x2078_6564_6e69_2079) return false
    if (load<u32>(from + 16) != 0x2220_666f) return false
    length = 20
  } else if ((first & 0xffff) != 0x2f22) return false // "/
  if ((tag & CONNECTED) == 0) return false
  let at = from + length
  while (true) {
    at = findComma(at)
    const ended = endsAt(at)
    if (ended == ODD || (ended == ENDED && (tag & CONTEXT) == 0)) return false
    if (ended == ENDED) break
    at++
  }
  let quote = at
  while (load<u8>(quote) != 34) {
    if (--quote < from + length || at - quote > 200) return false
  }
  if (!closes(quote, at, length)) return false
  tag |= FILE
  copyEnd = copyTo(MESSAGE, from, length)
  return true
}

/** Whether nginx's words stand from the last quote to the end; what they open closes there: `" failed (2: …)`. */
function closes(quote: usize, end: usize, opened: i32): bool {
  const eight = load<u64>(quote)
  // " is forbidden
  if (eight == 0x726f_6620_7369_2022)
    return opened != 8 && load<u32>(quote + 8) == 0x6464_6962 && load<u16>(quote + 12) == 0x6e65 && quote + 14 == end
  let inside = quote
  // " failed (
  if (eight == 0x6465_6c69_6166_2022 && load<u16>(quote + 8) == 0x2820 && opened != 20) inside += 10
  // " is not found (
  else if (eight == 0x746f_6e20_7369_2022 && load<u64>(quote + 8) == 0x2820_646e_756f_6620 && opened == 2) inside += 16
  else return false
  if (load<u8>(end - 1) != 41 || inside >= end - 1) return false
  for (let at = inside; at < end - 1; at++) if ((load<u8>(at) | 1) == 41) return false
  return true
}
