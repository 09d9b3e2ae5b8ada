/** HTTP/1.1 answers as they came over the wire. Bounded: a head of 64 kB, 200 lines, and as much body as is wanted.
 *  node:http would hide what a diagnosis is about: the exact head, a body after 101, bytes that are no HTTP. */
import type { Ending, Wire } from './wire.ts'

/** nginx itself takes at most 32 kB by default; browsers 256 kB. */
const MAX_HEAD = 64 * 1024
const MAX_LINES = 200

export interface Head {
  /** `HTTP/1.1 101 Switching Protocols` */
  line: string
  status: number
  reason: string
  /** In order, names as written. */
  headers: [name: string, value: string][]
}

export type HeadResult =
  | { ok: true; head: Head }
  | { ok: false; kind: 'ended'; ending: Ending; bytes: Buffer }
  | { ok: false; kind: 'not-http' | 'too-long'; bytes: Buffer }

/** Reads one head; bytes after it stay on the wire. Interim answers (1xx but 101) are passed over. */
export async function readHead(wire: Wire, deadline: number): Promise<HeadResult> {
  for (let interim = 0; interim < 5; interim++) {
    const result = await readOneHead(wire, deadline)
    if (!result.ok || result.head.status >= 200 || result.head.status === 101) return result
  }
  return { ok: false, kind: 'too-long', bytes: Buffer.alloc(0) }
}

async function readOneHead(wire: Wire, deadline: number): Promise<HeadResult> {
  const buffer = Buffer.alloc(MAX_HEAD)
  let length = 0
  for (;;) {
    const chunk = await wire.next(deadline)
    if (!Buffer.isBuffer(chunk))
      return { ok: false, kind: 'ended', ending: chunk, bytes: Buffer.from(buffer.subarray(0, length)) }
    const taken = Math.min(chunk.length, MAX_HEAD - length)
    chunk.copy(buffer, length, 0, taken)
    const from = Math.max(0, length - 3)
    length += taken
    const bytes = buffer.subarray(0, length)
    if (!startsLikeHttp(bytes)) return { ok: false, kind: 'not-http', bytes: Buffer.from(bytes) }
    const end = endOfHead(bytes, from)
    if (end > 0) {
      wire.putBack(Buffer.concat([bytes.subarray(end), chunk.subarray(taken)]))
      const head = parseHead(bytes.subarray(0, end).toString('latin1'))
      if (head === 'too-long') return { ok: false, kind: 'too-long', bytes: Buffer.from(bytes) }
      return head ? { ok: true, head } : { ok: false, kind: 'not-http', bytes: Buffer.from(bytes) }
    }
    if (length === MAX_HEAD) return { ok: false, kind: 'too-long', bytes: Buffer.from(bytes) }
  }
}

const startsLikeHttp = (bytes: Buffer): boolean =>
  bytes.subarray(0, 5).toString('latin1') === 'HTTP/'.slice(0, bytes.length)

/** RFC 9112 2.2: a recipient may take a bare line feed as the end of a line. */
function endOfHead(bytes: Buffer, from: number): number {
  const crlf = bytes.indexOf('\r\n\r\n', from, 'latin1')
  const lf = bytes.indexOf('\n\n', from, 'latin1')
  if (crlf === -1 && lf === -1) return -1
  return crlf !== -1 && (lf === -1 || crlf < lf) ? crlf + 4 : lf + 2
}

/** Null when the first line is no status line. */
export function parseHead(text: string): Head | 'too-long' | null {
  const [line = '', ...rest] = text.split(/\r?\n/)
  const [, status, reason = ''] = /^HTTP\/\d(?:\.\d)? (\d{3})(?: (.*))?$/.exec(line) ?? []
  if (status === undefined) return null
  if (rest.length > MAX_LINES) return 'too-long'
  const headers: Head['headers'] = []
  for (const one of rest) {
    const last = headers.at(-1)
    const colon = one.indexOf(':')
    if (/^[ \t]/.test(one) && last) last[1] += ` ${one.trim()}`
    else if (colon > 0) headers.push([one.slice(0, colon), one.slice(colon + 1).trim()])
  }
  return { line, status: Number(status), reason, headers }
}

/** All values of a header joined as RFC 9110 5.3 joins them; null when it is absent. */
export function valueOf(head: Head, name: string): string | null {
  const values = head.headers.filter(([other]) => other.toLowerCase() === name)
  return values.length === 0 ? null : values.map(([, value]) => value).join(', ')
}

/** The start of a body, at most `most` bytes; chunked bodies without their framing. What does not come by the deadline
 *  is left out: a body only explains a refusal. */
export async function readBody(wire: Wire, head: Head, most: number, deadline: number): Promise<Buffer> {
  if (head.status === 204 || head.status === 304) return Buffer.alloc(0)
  const chunked = /\bchunked\b/i.test(valueOf(head, 'transfer-encoding') ?? '')
  const declared = /^\d{1,12}$/.exec(valueOf(head, 'content-length') ?? '')
  // Sizes of chunks take room, too: twice as much is read, and the rest of a long body is not wanted.
  const wanted = chunked ? most * 2 + 64 : Math.min(most, declared ? Number(declared[0]) : most)
  const parts: Buffer[] = []
  let length = 0
  while (length < wanted) {
    const chunk = await wire.next(deadline)
    if (!Buffer.isBuffer(chunk)) break
    parts.push(chunk.subarray(0, wanted - length))
    length += chunk.length
    if (chunked && chunk.subarray(-5).toString('latin1') === '0\r\n\r\n') break
  }
  const bytes = Buffer.concat(parts)
  return chunked ? unchunked(bytes).subarray(0, most) : bytes
}

/** RFC 9112 7.1; what is cut short gives what is there. */
export function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\n', at)
    const size = /^([\da-f]{1,8})\s*(?:;.*)?$/i.exec(bytes.subarray(at, end).toString('latin1').trim())?.[1]
    if (end === -1 || size === undefined || parseInt(size, 16) === 0) break
    const start = end + 1
    parts.push(bytes.subarray(start, start + parseInt(size, 16)))
    at = start + parseInt(size, 16) + 2
  }
  return Buffer.concat(parts)
}
