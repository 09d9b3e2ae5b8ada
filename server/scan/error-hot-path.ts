/** The hot path over nginx's error logs: entries that say again what the parser read before are counted from their bytes.
 *  Everything it cannot prove goes to the parser. For whoever waits for events it is no use: it hands over none. The
 *  counting is the kernel's; here it is joined with the evidence, and known messages at new places are made events. */
import { errorEvent, isGateway } from '../../parsers/nginx/error-events.ts'
import { slashTime } from '../../parsers/time.ts'
import { foldEvent, span, type Evidence, type Observation } from '../diagnosis/contract.ts'
import { bits, part, placeOf, signOf, type Sign } from './error-entry.ts'
import { isCertain, speaksForOthers } from './error-message.ts'
import { ErrorTallies } from './error-tallies.ts'
import { sharedErrorKernel, type Kernel, type KernelUser } from './kernel-host.ts'
import { KernelWindow } from './kernel-window.ts'
import * as K from './kernel/layout.ts'
import { MaskedLine } from './masked-line.ts'
import { DASHBOARD, isOwnUpstream } from './own-traffic.ts'

/** What an entry was counted in. `ordinary`: it is no event; `outside`: of the asked window, where nothing is counted. */
export type LearnedError = Observation | 'ordinary' | 'outside'

const MINUTE = 60_000
/** Value in the table for entries that are no events; the tally with the number n has n + 1. */
const ORDINARY = 0

/** See ReaderOptions. */
interface ErrorOptions {
  path: string
  shift: (wall: number) => number
  since?: number | null
  until?: number | null
  own?: ReadonlySet<string>
}

export class ErrorHotPath implements KernelUser {
  /** Lines that `run` counted. */
  counted = 0
  private kernel: Kernel | null = null
  private readonly tallies: ErrorTallies
  private readonly source: string
  private readonly shift: (wall: number) => number
  private readonly since: number
  private readonly until: number
  private readonly own: ReadonlySet<string>
  /** What messages say, by their number; null for those that are no events. */
  private signs: (Sign | null | undefined)[] = []
  private evidence: Evidence | null = null
  private bytes: Buffer = Buffer.alloc(0)
  /** The part of the chunk that the kernel has before it. */
  private readonly window = new KernelWindow()
  /** Where the line is that `run` stopped at, when it was located and may be learned; -1: it was not. */
  private learnable = -1

  constructor({ path, shift, since, until, own }: ErrorOptions) {
    this.source = path
    this.shift = shift
    this.own = own ?? DASHBOARD
    this.tallies = new ErrorTallies(path)
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): this {
    if (this.evidence !== evidence) {
      this.finish()
      this.forget()
    }
    this.evidence = evidence
    this.learnable = -1
    this.bytes = bytes
    this.window.forget()
    return this
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. */
  run(from: number, number: number): number {
    this.counted = 0
    this.learnable = -1
    const kernel = this.take()
    if (kernel === null) return from
    const { exports } = kernel
    let at = from
    while (at < this.bytes.length) {
      if (!this.window.reach(kernel, this.bytes, at)) break
      const { shift, end } = this.window
      const start = at + shift
      const reached = exports.runErrors(start, end + shift, number + this.counted, this.since, this.until)
      this.counted += exports.errorsCounted.value as number
      at = reached - shift
      if (at > end) continue
      const reason = exports.reason.value as number
      if (reason === K.REFUSED) break
      if (!this.stopped(kernel, reason, number + this.counted)) {
        this.learnable = at
        break
      }
      this.counted++
      at = exports.errorNext() - shift
    }
    return Math.min(at, this.bytes.length)
  }

  /** The parser read the line at `at`, and it was counted in `into`. Only the one that `run` stopped at is learned. */
  learn(into: LearnedError, at: number): void {
    const { kernel, learnable } = this
    if (kernel === null || learnable < 0 || learnable !== at) return
    const [tag] = bits(kernel)
    const text = part(kernel, K.E_MESSAGE)
    if (!isCertain(text, tag) || (into !== 'outside' && !speaksForOthers(text, tag, into === 'ordinary'))) return
    const message = kernel.exports.keepMessage()
    if (message === 0 || into === 'outside') return
    if (into === 'ordinary') {
      kernel.exports.keepError(ORDINARY)
      if (!isGateway(placeOf(kernel).upstream)) this.signs[message] = null
      return
    }
    const tally = this.tallies.numberOf(kernel, into)
    if (tally !== null) kernel.exports.keepError(tally + 1)
    this.signs[message] = signOf(into)
  }

  /** Call after the lines of a chunk. */
  endChunk(evidence: Evidence): void {
    const { kernel } = this
    if (kernel === null) return
    const { exports } = kernel
    exports.copyKept()
    const [first, last] = [exports.firstMs.value as number, exports.lastMs.value as number]
    if (last >= first) span(evidence, first, last)
    exports.resetSpan()
  }

  /** Moves what was counted into the evidence. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    if (this.evidence !== null && this.kernel !== null) this.tallies.settle(this.kernel, this.evidence)
  }

  turned(): void {
    // Requests are counted by access lines alone.
  }

  settled(tally: number, minute: number, n: number): void {
    if (this.kernel !== null) this.tallies.note(this.kernel, tally, minute, n)
  }

  client(tally: number, address: string): boolean {
    return this.tallies.client(tally, address)
  }

  /** Offsets change where a minute begins. Old local times were off by seconds: these are left to the parser. */
  wallMinute(text: string): number {
    const read = slashTime(`${text}:00`)
    if (read === null) return -1
    const minute = this.shift(read.ms) / MINUTE
    return Number.isInteger(minute) ? minute : -1
  }

  leave(): void {
    if (this.evidence !== null) this.endChunk(this.evidence)
    this.finish()
    this.forget()
    this.kernel = null
  }

  private take(): Kernel | null {
    if (this.kernel !== null || this.evidence === null) return this.kernel
    const kernel = sharedErrorKernel()
    if (kernel === null) return null
    kernel.take(this)
    this.kernel = kernel
    this.forget()
    this.window.forget()
    return kernel
  }

  /** What was learned belongs to another evidence, or another reader. */
  private forget(): void {
    this.tallies.forget()
    this.signs = []
    this.kernel?.exports.clearErrors()
  }

  /** A line that the kernel located and did not count. True when it is counted now. */
  private stopped(kernel: Kernel, reason: number, number: number): boolean {
    const { evidence } = this
    if (evidence === null || reason === K.OUTSIDE) return false
    const { exports } = kernel
    const time = (exports.minute.value as number) * MINUTE + (exports.millis.value as number)
    const line = (): MaskedLine => new MaskedLine(this.source, number, part(kernel, K.E_LINE), time)
    if (reason === K.EARLY) {
      const client = part(kernel, K.E_CLIENT)
      this.tallies.occur(kernel, evidence, exports.errorValue() - 1, client === '' ? null : client, line())
    } else {
      // A known message at a place where it was not seen before: what the parser would make of it.
      const sign = this.signs[exports.messageNumber()]
      const place = placeOf(kernel)
      if (sign === undefined || (place.upstream !== null && isOwnUpstream(place.upstream, this.own))) return false
      if (sign === null || isGateway(place.upstream)) exports.keepError(ORDINARY)
      else {
        const into = foldEvent(evidence, errorEvent(sign, place, time, 'assumed'), line())
        const tally = this.tallies.numberOf(kernel, into)
        if (tally !== null) exports.keepError(tally + 1)
      }
    }
    span(evidence, time, time)
    return true
  }
}
