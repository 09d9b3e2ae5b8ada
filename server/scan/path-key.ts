/** What of a path decides its group, copied from bytes: ids are left out as pathGroup leaves them out. Of what it calls
 *  an id only numbers, UUIDs and hexadecimal are replaced: the others are kept as they are, which costs entries in a table
 *  and changes no count. */

/** Longer paths have no key. */
const MAX_PATH = 1024

const SLASH = 47
const DASH = 45
/** Stands for an id; no path that has a key holds this byte. */
const ID = 1

/** What a byte can be part of, as bits. */
const DIGIT = 1
const HEX = 2
const END = 4
const REFUSED = 8
const KIND = new Uint8Array(256).fill(REFUSED)
KIND.fill(0, 33, 127)
for (let byte = 48; byte < 58; byte++) KIND[byte] = DIGIT | HEX
for (let byte = 97; byte < 103; byte++) KIND[byte] = KIND[byte - 32] = HEX
for (const byte of [SLASH, 63, 32, 34]) KIND[byte] = END

/** Room in front of the path, for what else makes a key of it. A multiple of four. */
export const KEY_HEAD = 20

export class PathKey {
  readonly text = new Uint8Array(KEY_HEAD + MAX_PATH + 8)
  readonly view = new DataView(this.text.buffer)
  /** Of the key, with its head. */
  length = KEY_HEAD

  /** Reads the path that begins at `from`, up to a `?`, a blank or a quote. Returns where it ended; -1 when it has no
   *  key. The bytes must hold one of these, or a control character. */
  read(bytes: Buffer, from: number): number {
    const { text } = this
    let length = KEY_HEAD
    let at = from
    while (bytes[at] === SLASH) {
      text[length++] = SLASH
      const segment = ++at
      const kept = length
      let digits = 0
      let hex = 0
      for (; ; at++) {
        const byte = bytes[at] as number
        const kind = KIND[byte] as number
        if (kind > HEX + DIGIT) {
          if (kind === REFUSED) return -1
          break
        }
        digits += kind & DIGIT
        hex += kind >> 1
        text[length++] = byte
      }
      if (length > MAX_PATH + KEY_HEAD) return -1
      const size = at - segment
      if (digits > 0 && (digits === size || (hex >= 8 && (hex === size || isUuid(bytes, segment, size, hex))))) {
        text[kept] = ID
        length = kept + 1
      }
    }
    this.length = length
    return length === KEY_HEAD ? -1 : at
  }
}

function isUuid(bytes: Buffer, at: number, size: number, hex: number): boolean {
  return (
    size === 36 &&
    hex === 32 &&
    bytes[at + 8] === DASH &&
    bytes[at + 13] === DASH &&
    bytes[at + 18] === DASH &&
    bytes[at + 23] === DASH
  )
}
