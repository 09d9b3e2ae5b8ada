/** The opening handshake of RFC 6455 over HTTP/1.1: what is sent, and what an answer is worth. */
import { createHash, randomBytes } from 'node:crypto'
import { readBody, readHead, valueOf, type Head, type HeadResult } from './http.ts'
import type { Wire } from './wire.ts'

/** What a request is made of besides its path. */
export interface Asking {
  host: string
  path: string
  /** Null: none is sent, as from a program that is no browser. */
  origin: string | null
  subprotocols: readonly string[]
  headers: readonly (readonly [string, string])[]
}

export interface Answer {
  head: Head
  /** The start of the body, at most 4 kB; empty after 101. */
  body: string
}

export type Answered = { ok: true; answer: Answer } | { ok: false; failure: Extract<HeadResult, { ok: false }> }

const MAX_BODY = 4096
/** After this long without the rest of a body, what is there has to do. */
const BODY_MS = 1000

export const newKey = (): string => randomBytes(16).toString('base64')
/** By this name its requests are known in logs (scan/own-traffic.ts). An error log prints no User-Agent, but the Referer:
 *  as a relative reference (RFC 9110, 10.1.3) it names no site, and `valid_referers` with `none blocked` lets it pass. */
const AGENT = 'halfopen/probe'

/** The handshake as bytes. */
export function handshakeRequest(asking: Asking, key: string): string {
  return request('GET', asking, [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key],
    ...(asking.subprotocols.length > 0 ? [['Sec-WebSocket-Protocol', asking.subprotocols.join(', ')] as const] : []),
  ])
}

/** An ordinary request for the same path. */
export function plainRequest(asking: Asking, method: 'GET' | 'POST' = 'GET', body = ''): string {
  const length = method === 'POST' ? [['Content-Length', String(Buffer.byteLength(body))] as const] : []
  return request(method, asking, [['Connection', 'close'], ['Accept', '*/*'], ...length]) + body
}

function request(method: string, asking: Asking, own: readonly (readonly [string, string])[]): string {
  const given = new Set(asking.headers.map(([name]) => name.toLowerCase()))
  const headers = [
    ['Host', asking.host] as const,
    ...(given.has('user-agent') ? [] : [['User-Agent', AGENT] as const]),
    ...(given.has('referer') ? [] : [['Referer', AGENT] as const]),
    ...own,
    ...(asking.origin === null || given.has('origin') ? [] : [['Origin', asking.origin] as const]),
    ...asking.headers,
  ]
  return `${method} ${asking.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Sends a request and reads its answer. */
export async function ask(wire: Wire, request: string, deadline: number): Promise<Answered> {
  wire.write(request)
  const result = await readHead(wire, deadline)
  if (!result.ok) return { ok: false, failure: result }
  const { head } = result
  if (head.status === 101) return { ok: true, answer: { head, body: '' } }
  const until = Math.min(deadline, performance.now() + BODY_MS)
  return { ok: true, answer: { head, body: (await readBody(wire, head, MAX_BODY, until)).toString('utf8') } }
}

/** Sec-WebSocket-Accept for a key (4.2.2, step 5.4). */
export const acceptFor = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** What a client must refuse in a 101 (4.1, "If the status code received from the server is not 101 …" and after);
 *  empty when the session is open. */
export function faultsOf(head: Head, key: string, offered: readonly string[]): string[] {
  const faults: string[] = []
  const upgrade = valueOf(head, 'upgrade')
  const accept = valueOf(head, 'sec-websocket-accept')
  const chosen = valueOf(head, 'sec-websocket-protocol')
  if (upgrade?.toLowerCase() !== 'websocket')
    faults.push(upgrade === null ? 'the answer has no Upgrade header' : `Upgrade is "${upgrade}", not "websocket"`)
  if (!tokens(valueOf(head, 'connection')).includes('upgrade'))
    faults.push('the Connection header of the answer does not say "Upgrade"')
  if (accept === null) faults.push('the answer has no Sec-WebSocket-Accept')
  else if (accept !== acceptFor(key))
    faults.push(
      `Sec-WebSocket-Accept is "${accept}" and must be "${acceptFor(key)}": the answer is not to this handshake`,
    )
  if (chosen !== null && !offered.includes(chosen))
    faults.push(`the server chose the subprotocol "${chosen}", which was not offered`)
  const extensions = valueOf(head, 'sec-websocket-extensions')
  if (extensions !== null) faults.push(`the server uses the extension "${extensions}", which was not offered`)
  return faults
}

export const tokens = (value: string | null): string[] => (value ?? '').toLowerCase().split(/\s*,\s*/)
