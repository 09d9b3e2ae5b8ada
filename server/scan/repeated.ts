/** Requests that say again what a parsed line said before: the same status at the same path. The parser reads the first
 *  few of each kind; the rest is counted here, from bytes, and gives the same evidence (a property test compares). */
import { add, keepExemplars, minuteOf, type Exemplar, type Occurrences } from '../diagnosis/contract.ts'
import type { CombinedLine } from './combined-line.ts'
import { MaskedLine } from './masked-line.ts'

/** Distinct requests kept; a scanner that invents paths is read by the parser. */
const MAX_ENTRIES = 20_000
const MAX_CLIENTS = 8
const SPACE = 32
const QUESTION = 63
const WEBSOCKET_TRANSPORT = /(?:^|&)transport=websocket(?:&|$)/

/** Where lines like one that was parsed are counted; `ordinary`: in nothing but the totals. */
export type Learned = Occurrences | 'ordinary'

interface Kept {
  bytes: Buffer
  length: number
  line: number
  time: number
}

interface Entry {
  status: number
  variant: number
  path: Buffer
  next: Entry | null
  into: Learned
  /** The newest line that is part of `into` or of `last`: an older one is the parser's, which keeps lines in order. */
  newest: number
  minute: number
  inMinute: number
  count: number
  first: number
  /** The last two lines: [older, newer]. */
  last: [Kept | null, Kept | null]
}

export class RepeatedRequests {
  private readonly source: string
  private entries = new Map<number, Entry>()
  private size = 0
  private touched = new Set<Entry>()
  // Of the request that was looked for last; `learn` files it.
  private hash = 0
  private path = 0
  private pathEnd = 0
  private variant = 0
  private usable = false

  constructor(source: string) {
    this.source = source
  }

  /** Counts the located line when it repeats a known one; false leaves it to the parser. */
  count(bytes: Buffer, end: number, at: CombinedLine, line: number, time: number): boolean {
    this.usable = this.identify(bytes, at)
    if (!this.usable) return false
    let entry = this.entries.get(this.hash) ?? null
    while (entry !== null && !this.isSame(bytes, at, entry)) entry = entry.next
    if (entry === null) return false
    const { into } = entry
    if (into === 'ordinary') return true
    if (time < entry.newest) return false
    const minute = minuteOf(time)
    if (minute !== entry.minute) {
      settleMinute(entry, into)
      entry.minute = minute
    }
    entry.inMinute++
    entry.count++
    if (time < entry.first) entry.first = time
    entry.newest = time
    const { clients } = into
    if (clients.size < MAX_CLIENTS && !(at.addressEnd === at.start + 1 && bytes[at.start] === 45))
      clients.add(bytes.toString('utf8', at.start, at.addressEnd))
    const [reuse, newer] = entry.last
    entry.last = [newer, keep(reuse, bytes, at.start, end, line, time)]
    this.touched.add(entry)
    return true
  }

  /** The line that `count` refused last went to the parser and was folded into `into`: the next ones like it count here,
   *  once the first three and the last two lines are kept. */
  learn(bytes: Buffer, at: CombinedLine, into: Learned): void {
    if (!this.usable || this.size >= MAX_ENTRIES) return
    const newest = into === 'ordinary' ? -Infinity : this.newestOf(into)
    if (newest === null) return
    const path = Buffer.from(bytes.subarray(this.path, this.pathEnd))
    let known = this.entries.get(this.hash) ?? null
    while (known !== null && !this.isSame(bytes, at, known)) known = known.next
    if (known !== null) {
      known.newest = Math.max(known.newest, newest)
      return
    }
    this.size++
    this.entries.set(this.hash, {
      status: at.status,
      variant: this.variant,
      path,
      next: this.entries.get(this.hash) ?? null,
      into,
      newest,
      minute: NaN,
      inMinute: 0,
      count: 0,
      first: Infinity,
      last: [null, null],
    })
  }

  /** Time of the newest kept line, when five are kept and it is of this source: lines of equal time are kept in the
   *  order of their sources. */
  private newestOf(into: Occurrences): number | null {
    const newest = into.exemplars[4]
    return newest === undefined || newest.source !== this.source ? null : newest.time
  }

  /** Moves what was counted into the evidence it was learned from. */
  flush(): void {
    for (const entry of this.touched) {
      const { into } = entry
      if (into === 'ordinary') continue
      settleMinute(entry, into)
      into.count += entry.count
      into.first = Math.min(into.first ?? Infinity, entry.first)
      into.last = Math.max(into.last ?? -Infinity, entry.newest)
      const lines = entry.last.filter((kept) => kept !== null).map((kept) => this.exemplar(kept))
      into.exemplars = keepExemplars(into.exemplars, lines)
      entry.count = 0
      entry.first = Infinity
      entry.last = [null, null]
    }
    this.touched.clear()
  }

  /** Another evidence is folded into from now on. */
  forget(): void {
    this.entries = new Map()
    this.touched.clear()
    this.size = 0
  }

  private exemplar({ bytes, length, line, time }: Kept): Exemplar {
    return new MaskedLine(this.source, line, bytes.toString('utf8', 0, length), time)
  }

  /** `METHOD SP URI SP HTTP/d.d`: finds path and variant, and their hash. False for every other request. */
  private identify(bytes: Buffer, { request, requestEnd, status }: CombinedLine): boolean {
    let at = request
    while (at < requestEnd && isUpper(bytes[at] as number)) at++
    const protocol = requestEnd - 9
    if (at === request || bytes[at] !== SPACE || at + 1 >= protocol || bytes[protocol] !== SPACE) return false
    if (!holds(bytes, protocol + 1, HTTP_1) || !isDigit(bytes[protocol + 8] as number)) return false
    this.path = ++at
    let hash = status
    let pathEnd = -1
    for (; at < protocol; at++) {
      const byte = bytes[at] as number
      if (byte === SPACE) return false
      if (byte === QUESTION && pathEnd < 0) pathEnd = at
      if (pathEnd < 0) hash = (Math.imul(hash, 31) + byte) | 0
    }
    this.pathEnd = pathEnd < 0 ? protocol : pathEnd
    this.variant = this.variantOf(bytes, protocol)
    this.hash = (Math.imul(hash, 31) + this.variant) | 0
    return true
  }

  /** What else than the path tells a handshake: the transport of Socket.IO and Engine.IO, in the query. */
  private variantOf(bytes: Buffer, end: number): number {
    const { pathEnd } = this
    const last = bytes[pathEnd - 1] === 47 ? pathEnd - 1 : pathEnd
    if (pathEnd === end || bytes[last - 1] !== 111 || bytes[last - 2] !== 105 || bytes[last - 3] !== 46) return 0
    return WEBSOCKET_TRANSPORT.test(bytes.toString('latin1', pathEnd + 1, end)) ? 1 : 0
  }

  private isSame(bytes: Buffer, at: CombinedLine, entry: Entry): boolean {
    const { path, pathEnd } = this
    return (
      entry.status === at.status &&
      entry.variant === this.variant &&
      entry.path.length === pathEnd - path &&
      holds(bytes, path, entry.path)
    )
  }
}

const HTTP_1 = Buffer.from('HTTP/1.')
/** A loop beats Buffer.compare, whose call costs more than a path's bytes. */
function holds(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

function settleMinute(entry: Entry, into: Occurrences): void {
  if (entry.inMinute > 0) add(into.minutes, entry.minute, entry.inMinute)
  entry.inMinute = 0
}

/** A copy of the line's bytes, in the buffer of the line that it replaces when that is large enough. */
function keep(reuse: Kept | null, bytes: Buffer, start: number, end: number, line: number, time: number): Kept {
  const length = end - start
  const kept =
    reuse !== null && reuse.bytes.length >= length
      ? reuse
      : { bytes: Buffer.allocUnsafe(Math.max(256, length)), length, line, time }
  bytes.copy(kept.bytes, 0, start, end)
  kept.length = length
  kept.line = line
  kept.time = time
  return kept
}
