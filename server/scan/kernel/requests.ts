/** Which requests were seen before: everything of a line that decides what it is counted in. Status, the fields that
 *  tell lines apart, and the path without its query, with ids left out as the path group leaves them out. */
import {
  F_BODY,
  F_HEADER_TIME,
  F_PEER,
  F_REQUEST_TIME,
  F_RESPONSE_TIME,
  F_UPGRADE,
  F_URI,
  FIELDS,
  KEY,
  KEY_SIZE,
  KEYED,
} from './layout'
import { copyPath, pathStop } from './path'
import { FIELD_END, find, keep, seal } from './table'

/** Longer paths are not kept. */
const MAX_PATH: i32 = 2048

let keyLength: i32 = 0
/** The request that was looked for last can be kept. */
export let usable: bool = false

export function clearUsable(): void {
  usable = false
}

function fieldStart(field: i32): usize {
  return load<u32>(FIELDS + field * 8)
}
function fieldEnd(field: i32): usize {
  return load<u32>(FIELDS + field * 8, 4)
}

/** The value kept for the request of the line read last; -1 when there is none.
 *  @param wholeRequest the URI stands in a request line
 *  @param keyed how many fields tell lines apart */
export function findRequest(status: i32, wholeRequest: bool, keyed: i32): i32 {
  usable = identify(status, wholeRequest, keyed)
  return usable ? find() : -1
}

/** Keeps a value for the request that was looked for last, when there is room. */
export function keepRequest(value: i32): void {
  if (usable) keep(value)
}

function identify(status: i32, wholeRequest: bool, keyed: i32): bool {
  let at = fieldStart(F_URI)
  let end = fieldEnd(F_URI)
  if (at == 0) return false
  let get = true
  if (wholeRequest) {
    const method = at
    while (at < end && <u32>load<u8>(at) - 65 < 26) at++
    if (at == method || at - method > 32 || load<u8>(at) != 32) return false
    // A handshake is a GET: other methods decide otherwise.
    get = load<u32>(method) == 0x2054_4547
    at++
    end = protocolStart(at, end)
    if (end <= at || load<u8>(--end) != 32) return false
  }
  if (at >= end || load<u8>(at) != 47 || end - at > <usize>MAX_PATH) return false
  const pathKeyEnd = copyPath(at, end, KEY + 2)
  if (pathKeyEnd == 0) return false
  keyLength = <i32>(pathKeyEnd - KEY)
  const pathEnd = pathStop
  store<u8>(KEY, <u8>status)
  store<u8>(KEY, (<u8>(status >> 8)) | (get ? 0 : 4) | (variant(pathEnd, end) ? 128 : 0) | traits(status), 1)
  if (!append(F_UPGRADE) || !append(F_PEER)) return false
  // Engine.IO's answers are told apart by their size (parsers/nginx/engine-io-answers.ts).
  if (status == 400 && endsInIo(pathEnd) && !append(F_BODY)) return false
  for (let field = KEYED; field < KEYED + keyed; field++) if (!append(field)) return false
  seal(keyLength)
  return true
}

/** What else of a line decides how its event is counted, as bits: for an upgraded one where its times stand and whether
 *  a byte went to the client; for the others whether the backend's answer began. */
function traits(status: i32): u8 {
  let bits: u8 = 0
  if (has(F_HEADER_TIME)) bits |= 8
  if (status == 101) {
    if (has(F_RESPONSE_TIME)) bits |= 16
    if (has(F_REQUEST_TIME)) bits |= 64
    const body = fieldStart(F_BODY)
    if (body != 0 && fieldEnd(F_BODY) == body + 1 && load<u8>(body) == 48) bits |= 32
  }
  return bits
}

/** A field that is there and neither empty nor `-`. */
function has(field: i32): bool {
  const start = fieldStart(field)
  const length = fieldEnd(field) - start
  return start != 0 && length != 0 && !(length == 1 && load<u8>(start) == 45)
}

function append(field: i32): bool {
  const start = fieldStart(field)
  const length = <i32>(fieldEnd(field) - start)
  if (start != 0) {
    if (keyLength + length + 8 > KEY_SIZE) return false
    memory.copy(KEY + keyLength, start, length)
    keyLength += length
  }
  store<u8>(KEY + keyLength++, FIELD_END)
  return true
}

/** Where `HTTP/1.1` or `HTTP/3` at the end of a request begins; 0 when there is none. */
function protocolStart(from: usize, end: usize): usize {
  if (<u32>load<u8>(end - 1) - 48 > 9) return 0
  const short = load<u8>(end - 2) == 47
  const start = short ? end - 6 : end - 8
  if (start <= from) return 0
  if (!short && (load<u8>(end - 2) != 46 || <u32>load<u8>(end - 3) - 48 > 9)) return 0
  return load<u32>(start) == 0x5054_5448 && load<u8>(start + 4) == 47 ? start : 0
}

/** A path that ends in `.io` or `.io/`. */
function endsInIo(pathEnd: usize): bool {
  const last = load<u8>(pathEnd - 1) == 47 ? pathEnd - 1 : pathEnd
  return load<u8>(last - 1) == 111 && load<u8>(last - 2) == 105 && load<u8>(last - 3) == 46
}

/** What else than the path tells a handshake: the transport of Socket.IO and Engine.IO, in the query. A path that ends
 *  in `.io` or `.io/` and has `transport=websocket` as a parameter. */
function variant(pathEnd: usize, end: usize): bool {
  if (pathEnd == end || !endsInIo(pathEnd)) return false
  for (let at = pathEnd + 1; at + 19 <= end; at++) {
    // transport=websocket
    if (load<u64>(at) != 0x726f_7073_6e61_7274) continue
    if (load<u64>(at + 8) != 0x636f_7362_6577_3d74 || (load<u32>(at + 16) & 0xff_ffff) != 0x74_656b) continue
    const before = load<u8>(at - 1)
    const after = at + 19 == end || load<u8>(at + 19) == 38
    if (after && (at == pathEnd + 1 || before == 38)) return true
  }
  return false
}
