/** The context behind an error log message: `, client: A, server: S, request: "R", …`, in nginx's fixed order, any part
 *  of it missing; what stands behind `server` is also read in another order when it cannot be read in nginx's. Sources: ngx_http_log_error_handler, ngx_stream_log_error, ngx_stream_proxy_log_error, ngx_mail_log_error.
 *
 *  Nothing is escaped, so that a value can hold what looks like the next field. What nginx itself refuses settles it: a
 *  host has no blank and no quote, a server name neither, a request line ends in its protocol, and the Referer, free
 *  text, comes last. The leftmost reading of the line in which every field keeps to that is taken. */
import type { ErrorRecord } from '../record.ts'

export type Context = Pick<
  ErrorRecord,
  'client' | 'server' | 'request' | 'subrequest' | 'upstream' | 'host' | 'referrer' | 'extra'
>

/** `request_id` is what Kong and others add, last. */
type Quoted = 'request' | 'subrequest' | 'login' | 'upstream' | 'host' | 'referrer' | 'request_id'
const ORDER: readonly Quoted[] = ['request', 'subrequest', 'login', 'upstream', 'host', 'referrer', 'request_id']
const SEPARATOR = /", (request|subrequest|login|upstream|host|referrer|request_id): "/g
const MAX_SEPARATORS = 40
const MAX_TRIES = 2000
const NO_EXTRA: ReadonlyMap<string, string> = new Map()

/** `text` begins with a separator, or is empty. */
export function readContext(text: string): Context {
  const context: Context = {
    client: null,
    server: null,
    request: null,
    subrequest: null,
    upstream: null,
    host: null,
    referrer: null,
    extra: NO_EXTRA,
  }
  if (text === '') return context
  if (text.startsWith(', resolver: ')) return { ...context, extra: new Map([['resolver', text.slice(12)]]) }
  if (text.startsWith(', responder: ')) return { ...context, extra: readResponder(text) }
  const extra = new Map<string, string>()
  let at = 0
  if (text.startsWith(', context: ')) {
    at = fieldEnd(text, 11)
    extra.set('context', text.slice(11, at))
  }
  const udp = text.startsWith(', udp client: ', at)
  if (udp || text.startsWith(', client: ', at)) {
    const from = at + (udp ? 14 : 10)
    at = fieldEnd(text, from)
    context.client = text.slice(from, at)
  }
  const starttls = context.client?.endsWith(STARTTLS) === true
  if (starttls) context.client = context.client?.slice(0, -STARTTLS.length) ?? null
  if (text.startsWith(', server: ', at)) {
    const from = at + 10
    at = fieldEnd(text, from)
    context.server = text.slice(from, at)
  }
  if (udp) extra.set('protocol', 'udp')
  if (starttls) extra.set('starttls', 'on')
  const rest = readBytes(text.slice(at), extra)
  readQuoted(rest, context, extra)
  if (extra.size > 0) context.extra = extra
  return context
}

/** ngx_mail_log_error puts it behind the address. */
const STARTTLS = ' using starttls'

/** `, responder: R, peer: A:80, certificate: "F"`, ngx_ssl_ocsp_log_error. */
function readResponder(text: string): Map<string, string> {
  const parts = /^, responder: ([^\s,"]+)(?:, peer: ([^\s,"]+))?(?:, certificate: "(.*)"$)?/s.exec(text)
  const names = ['responder', 'peer', 'certificate']
  return new Map(names.flatMap((name, i) => (parts?.[i + 1] === undefined ? [] : [[name, parts[i + 1] as string]])))
}

/** Addresses and server names hold no comma. */
function fieldEnd(text: string, from: number): number {
  const end = text.indexOf(', ', from)
  return end < 0 ? text.length : end
}

/** Streams end in `, bytes from/to client:12/0, bytes from/to upstream:0/12`. Returns the text before that. */
function readBytes(text: string, extra: Map<string, string>): string {
  if (text.endsWith('"')) return text
  const bytes = /, bytes from\/to client:(\d{1,20}\/\d{1,20}), bytes from\/to upstream:(\d{1,20}\/\d{1,20})$/.exec(
    text.slice(-140),
  )
  if (bytes === null) return text
  extra.set('bytes_from_to_client', bytes[1] as string).set('bytes_from_to_upstream', bytes[2] as string)
  return text.slice(0, text.length - bytes[0].length)
}

interface Mark {
  field: Quoted
  /** Where the value of `field` begins, and where the separator before it begins. */
  start: number
  end: number
}

function readQuoted(text: string, context: Context, extra: Map<string, string>): void {
  // The mail proxy prints its backend without quotes.
  const mail = text.startsWith(', login: "') ? /", upstream: ([^\s,"]{1,300})$/.exec(text.slice(-320)) : null
  if (mail !== null) {
    context.upstream = mail[1] as string
    return readQuoted(text.slice(0, text.length - mail[0].length + 1), context, extra)
  }
  const head = /^, ([a-z_]+): "/.exec(text)
  const first = head?.[1] as Quoted | undefined
  if (head === null || first === undefined || !ORDER.includes(first)) return
  const marks: Mark[] = [{ field: first, start: head[0].length, end: 0 }]
  SEPARATOR.lastIndex = head[0].length
  for (let m = SEPARATOR.exec(text); m !== null && marks.length < MAX_SEPARATORS; m = SEPARATOR.exec(text)) {
    marks.push({ field: m[1] as Quoted, start: SEPARATOR.lastIndex, end: m.index })
    // Two separators share the comma and quotes only when a value is empty.
    SEPARATOR.lastIndex--
  }
  // A line that was cut (NGX_MAX_ERROR_STR is 2048 bytes) has no closing quote.
  const end = text.endsWith('"') && text.length > head[0].length ? text.length - 1 : text.length
  const cut = end === text.length
  const read = (how: How): number[] | null => choose(text, marks, end, cut, how)
  const chosen = read('strict') ?? read('reordered') ?? read('loose') ?? [0]
  chosen.forEach((mark, i) => {
    const { field, start } = marks[mark] as Mark
    const next = chosen[i + 1]
    const value = text.slice(start, next === undefined ? end : (marks[next] as Mark).end)
    if (field === 'login' || field === 'request_id') extra.set(field, value)
    else context[field] = value
  })
}

/** `strict`: in nginx's order, and every value fits its field. `reordered`: in any order, and every value fits. `loose`: in
 *  nginx's order, whatever the values are. */
type How = 'strict' | 'reordered' | 'loose'

/** Which separators are nginx's own: the leftmost choice in which every value fits its field. Each pair of separators is
 *  tried once, in any order at most MAX_TRIES of them. */
function choose(text: string, marks: readonly Mark[], end: number, cut: boolean, how: How): number[] | null {
  const failed = new Set<number>()
  const used = how === 'reordered' ? new Set<Quoted>() : null
  let tries = 0
  const from = (index: number): number[] | null => {
    if (failed.has(index) || tries > MAX_TRIES) return null
    const mark = marks[index] as Mark
    const rank = ORDER.indexOf(mark.field)
    const first = index === 0
    used?.add(mark.field)
    for (let next = index + 1; next < marks.length; next++) {
      const other = marks[next] as Mark
      if (used !== null ? used.has(other.field) || tries++ > MAX_TRIES : ORDER.indexOf(other.field) <= rank) continue
      if (how !== 'loose' && !fits(mark.field, text.slice(mark.start, other.end), first)) continue
      const rest = from(next)
      if (rest !== null) return [index, ...rest]
    }
    used?.delete(mark.field)
    if (cut || how === 'loose' || fits(mark.field, text.slice(mark.start, end), first)) return [index]
    // In any order it may do behind other fields.
    if (how !== 'reordered') failed.add(index)
    return null
  }
  return from(0)
}

function fits(field: Quoted, value: string, first: boolean): boolean {
  switch (field) {
    case 'host':
      return !/[\s"]/.test(value)
    case 'request':
      // Requests that nginx refused may be anything; one with a protocol at its end is whole.
      return !value.includes('"') || / HTTP\/\d(?:\.\d)?$/.test(value)
    case 'request_id':
      return /^[0-9a-f]{32}$/.test(value)
    case 'login':
      return true
    case 'subrequest':
    case 'upstream':
    case 'referrer':
      // Before the request they are plain (stream), or the fields are in another order.
      return !first || !value.includes('"')
  }
}
