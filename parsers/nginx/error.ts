/** nginx error_log: `TIME [LEVEL] PID#TID: *CONN MESSAGE (ERRNO: TEXT) while ACTION, client: …`.
 *  Source: ngx_log_error_core (core/ngx_log.c), ngx_http_log_error and ngx_http_log_error_handler (http/ngx_http_request.c).
 *  Nothing in the line is escaped: request, host and referrer are an attacker's text. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { ErrorLevel, ErrorRecord } from '../record.ts'
import { slashTime } from '../time.ts'

const HEAD =
  /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[(debug|info|notice|warn|error|crit|alert|emerg)\] (?:(\d+)#(\d+): )?(?:\*(\d+) )?/
/** `nginx -t` and start-up write this to stderr, without a date. */
const BARE_HEAD = /^nginx: (?:\[(warn|error|crit|alert|emerg)\] |(?=(?:the )?configuration file ))/

export const nginxError: Parser<ErrorRecord> = {
  id: 'nginx-error',
  description: 'nginx error_log, any level, also the output of nginx -t',
  startsRecord: /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[|nginx: )/,
  unfinished,
  examples: [
    {
      line: '2026/11/21 06:13:51 [info] 487#487: *1 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 127.0.0.1, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:49297/ws", host: "app.test"',
      fields: {
        level: 'info',
        pid: 487,
        connection: 1,
        message: 'upstream timed out',
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
    const dated = HEAD.exec(line)
    const head = dated ?? BARE_HEAD.exec(line)
    if (!head) return miss('no-match')
    const time = dated ? slashTime(dated[1] as string) : null
    if (dated && time === null) return miss('bad-time')
    const rest = line.slice(head[0].length)
    const tailAt = tailStart(rest)
    return {
      ok: true,
      record: {
        type: 'error',
        format: 'nginx-error',
        time,
        level: ((dated ? dated[2] : head[1]) ?? 'notice') as ErrorLevel,
        pid: dated?.[3] === undefined ? null : Number(dated[3]),
        tid: dated?.[4] === undefined ? null : Number(dated[4]),
        connection: dated?.[5] === undefined ? null : Number(dated[5]),
        ...splitMessage(rest.slice(0, tailAt)),
        ...splitTail(rest.slice(tailAt)),
      },
    }
  },
}

/** Where `, client: ` begins the context; the length when there is none.
 *  A message that quotes a decoded path can hold `, client: ` itself; nginx closes such quotes with ` (N: text)`,
 *  so inside `open() "…` only a separator right after a closing parenthesis is nginx's own. */
function tailStart(rest: string): number {
  const quoting = rest.startsWith('open() "') || rest.startsWith('user "') || rest.startsWith('"')
  for (let at = rest.indexOf(', client: '); at >= 0; at = rest.indexOf(', client: ', at + 1)) {
    if (
      !quoting ||
      rest[at - 1] === ')' ||
      /(?:password mismatch|was not found in "[^"]*")$/.test(rest.slice(Math.max(0, at - 200), at))
    )
      return at
  }
  const resolver = rest.indexOf(', resolver: ')
  return resolver >= 0 ? resolver : rest.length
}

const ACTION = / while ([A-Za-z][A-Za-z0-9/ -]*)$/
const ERRNO = / ?\((\d+): ([^()]*(?:\([^()]*\))?[^()]*)\)$/

function splitMessage(text: string): Pick<ErrorRecord, 'message' | 'errno' | 'action'> {
  // Only the last 400 bytes can hold errno and action: keeps the anchored-at-end patterns linear on a 10 MB line.
  const cut = Math.max(0, text.length - 400)
  const front = text.slice(0, cut)
  let end = text.slice(cut)
  const action = ACTION.exec(end)
  if (action) end = end.slice(0, action.index)
  const errno = ERRNO.exec(end)
  if (errno) end = end.slice(0, errno.index)
  return { message: front + end, errno: errno ? Number(errno[1]) : null, action: action ? (action[1] as string) : null }
}

type Tail = Pick<ErrorRecord, 'client' | 'server' | 'request' | 'subrequest' | 'upstream' | 'host' | 'referrer'>

/** The context fields in nginx's fixed order. Read from the left, because nginx itself refuses what would forge the
 *  next separator: a URI or a Host with a blank in it never reaches an upstream. The Referer, free text, comes last. */
function splitTail(text: string): Tail {
  const tail: Tail = {
    client: null,
    server: null,
    request: null,
    subrequest: null,
    upstream: null,
    host: null,
    referrer: null,
  }
  let rest = text
  const client = /^, client: ([0-9A-Fa-f.:]+|unix:)/.exec(rest)
  if (!client) return tail
  tail.client = client[1] as string
  rest = rest.slice(client[0].length)
  if (rest.startsWith(', server: ')) {
    rest = rest.slice(10)
    const end = rest.search(/, (?:request|subrequest|upstream|host|referrer): "|$/)
    tail.server = rest.slice(0, end) || null
    rest = rest.slice(end)
  }
  if (rest.startsWith(', request: "')) {
    rest = rest.slice(12)
    const line = /^[A-Z]+ \S+ HTTP\/\d(?:\.\d)?(?=")/.exec(rest)
    const end = line ? line[0].length : quoteEnd(rest, FIELD_AFTER.request)
    tail.request = rest.slice(0, end)
    rest = rest.slice(end + 1)
  }
  for (const field of ['subrequest', 'upstream', 'host'] as const) {
    const lead = `, ${field}: "`
    if (!rest.startsWith(lead)) continue
    rest = rest.slice(lead.length)
    const end = quoteEnd(rest, FIELD_AFTER[field])
    tail[field] = rest.slice(0, end)
    rest = rest.slice(end + 1)
  }
  if (rest.startsWith(', referrer: "')) tail.referrer = rest.slice(13).replace(/"$/, '')
  return tail
}

const FIELD_AFTER = {
  request: /", (?:subrequest|upstream|host|referrer): "/,
  subrequest: /", (?:upstream|host|referrer): "/,
  upstream: /", (?:host|referrer): "/,
  host: /", referrer: "/,
}

/** Index of the quote that closes a field; the length when the line was cut (NGX_MAX_ERROR_STR is 2048 bytes). */
function quoteEnd(text: string, next: RegExp): number {
  const at = text.search(next)
  if (at >= 0) return at
  return text.endsWith('"') ? text.length - 1 : text.length
}

/** nginx prints decoded paths: a request for `/x%0a2026/…` puts a line break and a forged head into the log.
 *  A record whose quote is open and which has no context yet goes on, whatever the next line looks like. */
function unfinished(record: string): boolean {
  if (record.length > 2000 || !/ open\(\) "| "\//.test(record) || record.includes(', client: ')) return false
  let quotes = 0
  for (let at = record.indexOf('"'); at >= 0; at = record.indexOf('"', at + 1)) quotes++
  return quotes % 2 === 1 && /: \*\d+ /.test(record)
}
