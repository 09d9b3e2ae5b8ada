/** Text four bytes at a time: finding a byte, refusing what is no printable ASCII, and hashing cost one pass together.
 *  A word is read with the first byte lowest. */

/** `, se` as the number that `view.getInt32(at, true)` gives for it. */
export const word = (text: string): number => Buffer.from(text, 'latin1').readInt32LE(0)

const ONES = 0x01010101
const HIGH = 0x80808080 | 0
/** Fills the last word of a text; the same as FLOOR_VISIBLE so that no check stumbles over it. */
const FILL = 0x21212121
const MULTIPLIER = 0x2c1b3c6d

/** Bytes below are refused: control characters, or these and the blank. */
export const FLOOR_PRINTABLE = 0x20202020
export const FLOOR_VISIBLE = 0x21212121
/** Bytes to look for. */
export const QUOTES = 0x22222222
export const COMMAS = 0x2c2c2c2c
export const COLONS = 0x3a3a3a3a

export const mix = (hash: number, value: number): number => Math.imul(hash ^ (hash >>> 13) ^ value, MULTIPLIER)

/** Whether one of the four bytes is `byte` (given four times), or no printable ASCII. */
export const stops = (w: number, bytes: number): boolean => {
  const x = w ^ bytes
  return (((x - ONES) & ~x) | (w - FLOOR_PRINTABLE) | w) & HIGH ? true : false
}

/** The first `size` (1 to 3) bytes of a word, filled up. */
export const head = (w: number, size: number): number => {
  const mask = (1 << (size << 3)) - 1
  return (w & mask) | (FILL & ~mask)
}

/** The hash of `length` bytes. At least three bytes must follow them in the view. */
export function hashOf(view: DataView, at: number, length: number): number {
  let hash = 0
  const whole = at + (length & ~3)
  for (; at < whole; at += 4) hash = mix(hash, view.getInt32(at, true))
  return (length & 3) === 0 ? hash : mix(hash, head(view.getInt32(at, true), length & 3))
}

export class Span {
  /** Of the bytes before the one that `find` found last. */
  hash = 0

  /** Where the first of the bytes `sought` is; -1 when one below `floor` or beyond ASCII comes before it. There must be
   *  one or the other, with at least three bytes behind it. */
  find(view: DataView, from: number, sought: number, floor: number): number {
    let hash = 0
    for (let at = from; ; at += 4) {
      const w = view.getInt32(at, true)
      const x = w ^ sought
      const found = (x - ONES) & ~x & HIGH
      if (found === 0) {
        if ((((w - floor) | w) & HIGH) !== 0) return -1
        hash = mix(hash, w)
        continue
      }
      // The lowest bit set is exact; borrowing makes mistakes above it only.
      const size = (31 - Math.clz32(found & -found)) >> 3
      if (size > 0) {
        const kept = head(w, size)
        if ((((kept - floor) | kept) & HIGH) !== 0) return -1
        hash = mix(hash, kept)
      }
      this.hash = hash
      return at + size
    }
  }
}
