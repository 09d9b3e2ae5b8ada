/** The hot path over nginx's error logs: entries that say again what the parser read before are counted from their bytes.
 *  Everything it cannot prove goes to the parser. For whoever waits for events it is no use: it hands over none. */
import { errorEvent, isGateway } from '../../parsers/nginx/error-events.ts'
import type { ErrorSign } from '../../parsers/nginx/error-signs.ts'
import { foldEvent, span, type Evidence, type Observation } from '../diagnosis/contract.ts'
import { ErrorClock } from './error-clock.ts'
import { ErrorLine, MARGIN } from './error-line.ts'
import { ErrorTable, speaksForOthers } from './error-table.ts'
import { MaskedLine } from './masked-line.ts'
import { DASHBOARD, isOwnUpstream } from './own-traffic.ts'
import { Tallies } from './tallies.ts'

/** What an entry was counted in. `ordinary`: it is no event; `outside`: of the asked window, where nothing is counted. */
export type LearnedError = Observation | 'ordinary' | 'outside'

const NEWLINE = 10
/** Value in the table for entries that are no events; the tally with the number n has n + 1. */
const ORDINARY = 0

interface Sign {
  kind: ErrorSign['kind']
  sign: string
  echo: boolean
}

/** See ReaderOptions. */
interface ErrorOptions {
  path: string
  shift: (wall: number) => number
  since?: number | null
  until?: number | null
  own?: ReadonlySet<string>
}

export class ErrorHotPath {
  /** Lines that `run` counted. */
  counted = 0
  private readonly line = new ErrorLine()
  private readonly clock: ErrorClock
  private readonly table = new ErrorTable()
  private readonly tallies: Tallies
  private readonly source: string
  private readonly own: ReadonlySet<string>
  /** What messages say, by their number; null for those that are no events. */
  private signs: (Sign | null | undefined)[] = []
  private readonly since: number
  private readonly until: number
  private evidence: Evidence | null = null
  private bytes: Buffer = Buffer.alloc(0)
  private view: DataView = new DataView(new ArrayBuffer(0))
  /** Lines that begin before it have MARGIN bytes behind their end. */
  private safe = 0
  /** The line that `run` stopped at was located and may be learned. */
  private learnable = false
  /** Seconds since 1970 of the lines counted since the last `endChunk`. */
  private first = Infinity
  private last = -Infinity

  constructor({ path, shift, since, until, own }: ErrorOptions) {
    this.source = path
    this.own = own ?? DASHBOARD
    this.tallies = new Tallies(path)
    this.clock = new ErrorClock(shift)
    this.since = since ?? -Infinity
    this.until = until ?? Infinity
  }

  /** Call before the lines of a chunk. */
  begin(bytes: Buffer, evidence: Evidence): this {
    if (this.evidence !== evidence) {
      this.finish()
      this.tallies.forget()
      this.table.clear()
      this.signs = []
    }
    this.evidence = evidence
    this.learnable = false
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.safe = bytes.length > MARGIN ? bytes.lastIndexOf(NEWLINE, bytes.length - 1 - MARGIN) + 1 : 0
    return this
  }

  /** Counts lines from the one at `from`, which has the number `number`, up to one that is the parser's, and returns
   *  where that begins. */
  run(from: number, number: number): number {
    const { line, safe } = this
    let at = from
    let counted = 0
    this.learnable = false
    if (at < safe) this.clock.refresh()
    while (at < safe && this.count(at, number + counted)) {
      counted++
      at = line.next
    }
    this.counted = counted
    return at
  }

  private count(at: number, number: number): boolean {
    const { line, clock, view, bytes, evidence } = this
    this.learnable = false
    if (evidence === null) return false
    if (!line.locate(bytes, view, at)) return false
    const second = clock.secondAt(view, at)
    if (second < 0) return false
    this.learnable = true
    const time = second * 1000
    if (time < this.since || time >= this.until) return this.table.messageOf(line) > 0
    const value = this.table.find(view, line)
    if (value < 0) {
      if (!this.assemble(number, time)) return false
    } else if (value !== ORDINARY) this.tallies.count(evidence, value - 1, bytes, second, clock.minute, number, line)
    if (second < this.first) this.first = second
    if (second > this.last) this.last = second
    return true
  }

  /** A known message at a place where it was not seen before: what the parser would make of it. */
  private assemble(number: number, time: number): boolean {
    const { line, view, bytes, table, evidence } = this
    const sign = this.signs[table.messageOf(line)]
    if (sign === undefined || evidence === null) return false
    const place = line.place(bytes)
    if (place.upstream !== null && isOwnUpstream(place.upstream, this.own)) return false
    if (sign === null || isGateway(place.upstream)) {
      table.keep(view, line, ORDINARY)
      return true
    }
    const exemplar = new MaskedLine(this.source, number, bytes.toString('latin1', line.start, line.end), time)
    const into = foldEvent(evidence, errorEvent(sign, place, time, 'assumed'), exemplar)
    table.keep(view, line, this.tallies.numberOf(into) + 1)
    return true
  }

  /** The parser read the line at `at`, and it was counted in `into`. Only the one that `run` stopped at is learned. */
  learn(into: LearnedError, at: number): void {
    if (!this.learnable || this.line.start !== at) return
    const { line, view, table } = this
    if (into !== 'outside' && !speaksForOthers(line, into === 'ordinary')) return
    const message = table.keepMessage(line)
    if (message === 0 || into === 'outside') return
    table.keep(view, line, into === 'ordinary' ? ORDINARY : this.tallies.numberOf(into) + 1)
    if (into !== 'ordinary') this.signs[message] = signOf(into)
    else if (!isGateway(line.place(this.bytes).upstream)) this.signs[message] = null
  }

  /** Call after the lines of a chunk. */
  endChunk(evidence: Evidence): void {
    this.tallies.copyKept(this.view)
    if (this.last >= this.first) span(evidence, this.first * 1000, this.last * 1000)
    this.first = Infinity
    this.last = -Infinity
  }

  /** Moves what was counted into the evidence. Once per input, not per chunk: each of thousands of entries takes its turn. */
  finish(): void {
    if (this.evidence !== null) this.tallies.settle(this.evidence)
  }
}

function signOf({ kind, sign, echo }: Observation): Sign | undefined {
  // Of these an event has more to tell; error entries make none.
  if (kind === 'handshake_ok' || kind === 'handshake_failed' || kind === 'session_closed') return undefined
  return { kind, sign, echo }
}
