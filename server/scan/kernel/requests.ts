/** Which requests were seen before: everything of a line that decides what it is counted in. Status, the fields that
 *  tell lines apart, and the path without its query, with ids left out as the path group leaves them out. */
import {
  ENTRIES,
  F_BODY,
  F_HEADER_TIME,
  F_PEER,
  F_RESPONSE_TIME,
  F_UPGRADE,
  F_URI,
  FIELDS,
  KEY,
  KEYED,
  KEYS,
  KEYS_SIZE,
  KEY_SIZE,
  MAX_ENTRIES,
  SLOTS,
} from './layout'
import { same } from './find'

const SLOT_COUNT: u32 = MAX_ENTRIES * 2
/** Longer paths are not kept. */
const MAX_PATH: i32 = 2048
/** Paths made to collide must not make look-ups slow. */
const MAX_PROBES: u32 = 64
/** Stands for an id, and behind every field; no path or field holds these bytes. */
const ID: u8 = 1
const FIELD_END: u8 = 2

let size: i32 = 0
let keysEnd: i32 = 0
let keyLength: i32 = 0
let hash: u32 = 0
/** The request that was looked for last can be kept. */
export let usable: bool = false

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
  if (!usable) return -1
  const slot = slotOf()
  if (slot == 0) return -1
  const entry = load<i32>(slot)
  return entry < 0 ? -1 : load<i32>(ENTRIES + entry * 16, 4)
}

/** Keeps a value for the request that was looked for last, when there is room. */
export function keepRequest(value: i32): void {
  if (!usable) return
  const slot = slotOf()
  if (slot == 0) return
  const known = load<i32>(slot)
  if (known >= 0) {
    store<i32>(ENTRIES + known * 16, value, 4)
    return
  }
  if (size >= MAX_ENTRIES || keysEnd + keyLength > KEYS_SIZE) return
  const entry = ENTRIES + size * 16
  store<u32>(entry, hash)
  store<i32>(entry, value, 4)
  store<i32>(entry, keysEnd, 8)
  store<i32>(entry, keyLength, 12)
  memory.copy(KEYS + keysEnd, KEY, keyLength)
  keysEnd += keyLength
  store<i32>(slot, size++)
}

export function clearRequests(): void {
  size = 0
  keysEnd = 0
  usable = false
  memory.fill(SLOTS, 0xff, SLOT_COUNT * 4)
}

/** Address of the slot the last request is in, or would be; 0 when that is too far to look. */
function slotOf(): usize {
  const first = hash ^ (hash >> 15)
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++) {
    const slot = SLOTS + ((first + probe) & (SLOT_COUNT - 1)) * 4
    const index = load<i32>(slot)
    if (index < 0) return slot
    const entry = ENTRIES + index * 16
    if (load<u32>(entry) == hash && load<i32>(entry, 12) == keyLength) {
      if (same(KEYS + load<i32>(entry, 8), KEY, keyLength)) return slot
    }
  }
  return 0
}

function identify(status: i32, wholeRequest: bool, keyed: i32): bool {
  let at = fieldStart(F_URI)
  let end = fieldEnd(F_URI)
  if (at == 0) return false
  if (wholeRequest) {
    const method = at
    while (at < end && <u32>load<u8>(at) - 65 < 26) at++
    if (at == method || at - method > 32 || load<u8>(at) != 32) return false
    at++
    end = protocolStart(at, end)
    if (end <= at || load<u8>(--end) != 32) return false
  }
  if (at >= end || load<u8>(at) != 47 || end - at > <usize>MAX_PATH) return false
  const pathEnd = path(at, end)
  if (pathEnd == 0) return false
  store<u8>(KEY, <u8>status)
  store<u8>(KEY, (<u8>(status >> 8)) | (variant(pathEnd, end) ? 128 : 0) | traits(status), 1)
  if (!append(F_UPGRADE) || !append(F_PEER)) return false
  for (let field = KEYED; field < KEYED + keyed; field++) if (!append(field)) return false
  // The last bytes are compared and hashed in fours.
  store<u32>(KEY + keyLength, 0)
  let h: u32 = 0x9e37_79b9
  for (let i = 0; i < keyLength; i += 4) h = (h ^ (h >> 13) ^ load<u32>(KEY + i)) * 0x2c1b_3c6d
  hash = h
  return true
}

/** What else of a line decides how its event is counted, as bits: for an upgraded one where its times stand and whether
 *  a byte went to the client; for the others whether the backend's answer began. */
function traits(status: i32): u8 {
  let bits: u8 = 0
  if (has(F_HEADER_TIME)) bits |= 8
  if (status == 101) {
    if (has(F_RESPONSE_TIME)) bits |= 16
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

/** Copies the path up to `end` or `?` with ids replaced. Returns where it ended; 0 when it cannot be kept.
 *  Of what pathGroup calls an id only numbers, UUIDs and hexadecimal are replaced: the others are kept as they are,
 *  which costs entries and changes no count. */
function path(from: usize, end: usize): usize {
  let to: usize = KEY + 2
  let at = from
  while (at < end && load<u8>(at) == 47) {
    store<u8>(to++, 47)
    const segment = ++at
    const kept = to
    let digits: i32 = 0
    let hex: i32 = 0
    for (; at < end; at++) {
      const byte = load<u8>(at)
      if (byte == 47 || byte == 63) break
      if (byte == 32) return 0
      if (<u32>byte - 48 < 10) {
        digits++
        hex++
      } else if (<u32>(byte | 32) - 97 < 6) hex++
      store<u8>(to++, byte)
    }
    const length = <i32>(at - segment)
    if (digits > 0 && (digits == length || (hex >= 8 && (hex == length || isUuid(segment, length, hex))))) {
      store<u8>(kept, ID)
      to = kept + 1
    }
  }
  keyLength = <i32>(to - KEY)
  return at
}

function isUuid(at: usize, length: i32, hex: i32): bool {
  return (
    length == 36 &&
    hex == 32 &&
    load<u8>(at, 8) == 45 &&
    load<u8>(at, 13) == 45 &&
    load<u8>(at, 18) == 45 &&
    load<u8>(at, 23) == 45
  )
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

/** What else than the path tells a handshake: the transport of Socket.IO and Engine.IO, in the query. A path that ends
 *  in `io` or `io/` and has `transport=websocket` as a parameter. */
function variant(pathEnd: usize, end: usize): bool {
  if (pathEnd == end) return false
  const last = load<u8>(pathEnd - 1) == 47 ? pathEnd - 1 : pathEnd
  if (load<u8>(last - 1) != 111 || load<u8>(last - 2) != 105 || load<u8>(last - 3) != 46) return false
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
