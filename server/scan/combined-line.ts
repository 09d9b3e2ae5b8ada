/** Where the fields of a combined-like access line begin and end, found in its bytes. Allocates nothing. */

const QUOTE = 34
const SPACE = 32
const DASH = 45
const BACKSLASH = 92

/** Formats that begin like combined, with the number of quoted fields after the size. */
export const COMBINED_LIKE: ReadonlyMap<string, 2 | 3> = new Map([
  ['nginx-access', 2],
  ['nginx-main', 3],
])

/** What a byte of a request line means to the search for its end. */
const PLAIN = 0
const END = 1
const SEGMENT = 2
const VALUE = 3
const REFUSED = 4
const MEANING = new Uint8Array(256).fill(REFUSED)
MEANING.fill(PLAIN, SPACE, 127)
MEANING[QUOTE] = END
MEANING[47] = SEGMENT
MEANING[61] = VALUE
MEANING[BACKSLASH] = REFUSED

/** Offsets into the buffer given to `locate`; valid until its next call. */
export class CombinedLine {
  start = 0
  end = 0
  /** End of `$remote_addr`. */
  addressEnd = 0
  /** End of `$remote_user`. */
  userEnd = 0
  /** `$time_local`, 26 bytes. */
  time = 0
  /** `$request` without its quotes. */
  request = 0
  requestEnd = 0
  status = 0
  /** The request holds a word that URLs of known sockets have. */
  socketWord = false

  /** True when [start, end) certainly is a line of the format and nothing that counts in it is escaped; then the parser
   *  reads the same. False leaves the line to the parser. `end` is where the line ends: no line end lies before it. */
  locate(bytes: Buffer, start: number, end: number, quoted: 2 | 3): boolean {
    if (end - start < 50 || bytes[end - 1] !== QUOTE) return false
    // Within it everything up to the status can be read without looking at the end.
    const limit = end - 42
    let at = start
    while (at < limit && isVisible(bytes[at] as number)) at++
    if (at >= limit || bytes[at] !== SPACE || bytes[at + 1] !== DASH || bytes[at + 2] !== SPACE) return false
    this.start = start
    this.end = end
    this.addressEnd = at
    at += 3
    while (at < limit && bytes[at] !== 91 && bytes[at] !== BACKSLASH && isText(bytes[at] as number)) at++
    this.userEnd = at - 1
    if (at >= limit || bytes[at] !== 91 || bytes[at - 1] !== SPACE || at < this.addressEnd + 4) return false
    this.time = ++at
    if (bytes[at + 26] !== 93 || bytes[at + 27] !== SPACE || bytes[at + 28] !== QUOTE) return false
    return this.locateRequest(bytes, at + 29, end) && locateQuoted(bytes, this.requestEnd + 6, end, quoted)
  }

  private locateRequest(bytes: Buffer, from: number, end: number): boolean {
    let at = from
    let socket = false
    for (; at < end; at++) {
      const meaning = MEANING[bytes[at] as number] as number
      if (meaning === PLAIN) continue
      if (meaning === SEGMENT) socket ||= startsSocketWord(bytes, at + 1)
      // `=we` begins the value of transport=websocket.
      else if (meaning === VALUE) socket ||= bytes[at + 1] === 119 && bytes[at + 2] === 101
      else if (meaning === END) break
      else return false
    }
    this.request = from
    this.requestEnd = at
    this.socketWord = socket
    if (at + 8 >= end || bytes[at + 1] !== SPACE || bytes[at + 5] !== SPACE) return false
    const a = (bytes[at + 2] as number) - 48
    const b = (bytes[at + 3] as number) - 48
    const c = (bytes[at + 4] as number) - 48
    if (!(a >= 0 && a < 10 && b >= 0 && b < 10 && c >= 0 && c < 10)) return false
    this.status = a * 100 + b * 10 + c
    return true
  }
}

/** `612 "referer" "agent"` up to the end of the line, with exactly as many quoted fields as the format has. */
function locateQuoted(bytes: Buffer, from: number, end: number, quoted: 2 | 3): boolean {
  let at = from
  while (at < end && isDigit(bytes[at] as number)) at++
  if (at === from && bytes[at] === DASH) at++
  for (let field = 1; field <= quoted; field++) {
    if (at + 2 >= end || bytes[at] !== SPACE || bytes[at + 1] !== QUOTE) return false
    if (field === 2 && mayBeOwnAgent(bytes, at + 2)) return false
    if (bytes[at + 2] === DASH && bytes[at + 3] === QUOTE) {
      at += 4
      continue
    }
    at = bytes.indexOf(QUOTE, at + 2) + 1
    // nginx writes a backslash as \x5C; one before a quote comes from elsewhere, and the parser decides.
    if (at === 0 || at > end || bytes[at - 2] === BACKSLASH) return false
  }
  return at === end
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57
const isVisible = (byte: number): boolean => byte > SPACE && byte < 127 && byte !== BACKSLASH
const isText = (byte: number): boolean => byte >= SPACE && byte < 127

const OWN_AGENT = Buffer.from('halfopen/')

/** halfopen's own requests are no evidence: the reader drops them. An escape may hide a letter. */
function mayBeOwnAgent(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < OWN_AGENT.length; i++) {
    if (bytes[at + i] === BACKSLASH) return true
    if (bytes[at + i] !== OWN_AGENT[i]) return false
  }
  return true
}

/** Every URL of known-sockets.ts has a segment that begins with one of these; a test holds the two together. */
const WORDS = ['websock', 'channels', 'cable', 'stream', 'ws', 'terminals'].map((w) => Buffer.from(w))

function startsSocketWord(bytes: Buffer, at: number): boolean {
  const first = bytes[at]
  if (first !== 119 && first !== 99 && first !== 115 && first !== 116) return false
  for (const word of WORDS) {
    let i = 0
    while (i < word.length && bytes[at + i] === word[i]) i++
    if (i === word.length) return true
  }
  return false
}
