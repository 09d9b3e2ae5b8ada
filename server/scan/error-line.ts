/** Where the parts of an nginx error_log entry begin and end, found in its bytes. Allocates nothing. Only entries whose
 *  reading by parsers/nginx/error-context.ts is beyond doubt are located: printable ASCII on one line, in no value a quote,
 *  the fields in nginx's order. What a message quotes is checked once per message, see ErrorTable. */
import type { Place } from '../../parsers/nginx/error-events.ts'
import { EntryMessage } from './entry-message.ts'
import { KEY_HEAD, PathKey } from './path-key.ts'
import { FLOOR_PRINTABLE, FLOOR_VISIBLE, hashOf, QUOTES, Span, word } from './words.ts'

const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const SLASH = 47
const COLON = 58

/** Bytes behind the end of an entry that may be looked at. */
export const MARGIN = 64
/** NGX_MAX_ERROR_STR is 2048: longer entries were cut, or are not nginx's. */
const MAX_LENGTH = 2040

const [SERV, ERVE, ER__] = [word(', se'), word('rver'), word('er: ')]
const [OPEN_RE, QUES, GET_] = [word(', re'), word('ques'), word('GET ')]
const [OPEN_SU, OPEN_UP, OPEN_HO, FERR] = [word(', su'), word(', up'), word(', ho'), word('ferr')]
const [T_, BREQ, UEST, STRE, AM_, ST_] = [
  word('t: "'),
  word('breq'),
  word('uest'),
  word('stre'),
  word('am: '),
  word('st: '),
]
const [UNIX, HTTP] = [word('unix'), word('http')]

/** Bits of `fields`; those of quoted fields are 2 << field. */
const CLIENT = 1
const SERVER = 2

const NONE = 0
const REQUEST = 1
const SUBREQUEST = 2
const UPSTREAM = 3
const HOST = 4
const REFERRER = 5

export class ErrorLine {
  readonly message = new EntryMessage()
  /** The path of the subrequest, else of the request. */
  readonly path = new PathKey()
  /** Where that begins and ends. */
  uri = 0
  uriEnd = 0
  start = 0
  /** Where the line ends, and where the next one begins. */
  end = 0
  next = 0
  client = 0
  clientEnd = 0
  /** What the scope is made of. Length 0: nothing, or none. */
  server = 0
  serverLength = 0
  serverHash = 0
  /** Kept when the server does not name the place. */
  host = 0
  hostLength = 0
  hostHash = 0
  /** Scheme and address: `http://10.0.0.1:80`, `http://unix:/run/app.sock`. */
  upstream = 0
  upstreamLength = 0
  upstreamHash = 0
  /** Which fields there are, as bits. */
  fields = 0
  private readonly span = new Span()

  /** True when the line at `start` was located. A line end with MARGIN bytes behind it must follow. */
  locate(bytes: Buffer, view: DataView, start: number): boolean {
    const { message } = this
    this.start = start
    this.fields = 0
    this.serverLength = this.hostLength = this.upstreamLength = 0
    this.path.length = KEY_HEAD
    this.client = this.clientEnd = start
    if (!message.locate(bytes, view, start)) return false
    let at = message.stop
    if (message.hasContext) {
      if (message.isAboutFile) return this.locateFile(bytes, view, at)
      at = this.locateClient(bytes, view, at + 10)
      if (at < 0) return false
    }
    return this.finish(bytes, at)
  }

  private finish(bytes: Buffer, at: number): boolean {
    this.end = at
    if (bytes[at] === RETURN) at++
    this.next = at + 1
    return bytes[at] === NEWLINE && at - this.start <= MAX_LENGTH
  }

  /** Client, server, and the quoted fields behind them. Returns where the line ends; -1: not located. */
  private locateClient(bytes: Buffer, view: DataView, from: number): number {
    let at = unquotedEnd(bytes, from)
    this.client = from
    this.clientEnd = at
    // A dash is no client elsewhere; nginx does not print one here.
    if (at < 0 || at === from || (at === from + 1 && bytes[from] === 45)) return -1
    this.fields = CLIENT
    if (bytes[at] !== COMMA) return at
    if (
      view.getInt32(at, true) !== SERV ||
      view.getInt32(at + 4, true) !== ERVE ||
      view.getInt32(at + 6, true) !== ER__
    )
      return -1
    at += 10
    this.server = at
    const end = unquotedEnd(bytes, at)
    if (end < 0) return -1
    this.serverLength = end - at
    this.fields |= SERVER
    this.serverHash = hashOf(view, at, end - at)
    return bytes[end] === COMMA ? this.locateFields(bytes, view, end) : end
  }

  /** `, request: "…", upstream: "…", host: "…", referrer: "…"` from `at` to the end of the line. */
  private locateFields(bytes: Buffer, view: DataView, from: number): number {
    const { span } = this
    let before = NONE
    let at = from
    for (;;) {
      const field = fieldAt(view, at)
      if (field <= before) return -1
      before = field
      let value = at + (LENGTHS[field] as number)
      if (field <= UPSTREAM) this.fields |= 2 << field
      if (field === REQUEST) value = this.locateRequest(bytes, view, value)
      else if (field === SUBREQUEST) value = this.locatePath(bytes, value)
      else if (field === UPSTREAM) value = this.locateUpstream(bytes, view, value)
      else if (field === HOST) {
        const end = span.find(view, value, QUOTES, FLOOR_VISIBLE)
        if (end < 0) return -1
        if (!isNamed(bytes[this.server] as number, this.serverLength)) {
          this.host = value
          this.hostLength = end - value
          this.hostHash = span.hash
        }
        value = end
      }
      if (value < 0) return -1
      // What is left of the value decides nothing.
      at = bytes[value] === QUOTE ? value : span.find(view, value, QUOTES, FLOOR_PRINTABLE)
      if (at < 0) return -1
      at++
      if ((bytes[at] as number) < SPACE) return at
    }
  }

  /** The place as the parser would have read it, from the bytes it was located in. */
  place(bytes: Buffer): Place {
    const { fields } = this
    const text = (at: number, end: number): string => bytes.toString('latin1', at, end)
    const uri = text(this.uri, this.uriEnd)
    return {
      client: (fields & CLIENT) === 0 ? null : text(this.client, this.clientEnd),
      server: (fields & SERVER) === 0 ? null : text(this.server, this.server + this.serverLength),
      host: this.hostLength === 0 ? null : text(this.host, this.host + this.hostLength),
      request: (fields & (2 << REQUEST)) === 0 ? null : `GET ${uri}`,
      subrequest: (fields & (2 << SUBREQUEST)) === 0 ? null : uri,
      upstream: (fields & (2 << UPSTREAM)) === 0 ? null : text(this.upstream, this.upstream + this.upstreamLength + 1),
      connection: null,
    }
  }

  /** The path in `GET /path HTTP/1.1`. */
  private locateRequest(bytes: Buffer, view: DataView, from: number): number {
    let at = from
    if (view.getInt32(at, true) === GET_) at += 4
    else {
      while (isUpper(bytes[at] as number)) at++
      if (at === from || bytes[at] !== SPACE) return -1
      at++
    }
    return this.locatePath(bytes, at)
  }

  private locatePath(bytes: Buffer, at: number): number {
    this.uri = at
    return (this.uriEnd = this.path.read(bytes, at))
  }

  private locateUpstream(bytes: Buffer, view: DataView, from: number): number {
    let at = from
    if (view.getInt32(at, true) === HTTP) at += 4
    while (isLower(bytes[at] as number)) at++
    if (at === from || bytes[at] !== COLON || bytes[at + 1] !== SLASH || bytes[at + 2] !== SLASH) return -1
    at += 3
    const unix = view.getInt32(at, true) === UNIX && bytes[at + 4] === COLON
    if (unix) at += 5
    const address = at
    const stop = unix ? COLON : SLASH
    let byte = bytes[at] as number
    while (byte !== stop) {
      if (byte <= SPACE || byte >= 127 || byte === QUESTION) return -1
      if (byte === QUOTE) {
        if (unix) return -1
        break
      }
      byte = bytes[++at] as number
    }
    if (at === address) return -1
    this.upstream = from
    this.upstreamLength = at - from
    this.upstreamHash = hashOf(view, from, at - from)
    return at
  }

  /** The rest of an entry about a file: nothing in it can make an event (see errorSign), as long as no upstream that
   *  may be halfopen's own is named. `at`: its first `, client: `. */
  private locateFile(bytes: Buffer, view: DataView, from: number): boolean {
    let at = unquotedEnd(bytes, from + 10)
    if (at <= from + 10 || at > from + 310 || bytes[at] !== COMMA || view.getInt32(at, true) !== SERV) return false
    if (view.getInt32(at + 4, true) !== ERVE || view.getInt32(at + 6, true) !== ER__) return false
    const server = at + 10
    at = unquotedEnd(bytes, server)
    if (at < 0 || at - server > 300) return false
    if (bytes[at] !== COMMA || fieldAt(view, at) !== REQUEST) return false
    for (at += 12; ;) {
      at = this.span.find(view, at, QUOTES, FLOOR_PRINTABLE) + 1
      if (at === 0 || view.getInt32(at, true) === OPEN_UP) return false
      if ((bytes[at] as number) < SPACE) break
    }
    return this.finish(bytes, at)
  }
}

const QUESTION = 63
const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90
const isLower = (byte: number): boolean => byte >= 97 && byte <= 122

/** Whether a server name says by itself where it was: `_` and none do not. See serverName. */
const isNamed = (first: number, length: number): boolean =>
  length > 0 && (isLower(first) || isUpper(first) || (first >= 48 && first <= 57))

/** Where a client or server name ends: at a comma with a blank, or at the end of the line. -1: it holds something odd. */
function unquotedEnd(bytes: Buffer, from: number): number {
  let at = from
  let byte = bytes[at] as number
  while (byte > SPACE && byte < 127 && byte !== COMMA && byte !== QUOTE) byte = bytes[++at] as number
  if (byte === COMMA) return bytes[at + 1] === SPACE ? at : -1
  return byte === NEWLINE || byte === RETURN ? at : -1
}

/** Length of `, request: "` and so on, by field. */
const LENGTHS: readonly number[] = [0, 12, 15, 13, 9, 13]

/** Which field begins at `at`. */
function fieldAt(view: DataView, at: number): number {
  const second = view.getInt32(at + 4, true)
  switch (view.getInt32(at, true)) {
    case OPEN_RE:
      if (second === QUES) return view.getInt32(at + 8, true) === T_ ? REQUEST : NONE
      return second === FERR && view.getInt32(at + 8, true) === ER__ && isQuote(view, at + 12) ? REFERRER : NONE
    case OPEN_SU:
      if (second !== BREQ || view.getInt32(at + 8, true) !== UEST) return NONE
      return view.getUint8(at + 12) === COLON && view.getUint8(at + 13) === SPACE && isQuote(view, at + 14)
        ? SUBREQUEST
        : NONE
    case OPEN_UP:
      return second === STRE && view.getInt32(at + 8, true) === AM_ && isQuote(view, at + 12) ? UPSTREAM : NONE
    case OPEN_HO:
      return second === ST_ && isQuote(view, at + 8) ? HOST : NONE
    default:
      return NONE
  }
}

const isQuote = (view: DataView, at: number): boolean => view.getUint8(at) === QUOTE
