/** The free text of an error log entry: where it ends, and what errno and action nginx put behind it.
 *  Sources: ngx_log_errno (core/ngx_log.c), `log->action` of every module (facts of a full listing), ngx_http_log_error. */
import type { ErrorRecord } from '../record.ts'

interface Foreign {
  /** How a message begins that prints text from outside. */
  opens: RegExp
  /** What nginx prints behind that text, up to the context. */
  closes: RegExp
  /** The text can hold line breaks: it is the `path` of a request, decoded, or `other` text. */
  lines?: 'path' | 'other'
}

const WHILE = '(?: while [a-zA-Z /]{3,60})?'
/** Such text can hold everything, `, client: ` included. */
const FOREIGN: readonly Foreign[] = [
  {
    opens:
      /^(?:open|openat|stat|fstat|fstatat|lstat|opendir|rename|unlink|mkdir|realpath|access|chmod|utimes|link)\(\) "/,
    closes: new RegExp(`" failed \\([^()"\n]{1,300}\\)${WHILE}$`),
    lines: 'path',
  },
  {
    opens: /^"/,
    closes: new RegExp(
      `" (?:(?:is (?:not found|forbidden|not a directory|not a regular file|collection)|failed|mp4 )[^"\n]{0,300}|(?:matches|does not match|could not be [^"\n]{1,60}) "[^]*")$`,
    ),
    lines: 'path',
  },
  { opens: /^rewritten (?:data|redirect): "/, closes: /"$/, lines: 'path' },
  { opens: /^directory index of "/, closes: /" is forbidden$/, lines: 'path' },
  { opens: /^user "/, closes: /(?:": password mismatch|" was not found in "[^"\n]{1,1000}")$/, lines: 'other' },
  { opens: /^rewrite or internal redirection cycle while [a-z ]{1,40} "/, closes: /"$/, lines: 'path' },
  // Only read from a backend: the action is never missing, and a quote before a context may be another entry's.
  { opens: /^(?:FastCGI|uwsgi|SCGI) sent in stderr: "/, closes: /" while [a-zA-Z /]{3,60}$/, lines: 'other' },
  // What came in place of a PROXY header, a whole request mostly.
  { opens: /^broken header: "/, closes: /" while reading PROXY protocol$/, lines: 'other' },
  // A backend's text: nginx's own words behind it have no quote (`", ignored`, `" header`).
  { opens: /^upstream sent [^",]{1,60}"/, closes: /"[^"\n]{0,120}$/, lines: 'other' },
  // What was said is not quoted. When it has lines, the last ones are those of a traceback.
  { opens: /^lua (?:entry|user) thread aborted: /, closes: /^[^\n]*$|\n\t[^\n]*$/, lines: 'other' },
  { opens: /^client sent [^",]{1,60}"/, closes: new RegExp(`"${WHILE}$`) },
  { opens: /^(?:\[client [^\]]{1,60}\] )?ModSecurity: /, closes: /\]$/ },
]
/** One look tells that a message quotes nothing. */
const MAY_QUOTE =
  /^(?:"|\[client|[abcdflmorsu][a-z]{2,9}(?:\(\) "| header: "| index| "| or internal| sent| data: "| redirect: "| \w{4,5} thread)|FastCGI|SCGI|ModSec)/

/** False for a message that certainly quotes nothing: by its beginning alone. */
export const mayQuote = (text: string): boolean => MAY_QUOTE.test(text)

function foreignIn(text: string): Foreign | undefined {
  return mayQuote(text) ? FOREIGN.find(({ opens }) => opens.test(text)) : undefined
}

/** Where `, client: ` begins the context, or the length of the text when it has none.
 *  A message that quotes a decoded path can hold `, client: ` itself: there only the separator behind nginx's own words
 *  counts. When several do, one was forged, in the path or in the Referer. In the path it is only when the request that
 *  the later one names asked for all of that path. */
export function contextStart(text: string): number {
  const at = clientStart(text)
  // ngx_http_lua_log_timer_error and its kind put the phase in front of the client.
  if (text.charCodeAt(at - 1) !== 42 && !text.startsWith('ngx.timer', at - 9)) return at
  const phase = PHASE.exec(text.slice(Math.max(0, at - 60), at))
  return phase === null ? at : at - phase[0].length
}

const PHASE = /, context: (?:ngx\.timer|[a-z_]{1,40}_by_lua\*)$/

function clientStart(text: string): number {
  const first = realContext(text)
  if (first < 0) return otherContext(text)
  const foreign = foreignIn(text)
  if (foreign === undefined || nextContext(text, first + 1) < 0) return first
  const candidates: number[] = []
  for (let at = first; at >= 0 && candidates.length < 16; at = nextContext(text, at + 1)) {
    if (foreign.closes.test(text.slice(Math.max(0, at - 1400), at))) candidates.push(at)
  }
  const [nearest = first, ...further] = candidates
  return further.findLast((at) => pathReaches(text, at, nearest)) ?? nearest
}

/** True when the record certainly goes on in the next line: it quotes foreign text and nginx's context is still missing. */
export function quoteIsOpen(text: string): boolean {
  const foreign = foreignIn(text)
  if (foreign?.lines === undefined) return false
  if (text.startsWith('lua ') && LUA_TIMER.test(text.slice(-400))) return false
  // Only what is sent upstream may be decoded, too; a file that is not there has no upstream, and its context is one line.
  const from = foreign.lines === 'path' ? text.lastIndexOf('\n') + 1 : 0
  for (
    let at = nextContext(text, from), tries = 0;
    at >= 0 && tries < MAX_CONTEXTS;
    at = nextContext(text, at + 1), tries++
  )
    if (foreign.closes.test(text.slice(Math.max(0, at - 1400), at)) && isTail(text.slice(at), text)) return false
  return true
}

/** More of them than an entry has room for, which a visitor could fill it with. */
const MAX_CONTEXTS = 400
/** ngx_http_lua_log_timer_error: there need be no client. */
const LUA_TIMER = /, context: ngx\.timer(?:, client: [^\s,"]{1,60})?(?:, server: [^\s,"]{0,200})?$/

/** Whether the message quotes the path of a request. */
export const quotesPath = (text: string): boolean => foreignIn(text)?.lines === 'path'

/** Whether this is all that nginx prints behind a message: the words alone can be a part of the path. */
function isTail(text: string, message: string): boolean {
  // Only what is sent upstream may be decoded, too; a file that is not there has no upstream.
  if (!/^(?:upstream|FastCGI|uwsgi|SCGI|lua) /.test(message) && text.includes('\n')) return false
  const head =
    /^, (?:udp )?client: [^\s,"]{1,300}, server: [^"\n]{0,300}?(, (?:request|subrequest|login|upstream|host): "|$)/.exec(
      text,
    )
  if (head === null) return false
  return (
    head[1] === '' || (text.length > head[0].length && /(?:"|, bytes from\/to [^"\n]{1,200})$/.test(text.slice(-220)))
  )
}

function nextContext(text: string, from: number): number {
  const tcp = text.indexOf(', client: ', from)
  const udp = text.indexOf(', udp client: ', from)
  return tcp < 0 || (udp >= 0 && udp < tcp) ? udp : tcp
}

/** What can stand behind `, client: ADDRESS`. Messages of Lua and others hold that text without anything of this. */
const BEHIND_CLIENT =
  /[^\s,"]{0,300}(?: using starttls)?(?:$|, (?:(?:server|request|subrequest|login|upstream|host|referrer|bytes from)\b))/y

/** The first `, client: ` behind which the context goes on as nginx writes it; the first one at all when none does. */
function realContext(text: string): number {
  const first = nextContext(text, 0)
  if (first < 0 || text.startsWith('server: ', text.indexOf(', ', first + 10) + 2)) return first
  for (let at = first, tries = 0; at >= 0 && tries < 16; at = nextContext(text, at + 1), tries++) {
    BEHIND_CLIENT.lastIndex = text.indexOf(': ', at) + 2
    if (BEHIND_CLIENT.test(text)) return at
  }
  return first
}

/** Entries without a client: ` while resolving, resolver: A:53`, ` while logging to syslog, server: A:514`, ` while
 *  requesting certificate status, responder: R, peer: A:80, certificate: "F"`; and those from which it was taken out. */
function otherContext(text: string): number {
  const own = text.search(
    /(?<= while [a-zA-Z ]{3,40}), (?:(?:resolver|server): [^\s"]{1,300}$|responder: [^\s",]{1,300}(?:, |$))/,
  )
  if (own >= 0) return own
  if (!text.endsWith('"')) return text.length
  const at = text.search(/, (?:server: [^\s,"]{0,300}, )?(?:request|upstream|host): "/)
  return at < 0 ? text.length : at
}

/** Whether the text quoted before `at` is the path of the request named behind `at`, from before `from` on: then what
 *  looked like a context at `from` is a part of that path. */
function pathReaches(text: string, at: number, from: number): boolean {
  const uri = /^[^"]{0,600}, request: "[A-Z]{1,20} ([^\s"?]{1,4000})[^"]{0,4000}"/.exec(text.slice(at, at + 9000))?.[1]
  if (uri === undefined) return false
  const end = text.lastIndexOf('"', at)
  const path = decoded(uri)
  return end > 0 && end - path.length < from && text.slice(0, end).endsWith(path)
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri)
  } catch {
    return uri
  }
}

const ACTION = /^[A-Za-z][A-Za-z0-9/ -]*$/
/** Where whoever quotes a line leaves its context out. */
const LEFT_OUT = /,? ?(?:\[(?:\.{3}|…)\]|\.{3,12}|…)$/
/** Linux, BSD and Windows numbers are decimal; Windows prints codes from 0x80000000 on as eight hex digits. */
const ERRNO = / ?\((\d{1,9}|[89A-F][0-9A-F]{7}): (?:[^()]|\([^()]*\))*\)$/
/** ngx_conf_log_error puts the place behind everything. */
const IN_FILE = / in (?:[^\s"]{1,1000}:\d{1,9}|command line)$/

/** `connect() failed (111: Connection refused) while connecting to upstream` → message, errno, action. */
export function splitMessage(text: string): Pick<ErrorRecord, 'text' | 'message' | 'errno' | 'action'> {
  // Only the last 600 characters can hold errno and action: keeps the patterns linear on a long line.
  const cut = Math.max(0, text.length - 600)
  let end = text.slice(cut)
  let action: string | null = null
  const at = end.lastIndexOf(' while ')
  const doing = at < 0 ? '' : end.slice(at + 7).replace(LEFT_OUT, '')
  if (ACTION.test(doing)) {
    action = doing
    end = end.slice(0, at)
  }
  // What a resolver answered is no errno, though it is printed alike.
  const errno = / could not be resolved \(\d+: [^()]*\)$/.test(end) ? null : ERRNO.exec(end.replace(IN_FILE, ''))
  const file = IN_FILE.exec(end)?.[0]
  if (errno && file === undefined) end = end.slice(0, errno.index)
  return { text, message: text.slice(0, cut) + end, errno: errno ? errnoNumber(errno[1] as string) : null, action }
}

const errnoNumber = (text: string): number =>
  text.length === 8 && /[89A-F]/.test(text[0] ?? '') ? parseInt(text, 16) : Number(text)
