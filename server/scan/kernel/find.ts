/** Searches over 16 bytes at a time. All of them stop at control characters, so that none leaves its line: the host
 *  puts a line end behind the last one. Reading up to 32 bytes beyond it is harmless, memory goes on there. */

/** First byte from `at` on that is `stop`, a quote or a control character. */
export function findAny(at: usize, stop: i32): usize {
  const a = i8x16.splat(<i8>stop)
  const b = i8x16.splat(34)
  const c = i8x16.splat(32)
  while (true) {
    const v = v128.load(at)
    const mask = i8x16.bitmask(v128.or(v128.or(i8x16.eq(v, a), i8x16.eq(v, b)), i8x16.lt_u(v, c)))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

/** The same, and a backslash, and bytes that are no printable ASCII. */
export function findPlain(at: usize, stop: i32): usize {
  const a = i8x16.splat(<i8>stop)
  while (true) {
    const mask = i8x16.bitmask(endOfPlain(v128.load(at), a))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

function endOfPlain(v: v128, stop: v128): v128 {
  // Signed: bytes from 0x80 on are negative.
  const special = v128.or(i8x16.lt_s(v, i8x16.splat(32)), i8x16.eq(v, i8x16.splat(127)))
  const quote = v128.or(i8x16.eq(v, i8x16.splat(34)), i8x16.eq(v, i8x16.splat(92)))
  return v128.or(v128.or(special, quote), i8x16.eq(v, stop))
}

/** A word that URLs of known sockets have was in what findUri looked at. */
export let socketWord: bool = false

/** findPlain that looks for socket words on its way. */
export function findUri(at: usize, stop: i32): usize {
  const a = i8x16.splat(<i8>stop)
  socketWord = false
  while (true) {
    const v = v128.load(at)
    const end = i8x16.bitmask(endOfPlain(v, a))
    const w = v128.load(at + 1)
    // After a slash w, c, s or t; `=we` begins the value of transport=websocket.
    const first = v128.or(
      v128.or(i8x16.eq(w, i8x16.splat(119)), i8x16.eq(w, i8x16.splat(99))),
      v128.or(i8x16.eq(w, i8x16.splat(115)), i8x16.eq(w, i8x16.splat(116))),
    )
    const segment = v128.and(i8x16.eq(v, i8x16.splat(47)), first)
    const value = v128.and(
      v128.and(i8x16.eq(v, i8x16.splat(61)), i8x16.eq(w, i8x16.splat(119))),
      i8x16.eq(v128.load(at + 2), i8x16.splat(101)),
    )
    let starts = i8x16.bitmask(segment)
    let values = i8x16.bitmask(value)
    if (end != 0) {
      const before = (1 << ctz(end)) - 1
      starts &= before
      values &= before
    }
    if (values != 0) socketWord = true
    while (starts != 0) {
      if (isSocketWord(at + ctz(starts) + 1)) socketWord = true
      starts &= starts - 1
    }
    if (end != 0) return at + ctz(end)
    at += 16
  }
}

/** `websock`, `channels`, `cable`, `stream`, `ws`, `terminals`: every URL of known-sockets.ts has a segment that begins
 *  with one of these; a test holds the two together. Little-endian words of the letters. */
function isSocketWord(at: usize): bool {
  const four = load<u32>(at)
  switch (four & 0xff) {
    case 0x77: // w
      return (four & 0xffff) == 0x7377 || (four == 0x73626577 && (load<u32>(at + 3) & 0xffffffff) == 0x6b636f73)
    case 0x63: // c
      return (four == 0x6e616863 && load<u32>(at + 4) == 0x736c656e) || (four == 0x6c626163 && load<u8>(at + 4) == 0x65)
    case 0x73: // s
      return four == 0x65727473 && (load<u32>(at + 4) & 0xffff) == 0x6d61
    default: // t
      return four == 0x6d726574 && load<u32>(at + 4) == 0x6c616e69 && load<u8>(at + 8) == 0x73
  }
}

/** Whether n bytes are the same at both places. */
export function same(a: usize, b: usize, n: i32): bool {
  while (n >= 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) != 0xffff) return false
    a += 16
    b += 16
    n -= 16
  }
  // Both places are followed by memory of their own.
  return n == 0 || (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) & ((1 << n) - 1)) == (1 << n) - 1
}

/** A comma, or a byte that is no printable ASCII. */
export function findComma(at: usize): usize {
  while (true) {
    const v = v128.load(at)
    const mask = i8x16.bitmask(v128.or(unprintable(v), i8x16.eq(v, i8x16.splat(44))))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

/** A quote, or a byte that is no printable ASCII. */
export function findQuote(at: usize): usize {
  while (true) {
    const v = v128.load(at)
    const mask = i8x16.bitmask(v128.or(unprintable(v), i8x16.eq(v, i8x16.splat(34))))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

/** A byte that is no printable ASCII. */
export function findUnprintable(at: usize): usize {
  while (true) {
    const mask = i8x16.bitmask(unprintable(v128.load(at)))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

function unprintable(v: v128): v128 {
  return v128.or(i8x16.lt_s(v, i8x16.splat(32)), i8x16.eq(v, i8x16.splat(127)))
}

/** One of two bytes, a quote, a blank, or a byte that is no printable ASCII. */
export function findEnd(at: usize, stop: i32, other: i32): usize {
  const a = i8x16.splat(<i8>stop)
  const b = i8x16.splat(<i8>other)
  while (true) {
    const v = v128.load(at)
    const special = v128.or(i8x16.lt_s(v, i8x16.splat(33)), i8x16.eq(v, i8x16.splat(127)))
    const stops = v128.or(v128.or(i8x16.eq(v, a), i8x16.eq(v, b)), i8x16.eq(v, i8x16.splat(34)))
    const mask = i8x16.bitmask(v128.or(special, stops))
    if (mask != 0) return at + ctz(mask)
    at += 16
  }
}

/** Copies n bytes, and up to 15 more. Returns where the copy of the n ends. */
export function copyTo(to: usize, from: usize, n: i32): usize {
  for (let i: i32 = 0; i < n; i += 16) v128.store(to + i, v128.load(from + i))
  return to + n
}
