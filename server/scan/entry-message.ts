/** Head and message of an nginx error_log entry, found in its bytes: `TIME [LEVEL] PID#TID: *CONN MESSAGE`, up to
 *  `, client: ` or the end of the line. Allocates nothing. Source: ngx_log_error_core. */
import { COMMAS, head, mix, stops, word } from './words.ts'

const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const COLON = 58

const CLIE = word(' cli')
const ENT_ = word('ent:')
const LEVELS: readonly (readonly [name: string, length: number])[] = [
  ['info', 4],
  ['notice', 6],
  ['warn', 4],
  ['error', 5],
  ['crit', 4],
  ['alert', 5],
]
const LEVEL_WORDS = Int32Array.from(LEVELS, ([name]) => word(name))
const LEVEL_ENDS = Int32Array.from(LEVELS, ([name]) => word(`${name}] `.slice(-4)))
/** Index of the first level at which nginx blames a backend. */
export const ERROR = 3

/** Messages with numbers that tell nothing: `excess: 5.280`, names of temporary files, sizes, addresses. A run of what a
 *  number or an address can hold counts as one byte there. */
const NUMBERED = [word('limi'), word('dela'), word('a cl'), word('an u')] as const
const CLIENT = word('clie')
const INTENDED = word('inte')
const RUN = 1
const OPEN = word('open')
const INDEX = word('dire')
/** How messages about files begin, and how they may go on behind the path. */
const FILES = (
  [
    ['open() "', ['" failed (']],
    ['"/', ['" failed (', '" is not found (', '" is forbidden']],
    ['directory index of "', ['" is forbidden']],
  ] as const
).map(([opens, closes]) => ({ opens: Buffer.from(opens), closes: closes.map((text) => Buffer.from(text)) }))
const OPENED = 40
const CLOSED = 41

/** Longer messages are not kept. */
const MAX_TEXT = 500

/** Bits of `tag`: the index of the level, and what else. */
export const LEVEL = 7
const CONNECTED = 8
export const CONTEXT = 16
export const NUMBERS = 32
export const FILE = 64

export class EntryMessage {
  /** Where it is: in the line, or in `copy` when its numbers were left out. */
  view: DataView = new DataView(new ArrayBuffer(0))
  at = 0
  length = 0
  hash = 0
  /** Level, whether it has a connection and a context, and what was done to it. */
  tag = 0
  /** Where it ends in the line: at `, client: `, or at the line's end. */
  stop = 0
  hasContext = false
  /** The message quotes the path of a file, and only how it begins is kept. */
  isAboutFile = false
  private readonly copy = new Uint8Array(MAX_TEXT + 8)
  private readonly copyView = new DataView(this.copy.buffer)

  /** True when the entry at `start` was read up to the end of its message. The time is not looked at. */
  locate(bytes: Buffer, view: DataView, start: number): boolean {
    const at = this.locateHead(bytes, view, start)
    if (at < 0) return false
    this.isAboutFile = false
    this.hasContext = true
    const first = view.getInt32(at, true)
    if (first === OPEN || first === INDEX || bytes[at] === QUOTE) return this.locateFile(bytes, view, at)
    const numbered =
      first === CLIENT
        ? isDigit(bytes[at + 7] as number) || view.getInt32(at + 7, true) === INTENDED
        : NUMBERED.includes(first)
    return numbered ? this.withoutNumbers(bytes, view, at) : this.whole(bytes, view, at)
  }

  private locateHead(bytes: Buffer, view: DataView, start: number): number {
    let at = start + 21
    if (bytes[at - 2] !== SPACE || bytes[at - 1] !== 91) return -1
    const first = view.getInt32(at, true)
    let level = first === LEVEL_WORDS[ERROR] ? ERROR : 0
    while (level < LEVELS.length && first !== LEVEL_WORDS[level]) level++
    if (level === LEVELS.length) return -1
    at += (LEVELS[level] as [string, number])[1] + 2
    if (view.getInt32(at - 4, true) !== LEVEL_ENDS[level]) return -1
    at = numberEnd(bytes, at, 10)
    if (at < 0 || bytes[at] !== 35) return -1
    at = numberEnd(bytes, at + 1, 10)
    if (at < 0 || bytes[at] !== COLON || bytes[at + 1] !== SPACE) return -1
    at += 2
    this.tag = level
    if (bytes[at] !== 42) return at
    this.tag |= CONNECTED
    at = numberEnd(bytes, at + 1, 19)
    return at < 0 || bytes[at] !== SPACE ? -1 : at + 1
  }

  /** The message as it is. */
  private whole(bytes: Buffer, view: DataView, from: number): boolean {
    let hash = 0
    let at = from
    for (; at - from <= MAX_TEXT; at += 4) {
      const w = view.getInt32(at, true)
      if (stops(w, COMMAS)) {
        for (let i = 0; i < 4; i++) {
          const ended = this.endsAt(bytes, view, at + i)
          if (ended === 0) continue
          if (ended < 0) return false
          this.view = view
          this.at = from
          this.length = at + i - from
          this.hash = i > 0 ? mix(hash, head(w, i)) : hash
          return this.length > 0
        }
      }
      hash = mix(hash, w)
    }
    return false
  }

  /** 1: the message ends there; 0: it goes on; -1: it has a byte that is left to the parser. */
  private endsAt(bytes: Buffer, view: DataView, at: number): -1 | 0 | 1 {
    const byte = bytes[at] as number
    if (byte === COMMA) {
      if (view.getInt32(at + 1, true) !== CLIE || view.getInt32(at + 5, true) !== ENT_ || bytes[at + 9] !== SPACE)
        return 0
      this.tag |= CONTEXT
    } else {
      if (byte >= SPACE && byte < 127) return 0
      if (byte !== NEWLINE && (byte !== RETURN || bytes[at + 1] !== NEWLINE)) return -1
      this.hasContext = false
    }
    this.stop = at
    return 1
  }

  private withoutNumbers(bytes: Buffer, view: DataView, from: number): boolean {
    const { copy } = this
    let length = 0
    for (let at = from; at - from <= MAX_TEXT;) {
      const byte = bytes[at] as number
      if (isDigit(byte)) {
        copy[length++] = RUN
        do at++
        while (isNumeric(bytes[at] as number))
        continue
      }
      const ended = byte > COMMA && byte < 127 ? 0 : this.endsAt(bytes, view, at)
      if (ended < 0) return false
      if (ended > 0) {
        this.tag |= NUMBERS
        return this.take(length)
      }
      copy[length++] = byte
      at++
    }
    return false
  }

  /** `open() "/srv/x" failed (2: No such file or directory), client: `: the first of what looks like a context must be
   *  nginx's, which it is behind nginx's own words (see quoteIsOpen). */
  private locateFile(bytes: Buffer, view: DataView, from: number): boolean {
    const file = FILES.find(({ opens }) => beginsWith(bytes, from, opens))
    if (file === undefined || (this.tag & CONNECTED) === 0) return false
    let at = from + file.opens.length
    let quote = 0
    for (; ; at++) {
      const byte = bytes[at] as number
      if (byte === QUOTE) quote = at
      const ended = byte > COMMA && byte < 127 ? 0 : this.endsAt(bytes, view, at)
      if (ended < 0 || (ended > 0 && !this.hasContext)) return false
      if (ended > 0) break
    }
    if (quote === 0 || at - quote > 200 || !file.closes.some((words) => closes(bytes, quote, at, words))) return false
    this.isAboutFile = true
    this.tag |= FILE
    this.copy.set(file.opens)
    return this.take(file.opens.length)
  }

  private take(length: number): boolean {
    this.view = this.copyView
    this.at = 0
    this.length = length
    let hash = length
    for (let i = 0; i < length; i++) hash = mix(hash, this.copy[i] as number)
    this.hash = hash
    return length > 0
  }

  /** For those who look at it as text. */
  text(): string {
    let text = ''
    for (let i = 0; i < this.length; i++) text += String.fromCharCode(this.view.getUint8(this.at + i))
    return text
  }
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57
/** Of numbers with a fraction and of addresses. */
const isNumeric = (byte: number): boolean => (byte >= 48 && byte <= 58) || byte === 46 || (byte >= 97 && byte <= 102)

/** Where the digits end that begin at `from`; -1 when these are none, or too many. */
function numberEnd(bytes: Buffer, from: number, most: number): number {
  let at = from
  while (isDigit(bytes[at] as number)) at++
  return at === from || at - from > most ? -1 : at
}

function beginsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

/** Whether nginx's `words` stand from the last quote to the end; what they open closes there: `" failed (2: …)`. */
function closes(bytes: Buffer, quote: number, end: number, words: Buffer): boolean {
  if (!beginsWith(bytes, quote, words)) return false
  const inside = quote + words.length
  if (words[words.length - 1] !== OPENED) return inside === end
  if (bytes[end - 1] !== CLOSED || inside >= end - 1) return false
  for (let at = inside; at < end - 1; at++) if (bytes[at] === OPENED || bytes[at] === CLOSED) return false
  return true
}
