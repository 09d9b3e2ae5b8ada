/** Where the parts of an nginx error_log entry begin and end. Only entries whose reading by parsers/nginx/error-context.ts
 *  is beyond doubt are located: printable ASCII on one line, in no value a quote, the fields in nginx's order. What a
 *  message quotes is checked once per message, by the host. Numbers of letters are little-endian words of them. */
import { locateMessage, copyEnd, stop, tag } from './error-message'
import { copyTo, findEnd, findQuote, findUri, socketWord } from './find'
import {
  CLIENT,
  CONTEXT,
  E_CLIENT,
  E_HOST,
  E_SERVER,
  E_UPSTREAM,
  E_URI,
  FIELDS,
  FILE,
  KEY,
  REQUEST,
  SERVER,
  SUBREQUEST,
  UPSTREAM,
} from './layout'
import { copyPath, pathStop } from './path'
import { FIELD_END } from './table'

/** NGX_MAX_ERROR_STR is 2048: longer entries were cut, or are not nginx's. */
const MAX_LENGTH: usize = 2040
const MAX_PATH: usize = 1024

/** Where the line ends, and where the next one begins. */
export let end: usize = 0
export let next: usize = 0
/** Which fields there are. */
export let fields: i32 = 0
/** Length of the key that the entry is looked up by. */
export let keyLength: i32 = 0
/** Where the copy of the path ends in it. */
let keyEnd: usize = 0

function put(part: i32, from: usize, to: usize): void {
  store<u32>(FIELDS + part * 8, <u32>from)
  store<u32>(FIELDS + part * 8, <u32>to, 4)
}

/** True when the line at `start` was located; its key is put together then. */
export function locate(start: usize): bool {
  if (!locateMessage(start)) return false
  fields = 0
  keyEnd = copyEnd + 1
  store<u64>(FIELDS + E_CLIENT * 8, 0)
  store<u64>(FIELDS + E_SERVER * 8, 0)
  store<u64>(FIELDS + E_HOST * 8, 0)
  store<u64>(FIELDS + E_UPSTREAM * 8, 0)
  store<u64>(FIELDS + E_URI * 8, 0)
  let at = stop
  if ((tag & FILE) != 0) at = locateFile(at + 10)
  else if ((tag & CONTEXT) != 0) at = locateClient(at + 10)
  if (at == 0) return false
  end = at
  if (load<u8>(at) == 13) at++
  next = at + 1
  if (load<u8>(at) != 10 || at - start > MAX_LENGTH) return false
  store<u8>(KEY, <u8>tag)
  store<u8>(KEY, <u8>fields, 1)
  store<u8>(copyEnd, FIELD_END)
  append(E_SERVER)
  append(E_HOST)
  append(E_UPSTREAM)
  keyLength = <i32>(keyEnd - KEY)
  return true
}

function append(part: i32): void {
  const from = load<u32>(FIELDS + part * 8)
  store<u8>(keyEnd, FIELD_END)
  keyEnd = copyTo(keyEnd + 1, from, load<u32>(FIELDS + part * 8, 4) - from)
}

/** Where a client or server name ends: at a comma with a blank, or at the end of the line. 0: it holds something odd. */
function unquotedEnd(from: usize): usize {
  const at = findEnd(from, 44, 44)
  const byte = load<u8>(at)
  if (byte == 44) return load<u8>(at + 1) == 32 ? at : 0
  return byte == 10 || byte == 13 ? at : 0
}

/** `, server: ` */
function isServer(at: usize): bool {
  return load<u64>(at) == 0x7265_7672_6573_202c && load<u16>(at + 8) == 0x203a
}

/** Client, server, and the quoted fields behind them. Returns where the line ends; 0: not located. */
function locateClient(from: usize): usize {
  const clientEnd = unquotedEnd(from)
  // A dash is no client elsewhere; nginx does not print one here.
  if (clientEnd <= from || (clientEnd == from + 1 && load<u8>(from) == 45)) return 0
  put(E_CLIENT, from, clientEnd)
  fields = CLIENT
  if (load<u8>(clientEnd) != 44) return clientEnd
  if (!isServer(clientEnd)) return 0
  const server = clientEnd + 10
  const serverEnd = unquotedEnd(server)
  if (serverEnd == 0) return 0
  put(E_SERVER, server, serverEnd)
  fields |= SERVER
  return load<u8>(serverEnd) == 44 ? locateFields(serverEnd, isNamed(server, serverEnd)) : serverEnd
}

/** Whether a server name says by itself where it was: `_` and none do not. See serverName. */
function isNamed(from: usize, to: usize): bool {
  const first = <u32>load<u8>(from)
  return to > from && ((first | 32) - 97 < 26 || first - 48 < 10)
}

// Fields in nginx's order; the first three have bits of their own.
const NONE: i32 = 0
const HOST: i32 = 32
const REFERRER: i32 = 64

/** Where the value of the field that begins with fieldAt begins. */
let value: usize = 0

/** Which field begins at `at`. */
function fieldAt(at: usize): i32 {
  const third = load<u32>(at + 8)
  switch (load<u64>(at)) {
    case 0x7365_7571_6572_202c: // , request: "
      value = at + 12
      return third == 0x2220_3a74 ? REQUEST : NONE
    case 0x7165_7262_7573_202c: // , subrequest: "
      value = at + 15
      return third == 0x7473_6575 && load<u16>(at + 12) == 0x203a && load<u8>(at + 14) == 34 ? SUBREQUEST : NONE
    case 0x6572_7473_7075_202c: // , upstream: "
      value = at + 13
      return third == 0x203a_6d61 && load<u8>(at + 12) == 34 ? UPSTREAM : NONE
    case 0x203a_7473_6f68_202c: // , host: "
      value = at + 9
      return (third & 0xff) == 34 ? HOST : NONE
    case 0x7272_6566_6572_202c: // , referrer: "
      value = at + 13
      return third == 0x203a_7265 && load<u8>(at + 12) == 34 ? REFERRER : NONE
    default:
      return NONE
  }
}

/** `, request: "…", upstream: "…", host: "…", referrer: "…"` from `at` to the end of the line. */
function locateFields(from: usize, named: bool): usize {
  let before = NONE
  let at = from
  while (true) {
    const field = fieldAt(at)
    if (field <= before) return 0
    before = field
    at = value
    if (field <= UPSTREAM) {
      fields |= field
      if (field == REQUEST) at = locateRequest(at)
      else if (field == SUBREQUEST) {
        at = locatePath(at)
        // Its path is all of it: a blank is a part of it, and the parser's.
        if (at != 0 && load<u8>(at) == 32) return 0
      } else at = locateUpstream(at)
      if (at == 0) return 0
    } else if (field == HOST) {
      const hostEnd = findEnd(at, 34, 34)
      if (!named) put(E_HOST, at, hostEnd)
      at = hostEnd
      if (load<u8>(at) != 34) return 0
    } else if (load<u64>(at) == 0x6e65_706f_666c_6168) return 0 // halfopen: its own probe, and the parser's
    // What is left of the value decides nothing.
    at = findQuote(at)
    if (load<u8>(at) != 34) return 0
    at++
    if (load<u8>(at) < 32) return at
  }
}

/** The path in `GET /path HTTP/1.1`. */
function locateRequest(from: usize): usize {
  let at = from
  while (<u32>load<u8>(at) - 65 < 26) at++
  return at == from || load<u8>(at) != 32 ? 0 : locatePath(at + 1)
}

/** The path of the subrequest takes the place of the request's. */
function locatePath(from: usize): usize {
  const to = findEnd(from, 63, 63)
  const byte = load<u8>(to)
  if (to == from || to - from > MAX_PATH || (byte != 63 && byte != 32 && byte != 34)) return 0
  if (load<u8>(from) != 47) return 0
  keyEnd = copyPath(from, to, copyEnd + 1)
  if (keyEnd == 0 || pathStop != to) return 0
  put(E_URI, from, to)
  return to
}

function locateUpstream(from: usize): usize {
  let at = from
  while (<u32>load<u8>(at) - 97 < 26) at++
  if (at == from || load<u16>(at) != 0x2f3a || load<u8>(at + 2) != 47) return 0
  at += 3
  const unix = load<u32>(at) == 0x7869_6e75 && load<u8>(at + 4) == 58
  if (unix) at += 5
  const address = at
  at = findEnd(at, unix ? 58 : 47, 63)
  const byte = load<u8>(at)
  if (at == address || (byte != (unix ? 58 : 47) && (byte != 34 || unix))) return 0
  put(E_UPSTREAM, from, at)
  return at
}

/** The rest of an entry about a file: nothing in it can make an event (see errorSign), as long as the request has no word of
 *  a socket in it and no upstream that may be halfopen's own is named. */
function locateFile(from: usize): usize {
  const clientEnd = unquotedEnd(from)
  if (clientEnd <= from || clientEnd > from + 300 || load<u8>(clientEnd) != 44 || !isServer(clientEnd)) return 0
  const server = clientEnd + 10
  let at = unquotedEnd(server)
  if (at == 0 || at - server > 300 || load<u8>(at) != 44 || fieldAt(at) != REQUEST) return 0
  at = findUri(value, 34)
  if (socketWord) return 0
  while (true) {
    at = findQuote(at)
    if (load<u8>(at) != 34) return 0
    at++
    if (load<u32>(at) == 0x7075_202c) return 0 // , up
    if (load<u8>(at) < 32) return at
  }
}
