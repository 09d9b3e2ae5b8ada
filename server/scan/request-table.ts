/** Which requests were seen before: status and path, with ids in the path left out as the path group leaves them out.
 *  Open addressing over typed arrays: a lookup touches no object and allocates nothing. */
import type { CombinedLine } from './combined-line.ts'

/** Distinct requests kept; a scanner that invents paths is read without this table. */
const MAX_ENTRIES = 1 << 15
const SLOTS = MAX_ENTRIES * 2
/** Longer paths are not kept. */
const MAX_PATH = 2048
/** Paths made to collide must not make lookups slow. */
const MAX_PROBES = 64

const SPACE = 32
const SLASH = 47
const QUESTION = 63
const DASH = 45
/** Stands for an id; no path of a located line holds this byte. */
const ID = 1
const HTTP = Buffer.from('HTTP/')
const WEBSOCKET_TRANSPORT = /(?:^|&)transport=websocket(?:&|$)/

/** What a byte can be part of, as bits. */
const DIGIT = 1
const HEX = 2
const KIND = new Uint8Array(256)
for (let byte = 48; byte < 58; byte++) KIND[byte] = DIGIT | HEX
for (let byte = 97; byte < 103; byte++) KIND[byte] = KIND[byte - 32] = HEX

export class RequestTable {
  private size = 0
  private readonly slots = new Int32Array(SLOTS).fill(-1)
  private readonly hashes = new Int32Array(MAX_ENTRIES)
  private readonly kinds = new Int32Array(MAX_ENTRIES)
  private readonly values = new Int32Array(MAX_ENTRIES)
  private readonly pathAt = new Int32Array(MAX_ENTRIES)
  private readonly pathLength = new Int32Array(MAX_ENTRIES)
  private paths = new Uint8Array(1 << 16)
  private pathsEnd = 0
  // The request that was looked for last.
  private readonly path = new Uint8Array(MAX_PATH + 4)
  private readonly view = new DataView(this.path.buffer)
  private length = 0
  private kind = 0
  private hash = 0
  /** It can be kept; false for everything that is not `METHOD SP /path SP HTTP/x`. */
  usable = false

  /** The value kept for this request; -1 when there is none. */
  find(bytes: Buffer, line: CombinedLine): number {
    this.usable = this.identify(bytes, line)
    if (!this.usable) return -1
    const slot = this.slot()
    const entry = slot < 0 ? -1 : (this.slots[slot] as number)
    return entry < 0 ? -1 : (this.values[entry] as number)
  }

  /** Keeps a value for the request that was looked for last, when there is room. */
  keep(value: number): void {
    const slot = this.slot()
    if (slot < 0) return
    const known = this.slots[slot] as number
    if (known >= 0) {
      this.values[known] = value
      return
    }
    if (this.size >= MAX_ENTRIES) return
    const entry = this.size++
    if (this.pathsEnd + this.length > this.paths.length) {
      const larger = new Uint8Array(Math.max(this.paths.length * 2, this.pathsEnd + this.length))
      larger.set(this.paths)
      this.paths = larger
    }
    this.paths.set(this.path.subarray(0, this.length), this.pathsEnd)
    this.hashes[entry] = this.hash
    this.kinds[entry] = this.kind
    this.values[entry] = value
    this.pathAt[entry] = this.pathsEnd
    this.pathLength[entry] = this.length
    this.pathsEnd += this.length
    this.slots[slot] = entry
  }

  clear(): void {
    this.size = 0
    this.pathsEnd = 0
    this.slots.fill(-1)
  }

  /** Where the last request is in `slots`, or would be; -1 when that is too far to look. */
  private slot(): number {
    const { slots, hashes, hash } = this
    const first = hash ^ (hash >>> 15)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (first + probe) & (SLOTS - 1)
      const entry = slots[slot] as number
      if (entry < 0 || (hashes[entry] === hash && this.isSame(entry))) return slot
    }
    return -1
  }

  private isSame(entry: number): boolean {
    const { path, paths, length } = this
    if (this.kinds[entry] !== this.kind || this.pathLength[entry] !== length) return false
    const at = this.pathAt[entry] as number
    for (let i = 0; i < length; i++) if (paths[at + i] !== path[i]) return false
    return true
  }

  private identify(bytes: Buffer, line: CombinedLine): boolean {
    const { request, requestEnd } = line
    let at = request
    while (at < requestEnd && isUpper(bytes[at] as number)) at++
    if (at === request || at - request > 32 || bytes[at] !== SPACE || bytes[at + 1] !== SLASH) return false
    const end = protocolStart(bytes, at + 1, requestEnd) - 1
    if (end <= at || bytes[end] !== SPACE) return false
    const pathEnd = this.normalize(bytes, at + 1, end)
    if (pathEnd < 0) return false
    this.kind = line.status * 2 + variantOf(bytes, pathEnd, end)
    const { view, length } = this
    view.setInt32(length, 0)
    let hash = this.kind
    for (let i = 0; i < length; i += 4) hash = Math.imul(hash ^ (hash >>> 13) ^ view.getInt32(i), 0x2c1b3c6d)
    this.hash = hash
    return true
  }

  /** Copies the path up to `end` or `?` with ids replaced. Returns where it ended; -1 when it cannot be kept.
   *  Of what pathGroup calls an id only numbers, UUIDs and hexadecimal are replaced: the others are kept as they are,
   *  which costs entries and changes no count. */
  private normalize(bytes: Buffer, from: number, end: number): number {
    if (end - from > MAX_PATH) return -1
    const { path } = this
    let length = 0
    let at = from
    while (at < end && bytes[at] === SLASH) {
      path[length++] = SLASH
      const segment = ++at
      const kept = length
      let digits = 0
      let hex = 0
      for (; at < end; at++) {
        const byte = bytes[at] as number
        if (byte === SLASH || byte === QUESTION) break
        if (byte === SPACE) return -1
        const kind = KIND[byte] as number
        digits += kind & DIGIT
        hex += kind >> 1
        path[length++] = byte
      }
      const size = at - segment
      if (digits > 0 && (digits === size || (hex >= 8 && (hex === size || isUuid(bytes, segment, size, hex))))) {
        path[kept] = ID
        length = kept + 1
      }
    }
    this.length = length
    return at
  }
}

const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

function isUuid(bytes: Buffer, at: number, size: number, hex: number): boolean {
  return (
    size === 36 &&
    hex === 32 &&
    bytes[at + 8] === DASH &&
    bytes[at + 13] === DASH &&
    bytes[at + 18] === DASH &&
    bytes[at + 23] === DASH
  )
}

/** Where `HTTP/1.1` or `HTTP/3` at the end of a request begins; -1 when there is none. */
function protocolStart(bytes: Buffer, from: number, end: number): number {
  if (!isDigit(bytes[end - 1] as number)) return -1
  const start = bytes[end - 2] === SLASH ? end - 6 : end - 8
  if (start <= from || (start === end - 8 && (bytes[end - 2] !== 46 || !isDigit(bytes[end - 3] as number)))) return -1
  for (let i = 0; i < HTTP.length; i++) if (bytes[start + i] !== HTTP[i]) return -1
  return start
}

/** What else than the path tells a handshake: the transport of Socket.IO and Engine.IO, in the query. */
function variantOf(bytes: Buffer, pathEnd: number, end: number): 0 | 1 {
  const last = bytes[pathEnd - 1] === SLASH ? pathEnd - 1 : pathEnd
  if (pathEnd === end || bytes[last - 1] !== 111 || bytes[last - 2] !== 105 || bytes[last - 3] !== 46) return 0
  return WEBSOCKET_TRANSPORT.test(bytes.toString('latin1', pathEnd + 1, end)) ? 1 : 0
}
