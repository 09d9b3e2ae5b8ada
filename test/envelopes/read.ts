/** Reads a text the way `halfopen parse` does, without the process. */
import type { EnvelopeId } from '../../parsers/envelopes/envelope.ts'
import { PARSERS } from '../../parsers/index.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { emptyEvidence } from '../../server/diagnosis/contract.ts'
import { RecordReader } from '../../server/scan/contract.ts'
import { LineFeeder } from '../../server/scan/lines.ts'

export interface Got {
  line: number
  envelope: readonly EnvelopeId[] | null
  time: string | null
  record: LogRecord | null
  /** The payload of what no parser read. */
  raw: string | null
  reason: string | null
}

/** `chunk`: how many bytes come at a time. */
export function read(input: string | Buffer, chunk = Infinity, parsers: readonly Parser[] = PARSERS): Got[] {
  return readAll(input, chunk, parsers).got
}

export function readAll(
  input: string | Buffer,
  chunk = Infinity,
  parsers: readonly Parser[] = PARSERS,
): { got: Got[]; summary: RecordReader['summary'] } {
  const bytes = Buffer.from(input)
  const got: Got[] = []
  const reader = new RecordReader({ path: 'x.log', parsers, shift: (wall) => wall })
  reader.onRecord = (record, line, raw, reason, wrapping) => {
    const time = record === null ? wrapping?.time : record.time
    const envelope = wrapping?.envelope ?? null
    got.push({ line, envelope, time: time?.iso ?? null, record, raw: record === null ? raw : null, reason })
  }
  const feeder = new LineFeeder((lines, final) =>
    reader.read(lines, reader.summary.lines + 1, emptyEvidence(), null, final),
  )
  for (let at = 0; at < bytes.length; at += chunk) feeder.push(bytes.subarray(at, Math.min(bytes.length, at + chunk)))
  feeder.end()
  return { got, summary: reader.summary }
}

/** The record's own fields as plain data, without its time. */
export function fieldsOf(record: LogRecord | null): unknown {
  if (record === null) return null
  const { time: _, ...rest } = record
  return rest
}
