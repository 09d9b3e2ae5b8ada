/** The lines of a log that stand around one of them, read when somebody asks. */
import { createReadStream } from 'node:fs'
import { maskText } from '../parsers/masking.ts'
import type { ContextLines } from './http/wire.ts'

/** Lines in front and behind. */
const AROUND = 5
/** Characters of a line. */
const LONGEST = 2000
/** Bytes that are read to get there: lines are found by counting. */
const FARTHEST = 512 * 2 ** 20
/** A line end that does not come within so many bytes is not waited for. */
const LONGEST_BYTES = 2 ** 20

/** Null when the file ends before, or is too long to count so far. Rejects when it cannot be read.
 *  @param line from 1 */
export async function linesAround(path: string, line: number): Promise<ContextLines['lines'] | null> {
  const first = Math.max(1, line - AROUND)
  const last = line + AROUND
  const found: ContextLines['lines'] = []
  let at = 1
  let rest: Buffer = Buffer.alloc(0)
  const take = (bytes: Buffer) => {
    if (at >= first && at <= last) found.push({ line: at, text: shown(bytes) })
    at++
  }
  for await (const chunk of createReadStream(path, {
    end: FARTHEST,
    highWaterMark: 2 ** 20,
  }) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      // In front of what is wanted only line ends matter.
      take(at < first ? chunk.subarray(0, 0) : Buffer.concat([rest, chunk.subarray(from, end)]))
      rest = rest.subarray(0, 0)
      from = end + 1
      if (at > last) return found
    }
    if (at >= first && rest.length < LONGEST_BYTES) rest = Buffer.concat([rest, chunk.subarray(from)])
  }
  if (rest.length > 0) take(rest)
  return found.some((one) => one.line === line) ? found : null
}

const shown = (bytes: Buffer): string =>
  maskText(bytes.toString('utf8', 0, LONGEST_BYTES).replace(/\r$/, '')).slice(0, LONGEST)

/** Is this the line that the evidence was taken from? A file that was rotated has another one there. Spaces and what masking
 *  made of them do not count; of a packed line (JSON of a container) the beginning of the payload is looked for. */
export function isSame(shownLine: string, evidence: string): boolean {
  const bare = (text: string): string => text.replace(/[\s"\\]+/g, '')
  const start = bare(evidence.split('\n')[0] ?? '').slice(0, 60)
  return start !== '' && bare(shownLine).includes(start)
}
