/** The hot path over access logs: from bytes alone it counts ordinary successes, and failures and handshakes that say
 *  again what the parser read before. Everything it cannot prove goes to the parser. The counting is the kernel's; here
 *  it is joined with the evidence. */
import type { LineShape } from '../../parsers/line-shape.ts'
import type { AccessRecord } from '../../parsers/record.ts'
import { add, keepExemplar, MAX_PROOFS, shareOf, shorter, span, suspectKey, suspectOf } from '../diagnosis/contract.ts'
import type { Evidence, Lifetimes, Occurrences, Suspect } from '../diagnosis/contract.ts'
import { isSuspect, type Learned, type Upgraded } from './learned.ts'
import { sharedKernel, type EndProof, type Kernel, type KernelUser } from './kernel-host.ts'
import * as K from './kernel/layout.ts'
import { KernelWindow } from './kernel-window.ts'
import { compileShape, type LineProgram } from './line-program.ts'
import { locatedRecord, withoutPort } from './located.ts'
import { MaskedLine } from './masked-line.ts'
import { MinuteBook } from './minute-book.ts'
import { tailsOf } from './own-traffic.ts'
import { countIn, settleEnds, settleHistograms, settleInto } from './settle-tally.ts'

const NEWLINE = 10
const MINUTE = 60_000
const MAX_CLIENTS = 8
/** Values of the request table; from FIRST on they are tallies. */
const ORDINARY = 0
const DROPPED = 1
const FIRST = 2

/** Which requests that were seen before may be counted without the parser. */
const ALL = 1
const NO_EVENTS = 2
/** Of the room for tallies, and for requests: from there on everything is forgotten with the next batch. */
const CROWDED = 0.75

/** A tally of the kernel and what it is moved into. */
interface Tally {
  /** Null: the evidence has no such suspect yet, or no room for it. */
  into: Occurrences | null
  /** What it counts, when that is no event: it goes on counting into the next evidence. */
  like: Suspect | null
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
  private readonly window = new KernelWindow()
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
  /** Tallies of what has no session lengths, and of what has each of `lifetimes`. */
  private known: Map<Occurrences, number>[] = []
  /** Of batches: suspectKey → tally. */
  private readonly bySuspect = new Map<string, number>()
  /** Requests that were learned. */
  private requests = 0

  /** @param own `host:port` at which halfopen's own dashboard is reached */
  constructor(source: string, since: number | null, until: number | null, own: ReadonlySet<string>) {
    this.source = source
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
    this.own = tailsOf(own)
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
      if (evidence.exact && this.evidence.exact) this.carry()
      else this.forget()
    }
    this.evidence = evidence
    this.bytes = bytes
    this.window.forget()
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. `events`: somebody waits for each event, so that only what is none is counted. */
  run(from: number, number: number, events: boolean): number {
    this.counted = 0
    this.learnable = false
    const { kernel } = this
    if (kernel === null || this.program === null) return from
    this.load(kernel, this.program)
    let at = from
    while (at < this.bytes.length) {
      this.learnable = false
      // A line longer than the window is the parser's: what the kernel knows is of the one before.
      if (!this.window.reach(kernel, this.bytes, at)) break
      const { shift, end } = this.window
      const reached =
        kernel.exports.run(at + shift, end + shift, number + this.counted, events ? NO_EVENTS : ALL) - shift
      this.counted += kernel.exports.counted.value
      at = reached
      this.learnable = kernel.exports.learnable.value === 1
      if (at <= end) break
    }
    this.uncollected ||= this.counted > 0
    return Math.min(at, this.bytes.length)
  }

  /** The line that `run` stopped at, when it is one of the format that may be learned, and where it ends in the chunk.
   *  `sample` is a record that the parser read of a line like it. */
  located(sample: AccessRecord): { record: AccessRecord; end: number } | null {
    const { kernel, program } = this
    if (kernel === null || program === null || !this.learnable || kernel.exports.usable.value === 0) return null
    const end = kernel.exports.lineEnd.value - this.window.shift
    return { record: locatedRecord(kernel, program, sample, this.clientPort), end }
  }

  /** `run` for one line outside of the chunk: what was in an envelope. Null when it is too long to be asked about. */
  countText(text: string, number: number, events: boolean): boolean | null {
    // Three bytes a character, and the line end.
    if (text.length * 3 >= K.ALONE_SIZE - 64) return null
    this.learnable = false
    const { kernel } = this
    if (kernel === null || this.program === null) return false
    this.load(kernel, this.program)
    kernel.exports.copyKept()
    const end = kernel.bytes.write(text, K.ALONE)
    kernel.bytes[K.ALONE + end] = NEWLINE
    kernel.exports.run(K.ALONE, K.ALONE + end, number, events ? NO_EVENTS : ALL)
    kernel.exports.copyKept()
    this.learnable = kernel.exports.learnable.value === 1
    const counted = kernel.exports.counted.value === 1
    this.uncollected ||= counted
    return counted
  }

  /** Lines outside of the asked window that were counted since the last call. */
  takeOutside(): number {
    return this.kernel?.exports.takeOutside() ?? 0
  }

  /** The parser read the line that `run` stopped at, and it was folded into `into`. */
  learn(into: Learned): void {
    const { kernel } = this
    if (kernel === null || !this.learnable) return
    this.learnable = false
    // Of the next batch it would not be true.
    if (this.evidence?.exact === true && (into === 'dropped' || (into !== 'ordinary' && !isSuspect(into)))) return
    this.learned = true
    this.requests++
    if (into === 'ordinary') return kernel.exports.keepRequest(ORDINARY)
    if (into === 'dropped') return kernel.exports.keepRequest(DROPPED)
    const tally = 'handshake' in into ? this.upgraded(kernel, into) : this.tally(kernel, into, -1)
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
    kernel.exports.closeEnds(false)
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
    const counted = this.tallies[tally]
    if (counted === undefined || this.intoOf(counted) === null) return
    this.book.note(counted.account, minute, n)
  }

  kept(tally: number, text: string, time: number, number: number): void {
    const into = this.intoOf(this.tallies[tally])
    if (into === null || this.evidence === null) return
    const share = shareOf(this.evidence, tableOf(this.evidence, into).size)
    into.exemplars = keepExemplar(into.exemplars, shorter(new MaskedLine(this.source, number, text, time), share.text))
  }

  ended(second: number, proof: EndProof | null): number {
    if (this.kernel === null || this.evidence === null) return 0
    const { ends } = this.evidence
    settleEnds(this.kernel, ends, second)
    if (proof) ends.prove(second, new MaskedLine(this.source, proof.number, proof.text(), proof.time))
    return ends.least
  }

  client(tally: number, address: string): boolean {
    const clients = this.intoOf(this.tallies[tally])?.clients
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
    this.window.forget()
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
    const all = lifetimes.exemplars.length >= MAX_PROOFS
    for (let at = all ? from : from + bucket; at < (all ? from + K.BUCKETS : from + bucket + 1); at++)
      if ((kernel.words[at] as number) < 0) kernel.words[at] = 0
    const started = this.tally(kernel, handshake, life)
    if (started === null) return null
    const tally = this.tallies[started] as Tally
    if (tally.mate >= 0) return started
    const ended = this.tally(kernel, session, life)
    if (ended === null) return null
    tally.mate = ended
    ;(this.tallies[ended] as Tally).lifetimes = life
    const at = (K.TALLIES + started * K.TALLY_SIZE) / 4
    kernel.words[at + 22] = ended
    kernel.words[at + 23] = life
    return started
  }

  /** The tally for what the evidence holds; null when it can have none. One with session lengths has to wait until the
   *  first three lines are kept: the parser reads where those lie. `life`: the index of these lengths, -1: none. */
  private tally(kernel: Kernel, into: Occurrences, life: number): number | null {
    const of = (this.known[life + 1] ??= new Map<Occurrences, number>())
    const known = of.get(into) ?? this.carried(into)
    if (known !== undefined) return known
    const { exemplars } = into
    const last = exemplars[2] ?? exemplars[exemplars.length - 1]
    const missing = Math.max(0, 3 - exemplars.length)
    if (last === undefined || last.time === null || this.tallies.length >= K.MAX_TALLIES) return null
    if (missing > 0 && life >= 0) return null
    // Lines of equal time are kept in the order of their sources, and of one source in their own order.
    const from = last.time + (last.source === this.source ? 0 : 1)
    const like = isSuspect(into) ? into : null
    const account = this.book.open(into.minutes)
    const index = this.tallies.push({ into, like, account, mate: -1, lifetimes: -1 }) - 1
    kernel.exports.resetTally(index, from, missing, like === null ? 0 : 1)
    of.set(into, index)
    if (like !== null && this.evidence?.exact === true) this.bySuspect.set(suspectKey(like), index)
    return index
  }

  /** The tally that counted the same in the batches before. */
  private carried(into: Occurrences): number | undefined {
    if (!isSuspect(into) || this.evidence?.exact !== true) return undefined
    const index = this.bySuspect.get(suspectKey(into))
    const tally = index === undefined ? undefined : this.tallies[index]
    if (tally !== undefined && tally.into === null) this.open(tally, into)
    return index
  }

  /** What a tally counts into; null when there is no room for it. */
  private intoOf(tally: Tally | undefined): Occurrences | null {
    if (tally === undefined || tally.into !== null || tally.like === null || this.evidence === null)
      return tally?.into ?? null
    const found = suspectOf(this.evidence, tally.like)
    if (found !== null) this.open(tally, found)
    return found
  }

  private open(tally: Tally, into: Occurrences): void {
    tally.into = into
    tally.account = this.book.open(into.minutes)
  }

  /** Another batch begins. What was learned holds for it, too. */
  private carry(): void {
    if (!this.learned) return
    if (this.tallies.length > K.MAX_TALLIES * CROWDED || this.requests > K.MAX_ENTRIES * CROWDED) return this.forget()
    this.book.close()
    this.known = []
    for (const [index, tally] of this.tallies.entries()) {
      if (tally.into === null) continue
      tally.into = null
      this.kernel?.exports.resetTally(index, -Infinity, 3, 1)
    }
  }

  /** Moves what was counted into the evidence it was learned from; counting goes on. */
  private settle(): void {
    const { kernel, evidence } = this
    if (kernel === null || this.loaded === null || evidence === null || !this.learned) return
    kernel.exports.copyKept()
    for (const [index, tally] of this.tallies.entries()) this.settleTally(kernel, evidence, index, tally)
    this.book.settle()
    settleHistograms(kernel, evidence, this.lifetimes)
  }

  private settleTally(kernel: Kernel, evidence: Evidence, index: number, tally: Tally): void {
    const count = countIn(kernel, index)
    if (count === 0) return
    const into = this.intoOf(tally)
    if (into === null) {
      evidence.suspects_dropped += count
      kernel.exports.resetTally(index, -Infinity, 3, 1)
      return
    }
    const share = shareOf(evidence, tableOf(evidence, into).size)
    const [first, last] = settleInto(kernel, index, into, this.source, share.text)
    span(evidence, first, last)
    const life = this.lifetimes[tally.lifetimes]
    if (life === undefined) return
    life.first = Math.min(life.first ?? Infinity, first)
    life.last = Math.max(life.last ?? -Infinity, last)
  }

  /** Another evidence is folded into from now on. */
  private forget(): void {
    if (!this.learned) return
    this.learned = false
    this.tallies = []
    this.book = new MinuteBook()
    this.lifetimes = []
    this.known = []
    this.bySuspect.clear()
    this.requests = 0
    this.kernel?.exports.clearRequests()
  }
}

const tableOf = (evidence: Evidence, into: Occurrences): ReadonlyMap<string, Occurrences> =>
  'kind' in into ? evidence.observations : evidence.suspects
