/** The hot path: proves from bytes alone that an access line in a combined-like format is an ordinary success.
 *  Nothing is allocated for such a line. Everything it cannot prove goes to the parser. */
import { clfTime } from '../../parsers/time.ts'
import { add, minuteOf, span } from '../diagnosis/contract.ts'
import type { Evidence } from '../diagnosis/contract.ts'

const QUOTE = 34
const SLASH = 47
const BACKSLASH = 92

/** Formats that begin like combined, with the number of quoted fields after the size. */
export const COMBINED_LIKE: ReadonlyMap<string, 2 | 3> = new Map([
  ['nginx-access', 2],
  ['nginx-main', 3],
])

export class OrdinaryCounter {
  private date = 0
  private clock = 0
  private zone = 0
  private zoneRest = 0
  /** Epoch ms of the current minute; NaN before the first line. */
  private minute = NaN
  private inMinute = 0
  private firstSecond = 60
  private lastSecond = -1
  private readonly status = new Float64Array(600)
  private readonly since: number
  private readonly until: number

  constructor(since: number | null, until: number | null) {
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Counts the line [start, end) when it is ordinary: 2xx or 304, no upgrade, no URL that only a socket has. */
  count(bytes: Buffer, start: number, end: number, quoted: 2 | 3): boolean {
    if (end - start < 50 || bytes[end - 1] !== QUOTE) return false
    let at = start
    const limit = Math.min(end - 40, start + 300)
    while (at < limit && bytes[at] !== 91) at++
    const t = at + 1
    if (at === limit || bytes[t + 26] !== 93 || bytes[t + 27] !== 32 || bytes[t + 28] !== QUOTE) return false
    at = t + 29
    while (at < end) {
      const byte = bytes[at]
      if (byte === QUOTE) break
      if (byte === SLASH ? socketWord(bytes, at + 1) : byte === 61 && bytes[at + 1] === 119 && bytes[at + 2] === 101)
        return false
      if (byte === BACKSLASH) return false
      at++
    }
    if (at + 8 >= end || bytes[at + 1] !== 32 || bytes[at + 5] !== 32) return false
    const hundreds = (bytes[at + 2] as number) - 48
    const rest = ((bytes[at + 3] as number) - 48) * 10 + (bytes[at + 4] as number) - 48
    if (!(hundreds === 2 && rest >= 0 && rest < 100) && !(hundreds === 3 && rest === 4)) return false
    if (!sizeAndQuoted(bytes, at + 6, end, quoted)) return false
    if (!this.tick(bytes, t)) return false
    const second = ((bytes[t + 18] as number) - 48) * 10 + (bytes[t + 19] as number) - 48
    if (!(second >= 0 && second < 61)) return false
    const time = this.minute + second * 1000
    if (time < this.since || time >= this.until) return true
    this.inMinute++
    if (second < this.firstSecond) this.firstSecond = second
    if (second > this.lastSecond) this.lastSecond = second
    this.status[hundreds * 100 + rest] = (this.status[hundreds * 100 + rest] as number) + 1
    return true
  }

  /** Makes `minute` the minute of the stamp at `t`. The digits are compared as integers with the line before:
   *  they are the same for thousands of lines, and only a change is worth reading. */
  private tick(bytes: Buffer, t: number): boolean {
    const b = (i: number): number => bytes[t + i] as number
    const clock = (b(12) << 24) | (b(13) << 16) | (b(15) << 8) | b(16)
    const date = (b(0) << 24) | (b(1) << 16) | (b(4) << 8) | b(5)
    const zone = (b(9) << 24) | (b(10) << 16) | (b(21) << 8) | b(22)
    const zoneRest = (b(23) << 16) | (b(24) << 8) | b(25)
    if (clock === this.clock && date === this.date && zone === this.zone && zoneRest === this.zoneRest) return true
    const read = clfTime(bytes.toString('latin1', t, t + 26))
    if (read === null) return false
    this.turn()
    this.minute = read.ms - (((read.ms % 60_000) + 60_000) % 60_000)
    this.clock = clock
    this.date = date
    this.zone = zone
    this.zoneRest = zoneRest
    return true
  }

  private pending: [minute: number, requests: number, first: number, last: number][] = []

  private turn(): void {
    if (this.inMinute > 0)
      this.pending.push([
        this.minute,
        this.inMinute,
        this.minute + this.firstSecond * 1000,
        this.minute + this.lastSecond * 1000,
      ])
    this.inMinute = 0
    this.firstSecond = 60
    this.lastSecond = -1
  }

  /** Moves what was counted into the evidence. Called at the end of every chunk. */
  flush(evidence: Evidence): void {
    this.turn()
    for (const [minute, requests, first, last] of this.pending) {
      add(evidence.requests_per_minute, minuteOf(minute), requests)
      span(evidence, first, last)
    }
    this.pending = []
    for (let status = 200; status < 305; status++) {
      const n = this.status[status] as number
      if (n > 0) add(evidence.status, status, n)
      this.status[status] = 0
    }
  }
}

/** `612 "referer" "agent"` up to the end of the line, with exactly as many quoted fields as the format has. */
function sizeAndQuoted(bytes: Buffer, from: number, end: number, quoted: 2 | 3): boolean {
  let at = from
  while (at < end && (bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at++
  if (at === from && bytes[at] === 45) at++
  for (let field = 1; field <= quoted; field++) {
    if (bytes[at] !== 32 || bytes[at + 1] !== QUOTE) return false
    at = bytes.indexOf(QUOTE, at + 2) + 1
    // nginx writes a backslash as \\x5C; one before a quote comes from elsewhere, and the parser decides.
    if (at === 0 || at > end || bytes[at - 2] === BACKSLASH) return false
  }
  return at === end
}

/** Every URL of known-sockets.ts has a segment that begins with one of these; checked against that table by a test. */
const WORDS = ['websock', 'channels', 'cable', 'stream', 'ws', 'terminals'].map((w) => Buffer.from(w))

function socketWord(bytes: Buffer, at: number): boolean {
  const first = bytes[at]
  if (first !== 119 && first !== 99 && first !== 115 && first !== 116) return false
  for (const word of WORDS) {
    let i = 0
    while (i < word.length && bytes[at + i] === word[i]) i++
    if (i === word.length) return true
  }
  return false
}
