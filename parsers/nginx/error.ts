/** nginx error_log: `TIME [LEVEL] PID#TID: *CONN MESSAGE (ERRNO: TEXT) while ACTION, client: …`.
 *  Source: ngx_log_error_core (core/ngx_log.c). Nothing in the line is escaped: error-message.ts says where the message
 *  ends, error-context.ts reads what follows it. */
import { nearSteps, type Step } from '../near.ts'
import { percentDecode } from '../masking.ts'
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { ErrorLevel, ErrorRecord, LogTime } from '../record.ts'
import { isoTime, slashTime } from '../time.ts'
import { readContext } from './error-context.ts'
import { contextStart, quoteIsOpen, quotesPath, splitMessage } from './error-message.ts'

const HEAD =
  /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[(debug|info|notice|warn|error|crit|alert|emerg)\] (?! )(?:(\d{1,10})#(\d{1,10}): )?(?:\*(\d{1,19}) )?/
/** What others make of that head: a fraction or a zone in the stamp, an ISO stamp, none, or a syslog tag in front of it. With
 *  any of these `PID#TID: ` must be there: a level alone is everybody's. */
const OTHER_HEAD =
  /^\ufeff?(?:(?:[\w.-]{1,255} )?(?:nginx|openresty|tengine|angie)(?:\[\d{1,10}\])?: )?(?:(\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?) )?\[(debug|info|notice|warn|error|crit|alert|emerg)\] {1,4}(?:(\d{1,10})#(\d{1,10}): )(?:\*(\d{1,19}) )?/
/** `nginx -t` and start-up write this to stderr, without a date. */
const BARE_HEAD = /^nginx: (?:\[(info|notice|warn|error|crit|alert|emerg)\] |(?=(?:the )?configuration file ))/

/** As people quote it: from the serial or the message on, without date and level. Nginx's own beginnings, and its context
 *  behind them, must be there. error_log prints nothing less than errors unless told, so that is the level that is taken. */
const NO_HEAD =
  /^(?:\*(\d{1,19}) )?(?=(?:upstream (?:timed out|prematurely closed|sent )|(?:connect|recv|send|writev|readv)\(\) (?:to |failed)|no live upstreams|SSL_do_handshake\(\) failed|peer closed connection in SSL handshake|upstream SSL certificate |\S{1,255} could not be resolved |no resolver defined |client timed out )[^\n]{0,1500}, (?:client|server): [^,\n]{0,300}, (?:server|request|upstream): )/

export const nginxError: Parser<ErrorRecord> = {
  id: 'nginx-error',
  description: 'nginx error_log, any level, also the output of nginx -t',
  startsRecord: /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[|nginx: )/,
  unfinished,
  isWhole,
  examples: [
    {
      line: '2026/11/21 06:13:51 [info] 487#487: *1 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 127.0.0.1, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:49297/ws", host: "app.test"',
      fields: {
        level: 'info',
        pid: 487,
        connection: 1,
        message: 'upstream timed out',
        text: 'upstream timed out (110: Connection timed out) while proxying upgraded connection',
        errno: 110,
        action: 'proxying upgraded connection',
        client: '127.0.0.1',
        server: 'app.test',
        request: 'GET /ws HTTP/1.1',
        upstream: 'http://127.0.0.1:49297/ws',
        host: 'app.test',
      },
    },
    {
      line: '2026/11/21 06:31:33 [error] 16858#16858: *1 no resolver defined to resolve ok.lab, client: 127.0.0.1, server: app.test, request: "GET /ok.lab/ws HTTP/1.1", host: "app.test"',
      fields: { level: 'error', message: 'no resolver defined to resolve ok.lab', action: null, upstream: null },
    },
    {
      line: 'nginx: [emerg] unknown "connection_upgrade" variable',
      fields: { level: 'emerg', message: 'unknown "connection_upgrade" variable', pid: null, time: null },
    },
    {
      line: '2026/11/21 06:31:21 [alert] 16644#16644: 8 worker_connections are not enough',
      fields: { level: 'alert', connection: null, message: '8 worker_connections are not enough', client: null },
    },
  ],
  parse(line): Parsed<ErrorRecord> {
    const dated = HEAD.exec(line) ?? otherHead(line)
    const head = dated ?? BARE_HEAD.exec(line)
    if (!head) return headless(line)
    const stamp = dated?.[1]
    const time = stamp === undefined ? null : stampTime(stamp)
    if (stamp !== undefined && time === null) return miss('bad-time')
    const level = ((dated ? dated[2] : head[1]) ?? 'notice') as ErrorLevel
    const rest = line.slice(head[0].length)
    // At debug level nginx adds no context, and prints headers and arguments as they come.
    const end = level === 'debug' ? rest.length : contextStart(rest)
    // Joined as far as nginx's longest entry goes, and still open: none of its parts may count as an entry.
    if (dated?.[5] !== undefined && level !== 'debug' && line.length > 1000 && line.includes('\n') && quoteIsOpen(rest))
      return miss('truncated')
    return {
      ok: true,
      record: {
        type: 'error',
        format: 'nginx-error',
        time,
        level,
        pid: number(dated?.[3]),
        tid: number(dated?.[4]),
        connection: number(dated?.[5]),
        ...splitMessage(rest.slice(0, end)),
        ...readContext(rest.slice(end)),
      },
    }
  },
  explain: (line) => nearSteps(line, STEPS),
}

/** The head in steps, for `explain`; behind it everything is read. */
const STEPS: readonly Step[] = [
  [/\d{4}\/\d\d\/\d\d /y, 'a date such as 2026/11/21'],
  [/\d\d:\d\d:\d\d /y, 'a time such as 06:13:51'],
  [/\[/y, '[level] after the time'],
  [/(?:debug|info|notice|warn|error|crit|alert|emerg)\] /y, "one of nginx's levels"],
]

function headless(line: string): Parsed<ErrorRecord> {
  const head = line.includes(', server: ') ? NO_HEAD.exec(line) : null
  if (head === null) return miss('no-match')
  const rest = line.slice(head[0].length)
  const end = contextStart(rest)
  return {
    ok: true,
    record: {
      type: 'error',
      format: 'nginx-error',
      time: null,
      level: 'error',
      pid: null,
      tid: null,
      connection: number(head[1]),
      ...splitMessage(rest.slice(0, end)),
      ...readContext(rest.slice(end)),
    },
  }
}

/** One look for `#` spares the lines of all other formats the pattern. */
function otherHead(line: string): RegExpExecArray | null {
  const mark = line.indexOf('#')
  return mark < 0 || mark > 400 ? null : OTHER_HEAD.exec(line)
}

/** nginx's own stamp, or that with slashes or dashes, a fraction, and a zone with a blank before it or without. */
function stampTime(text: string): LogTime | null {
  return text.length === 19 && text[4] === '/'
    ? slashTime(text)
    : isoTime(text.replace(/^(\d+)\/(\d+)\//, '$1-$2-').replace(/ (?=[Z+-])/, ''))
}

const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text))

/** What nginx prints decoded or takes from a backend can hold line breaks, and then what looks like the next entry: a
 *  request for `/x%0a2026/…` forges one. An entry that quotes such text goes on until its own context has come, whatever
 *  the next line looks like; `isWhole` says whether it did. */
function unfinished(record: string, bytes?: number): boolean {
  const head = HEAD.exec(record)
  if (head?.[5] === undefined || head[2] === 'debug') return false
  const rest = record.slice(head[0].length)
  if (quoteIsOpen(rest)) return !isCut(record, bytes) && (bytes ?? record.length) < LONGEST
  return sentIsOpen(rest) && !isCut(record, bytes) && (bytes ?? record.length) < LONGEST
}

/** Nobody but nginx need believe that lines are one entry: one that a collector has cut has no end either, and would take
 *  the entries behind it along. An entry ends in its own context, or is as long as nginx's longest; and what looks like an
 *  entry in a path is what the request asked for, which the context repeats as it came. */
function isWhole(record: string, bytes?: number): boolean {
  const head = HEAD.exec(record)
  if (head === null || !record.includes('\n') || isCut(record, bytes)) return true
  const rest = record.slice(head[0].length)
  if (quoteIsOpen(rest) || sentIsOpen(rest)) return false
  const tail = rest.slice(contextStart(rest))
  const path = pathAsked(tail)
  // A quote that closes with as many line breaks as were asked for is nginx's, however the path was rewritten.
  if (quotesPath(rest)) return rest.split('\n').length - 1 <= lineBreaks(path) || asksFor(path, rest)
  return asksFor(path, tail)
}

const SENT = /, (?:subrequest|upstream): "/
const STAMPS = /(?<=\n)\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /g

/** The path of the request that the context names, as it came. Nothing in it is a blank, a quote or a question mark. */
const pathAsked = (tail: string): string => /, request: "[A-Z]{1,20} ([^\s"?]+)/.exec(tail)?.[1] ?? ''

/** Whether all lines of the text that look like entries begin in the path, too. */
function asksFor(path: string, text: string): boolean {
  const stamps = text.match(STAMPS) ?? []
  if (stamps.length === 0) return true
  const asked = percentDecode(path.replace(/%(?![0-7])/g, '_'))
  return stamps.every((stamp) => asked.includes(`\n${stamp}`))
}

const lineBreaks = (path: string): number => path.match(/%0a/gi)?.length ?? 0

/** Whether the URI sent upstream goes on in the next line: it is decoded, and lacks some of the line breaks that the
 *  request asks for. Quotes tell nothing, they may have been asked for, too. */
function sentIsOpen(rest: string): boolean {
  if (!rest.includes(', upstream: "') && !rest.includes(', subrequest: "')) return false
  const tail = rest.slice(contextStart(rest))
  const at = tail.search(SENT)
  if (at < 0) return false
  const asked = lineBreaks(pathAsked(tail.slice(0, at)))
  const sent = tail.slice(at)
  return asked > 0 && !/%0a/i.test(sent) && sent.split('\n').length <= asked
}

/** NGX_MAX_ERROR_STR without the line break: 2048 bytes with it, 4096 in OpenResty. */
const STOCK = 2047
const LONGEST = 4095

/** Whether nginx has cut the entry, which it does without a mark. */
function isCut(record: string, bytes?: number): boolean {
  if (bytes !== undefined) return bytes === STOCK || bytes === LONGEST
  if (record.length > LONGEST) return false
  let [least, unknown] = [0, 0]
  for (let i = 0; i < record.length; i++) {
    const code = record.charCodeAt(i)
    least += code < 0x80 || code === 0xfffd ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3
    // What was no UTF-8 is U+FFFD by now, and was one to three bytes.
    if (code === 0xfffd) unknown += 2
  }
  return [STOCK, LONGEST].some((size) => size >= least && size <= least + unknown)
}
