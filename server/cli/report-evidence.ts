/** Evidence lines, shortened so that the parts that decide stay. */
import { clip, cut, displayWidth, escapeText } from './terminal.ts'

/** Rows that one line may take. */
const ROWS = 3
/** The beginning is kept: it holds the time. */
const HEAD = 28
/** A part may be this long; a client decides how long its request is. */
const PART = 150

const KEYS =
  'req(?:uest(?:_uri)?)?|u?status|upstream_status|rt|urt|request_time|upstream_response_time|uaddr|upstream_addr|vhost|server_name|h(?:ttp)?_upgrade|h(?:ttp)?_connection'

/** What in a line tells. Only chooses what is shown. */
const TELLING: readonly RegExp[] = [
  // nginx error log: the message, then the context that names the place; the rest of it is in the finding's scope.
  /\[(?:emerg|alert|crit|error|warn|notice|info)\] (?:(?!, (?:client|server|host): ).){1,120}(?=, (?:client|server|host): |$)/g,
  /(?:upstream (?:timed out|prematurely|sent )|no live upstreams|\w+\(\) failed)[^,]*/g,
  /\b(?:request|upstream): (?:"[^"]*"|[^\s,]+)/g,
  // Access log as key=value or JSON.
  new RegExp(`\\b(?:${KEYS})=(?:"[^"]*"|\\S*)`, 'g'),
  new RegExp(`"(?:${KEYS})": ?(?:"[^"]*"|[^\\s,}]*)`, 'g'),
  // Applications.
  /websocket(?:proxy)?: .*/gi,
  /\bclose 1\d{3}.*/g,
]

/** Rows of at most `width` columns, escaped. `whole`: every character, however long. */
export function evidenceRows(text: string, width: number, whole: boolean): string[] {
  const line = escapeText(text.trim())
  const fits = (value: string): boolean => cut(value, width).length <= ROWS
  if (whole || fits(line)) return cut(line, width)
  const short = excerpt(line)
  let columns = width * ROWS
  // Breaking at spaces leaves a few columns of each row empty: how many is only known by trying.
  while (columns > width && !fits(clip(short, columns))) columns -= 4
  return cut(clip(short, columns), width)
}

/** The head and the telling parts, with `…` for what is left out. */
function excerpt(line: string): string {
  const parts = TELLING.flatMap((pattern) =>
    [...line.matchAll(pattern)].map((m) => ({ from: m.index, to: m.index + Math.min(PART, m[0].length) })),
  )
  if (parts.length === 0) return line
  const ranges = [{ from: 0, to: HEAD }, ...parts].sort((a, b) => a.from - b.from)
  let out = ''
  let end = 0
  for (const { from, to } of ranges) {
    if (to <= end) continue
    // Leaving out three characters or fewer saves nothing.
    if (from > end + 3) out += `${out === '' ? '' : ' '}… ${line.slice(from, to)}`
    else out += line.slice(end, to)
    end = to
  }
  return end < line.length ? `${out} …` : out
}

/** For places with one row. */
export function evidenceRow(text: string, width: number): string {
  const line = escapeText(text.trim())
  return displayWidth(line) <= width ? line : clip(excerpt(line), width)
}
