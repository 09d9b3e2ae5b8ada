/** Which parser reads a line of an input, and which format most of its lines have. */
import { PARSERS } from '../../parsers/index.ts'
import type { MissReason, Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import type { InputSummary } from '../diagnosis/contract.ts'

export class Detection {
  /** The parser that fitted last. */
  current: Parser | null = null
  private readonly parsers: readonly Parser[]
  private readonly given: readonly Parser[]
  private readonly summary: InputSummary
  private readonly onSwitch: (before: Parser | null) => void
  private readonly counts = new Map<string, number>()

  /** `onSwitch` is called when another parser has become the current one. */
  constructor(parsers: readonly Parser[], summary: InputSummary, onSwitch: (before: Parser | null) => void) {
    this.parsers = parsers
    this.summary = summary
    this.onSwitch = onSwitch
    this.given = parsers.length === 1 ? parsers : parsers.filter((parser) => !PARSERS.includes(parser))
    if (summary.format !== null) this.counts.set(summary.format, summary.parsed)
  }

  /** The last parser that fitted is tried first: streams rarely mix, and when they do it is decided per line. */
  parse(text: string): LogRecord | MissReason {
    let reason: MissReason = 'no-match'
    const { current } = this
    if (current !== null) {
      const again = current.parse(text)
      if (again.ok) {
        this.count(current, 1)
        return again.record
      }
      reason = again.reason
    }
    for (const parser of this.parsers) {
      if (parser === current) continue
      const parsed = parser.parse(text)
      if (parsed.ok) {
        this.current = parser
        this.onSwitch(current)
        this.count(parser, 1)
        return parsed.record
      }
      if (parsed.reason !== 'no-match') reason = parsed.reason
    }
    return reason
  }

  /** Whether a format that the user gave reads the text. */
  isGiven(text: string): boolean {
    return this.given.some((parser) => parser.parse(text).ok)
  }

  /** Whether a record is visibly not over. */
  isUnfinished(text: string): boolean {
    return (this.current ?? this.parsers[0])?.unfinished?.(text) === true
  }

  /** `lines` more were read by the parser. */
  count(parser: Parser, lines: number): void {
    const { summary, counts } = this
    const n = (counts.get(parser.id) ?? 0) + lines
    counts.set(parser.id, n)
    if (summary.format === null || n > (counts.get(summary.format) ?? 0)) summary.format = parser.id
  }
}
