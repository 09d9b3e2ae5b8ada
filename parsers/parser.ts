/** The parser contract. A parser never throws and never drops: failure is a value with a named reason. */
import type { LineShape } from './line-shape.ts'
import type { LogRecord } from './record.ts'

/** Why a line was not read. `no-match`: another format. The others: right format, damaged line. */
export type MissReason = 'no-match' | 'truncated' | 'bad-time' | 'bad-json' | 'binary'

export type Parsed<R extends LogRecord = LogRecord> = { ok: true; record: R } | { ok: false; reason: MissReason }

export const miss = (reason: MissReason): { ok: false; reason: MissReason } => ({ ok: false, reason })

/** How far a line got in a format that it is not in. */
export interface Near {
  /** Where in the line it stopped, when `why` says what was expected there. */
  at: number
  /** Characters that certainly fit, when these are fewer: what can hold anything proves nothing. Orders formats by
   *  nearness. */
  fits?: number
  /** `expected …` at that place, or a whole reason. */
  why: string
}

export interface Parser<R extends LogRecord = LogRecord> {
  /** The name `--format` takes and `parse` prints. */
  id: string
  description: string
  /** Matches the first line of a record; lines that do not match may continue the record before. Absent: one line, one record. */
  startsRecord?: RegExp
  /** True when the record is visibly not over, so that the next line belongs to it even if it looks like a start. `bytes`: how many
   *  the record has in the log, where that is known better than from its text. */
  unfinished?(record: string, bytes?: number): boolean
  /** Of lines that were joined because of `unfinished`: whether they turned out to be one record. False: the first was cut
   *  by whoever collected it, and the others are records of their own. Absent: they are what they seemed to be. */
  isWhole?(record: string, bytes?: number): boolean
  /** Lines it reads, with the fields that must come out. Shown by `halfopen explain`, run as tests. */
  examples: readonly { line: string; fields: Readonly<Record<string, unknown>> }[]
  parse(line: string): Parsed<R>
  /** How a line that `parse` has read is built; null when other lines may be built in another way. */
  shape?(line: string): LineShape | null
  /** Why `parse` refuses the line, for people: nothing that reads logs calls it. Null, or absent: there is nothing to say
   *  but that the line has another form. */
  explain?(line: string): Near | null
}
