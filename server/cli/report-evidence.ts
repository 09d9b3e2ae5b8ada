/** Evidence lines, shortened so that the part that decides stays. */
import { clip, cut, displayWidth, escapeText } from './terminal.ts'

/** What in a line speaks about WebSockets, most telling first. Only used to choose which part to show. */
const DECISIVE: readonly RegExp[] = [
  /websocket(?:proxy)?: /i,
  /\[(?:emerg|alert|crit)\] /,
  /(?:connect|recv|send|SSL_\w+|writev)\(\) failed/,
  /upstream (?:timed out|prematurely|sent )/,
  /no live upstreams|could not be resolved|host not found/,
  /close 1\d{3}/,
  / while \w/,
  /" \d{3} /,
]
/** Rows that one line may take. */
const ROWS = 3
/** What is kept of the beginning (the time stamp) when the middle is left out. */
const HEAD = 28

/** Rows of at most `width` columns, escaped. `whole`: every character, however long. */
export function evidenceRows(text: string, width: number, whole: boolean): string[] {
  const line = escapeText(text.trim())
  if (whole || displayWidth(line) <= width * ROWS) return cut(line, width)
  const budget = width * ROWS - ROWS
  const at = decisive(line)
  // The telling part is near the beginning already.
  if (at < budget / 2) return cut(clip(line, budget), width)
  const from = Math.max(HEAD, at - 12)
  return cut(`${clip(line, HEAD)} ${clip(`…${line.slice(from)}`, budget - HEAD - 1)}`, width)
}

function decisive(line: string): number {
  for (const pattern of DECISIVE) {
    const at = line.search(pattern)
    if (at >= 0) return at
  }
  return 0
}
