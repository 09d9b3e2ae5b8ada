/** Evidence lines, shortened so that the parts that decide stay. */
import { clip, cut, displayWidth, escapeText } from './terminal.ts'

/** Rows that one line may take. */
const ROWS = 3
/** The beginning is kept: it holds the time. */
const HEAD = 28
/** A part may be this long. */
const PART = 150
/** Ways to make a line shorter, tried in this order until it fits: a client decides how long its request is, so that
 *  gives way first, then the fields that only help. */
const SHORTER: readonly { request: number; helpful: boolean }[] = [
  { request: PART, helpful: true },
  { request: 80, helpful: true },
  { request: 40, helpful: true },
  { request: 60, helpful: false },
  { request: 30, helpful: false },
  { request: 16, helpful: false },
]

const REQUEST_KEYS = 'req(?:uest(?:_uri)?)?'
const HELPFUL_KEYS =
  'rt|urt|request_time|upstream_response_time|uaddr|upstream_addr|vhost|server_name|h(?:ttp)?_connection'
const KEYS = `${REQUEST_KEYS}|u?status|upstream_status|h(?:ttp)?_upgrade|${HELPFUL_KEYS}`
const REQUEST = new RegExp(`^(?:upstream: |"[A-Z]{3,10} |"?(?:${REQUEST_KEYS})"?[=:])`)
const HELPFUL = new RegExp(`^"?(?:${HELPFUL_KEYS})"?[=:]`)

/** What in a line tells. Only chooses what is shown. */
const TELLING: readonly RegExp[] = [
  // nginx error log: the message, then the context that names the place; the rest of it is in the finding's scope.
  /\[(?:emerg|alert|crit|error|warn|notice|info)\] (?:(?!, (?:client|server|host): ).){1,120}(?=, (?:client|server|host): |$)/g,
  /(?:upstream (?:timed out|prematurely|sent )|no live upstreams|\w+\(\) failed)[^,]*/g,
  /\b(?:request|upstream): (?:"[^"]*"|[^\s,]+)/g,
  // Access log as key=value or JSON.
  new RegExp(`\\b(?:${KEYS})=(?:"[^"]*"|\\S*)`, 'g'),
  new RegExp(`"(?:${KEYS})": ?(?:"[^"]*"|[^\\s,}]*)`, 'g'),
  // Combined: the request, and the status and size behind it.
  /"[A-Z]{3,10} [^"]* HTTP\/[\d.]+"?(?=" \d{3} )/g,
  /(?<=" )\d{3} (?:\d+|-)(?= |$)/g,
  // Applications.
  /websocket(?:proxy)?: .*/gi,
  /\bclose 1\d{3}.*/g,
]

/** Rows of at most `width` columns, escaped. `whole`: every character, however long. */
export function evidenceRows(text: string, width: number, whole: boolean): string[] {
  const line = escapeText(text.trim())
  const fits = (value: string): boolean => cut(value, width).length <= ROWS
  if (whole || fits(line)) return cut(line, width)
  const short = shortened(line, fits)
  let columns = width * ROWS
  // Breaking at spaces leaves a few columns of each row empty: how many is only known by trying.
  while (columns > width && !fits(clip(short, columns))) columns -= 4
  return cut(clip(short, columns), width)
}

function shortened(line: string, fits: (value: string) => boolean): string {
  let short = line
  for (const way of SHORTER) {
    short = excerpt(line, way)
    if (fits(short)) break
  }
  return short
}

/** The head and the telling parts, with `…` for what is left out. */
function excerpt(line: string, { request, helpful }: (typeof SHORTER)[number]): string {
  const parts = TELLING.flatMap((pattern) => [...line.matchAll(pattern)])
    .filter(([text]) => helpful || !HELPFUL.test(text))
    .map(({ 0: text, index }) => {
      const most = REQUEST.test(text) ? request : PART
      return { from: index, to: index + Math.min(most, text.length) }
    })
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
  const fits = (value: string): boolean => displayWidth(value) <= width
  return fits(line) ? line : clip(shortened(line, fits), width)
}
