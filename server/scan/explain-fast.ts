/** What the hot path does with a line, in words. */
import type { LogRecord } from '../../parsers/record.ts'
import { COMBINED_LIKE, CombinedLine } from './combined-line.ts'

/** `payload` is the line without its envelopes, `record` what the parser reads in it. */
export function fastPath(payload: string, record: LogRecord | null, own: boolean): string {
  if (record === null) return 'counted as unread, kept as a sample while there are few'
  const quoted = COMBINED_LIKE.get(record.format)
  if (quoted === undefined) return `every line of ${record.format} goes through its parser`
  const line = new CombinedLine()
  const bytes = Buffer.from(payload)
  if (own || !line.locate(bytes, 0, bytes.length, quoted))
    return 'goes through the parser: its bytes alone do not settle it'
  const { status, socketWord } = line
  if (!socketWord && ((status >= 200 && status < 300) || status === 304))
    return 'counted from its bytes, without the parser: an ordinary success'
  return 'goes through the parser once; the same request with the same answer is then counted from its bytes'
}
