/** One line through the program of its format (line-program.ts). */
import { findAny, findPlain, findUri, same, socketWord } from './find'
import { msec, timeIso, timeLocal } from './clock'
import {
  AGAIN,
  ADDRESSES,
  AGENT,
  COUNTS,
  END,
  F_URI,
  FIELDS,
  LITERAL,
  LONGEST,
  MAY_BE_EMPTY,
  MAX_FIELDS,
  MSEC,
  NO_DECIMAL,
  NUMBER,
  OPEN,
  PEER,
  PLAIN,
  PROGRAM,
  SECONDS,
  SECONDS_OR_NONE,
  SHORT,
  SPAN,
  STATUS_CODE,
  TEXT,
  TIME_ISO8601,
  TIME_LOCAL,
  URI,
} from './layout'

// Of the line that ran last.
export let status: i32 = 0
/** It may ask for a known socket. */
export let socket: bool = false
/** Where it ends, without its line end. */
export let lineEnd: usize = 0

let plainRequest: bool = false
/** The last four bytes of addresses at which halfopen's own dashboard is reached. */
let own0: u32 = 0
let own1: u32 = 0

/** What a line must be like besides. `ownA`, `ownB`: see mayBeOwn. */
export function expect(plain: bool, ownA: u32, ownB: u32): void {
  plainRequest = plain
  own0 = ownA
  own1 = ownB
}

function setField(field: i32, start: usize, end: usize): void {
  store<u32>(FIELDS + field * 8, <u32>start)
  store<u32>(FIELDS + field * 8, <u32>end, 4)
}

/** Runs the line at `from` through the program. Returns the start of the next line, 0 when it is the parser's. */
export function line(from: usize): usize {
  let at = from
  let op: usize = PROGRAM
  socket = false
  status = 0
  let again: usize = 0
  let againAt: usize = 0
  while (true) {
    const a = load<i32>(op, 4)
    const b = load<i32>(op, 8)
    let ok = false
    switch (load<i32>(op)) {
      case SHORT: {
        const length = load<i32>(op, 12)
        ok = (load<u64>(at) ^ load<u64>(op, 4)) << (64 - length * 8) == 0
        at += length
        break
      }
      case LITERAL:
        ok = same(at, a, b)
        at += b
        break
      case STATUS_CODE: {
        const x = <u32>load<u8>(at) - 48
        const y = <u32>load<u8>(at, 1) - 48
        const z = <u32>load<u8>(at, 2) - 48
        ok = x < 10 && y < 10 && z < 10
        status = x * 100 + y * 10 + z
        at += 3
        break
      }
      case NUMBER: {
        const end = number(at)
        ok = (end != at || b != 0) && hasForm(at, end, load<i32>(op, 12))
        if (a >= 0) setField(a, at, end)
        at = end
        break
      }
      case TIME_LOCAL:
        ok = timeLocal(at, a != 0)
        at += 26
        break
      case TIME_ISO8601:
        ok = timeIso(at, a != 0)
        at += 25
        break
      case MSEC:
        ok = msec(at, a != 0)
        at += 14
        break
      case OPEN: {
        const end = open(at, at, a, b, load<i32>(op, 12))
        ok = end != 0
        if (ok && (b & AGAIN) != 0) {
          again = op
          againAt = at
        } else again = 0
        at = end
        break
      }
      case SPAN: {
        let end = at
        const limit = at + load<u16>(b, 256)
        while (end < limit && load<u8>(b + load<u8>(end)) != 0) end++
        // A longer one is the parser's, and so is one with bytes that are no ASCII.
        ok =
          load<u8>(b + load<u8>(end)) == 0 &&
          load<u8>(end) < 128 &&
          (end > at || (load<i32>(op, 12) & MAY_BE_EMPTY) != 0)
        if (load<i32>(op, 12) & URI) {
          // Looked through again: what comes behind a span is not far.
          findUri(at, 10)
          if (socketWord) socket = true
        }
        if (a >= 0) setField(a, at, end)
        at = end
        break
      }
      case PEER: {
        const end = peer(at, load<i32>(op, 12), op + 16)
        ok = end != at || b != 0
        if (a >= 0) setField(a, at, end)
        if (mayBeOwn(at, end)) return 0
        at = end
        break
      }
      case END:
        lineEnd = at
        if (load<u8>(at) == 13) at++
        if (load<u8>(at) == 10) {
          if (<i32>(lineEnd - from) > LONGEST || (plainRequest && !isPlainRequest())) return 0
          return at + 1
        }
        at = lineEnd
        break
    }
    if (ok) op += 16
    else {
      if (again == 0) return 0
      // The value may go on: the next place of the byte after it.
      op = again
      const field = load<i32>(op, 4)
      const start = field >= 0 ? <usize>load<u32>(FIELDS + field * 8) : againAt
      const last = field >= 0 ? <usize>load<u32>(FIELDS + field * 8, 4) : lastOpenEnd
      const end = open(start, last + 1, field, load<i32>(op, 8), load<i32>(op, 12))
      if (end == 0) return 0
      at = end
      op += 16
    }
  }
}

let lastOpenEnd: usize = 0

/** An open value that began at `start`: its end is looked for from `from` on. 0 when it is the parser's. */
function open(start: usize, from: usize, field: i32, flags: i32, stop: i32): usize {
  let end: usize
  if ((flags & URI) != 0) {
    end = findUri(from, stop)
    if (socketWord) socket = true
  } else if ((flags & (COUNTS | PLAIN)) != 0) end = findPlain(from, stop)
  else end = findAny(from, stop)
  const byte = <i32>load<u8>(end)
  if (byte != stop && !(stop == 10 && byte == 13)) return 0
  // nginx writes a backslash as \x5C; one before a quote comes from elsewhere, and the parser decides.
  if (byte == 34 && load<u8>(end - 1) == 92 && end > start) return 0
  if ((flags & AGENT) != 0 && mayBeOwnAgent(start)) return 0
  if ((flags & PLAIN) != 0 && !isPlain(start, end)) return 0
  if ((flags & NO_DECIMAL) != 0 && isDecimal(start, end)) return 0
  if ((flags & TEXT) != 0 && !isText(start, end)) return 0
  if ((flags & ADDRESSES) != 0 && !isAddresses(start, end)) return 0
  if (field >= 0) setField(field, start, end)
  lastOpenEnd = end
  return end
}

function hasForm(start: usize, end: usize, form: i32): bool {
  if (form == 0) return true
  const none = end == start + 1 && load<u8>(start) == 45
  const fraction = end > start + 4 && load<u8>(end - 4) == 46
  if (form == SECONDS) return fraction
  if (form == SECONDS_OR_NONE) return fraction || none
  for (let at = start; at < end; at++) if (load<u8>(at) == 46) return false
  return true
}

/** Neither a number first, nor a key: what the parser takes for something else. */
function isText(start: usize, end: usize): bool {
  if (start == end) return true
  if (<u32>load<u8>(start) - 48 < 10) return false
  let at = start
  for (; at < end; at++) {
    const byte = load<u8>(at)
    if (byte != 95 && <u32>byte - 97 > 25) break
  }
  if (at == end || at == start) return true
  const byte = load<u8>(at)
  if (byte != 58 && byte != 61) return true
  // http: and https:
  const letters = at - start
  return byte == 58 && load<u32>(start) == 0x7074_7468 && (letters == 4 || (letters == 5 && load<u8>(start + 4) == 115))
}

function isAddresses(start: usize, end: usize): bool {
  if (end == start + 1 && load<u8>(start) == 45) return true
  let dots: i32 = 0
  let colons: i32 = 0
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == 46) dots++
    else if (byte == 58) colons++
    else if (<u32>byte - 48 > 9 && <u32>(byte | 32) - 97 > 5 && byte != 44 && byte != 32) return false
  }
  return (dots >= 3 && colons == 0) || (colons >= 2 && dots == 0)
}

function isPlain(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    // Blank, brackets, and , ; | = between key and value.
    if (byte == 32 || byte == 91 || byte == 93 || byte == 44 || byte == 59 || byte == 124 || byte == 61) return false
  }
  return true
}

/** An unquoted request with nothing but `METHOD /path PROTOCOL` in it, so that no other field can begin there. */
function isPlainRequest(): bool {
  const start = <usize>load<u32>(FIELDS + F_URI * 8)
  const end = <usize>load<u32>(FIELDS + F_URI * 8, 4)
  let blanks: i32 = 0
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == 91 || byte == 93) return false
    if (byte == 32 && (++blanks > 2 || (blanks == 1 && load<u8>(at + 1) != 47))) return false
  }
  return blanks == 2
}

function isDecimal(start: usize, end: usize): bool {
  let dots: i32 = 0
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte == 46) dots++
    else if (<u32>byte - 48 > 9) return false
  }
  return dots == 1
}

/** Digits with an optional fraction, or `-`; `at` itself for anything else. */
function number(at: usize): usize {
  let end = at
  const limit = at + 40
  while (end < limit && <u32>load<u8>(end) - 48 < 10) end++
  if (end == at) return load<u8>(at) == 45 ? at + 1 : at
  if (load<u8>(end) == 46 && <u32>load<u8>(end, 1) - 48 < 10) {
    end++
    while (end < limit && <u32>load<u8>(end) - 48 < 10) end++
  }
  return end
}

/** One address, up to the literal that `next` is about, which begins with `stop`. A list of them is the parser's: a comma
 *  is no part of an address. */
function peer(at: usize, stop: i32, next: usize): usize {
  let end = at
  for (const limit = at + 200; end < limit; end++) {
    const byte = <i32>load<u8>(end)
    if (byte <= 32 || byte >= 127 || byte == 34 || byte == 44 || byte == 92) break
    if (byte == stop && load<i32>(next) == LITERAL && same(end, load<i32>(next, 4), load<i32>(next, 8))) break
  }
  return end
}

/** halfopen's own dashboard may be the backend: such requests are no evidence, and the reader drops them. */
function mayBeOwn(start: usize, end: usize): bool {
  if (end - start < 4) return false
  const tail = load<u32>(end - 4)
  return tail == own0 || tail == own1
}

/** halfopen's own requests are no evidence either. An escape may hide a letter. */
function mayBeOwnAgent(at: usize): bool {
  // halfopen/
  if (load<u64>(at) == 0x6e65_706f_666c_6168 && load<u8>(at + 8) == 47) return true
  for (let i = 0; i < 9; i++) {
    const byte = load<u8>(at + i)
    if (byte == 92) return true
    if (byte == 34 || byte < 32) return false
  }
  return false
}

/** Fields that the program does not have stay absent. */
export function clearFields(): void {
  memory.fill(FIELDS, 0, MAX_FIELDS * 8)
}
