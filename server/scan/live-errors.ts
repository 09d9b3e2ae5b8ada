/** nginx's error logs for somebody who waits for each event: entries that say again what the parser read before become rows
 *  of a run, read from their bytes. Everything the kernel cannot prove goes to the parser, as in error-hot-path.ts, whose
 *  rules these are; but what was learned is kept from chunk to chunk, and shared by all logs. */
import type { Event } from '../../parsers/event.ts'
import type { EventRun } from '../../parsers/event-run.ts'
import { maskText } from '../../parsers/masking.ts'
import { errorEvent, isGateway } from '../../parsers/nginx/error-events.ts'
import { slashTime } from '../../parsers/time.ts'
import { slashStamp } from '../../parsers/event-run.ts'
import { span, type Evidence } from '../diagnosis/contract.ts'
import { bits, part, placeOf, signOf, type Sign } from './error-entry.ts'
import { isCertain, speaksForOthers } from './error-message.ts'
import { sharedLiveKernel, type Kernel, type KernelUser } from './kernel-host.ts'
import { KernelWindow } from './kernel-window.ts'
import * as K from './kernel/layout.ts'
import { DASHBOARD, isOwnUpstream } from './own-traffic.ts'
import { RunColumns } from './run-columns.ts'
import { RunFold } from './run-fold.ts'
import { SaidBook } from './said-book.ts'

const MINUTE = 60_000
/** Value in the table for entries that are no events; the place with the number n has n + 1. */
const ORDINARY = 0
/** By the bits of the kernel. */
const LEVELS = ['info', 'notice', 'warn', 'error', 'crit', 'alert'] as const

/** Of all readers of this thread: only one reads at a time. */
const COLUMNS = new RunColumns()
const book = new SaidBook()
/** What messages say, by their number; null for those that are no events. */
let signs: (Sign | null | undefined)[] = []
/** The dashboards that were left out when it was learned. */
let learnedFor: string | null = null
let full = false

/** See ReaderOptions. */
interface LiveOptions {
  path: string
  shift: (wall: number) => number
  since?: number | null
  until?: number | null
  own?: ReadonlySet<string>
}

export class LiveErrors implements KernelUser {
  /** Lines that `run` read. */
  counted = 0
  private readonly kernel: Kernel | null = sharedLiveKernel()
  private readonly shift: (wall: number) => number
  private readonly since: number
  private readonly until: number
  private readonly own: ReadonlySet<string>
  private readonly folding: RunFold
  private readonly window = new KernelWindow()
  private bytes: Buffer = Buffer.alloc(0)
  private evidence: Evidence | null = null
  /** Where the line is that `run` stopped at, when it may be learned; -1: it may not. */
  private learnable = -1

  constructor({ path, shift, since, until, own }: LiveOptions) {
    this.shift = shift
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
    this.own = own ?? DASHBOARD
    this.folding = new RunFold(path)
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): this {
    const { kernel } = this
    this.bytes = bytes
    this.evidence = evidence
    this.learnable = -1
    this.window.forget()
    this.folding.begin()
    if (kernel === null) return this
    kernel.take(this)
    const own = [...this.own].toSorted().join(' ')
    const forget = full || own !== learnedFor
    if (forget) {
      book.forget()
      signs = []
      learnedFor = own
      full = false
    }
    kernel.exports.clearLive(forget)
    kernel.exports.resetSpan()
    COLUMNS.begin(bytes, book.texts.length)
    return this
  }

  /** Reads lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns where
   *  that begins. */
  run(from: number, number: number): number {
    this.counted = 0
    this.learnable = -1
    const { kernel } = this
    if (kernel === null) return from
    const { exports } = kernel
    let at = from
    // What could not be kept is not known the second time either.
    let [stoppedAt, textAt] = [-1, -1]
    let texts = true
    while (at < this.bytes.length && this.window.reach(kernel, this.bytes, at)) {
      const { shift, end } = this.window
      texts &&= book.wantsTexts
      const reached = exports.readErrors(at + shift, end + shift, this.since, this.until, texts) - shift
      if ((exports.rows.value as number) > 0) this.take(kernel, number)
      this.counted += exports.linesRead.value as number
      at = reached
      if (at > end) continue
      const reason = exports.reason.value as number
      if (reason === K.FULL) continue
      if (reason === K.REFUSED) break
      if (reason === K.NEW_TEXT) {
        texts = at !== textAt
        if (texts) this.learnText(kernel, at)
        textAt = at
        continue
      }
      if (at === stoppedAt || !this.stopped(kernel, reason)) {
        this.learnable = at
        break
      }
      stoppedAt = at
    }
    return Math.min(at, this.bytes.length)
  }

  /** Folds what was read so far: what the parser reads comes behind it. */
  fold(): void {
    if (this.evidence !== null) this.folding.fold(COLUMNS, this.evidence)
  }

  /** The parser read the line at `at`, and this is what it said. Only the one that `run` stopped at is learned. */
  learn(said: Event | 'ordinary' | 'outside', at: number): void {
    const { kernel, learnable } = this
    if (kernel === null || learnable < 0 || learnable !== at || !book.hasRoom) return
    this.learnable = -1
    const [tag] = bits(kernel)
    const text = part(kernel, K.E_MESSAGE)
    if (!isCertain(text, tag) || (said !== 'outside' && !speaksForOthers(text, tag, said === 'ordinary'))) return
    const message = kernel.exports.keepMessage()
    if (message === 0 || said === 'outside') return
    if (said === 'ordinary') {
      kernel.exports.keepError(ORDINARY)
      if (!isGateway(placeOf(kernel).upstream)) signs[message] = null
      return
    }
    kernel.exports.keepError(book.addPlace(said) + 1)
    signs[message] = signOf({ ...said, echo: said.echo === true })
  }

  /** Call after the lines of a chunk. Returns the run, when there is something in it. */
  endChunk(evidence: Evidence): EventRun | null {
    const { kernel } = this
    if (kernel === null) return null
    this.fold()
    const { exports } = kernel
    const [first, last] = [exports.firstMs.value as number, exports.lastMs.value as number]
    if (last >= first) {
      span(evidence, first, last)
      evidence.formats.add('nginx-error')
    }
    const levels = exports.levels.value as number
    for (const [bit, level] of LEVELS.entries()) if ((levels & (1 << bit)) !== 0) evidence.error_levels.add(level)
    full = book.isFull(COLUMNS.size)
    return COLUMNS.size > 0 ? COLUMNS : null
  }

  /** Lines outside of the asked window that were read since the last call. */
  takeOutside(): number {
    return this.kernel?.exports.takeOutsideErrors() ?? 0
  }

  wallMinute(text: string): number {
    const read = slashTime(`${text}:00`)
    if (read === null) return -1
    const time = this.shift(read.ms)
    const minute = time / MINUTE
    const wall = (read.ms - time) / MINUTE
    // Old local times were off by seconds; and of a 30 February another stamp would be shown.
    if (!Number.isInteger(minute) || slashStamp(time, wall) !== `${text}:00`) return -1
    this.kernel?.exports.setWall(wall)
    return minute
  }

  turned(): void {
    // Requests are counted by access lines alone.
  }

  settled(): void {
    // Nothing is tallied.
  }

  client(): boolean {
    return true
  }

  leave(): void {
    // What was read is in the columns, and what was learned is everybody's.
  }

  private take(kernel: Kernel, number: number): void {
    const from = COLUMNS.size
    COLUMNS.take(kernel, this.window.shift, number + this.counted, book.places, book.texts)
    for (let row = from; row < COLUMNS.size; row++) {
      if (COLUMNS.said[COLUMNS.which[row] as number]?.text !== null) continue
      const at = COLUMNS.at[row] as number
      COLUMNS.texts.set(row, maskText(this.bytes.toString('latin1', at, at + (COLUMNS.length[row] as number))))
    }
  }

  private learnText(kernel: Kernel, at: number): void {
    const start = at + this.window.shift
    const place = kernel.exports.errorValue() - 1
    const end = (index: number, of: 0 | 1): number => (kernel.words[(K.FIELDS + index * 8) / 4 + of] as number) - start
    const gaps = {
      serial: end(K.E_SERIAL, 0),
      serialEnd: end(K.E_SERIAL, 1),
      client: end(K.E_CLIENT, 0),
      clientEnd: end(K.E_CLIENT, 1),
    }
    kernel.exports.keepText(start, book.addText(part(kernel, K.E_LINE), gaps, place), place)
  }

  /** A line that the kernel located and did not read. True when it is known now. */
  private stopped(kernel: Kernel, reason: number): boolean {
    if (reason === K.OUTSIDE) return false
    const { exports } = kernel
    // A known message at a place where it was not seen before: what the parser would make of it.
    const sign = signs[exports.messageNumber()]
    const place = placeOf(kernel)
    if (sign === undefined || (place.upstream !== null && isOwnUpstream(place.upstream, this.own))) return false
    if (sign === null || isGateway(place.upstream)) {
      exports.keepError(ORDINARY)
      return true
    }
    if (!book.hasRoom) return false
    exports.keepError(book.addPlace(errorEvent(sign, place, null, 'assumed')) + 1)
    return true
  }
}
