/** WebSocket frames (RFC 6455 section 5): just enough to see whether a session works and how it ends. */
import { randomBytes } from 'node:crypto'

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type FrameKind = keyof typeof OPCODES

export interface Frame {
  kind: FrameKind
  fin: boolean
  /** The start of it, at most as much as the reader keeps. */
  payload: Buffer
  /** Bytes it announced. */
  length: number
}

/** A frame as a client must send it: masked (5.3). @param mask only tests give it. */
export function clientFrame(kind: FrameKind, payload: Uint8Array | string = '', mask = randomBytes(4)): Buffer {
  return frame(kind, Buffer.from(payload as string), mask)
}

/** A frame as a server sends it: not masked. */
export const serverFrame = (kind: FrameKind, payload: Uint8Array | string = ''): Buffer =>
  frame(kind, Buffer.from(payload as string), null)

function frame(kind: FrameKind, payload: Buffer, mask: Buffer | null): Buffer {
  const bit = mask ? 0x80 : 0
  const { length } = payload
  const head =
    length < 126
      ? Buffer.from([0x80 | OPCODES[kind], bit | length])
      : length < 65_536
        ? Buffer.from([0x80 | OPCODES[kind], bit | 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([0x80 | OPCODES[kind], bit | 127]), longLength(length)])
  if (!mask) return Buffer.concat([head, payload])
  return Buffer.concat([head, mask, xor(payload, mask)])
}

const xor = (bytes: Buffer, mask: Buffer): Buffer => Buffer.from(bytes.map((byte, i) => byte ^ (mask[i & 3] ?? 0)))

function longLength(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(length))
  return bytes
}

const NAMES = new Map<number, FrameKind>(Object.entries(OPCODES).map(([name, code]) => [code, name as FrameKind]))
/** Keeps so much of each payload; the rest is passed over as it comes. */
const KEPT = 16 * 1024

interface Open {
  kind: FrameKind
  fin: boolean
  length: number
  mask: Buffer | null
  parts: Buffer[]
  kept: number
  left: number
}

/** Takes bytes in any pieces and gives whole frames. A payload is kept only up to 16 kB, so that a server that announces
 *  gigabytes fills no memory. */
export class FrameReader {
  #masked: boolean
  #bytes: Buffer = Buffer.alloc(0)
  #open: Open | null = null
  /** What the other side did against the RFC; nothing is read after it. */
  fault: string | null = null

  /** @param masked true on the server's side: clients mask. */
  constructor(masked = false) {
    this.#masked = masked
  }

  push(chunk: Buffer): Frame[] {
    const out: Frame[] = []
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    while (this.fault === null) {
      if (!this.#open && !this.#header()) break
      const done = this.#body()
      if (!done) break
      out.push(done)
    }
    return out
  }

  /** Reads the 2 to 14 bytes in front of a payload; false when they are not all there. */
  #header(): boolean {
    const [first = 0, second = 0] = this.#bytes
    if (this.#bytes.length < 2) return false
    const short = second & 0x7f
    const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (this.#masked ? 4 : 0)
    const kind = NAMES.get(first & 0x0f)
    if ((first & 0x70) !== 0) this.fault = 'a frame uses reserved bits although no extension was agreed on'
    else if (!kind) this.fault = `a frame has the unknown opcode ${first & 0x0f}`
    else if ((second & 0x80) !== 0 && !this.#masked) this.fault = 'a frame from the server is masked'
    else if ((second & 0x80) === 0 && this.#masked) this.fault = 'a frame from the client is not masked'
    else if (kind && first >= 0x88 && short > 125) this.fault = 'a control frame is longer than 125 bytes'
    if (this.fault !== null || !kind || this.#bytes.length < size) return false
    const length =
      short === 126 ? this.#bytes.readUInt16BE(2) : short === 127 ? Number(this.#bytes.readBigUInt64BE(2)) : short
    const mask = this.#masked ? Buffer.from(this.#bytes.subarray(size - 4, size)) : null
    this.#open = { kind, fin: first >= 0x80, length, mask, parts: [], kept: 0, left: length }
    this.#bytes = this.#bytes.subarray(size)
    return true
  }

  #body(): Frame | null {
    const open = this.#open
    if (!open) return null
    const taken = this.#bytes.subarray(0, Math.min(open.left, this.#bytes.length))
    if (open.kept < KEPT && taken.length > 0) open.parts.push(Buffer.from(taken.subarray(0, KEPT - open.kept)))
    open.kept += taken.length
    open.left -= taken.length
    this.#bytes = this.#bytes.subarray(taken.length)
    if (open.left > 0) return null
    this.#open = null
    const { kind, fin, length, mask } = open
    const payload = Buffer.concat(open.parts)
    return { kind, fin, length, payload: mask ? xor(payload, mask) : payload }
  }
}

/** A close frame for people: `1008 policy violation, "not allowed"` (7.4.1). */
export function closeText({ payload }: Frame): string {
  if (payload.length < 2) return 'without a code'
  const code = payload.readUInt16BE(0)
  const reason = payload.subarray(2).toString('utf8')
  const name = CLOSE_CODES.get(code)
  return `with code ${code}${name === undefined ? '' : ` (${name})`}${reason === '' ? '' : `: "${reason}"`}`
}

const CLOSE_CODES = new Map([
  [1000, 'normal'],
  [1001, 'going away'],
  [1002, 'protocol error'],
  [1003, 'unsupported data'],
  [1007, 'invalid data'],
  [1008, 'policy violation'],
  [1009, 'message too big'],
  [1011, 'internal error'],
  [1012, 'service restart'],
  [1013, 'try again later'],
])
