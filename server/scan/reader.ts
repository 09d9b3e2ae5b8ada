/** Lines → records → events → evidence, for one input. The scan of a file and the live tail use the same reader. */
import type { Event } from '../../parsers/event.ts'
import { toEvents } from '../../parsers/events.ts'
import { PARSERS } from '../../parsers/index.ts'
import { maskText } from '../../parsers/masking.ts'
import type { MissReason, Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { foldEvent, foldRequest } from '../diagnosis/contract.ts'
import type { Evidence, Exemplar, InputSummary } from '../diagnosis/contract.ts'
import { COMBINED_LIKE } from './combined-line.ts'
import { HotPath, type Learned } from './hot-path.ts'
import { MaskedLine } from './masked-line.ts'
import { DASHBOARD, isOwn } from './own-traffic.ts'
import { unreadSummary } from './summary.ts'

/** Longer lines are counted as unread: no log format of nginx reaches this, and no pattern should see more. */
export const MAX_LINE = 65_536
const MAX_SAMPLES = 5
/** Bounds on joining a record whose quotes are open. */
const MAX_JOINED = 16
const NEWLINE = 10

export interface ReaderOptions {
  /** What the input is called in evidence and reports. */
  path: string
  /** Parsers to try, in order. Default: all. One parser: the format is forced. */
  parsers?: readonly Parser[]
  /** Wall-clock ms without a zone → epoch ms UTC (zone.ts). */
  shift: (wall: number) => number
  /** Epoch ms; records outside [since, until) are read and not counted. */
  since?: number | null
  until?: number | null
  /** Counts to go on from: a source that was read before. */
  summary?: InputSummary
  /** `host:port` of halfopen's own dashboard as an upstream. Default: where it listens when nothing is set. */
  own?: ReadonlySet<string>
}

export type OnEvents = (events: Event[], exemplar: Exemplar, offset: number) => void
export type OnRecord = (
  record: LogRecord | null,
  line: number,
  raw: string,
  reason: MissReason | 'too-long' | null,
) => void

export class RecordReader {
  readonly summary: InputSummary
  /** Called for every record and every unread line; set by `halfopen parse` only. */
  onRecord: OnRecord | null = null
  private readonly options: ReaderOptions
  private readonly parsers: readonly Parser[]
  private current: Parser | null = null
  /** Quoted fields of the current parser's format when the hot path knows it. */
  private hotFields: 2 | 3 | undefined
  private readonly counts = new Map<string, number>()
  private readonly hot: HotPath
  /** Lines the hot path counted for the current parser since the last look. */
  private fastHits = 0
  private first: number | null = null
  private last: number | null = null

  constructor(options: ReaderOptions) {
    this.options = options
    this.parsers = options.parsers ?? PARSERS
    this.hot = new HotPath(options.path, options.since ?? null, options.until ?? null)
    this.summary = options.summary
      ? { ...options.summary, unparsed_samples: [...options.summary.unparsed_samples] }
      : unreadSummary(options.path)
    this.first = ms(this.summary.from)
    this.last = ms(this.summary.to)
    if (this.summary.format !== null) this.counts.set(this.summary.format, this.summary.parsed)
  }

  /** Reads whole lines; a last line without a line end counts as whole. `firstLine` is the number of the first one.
   *  Returns how many bytes are done with: less than all when the last record is visibly unfinished. With `final`
   *  nothing is held back. Call `finish` after the last chunk: without it repeated lines are missing from the evidence. */
  read(bytes: Buffer, firstLine: number, evidence: Evidence, onEvents: OnEvents | null, final = false): number {
    const spanBefore: [number | null, number | null] = [evidence.first, evidence.last]
    evidence.first = null
    evidence.last = null
    this.hot.begin(evidence)
    const done = this.lines(bytes, firstLine, evidence, onEvents, final)
    this.hot.flush(evidence)
    if (final) this.hot.finish()
    if (this.current !== null) this.hit(this.current, 0)
    this.summary.bytes += done
    this.note(evidence.first, evidence.last)
    evidence.first = least(spanBefore[0], evidence.first)
    evidence.last = most(spanBefore[1], evidence.last)
    return done
  }

  /** The input is over: what was only counted so far goes into the evidence it was read for. */
  finish(): void {
    this.hot.finish()
  }

  private lines(
    bytes: Buffer,
    firstLine: number,
    evidence: Evidence,
    onEvents: OnEvents | null,
    final: boolean,
  ): number {
    const { summary } = this
    let line = firstLine
    let at = 0
    while (at < bytes.length) {
      let newline = bytes.indexOf(NEWLINE, at)
      if (newline < 0) newline = bytes.length
      const end = newline > at && bytes[newline - 1] === 13 ? newline - 1 : newline
      const hot = this.onRecord === null ? this.hotFields : undefined
      if (hot !== undefined && this.hot.count(bytes, at, end, hot, line, onEvents === null)) {
        summary.lines++
        summary.parsed++
        this.fastHits++
      } else if (end === at) {
        summary.lines++
      } else {
        const next = this.record(bytes, at, end, line, evidence, onEvents, final)
        if (next === null) return at
        line += next.lines - 1
        newline = next.newline
      }
      line++
      at = newline + 1
    }
    return Math.min(at, bytes.length)
  }

  /** Reads the record that starts at `at`; null when more input is needed to finish it. */
  private record(
    bytes: Buffer,
    at: number,
    end: number,
    line: number,
    evidence: Evidence,
    onEvents: OnEvents | null,
    final: boolean,
  ): { lines: number; newline: number } | null {
    let newline = bytes.indexOf(NEWLINE, end)
    if (newline < 0) newline = bytes.length
    if (end - at > MAX_LINE) {
      this.unread(line, bytes.toString('utf8', at, at + 200), 'too-long', 1)
      return { lines: 1, newline }
    }
    let text = bytes.toString('utf8', at, end)
    let lines = 1
    while (lines < MAX_JOINED && (this.current ?? this.parsers[0])?.unfinished?.(text) === true) {
      if (newline >= bytes.length - 1) {
        if (!final && newline < bytes.length) return null
        break
      }
      let next = bytes.indexOf(NEWLINE, newline + 1)
      if (next < 0) next = bytes.length
      if (next - at > MAX_LINE) break
      text += '\n' + bytes.toString('utf8', newline + 1, next)
      newline = next
      lines++
    }
    const into = this.one(text, line, at, lines, evidence, onEvents)
    if (into !== null) this.hot.learn(bytes, into)
    return { lines, newline }
  }

  /** Returns what the line was counted in, `ordinary` when that is nothing, null when it does not speak for others. */
  private one(
    text: string,
    line: number,
    offset: number,
    lines: number,
    evidence: Evidence,
    onEvents: OnEvents | null,
  ): Learned | null {
    const record = this.parse(text)
    if (typeof record === 'string') {
      this.unread(line, text, record, lines)
      return null
    }
    this.summary.lines += lines
    this.summary.parsed += lines
    this.onRecord?.(record, line, text, null)
    const reading = toEvents(record, this.options.shift)
    const { time, events } = reading
    const { since, until } = this.options
    if (time !== null && ((since != null && time < since) || (until != null && time >= until))) return null
    this.describe(record, evidence)
    if (isOwn(record, this.options.own ?? DASHBOARD)) return null
    if (time !== null) {
      evidence.first = least(evidence.first, time)
      evidence.last = most(evidence.last, time)
    }
    const needed = events.length > 0 || reading.failed !== null
    const exemplar = needed ? new MaskedLine(this.options.path, line, text, time) : null
    let into: Learned | null = null
    if (record.type === 'access' && reading.status !== null) {
      const client = record.fields.remote_addr ?? null
      const failed = reading.failed === null ? null : { ...reading.failed, time, client }
      into = foldRequest(evidence, failed, reading.status, time, exemplar) ?? (needed ? null : 'ordinary')
    }
    if (exemplar === null || events.length === 0) return into
    for (const event of events) into = foldEvent(evidence, event, exemplar)
    onEvents?.(events, exemplar, offset)
    return events.length === 1 ? into : null
  }

  /** The last parser that fitted is tried first: streams rarely mix, and when they do it is decided per line. */
  private parse(text: string): LogRecord | MissReason {
    let reason: MissReason = 'no-match'
    if (this.current !== null) {
      const again = this.current.parse(text)
      if (again.ok) {
        this.hit(this.current)
        return again.record
      }
      reason = again.reason
    }
    for (const parser of this.parsers) {
      if (parser === this.current) continue
      const parsed = parser.parse(text)
      if (parsed.ok) {
        this.current = parser
        this.hotFields = COMBINED_LIKE.get(parser.id)
        this.hit(parser)
        return parsed.record
      }
      if (parsed.reason !== 'no-match') reason = parsed.reason
    }
    return reason
  }

  private hit(parser: Parser, lines = 1): void {
    // Fast hits belong to a combined-like parser that was current then; that it may be another one by now only
    // matters for naming the format most lines have, and then both begin like combined.
    const n = (this.counts.get(parser.id) ?? 0) + lines + this.fastHits
    this.fastHits = 0
    this.counts.set(parser.id, n)
    if (this.summary.format === null || n > (this.counts.get(this.summary.format) ?? 0)) this.summary.format = parser.id
  }

  private describe(record: LogRecord, evidence: Evidence): void {
    evidence.formats.add(record.format)
    if (record.type === 'error') evidence.error_levels.add(record.level)
    if (record.type === 'access') for (const name of record.variables) evidence.variables.add(name)
  }

  private unread(line: number, text: string, reason: MissReason | 'too-long', lines: number): void {
    this.summary.lines += lines
    this.summary.unparsed += lines
    this.onRecord?.(null, line, text, reason)
    if (this.summary.unparsed_samples.length < MAX_SAMPLES)
      this.summary.unparsed_samples.push({ line, text: maskText(text.slice(0, 200)), reason })
  }

  private note(first: number | null, last: number | null): void {
    this.first = least(this.first, first)
    this.last = most(this.last, last)
    this.summary.from = this.first === null ? null : new Date(this.first).toISOString()
    this.summary.to = this.last === null ? null : new Date(this.last).toISOString()
  }
}

const ms = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))
const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))
const most = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b))
