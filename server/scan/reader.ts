/** Lines → records → events → evidence, for one input. The scan of a file and the live tail use the same reader. */
import { toEvents } from '../../parsers/events.ts'
import { stripColours } from '../../parsers/envelopes/colours.ts'
import { settleTime } from '../../parsers/envelopes/stamp.ts'
import { envelopeOf, isWeak, lessOpened, withoutRepeats, type Unwrapped } from '../../parsers/envelopes/unwrap.ts'
import { PARSERS } from '../../parsers/index.ts'
import { nginxError } from '../../parsers/nginx/error.ts'
import { maskText } from '../../parsers/masking.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { AccessRecord, LogRecord } from '../../parsers/record.ts'
import { foldEvent, foldRequest, span } from '../diagnosis/contract.ts'
import type { Evidence, InputSummary } from '../diagnosis/contract.ts'
import { EnvelopeLines, MAX_LINE } from './envelope-lines.ts'
import { Detection } from './detection.ts'
import { ErrorPaths } from './error-paths.ts'
import { describe, HALF_A_YEAR, isoTime, ms, least, most } from './bounds.ts'
import type { Found, OnRecord, OnEvents, OnRun, Read, Sink, Unread, Wrapping } from './found.ts'
import { joinLines } from './join-lines.ts'
import { HotPath } from './hot-path.ts'
import { learnedFrom, type Learned } from './learned.ts'
import { MaskedLine } from './masked-line.ts'
import { DASHBOARD, isOwn } from './own-traffic.ts'
import { unreadSummary } from './summary.ts'

const MAX_SAMPLES = 5
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

export class RecordReader {
  readonly summary: InputSummary
  /** Lines outside of the asked window, but for error entries that the kernel counts. */
  outside = 0
  /** Lines were joined that turned out to be records of their own. */
  tookApart = false
  /** Called for every record and every unread line; set by `halfopen parse` only. */
  onRecord: OnRecord | null = null
  private readonly options: ReaderOptions
  readonly detection: Detection
  /** The hot path counts lines of the current parser's format. */
  private isHot = false
  /** Lines that were parsed although the hot path might have known them, and at how many of them it is asked again. */
  private parsed = 0
  private nextTry = 1
  /** The record read last in a format of the hot path. */
  private sample: AccessRecord | null = null
  private readonly envelopes = new EnvelopeLines()
  /** A time that is close to that of the next record, epoch ms; null while no line told the year. */
  private near: number | null = null
  private readonly hot: HotPath
  private readonly errors: ErrorPaths
  /** Lines the hot path counted for the current parser since the last look. */
  private fastHits = 0
  private first: number | null = null
  private last: number | null = null

  constructor(options: ReaderOptions) {
    this.options = options
    this.hot = new HotPath(options.path, options.since ?? null, options.until ?? null, options.own ?? DASHBOARD)
    this.errors = new ErrorPaths(options)
    this.summary = options.summary
      ? { ...options.summary, unparsed_samples: [...options.summary.unparsed_samples] }
      : unreadSummary(options.path)
    this.first = ms(this.summary.from)
    this.last = ms(this.summary.to)
    this.detection = new Detection(options.parsers ?? PARSERS, this.summary, (before) => {
      this.settleHits(before)
      this.isHot = false
      this.parsed = 0
      this.nextTry = 1
    })
  }

  /** Reads whole lines; a last line without a line end counts as whole. `firstLine` is the number of the first one.
   *  Returns how many bytes are done with: less than all when the last record is visibly unfinished. With `final`
   *  nothing is held back. Call `finish` after the last chunk: without it repeated lines are missing from the evidence.
   *  With `onRun` events of lines that say again what others said are not told by `onEvents`, but by it, once and in the
   *  end; the evidence must be an exact one then. */
  read(
    bytes: Buffer,
    firstLine: number,
    evidence: Evidence,
    onEvents: OnEvents | null,
    final = false,
    onRun: OnRun | null = null,
  ): number {
    const { first, last } = evidence
    evidence.first = evidence.last = null
    this.hot.begin(bytes, evidence)
    this.errors.begin(bytes, evidence)
    const done = this.lines(bytes, firstLine, { evidence, onEvents, onRun, final })
    // Lines that the hot path counted have the format of the one that the parser read before them.
    if (this.hot.endChunk(evidence) && this.sample !== null) describe(this.sample, evidence)
    this.outside += this.hot.takeOutside() + this.errors.takeOutside()
    const run = this.errors.endChunk(evidence)
    if (run !== null) onRun?.(run)
    if (final || onEvents !== null) this.finish()
    this.settleHits(this.detection.current)
    this.summary.bytes += done
    this.note(evidence.first, evidence.last)
    span(evidence, first, last)
    return done
  }

  /** The input is over: what was only counted so far goes into the evidence it was read for. */
  finish(): void {
    this.hot.finish()
    this.errors.finish()
  }

  private lines(bytes: Buffer, firstLine: number, to: Sink): number {
    const { summary } = this
    let line = firstLine
    let at = 0
    while (at < bytes.length) {
      const fast = this.onRecord === null && !this.envelopes.claimsBareLines
      if (this.isHot && fast) {
        at = this.hot.run(at, line, to.onEvents !== null)
        line += this.counted(this.hot.counted)
        const located = this.sample === null ? null : this.hot.located(this.sample)
        if (located !== null) {
          const { record, end } = located
          this.counted(1)
          const text = bytes.toString('utf8', at, end)
          const into = this.fold(record, { text, raw: text, line, offset: at, lines: 1, wrapped: null }, to)
          if (into !== null) this.hot.learn(into)
          line++
          at = bytes.indexOf(NEWLINE, end) + 1 || bytes.length
          continue
        }
        if (at >= bytes.length) break
      }
      if (fast && this.detection.current === nginxError) {
        at = this.errors.run(bytes, at, line, to)
        line += this.counted(this.errors.counted)
        if (at >= bytes.length) break
      }
      let newline = bytes.indexOf(NEWLINE, at)
      if (newline < 0) newline = bytes.length
      const end = newline > at && bytes[newline - 1] === 13 ? newline - 1 : newline
      if (end === at) {
        summary.lines++
        // A file of nothing else must not take a step for each.
        for (; bytes[newline + 1] === NEWLINE; newline++, line++) summary.lines++
        this.envelopes.blank()
      } else {
        const next = this.record(bytes, at, end, line, to)
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
  private record(bytes: Buffer, at: number, end: number, line: number, to: Sink): Read | null {
    let newline = bytes.indexOf(NEWLINE, end)
    if (newline < 0) newline = bytes.length
    if (end - at > MAX_LINE) {
      this.unread(line, bytes.toString('utf8', at, at + 200), 'too-long', 1, null)
      return { lines: 1, newline }
    }
    const raw = bytes.toString('utf8', at, end)
    const text = stripColours(raw)
    const wrapped = this.open(text)
    if (wrapped !== null) return this.wrapped(wrapped, bytes, at, newline, line, to)
    const joined = joinLines({ bytes, at, newline, raw, text }, this.detection, to.final)
    if (joined === null) return null
    if (joined.tookApart) this.tookApart = true
    const { lines } = joined
    newline = joined.newline
    const into = this.one({ text: joined.text, raw: joined.raw, line, offset: at, lines, wrapped: null }, to)
    if (into !== null) this.hot.learn(into)
    return { lines, newline }
  }

  /** What is in the envelopes of a line; null when it has none. */
  private open(text: string): Unwrapped | null {
    const wrapped = this.envelopes.open(text)
    if (wrapped === null) return null
    if (wrapped.layers.length === 0) {
      this.envelopes.note(wrapped)
      return null
    }
    // Whoever names the format of his lines knows best what stands at their beginning.
    return isWeak(wrapped.layers) && this.detection.isGiven(text) ? null : wrapped
  }

  /** Reads a line in envelopes, together with those that it belongs to. */
  private wrapped(wrapped: Unwrapped, bytes: Buffer, at: number, newline: number, line: number, to: Sink): Read | null {
    // A head alone says nothing; with its first line it is read again after a restart.
    if (wrapped.effect?.announced && newline === bytes.length - 1 && !to.final) return null
    const counted = this.offer(wrapped, line, to)
    if (counted === true) {
      this.envelopes.note(wrapped)
      return { lines: 1, newline }
    }
    const goesOn = wrapped.partial || (wrapped.payload !== '' && this.detection.isUnfinished(wrapped.payload))
    if (wrapped.continues !== null || !goesOn) {
      this.messages(wrapped, line, at, 1, to, counted === false)
      return { lines: 1, newline }
    }
    const group = this.envelopes.gather(bytes, at, line, this.detection, to.final)
    if (group === null) return null
    if (group.tookApart) this.tookApart = true
    for (const item of group.items) {
      if ('wrapped' in item) this.messages(item.wrapped, item.line, item.at, item.lines, to)
      else this.single(bytes, item.at, item.end, item.line, to)
    }
    return { lines: group.lines, newline: group.newline }
  }

  /** A line between those of other records. */
  private single(bytes: Buffer, at: number, end: number, line: number, to: Sink): void {
    if (end === at) {
      this.summary.lines++
      this.envelopes.blank()
      return
    }
    const raw = bytes.toString('utf8', at, Math.min(end, at + MAX_LINE + 1))
    if (end - at > MAX_LINE) return this.unread(line, raw.slice(0, 200), 'too-long', 1, null)
    const text = stripColours(raw)
    const wrapped = this.open(text)
    if (wrapped !== null) this.messages(wrapped, line, at, 1, to)
    else this.one({ text, raw, line, offset: at, lines: 1, wrapped: null }, to)
  }

  /** All messages of one line (octet-counted syslog has several), or of the lines that were joined to one.
   *  `refused`: the hot path has just been asked about it. */
  private messages(wrapped: Unwrapped, line: number, at: number, lines: number, to: Sink, refused = false): void {
    this.envelopes.note(wrapped)
    if (wrapped.continues !== null) {
      // The rest of a line that was too long, which has been told of.
      this.summary.lines += lines
      this.summary.unparsed += lines
      return
    }
    let message: Unwrapped | null = wrapped
    // An event is known by the offset of its record: messages of one line need offsets of their own within it.
    for (let offset = at; message !== null; offset++) {
      const { payload: text, rest, damage }: Unwrapped = message
      const counted = offset === at ? lines : 0
      if (text === '' && damage === null) this.summary.lines += counted
      else {
        const into = this.one({ text, raw: text, line, offset, lines: counted, wrapped: message }, to)
        if (into !== null && refused) this.hot.learn(into)
      }
      message = rest === null ? null : (this.envelopes.open(rest.text, rest.outer) ?? null)
    }
  }

  /** Payloads of a format that the hot path knows are offered to it like lines; null when it was not asked. */
  private offer({ payload, partial, continues, rest }: Unwrapped, line: number, { onEvents }: Sink): boolean | null {
    if (!this.isHot || this.onRecord !== null || partial || continues !== null || rest !== null) return null
    const counted = this.hot.countText(payload, line, onEvents !== null)
    this.counted(counted === true ? 1 : 0)
    return counted
  }

  /** Takes notice of lines that a hot path counted. */
  private counted(lines: number): number {
    this.summary.lines += lines
    this.summary.parsed += lines
    this.fastHits += lines
    return lines
  }

  /** Returns what the line was counted in, `ordinary` when that is nothing, null when it does not speak for others. */
  private one(found: Found, to: Sink): Learned | null {
    const record = this.recordOf(found)
    if (record === null) return null
    this.summary.lines += found.lines
    this.summary.parsed += found.lines
    if (record.type === 'access') this.warm(record, found.text)
    return this.fold(record, found, to)
  }

  /** What a record comes to. Returns what one() does. */
  private fold(record: LogRecord, { text, line, offset }: Found, { evidence, onEvents }: Sink): Learned | null {
    this.errors.before()
    const reading = toEvents(record, this.options.shift)
    const { time, events } = reading
    const { since, until } = this.options
    if (time !== null && ((since != null && time < since) || (until != null && time >= until))) {
      this.errors.learn('outside', offset)
      this.outside++
      return null
    }
    describe(record, evidence)
    if (isOwn(record, this.options.own ?? DASHBOARD)) return null
    span(evidence, time, time)
    const needed = events.length > 0 || reading.failed !== null
    const exemplar = needed ? new MaskedLine(this.options.path, line, text, time) : null
    let into: Learned | null = null
    if (record.type === 'error' && events.length === 0) this.errors.learn('ordinary', offset)
    if (record.type === 'access' && reading.status !== null) {
      const client = record.fields.remote_addr ?? null
      const failed = reading.failed === null ? null : { ...reading.failed, time, client }
      into = foldRequest(evidence, failed, reading.status, time, exemplar)
      if (into === null && events.length === 0) into = failed === null ? 'ordinary' : 'dropped'
    }
    if (exemplar === null || events.length === 0) return into
    const counted = events.map((event) => {
      const observation = foldEvent(evidence, event, exemplar)
      if (record.type === 'error') this.errors.learnEvent(event, observation, offset)
      return observation
    })
    onEvents?.(events, exemplar, offset)
    return learnedFrom(events, counted, evidence)
  }

  /** The record of what was found, with the time its envelopes give it; null, and counted as unread, when there is none. */
  private recordOf(found: Found): LogRecord | null {
    let record = this.readText(found)
    const { raw, line, lines, wrapped } = found
    const stamps = wrapped?.layers.map(({ stamp }) => stamp) ?? []
    const own = typeof record === 'string' ? null : record.time
    const time = settleTime(own, stamps, this.near ?? Date.now() - HALF_A_YEAR)
    if (time !== null && (own !== null || stamps.some((stamp) => stamp?.yearless === false))) this.near = time.ms
    const wrapping = wrapped === null ? null : { envelope: envelopeOf(wrapped.layers), time }
    if (typeof record === 'string') {
      this.unread(line, record === 'too-long' ? raw.slice(0, 200) : raw, record, lines, wrapping)
      return null
    }
    if (time !== own) record = { ...record, time }
    this.onRecord?.(record, line, raw, null, wrapping)
    return record
  }

  /** What a parser reads in the text, or, where that is nothing, with those envelopes around it that may be none. */
  private readText(found: Found): LogRecord | Unread {
    const { text, wrapped } = found
    if (text.length > MAX_LINE) return 'too-long'
    if (wrapped === null) return this.detection.parse(text)
    const reason = wrapped.damage ?? this.detection.parse(text)
    if (typeof reason !== 'string') return reason
    for (let less = lessOpened(wrapped); less !== null; less = lessOpened(less)) {
      const record = this.detection.parse(less.payload)
      if (typeof record === 'string') continue
      found.text = less.payload
      found.wrapped = less.layers.length === 0 ? null : less
      return record
    }
    const kept = withoutRepeats(wrapped)
    Object.assign(found, { wrapped: kept.layers.length === 0 ? null : kept, raw: kept.payload })
    return reason
  }

  /** Lets the hot path know how lines like this one are built. What it cannot read it is asked about ever less often. */
  private warm(record: AccessRecord, text: string): void {
    if (this.onRecord !== null || ++this.parsed < this.nextTry) return
    this.nextTry *= 2
    const shape = this.detection.current?.shape?.(text) ?? null
    this.isHot = this.hot.use(shape)
    if (this.isHot) this.sample = record
  }

  private settleHits(parser: Parser | null): void {
    if (parser !== null && this.fastHits > 0) this.detection.count(parser, this.fastHits)
    this.fastHits = 0
  }

  private unread(line: number, text: string, reason: Unread, lines: number, wrapping: Wrapping | null): void {
    this.summary.lines += lines
    this.summary.unparsed += lines
    this.onRecord?.(null, line, text, reason, wrapping)
    if (this.summary.unparsed_samples.length < MAX_SAMPLES)
      this.summary.unparsed_samples.push({ line, text: maskText(text.slice(0, 1000)).slice(0, 200), reason })
  }

  private note(first: number | null, last: number | null): void {
    this.first = least(this.first, first)
    this.last = most(this.last, last)
    this.summary.from = isoTime(this.first)
    this.summary.to = isoTime(this.last)
  }
}
