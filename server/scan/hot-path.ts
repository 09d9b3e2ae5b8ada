/** The hot path over access logs: from bytes alone it counts ordinary successes, and failures and handshakes that say
 *  again what the parser read before. Everything it cannot prove goes to the parser. The counting is the kernel's; here
 *  it is joined with the evidence. */
import type { LineShape } from '../../parsers/line-shape.ts'
import type { AccessRecord } from '../../parsers/record.ts'
import {
  add,
  keepExemplar,
  keepExemplars,
  latencyBucket,
  MAX_PROOFS,
  shareOf,
  shorter,
  span,
} from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, Lifetimes, Occurrences } from '../diagnosis/contract.ts'
import type { Learned, Upgraded } from './learned.ts'
import { sharedKernel, type Kernel, type KernelUser } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import { compileShape, type LineProgram } from './line-program.ts'
import { locatedRecord, withoutPort } from './located.ts'
import { MaskedLine } from './masked-line.ts'
import { MinuteBook } from './minute-book.ts'

const NEWLINE = 10
const MINUTE = 60_000
/** Room of a window for the line end that the host puts behind the last line. */
const WINDOW = K.INPUT_SIZE - 1
const MAX_CLIENTS = 8
/** Values of the request table; from FIRST on they are tallies. */
const ORDINARY = 0
const DROPPED = 1
const FIRST = 2

/** A tally of the kernel and what it is moved into. */
interface Tally {
  into: Occurrences
  /** Its minutes in the book. */
  account: number
  /** Index of the tally of the session's end, and of the lifetimes. */
  mate: number
  lifetimes: number
}

export class HotPath implements KernelUser {
  /** Lines that `run` counted. */
  counted = 0
  private readonly kernel: Kernel | null = sharedKernel()
  private readonly source: string
  private readonly since: number
  private readonly until: number
  private readonly own: readonly number[]
  private readonly programs = new Map<string, LineProgram | null>()
  private program: LineProgram | null = null
  private clientPort = false
  private loaded: LineProgram | null = null
  private evidence: Evidence | null = null
  private bytes: Buffer = Buffer.alloc(0)
  /** The part of the chunk that the kernel has before it. */
  private windowStart = 0
  private windowEnd = 0
  /** The line that was stopped at is one of the format, and may be learned. */
  learnable = false
  /** There are requests that were learned. */
  private learned = false
  /** There are totals that are not in the evidence. */
  private uncollected = false
  /** A minute was handed over since the last collection. */
  private counting = false
  private tallies: Tally[] = []
  private book = new MinuteBook()
  private lifetimes: Lifetimes[] = []
  private known = new Map<Occurrences, Map<Lifetimes | null, number>>()

  /** @param own `host:port` at which halfopen's own dashboard is reached */
  constructor(source: string, since: number | null, until: number | null, own: ReadonlySet<string>) {
    this.source = source
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
    const tails = new Set(
      [...own]
        .map((address) => Buffer.from(address).subarray(-4))
        .filter((tail) => tail.length === 4)
        .map((tail) => tail.readInt32LE()),
    )
    this.own = [...tails]
  }

  /** Whether further lines of the shape can be counted; null, and more dashboards than the kernel knows: none can. */
  use(shape: LineShape | null): boolean {
    this.program = null
    if (shape === null || this.kernel === null || this.own.length > 2) return false
    const key = JSON.stringify(shape, (_, value: unknown) => (value instanceof RegExp ? value.source : value))
    let program = this.programs.get(key)
    if (program === undefined) this.programs.set(key, (program = compileShape(shape)))
    this.program = program
    this.clientPort = shape.clientPort === true
    return program !== null
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): void {
    if (this.evidence !== evidence && this.evidence !== null) {
      this.settle()
      this.forget()
    }
    this.evidence = evidence
    this.bytes = bytes
    this.windowStart = 0
    this.windowEnd = 0
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. `repeats`: requests that were seen before may be counted without the parser, which is so when
   *  nobody waits for their events. */
  run(from: number, number: number, repeats: boolean): number {
    this.counted = 0
    this.learnable = false
    const { kernel } = this
    if (kernel === null || this.program === null) return from
    this.load(kernel, this.program)
    let at = from
    while (at < this.bytes.length) {
      if ((at < this.windowStart || at >= this.windowEnd) && !this.move(kernel, at)) break
      const shift = K.INPUT - this.windowStart
      const reached =
        kernel.exports.run(at + shift, this.windowEnd + shift, number + this.counted, repeats ? 1 : 0) - shift
      this.counted += kernel.exports.counted.value
      at = reached
      if (at <= this.windowEnd) break
    }
    this.learnable = kernel.exports.learnable.value === 1
    this.uncollected ||= this.counted > 0
    return Math.min(at, this.bytes.length)
  }

  /** The line that `run` stopped at, when it is one of the format that may be learned, and where it ends in the chunk.
   *  `sample` is a record that the parser read of a line like it. */
  located(sample: AccessRecord): { record: AccessRecord; end: number } | null {
    const { kernel, program } = this
    if (kernel === null || program === null || !this.learnable || kernel.exports.usable.value === 0) return null
    const end = kernel.exports.lineEnd.value - K.INPUT + this.windowStart
    return { record: locatedRecord(kernel, program, sample, this.clientPort), end }
  }

  /** `run` for one line outside of the chunk, which is all of `bytes` up to `end`. */
  countAlone(bytes: Buffer, end: number, number: number, repeats: boolean): boolean {
    this.learnable = false
    const { kernel } = this
    if (kernel === null || this.program === null || end >= K.ALONE_SIZE - 64) return false
    this.load(kernel, this.program)
    kernel.exports.copyKept()
    kernel.bytes.set(bytes.subarray(0, end), K.ALONE)
    kernel.bytes[K.ALONE + end] = NEWLINE
    kernel.exports.run(K.ALONE, K.ALONE + end, number, repeats ? 1 : 0)
    kernel.exports.copyKept()
    this.learnable = kernel.exports.learnable.value === 1
    const counted = kernel.exports.counted.value === 1
    this.uncollected ||= counted
    return counted
  }

  /** The parser read the line that `run` stopped at, and it was folded into `into`. */
  learn(into: Learned): void {
    const { kernel } = this
    if (kernel === null || !this.learnable) return
    this.learnable = false
    this.learned = true
    if (into === 'ordinary') return kernel.exports.keepRequest(ORDINARY)
    if (into === 'dropped') return kernel.exports.keepRequest(DROPPED)
    const tally = 'handshake' in into ? this.upgraded(kernel, into) : this.tally(kernel, into, null)
    if (tally !== null) kernel.exports.keepRequest(FIRST + tally)
  }

  /** Moves the totals into the evidence. Call after the lines of a chunk. False when there was nothing to count. */
  endChunk(evidence: Evidence): boolean {
    const { kernel } = this
    if (kernel === null || this.loaded === null || !this.uncollected) return false
    this.uncollected = false
    this.counting = false
    kernel.exports.copyKept()
    kernel.exports.turn()
    evidence.suspects_dropped += kernel.exports.takeDropped()
    const from = K.STATUS / 4
    for (let status = 0; status < 1000; status++) {
      const n = kernel.words[from + status] as number
      if (n > 0) add(evidence.status, status, n)
    }
    kernel.words.fill(0, from, from + 1000)
    return this.counting
  }

  /** Moves the repeated requests too. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    this.settle()
  }

  turned(minute: number, requests: number, first: number, last: number): void {
    if (this.evidence === null) return
    this.counting = true
    this.evidence.requests_per_minute.add(minute * MINUTE, requests)
    span(this.evidence, minute * MINUTE + first, minute * MINUTE + last)
  }

  settled(tally: number, minute: number, n: number): void {
    const account = this.tallies[tally]?.account
    if (account !== undefined) this.book.note(account, minute, n)
  }

  kept(tally: number, text: string, time: number, number: number): void {
    const into = this.tallies[tally]?.into
    if (into === undefined || this.evidence === null) return
    const line = new MaskedLine(this.source, number, text, time)
    const share = shareOf(this.evidence, tableOf(this.evidence, into).size)
    into.exemplars = keepExemplar(into.exemplars, shorter(line, share.text))
  }

  client(tally: number, address: string): boolean {
    const clients = this.tallies[tally]?.into.clients
    if (clients === undefined || clients.size >= MAX_CLIENTS) return true
    const client = this.clientPort ? withoutPort(address) : address
    if (client !== '-') clients.add(client)
    return clients.size >= MAX_CLIENTS
  }

  leave(): void {
    if (this.evidence !== null) this.endChunk(this.evidence)
    this.settle()
    this.forget()
    this.loaded = null
  }

  private load(kernel: Kernel, program: LineProgram): void {
    const taken = kernel.take(this)
    if (!taken && this.loaded === program) return
    // What tells requests apart differs between programs.
    this.settle()
    this.forget()
    this.loaded = program
    kernel.words.set(program.words, K.PROGRAM / 4)
    kernel.bytes.set(program.literals, K.LITERALS)
    kernel.exports.clearFields()
    const [own0 = 0, own1 = 0] = this.own
    const { wholeRequest, plainRequest, keyed } = program
    kernel.exports.configure(this.since, this.until, wholeRequest ? 1 : 0, plainRequest ? 1 : 0, keyed, own0, own1)
    if (taken) kernel.exports.clearRequests()
    this.windowEnd = this.windowStart = 0
  }

  /** Puts the lines from `at` on before the kernel; false when not even one fits. */
  private move(kernel: Kernel, at: number): boolean {
    const { bytes } = this
    kernel.exports.copyKept()
    let end = Math.min(bytes.length, at + WINDOW)
    if (end < bytes.length) end = bytes.lastIndexOf(NEWLINE, end - 1)
    // The last line end is left out: the host writes one.
    else if (bytes[end - 1] === NEWLINE) end--
    if (end < at) return false
    this.windowStart = at
    this.windowEnd = end
    bytes.copy(kernel.bytes, K.INPUT, at, end)
    kernel.bytes[K.INPUT + end - at] = NEWLINE
    return true
  }

  private upgraded(kernel: Kernel, { handshake, session, lifetimes, bucket }: Upgraded): number | null {
    let life = this.lifetimes.indexOf(lifetimes)
    if (life < 0) {
      if (this.lifetimes.length >= K.MAX_LIFETIMES) return null
      life = this.lifetimes.push(lifetimes) - 1
      const from = (K.LIFETIMES + life * K.BUCKETS * 4) / 4
      kernel.words.fill(-1, from, from + K.BUCKETS)
    }
    // The first line of a bucket is kept, for the first buckets: then any line can be counted without the parser.
    const from = (K.LIFETIMES + life * K.BUCKETS * 4) / 4
    const opened =
      lifetimes.exemplars.length < MAX_PROOFS ? [from + bucket, from + bucket + 1] : [from, from + K.BUCKETS]
    for (let at = opened[0] as number; at < (opened[1] as number); at++)
      if ((kernel.words[at] as number) < 0) kernel.words[at] = 0
    const started = this.tally(kernel, handshake, lifetimes)
    if (started === null) return null
    const tally = this.tallies[started] as Tally
    if (tally.mate >= 0) return started
    const ended = this.tally(kernel, session, lifetimes)
    if (ended === null) return null
    tally.mate = ended
    ;(this.tallies[ended] as Tally).lifetimes = life
    const at = (K.TALLIES + started * K.TALLY_SIZE) / 4
    kernel.words[at + 22] = ended
    kernel.words[at + 23] = life
    return started
  }

  /** The tally for what the evidence holds; null when it can have none. One with session lengths has to wait until the
   *  first three lines are kept: the parser reads where those lie. */
  private tally(kernel: Kernel, into: Occurrences, lifetimes: Lifetimes | null): number | null {
    let of = this.known.get(into)
    if (of === undefined) this.known.set(into, (of = new Map<Lifetimes | null, number>()))
    const known = of.get(lifetimes)
    if (known !== undefined) return known
    const { exemplars } = into
    const last = exemplars[2] ?? exemplars.at(-1)
    const missing = Math.max(0, 3 - exemplars.length)
    if (last === undefined || last.time === null || this.tallies.length >= K.MAX_TALLIES) return null
    if (missing > 0 && lifetimes !== null) return null
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    const from = last.time + (last.source === this.source ? 0 : 1)
    const index = this.tallies.push({ into, account: this.book.open(into.minutes), mate: -1, lifetimes: -1 }) - 1
    kernel.exports.resetTally(index, from, missing)
    of.set(lifetimes, index)
    return index
  }

  /** Moves what was counted into the evidence it was learned from; counting goes on. */
  private settle(): void {
    const { kernel, evidence } = this
    if (kernel === null || this.loaded === null || evidence === null || !this.learned) return
    kernel.exports.copyKept()
    for (const [index, tally] of this.tallies.entries()) this.settleTally(kernel, evidence, index, tally)
    this.book.settle()
    for (const [index, lifetimes] of this.lifetimes.entries()) {
      const from = (K.LIFETIMES + index * K.BUCKETS * 4) / 4
      for (let bucket = 0; bucket < K.BUCKETS; bucket++) {
        const n = kernel.words[from + bucket] as number
        if (n <= 0) continue
        lifetimes.buckets.add(bucket, n)
        kernel.words[from + bucket] = 0
      }
    }
    const from = K.LATENCY / 4
    for (let ms = 0; ms < K.LATENCY_SIZE; ms++) {
      const n = kernel.words[from + ms] as number
      if (n > 0) add(evidence.handshake_latency, latencyBucket(ms / 1000), n)
    }
    kernel.words.fill(0, from, from + K.LATENCY_SIZE)
  }

  private settleTally(kernel: Kernel, evidence: Evidence, index: number, { into, lifetimes }: Tally): void {
    const at = K.TALLIES + index * K.TALLY_SIZE
    const word = (offset: number): number => kernel.words[(at + offset) / 4] as number
    const double = (offset: number): number => kernel.doubles[(at + offset) / 8] as number
    const count = word(64)
    if (count === 0) return
    kernel.exports.settleMinute(index)
    const [first, last] = [double(8), double(16)]
    into.count += count
    into.first = Math.min(into.first ?? Infinity, first)
    into.last = Math.max(into.last ?? -Infinity, last)
    span(evidence, first, last)
    const life = this.lifetimes[lifetimes]
    if (life !== undefined) {
      life.first = Math.min(life.first ?? Infinity, first)
      life.last = Math.max(life.last ?? -Infinity, last)
    }
    const { text } = shareOf(evidence, tableOf(evidence, into).size)
    const newest = word(84)
    const kept: Exemplar[] = []
    const keep = (time: number, number: number, place: number, length: number): void => {
      if (time === -Infinity) return
      const from = K.KEPT + (index * 2 + place) * K.KEPT_SIZE
      kept.push(new MaskedLine(this.source, number, kernel.bytes.toString('utf8', from, from + length), time))
    }
    keep(double(24), double(32), newest, word(60))
    keep(double(40), double(48), newest ^ 1, word(100))
    into.exemplars = keepExemplars(into.exemplars, kept).map((exemplar) => shorter(exemplar, text))
    kernel.words[(at + 64) / 4] = 0
    kernel.doubles[(at + 8) / 8] = Infinity
    kernel.doubles[(at + 16) / 8] = -Infinity
    kernel.doubles[(at + 24) / 8] = -Infinity
    kernel.doubles[(at + 40) / 8] = -Infinity
  }

  /** Another evidence is folded into from now on. */
  private forget(): void {
    if (!this.learned) return
    this.learned = false
    this.tallies = []
    this.book = new MinuteBook()
    this.lifetimes = []
    this.known = new Map()
    this.kernel?.exports.clearRequests()
  }
}

const tableOf = (evidence: Evidence, into: Occurrences): ReadonlyMap<string, Occurrences> =>
  'kind' in into ? evidence.observations : evidence.suspects
