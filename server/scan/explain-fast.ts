/** What the hot path does with a line, in words. */
import type { Parser } from '../../parsers/parser.ts'
import type { LogRecord } from '../../parsers/record.ts'
import { emptyEvidence } from '../diagnosis/contract.ts'
import { HotPath } from './hot-path.ts'

/** `payload` is the line without its envelopes, `record` what the parser reads in it. */
export function fastPath(payload: string, parser: Parser | null, record: LogRecord | null, own: boolean): string {
  if (record === null) return 'counted as unread, kept as a sample while there are few'
  const hot = new HotPath('', null, null, new Set())
  if (!hot.use(parser?.shape?.(payload) ?? null)) return `every line of ${record.format} goes through its parser`
  hot.begin(Buffer.from(payload), emptyEvidence())
  hot.run(0, 1, false)
  if (own || (hot.counted === 0 && !hot.learnable)) return 'goes through the parser: its bytes alone do not settle it'
  if (hot.counted === 1) return 'counted from its bytes, without the parser: an ordinary success'
  return 'goes through the parser once; the same request with the same answer is then counted from its bytes'
}
