/** What nginx variables look like in a log line. Source: the variable tables of ngx_http_variables.c, ngx_http_log_module.c,
 *  ngx_http_upstream.c and ngx_stream_*; how each is printed decides where its value ends. */

/** Variables that are numbers in records and in what `halfopen parse` prints. Every other value is a string, and the
 *  variables in UPSTREAM_LISTS are lists of strings. */
export const NUMBERS: ReadonlySet<string> = new Set([
  'status',
  'body_bytes_sent',
  'bytes_sent',
  'bytes_received',
  'request_length',
  'request_time',
  'session_time',
  'connection',
  'connection_requests',
  'connection_time',
  'msec',
  'pid',
  'remote_port',
  'realip_remote_port',
  'server_port',
  'proxy_port',
  'gzip_ratio',
  'content_length',
])

/** One element per try: `, ` between tries, ` : ` after an internal redirect. Source: ngx_http_upstream_variables. */
export const UPSTREAM_LISTS: ReadonlySet<string> = new Set([
  'upstream_addr',
  'upstream_status',
  'upstream_connect_time',
  'upstream_header_time',
  'upstream_response_time',
  'upstream_response_length',
  'upstream_bytes_received',
  'upstream_bytes_sent',
  'upstream_first_byte_time',
  'upstream_session_time',
  'upstream_queue_time',
])

/** Variables that say when, see readTime in access.ts. */
export const TIMES: ReadonlySet<string> = new Set(['time_local', 'time_iso8601', 'msec', 'date_gmt', 'date_local'])

/** Splits `502, 101` and `502 : 101` into their elements. A try without a value is `-`. */
export function upstreamList(text: string): string[] {
  return text.includes(', ') || text.includes(' : ') ? text.split(/, | : /) : [text]
}

/** The end of a value that starts at `at`; -1 when there is none of that shape. */
export type Scan = (line: string, at: number) => number

export interface Shape {
  scan: Scan
  /** The value's own form says where it ends, whatever follows. */
  delimited?: true
  /** Otherwise it is a run of these characters, and may be followed by a variable that begins with another one. */
  run?: RegExp
  /** Longest run. */
  most?: number
}

/** A sticky pattern as a scanner. Patterns are bounded, so that a scan costs the same everywhere in a line. */
function pattern(source: string): Scan {
  const re = new RegExp(source, 'y')
  return (line, at) => {
    re.lastIndex = at
    return re.test(line) ? re.lastIndex : -1
  }
}

/** A busy log repeats its stamp for hundreds of lines: the last one is compared before the pattern is run. */
function stamp(source: string): Scan {
  const scan = pattern(source)
  let last = '\n'
  return (line, at) => {
    if (line.startsWith(last, at)) return at + last.length
    const end = scan(line, at)
    if (end >= 0) last = line.slice(at, end)
    return end
  }
}

const isDigit = (line: string, at: number): boolean => {
  const c = line.charCodeAt(at)
  return c >= 48 && c <= 57
}

/** Digits with an optional fraction, or `-`. */
function number(line: string, at: number): number {
  let end = at
  const limit = at + 40
  while (end < limit && isDigit(line, end)) end++
  if (end === at) return line.charCodeAt(at) === 45 ? at + 1 : -1
  if (line.charCodeAt(end) === 46 && isDigit(line, end + 1)) {
    end++
    while (end < limit && isDigit(line, end)) end++
  }
  return end
}

function status(line: string, at: number): number {
  if (isDigit(line, at)) return isDigit(line, at + 1) && isDigit(line, at + 2) ? at + 3 : -1
  return line.charCodeAt(at) === 45 ? at + 1 : -1
}

/** nginx prints one element per try; more than this is no list. */
const MAX_ELEMENTS = 32

function list(element: Scan): Scan {
  return (line, at) => {
    let end = element(line, at)
    for (let n = 1; end > 0 && n < MAX_ELEMENTS; n++) {
      const lead = line.startsWith(', ', end) ? 2 : line.startsWith(' : ', end) ? 3 : 0
      const next = lead === 0 ? -1 : element(line, end + lead)
      if (next < 0) break
      end = next
    }
    return end
  }
}

const STATUS: Shape = { scan: status, delimited: true }
/** nginx prints seconds with three decimals; followed by a variable, only that form says where they end. */
const SECONDS: Shape = { scan: number, run: /[-\d.]/ }
const NUMBER: Shape = { scan: number, run: /[-\d.]/ }
/** Variables whose value always has one form. */
export const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['time_local', { scan: stamp('\\d\\d/[A-Za-z]{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}'), delimited: true }],
  [
    'time_iso8601',
    {
      scan: stamp('\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?'),
      delimited: true,
    },
  ],
  ...['date_gmt', 'date_local'].map((name): [string, Shape] => [
    name,
    {
      scan: stamp(
        '[A-Z][a-z]{2,8}, \\d\\d-[A-Z][a-z]{2}-\\d{4} \\d\\d:\\d\\d:\\d\\d (?:[A-Z]{1,6}|[+-]\\d\\d(?:\\d\\d)?)',
      ),
      delimited: true,
    },
  ]),
  ['status', STATUS],
  ['msec', { scan: pattern('\\d{1,12}(?:\\.\\d{3})?'), delimited: true }],
  ['request_time', SECONDS],
  ['session_time', SECONDS],
  ...[...NUMBERS]
    // $content_length is what the client claimed, digits or not.
    .filter((name) => !['status', 'msec', 'request_time', 'session_time', 'content_length'].includes(name))
    .map((name): [string, Shape] => [name, NUMBER]),
])

/** How the end of an upstream list is found when `literal` follows it; null when only the literal tells. */
export function listScan(name: string, literal: string): Scan | null {
  if (literal.startsWith(', ') || literal.startsWith(' : ')) return null
  if (name !== 'upstream_addr') return list(number)
  const ahead = literal === '' ? '' : `(?!${literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')})`
  return list(pattern(`(?:${ahead}[^\\s,"]){1,200}`))
}

/** Variables that hold no blank: used where a preset must not take what is before its first field for an address. */
export const UNSPACED: ReadonlySet<string> = new Set(['remote_addr', 'realip_remote_addr', 'the_real_ip'])

/** Forms that settle the end only where a variable follows at once, as in `$scheme$request_uri`. `run` is what the
 *  value is made of; `scan` is used when the form itself tells the end. */
export const ADJACENT: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['request_time', { scan: pattern('\\d{1,12}\\.\\d{3}|-'), delimited: true }],
  ['session_time', { scan: pattern('\\d{1,12}\\.\\d{3}|-'), delimited: true }],
  ['msec', { scan: pattern('\\d{1,12}\\.\\d{3}'), delimited: true }],
  ['is_args', { scan: pattern('\\??'), delimited: true }],
  ['https', { scan: pattern('(?:on)?'), run: /[on]/ }],
  ['pipe', { scan: pattern('[.p]'), delimited: true }],
  ['request_id', { scan: pattern('[0-9a-f]{32}'), delimited: true }],
  ['server_protocol', { scan: pattern('HTTP/\\d\\.\\d|-'), delimited: true }],
  ['scheme', run('[a-z]', 10)],
  ['request_method', run('[A-Z_-]', 32)],
  ['remote_addr', run('[0-9A-Fa-f:.]', 60)],
  ['server_addr', run('[0-9A-Fa-f:.]', 60)],
  ['host', run('[^\\s/"?#]', 255)],
  ['http_host', run('[^\\s/"?#]', 255)],
  ['server_name', run('[^\\s/"?#]', 255)],
  ['proxy_host', run('[^\\s/"?#]', 255)],
])

/** A path in front of `$is_args$args`, which are often empty: it ends at the query or at the literal after both.
 *  With `dash`, a missing `$args` is printed as `-` and ends it too. */
export function pathShape(literal: string, dash: boolean): Shape {
  const mark = literal[0] ?? ''
  const shape = run(`[^\\s?"${/^[|;,)(<>[\]{}^~\\]/.test(mark) ? `\\${mark}` : ''}]`, 8192)
  if (!dash) return shape
  const scan: Scan = (line, at) => {
    const end = shape.scan(line, at)
    return end > at && line[end] !== '?' && line[end - 1] === '-' ? end - 1 : end
  }
  return { ...shape, scan }
}

function run(chars: string, most: number): Shape {
  return { scan: pattern(`${chars}{0,${most}}`), run: new RegExp(chars), most }
}

/** What a value can begin with, for variables that follow another one at once. Absent: anything. */
export const FIRST: ReadonlyMap<string, RegExp> = new Map([
  ['request_uri', /[/]/],
  ['uri', /[/]/],
  ['document_uri', /[/]/],
  ['is_args', /[?]/],
  ['request_method', /[A-Z-]/],
  ['time_local', /\d/],
  ['time_iso8601', /\d/],
  ['scheme', /[a-z]/],
])
