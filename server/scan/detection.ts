/** Which parser reads a line of an input, and which format most of its lines have. */
import { PARSERS } from '../../parsers/index.ts'
import type { MissReason, Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import type { InputSummary } from '../diagnosis/contract.ts'
import { MAX_LINE } from './envelope-lines.ts'

const KEPT = 4000
const DATED = /^\d{4}\//

interface Reading {
  text: string
  parser: Parser | null
  record: LogRecord | null
  reason: MissReason
}

export class Detection {
  /** The parser that fitted last. */
  current: Parser | null = null
  /** The first text that no parser read, cut: what was tried on it is told when the rest fares no better. */
  firstMiss: string | null = null
  private readonly parsers: readonly Parser[]
  private readonly given: readonly Parser[]
  /** Parsers of records that may have several lines. */
  private readonly joiners: readonly Parser[]
  private readonly summary: InputSummary
  private readonly onSwitch: (before: Parser | null) => void
  private last: Reading = { text: '', parser: null, record: null, reason: 'no-match' }
  /** Parser id → lines it read. */
  readonly formats = new Map<string, number>()

  /** `onSwitch` is called when another parser has become the current one. */
  constructor(parsers: readonly Parser[], summary: InputSummary, onSwitch: (before: Parser | null) => void) {
    this.parsers = parsers
    this.summary = summary
    this.onSwitch = onSwitch
    this.joiners = parsers.filter(({ unfinished }) => unfinished !== undefined)
    this.given = parsers.length === 1 ? parsers : parsers.filter((parser) => !PARSERS.includes(parser))
    if (summary.format !== null) this.formats.set(summary.format, summary.parsed)
  }

  /** The record of a text, or why no parser reads it. */
  parse(text: string): LogRecord | MissReason {
    const { parser, record, reason } = this.read(text)
    if (parser === null || record === null) {
      this.firstMiss ??= text.slice(0, KEPT)
      return reason
    }
    const before = this.current
    this.current = parser
    if (parser !== before) this.onSwitch(before)
    this.count(parser, 1)
    return record
  }

  /** The last parser that fitted is tried first: streams rarely mix, and when they do it is decided per line. */
  private read(text: string): Reading {
    // Whether a record is over is asked before it is taken: that must not cost a second parse.
    if (text === this.last.text) return this.last
    return (this.last = this.tryAll(text))
  }

  private tryAll(text: string): Reading {
    let reason: MissReason = 'no-match'
    const { current } = this
    if (current !== null) {
      const again = current.parse(text)
      if (again.ok) return { text, parser: current, record: again.record, reason }
      reason = again.reason
    }
    for (const parser of this.parsers) {
      if (parser === current) continue
      const parsed = parser.parse(text)
      if (parsed.ok) return { text, parser, record: parsed.record, reason }
      if (parsed.reason !== 'no-match') reason = parsed.reason
    }
    return { text, parser: null, record: null, reason }
  }

  /** Whether a format that the user gave reads the text. */
  isGiven(text: string): boolean {
    return this.given.some((parser) => parser.parse(text).ok)
  }

  /** Whether a record is visibly not over (`bytes`: see Parser): by the parser of the lines before it, or the one that reads it, or, where none
   *  does, one whose records begin like that. */
  isUnfinished(text: string, bytes?: number): boolean {
    if (text.length > MAX_LINE) return false
    if (this.current?.unfinished?.(text, bytes) === true) return true
    if (this.joiners.length === 0) return false
    // Nobody knows better than the parser of the lines before, and this spares all others the text.
    if (this.current?.unfinished !== undefined && this.current.startsRecord?.test(text) === true) return false
    // An entry of nginx in the midst of others' lines goes on, too, whoever else could read its first line.
    if (
      DATED.test(text) &&
      this.joiners.some((j) => j.startsRecord?.test(text) === true && j.unfinished?.(text, bytes) === true)
    )
      return true
    const { parser } = this.read(text)
    if (parser !== null) return parser !== this.current && parser.unfinished?.(text, bytes) === true
    return this.joiners.some(
      (joiner) => joiner.startsRecord?.test(text) !== false && joiner.unfinished?.(text, bytes) === true,
    )
  }

  /** Whether lines that were joined are one record; see Parser. */
  isWhole(text: string, bytes?: number): boolean {
    return this.joiners.every((j) => j.startsRecord?.test(text) !== true || j.isWhole?.(text, bytes) !== false)
  }

  /** `lines` more were read by the parser. */
  count(parser: Parser, lines: number): void {
    const { summary, formats } = this
    const n = (formats.get(parser.id) ?? 0) + lines
    formats.set(parser.id, n)
    if (summary.format === null || n > (formats.get(summary.format) ?? 0)) summary.format = parser.id
  }
}
