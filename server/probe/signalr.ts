/** The handshake of SignalR: POST …/negotiate gives a token, then the WebSocket starts with a JSON message.
 *  Source: aspnetcore, SignalR TransportProtocols.md and HubProtocol.md. */
import { z } from 'zod'
import type { Answer } from './handshake.ts'

const NEGOTIATED = z.object({
  connectionToken: z.string().max(4096).optional(),
  connectionId: z.string().max(4096).optional(),
  availableTransports: z.array(z.object({ transport: z.string() })).catch([]),
  url: z.string().optional(),
  error: z.string().optional(),
})

/** Messages end with this. */
const SEPARATOR = '\x1e'
export const signalrHello = `{"protocol":"json","version":1}${SEPARATOR}`

export const signalrPing = `{"type":6}${SEPARATOR}`

export function negotiatePath(path: string): string {
  const [bare = '', query] = path.split('?', 2)
  return `${bare.replace(/\/$/, '')}/negotiate?${query === undefined ? '' : `${query}&`}negotiateVersion=1`
}

export const signalrPath = (path: string, token: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}id=${encodeURIComponent(token)}`

export type Negotiated = { ok: true; token: string; transports: string[] } | { ok: false; text: string }

export function readNegotiation({ head, body }: Answer): Negotiated {
  const read = head.status === 200 ? NEGOTIATED.safeParse(json(body)) : null
  if (!read?.success) return { ok: false, text: 'the answer is no SignalR negotiation' }
  const { connectionToken, connectionId, availableTransports, url, error } = read.data
  if (error !== undefined) return { ok: false, text: error }
  if (url !== undefined) return { ok: false, text: `the application sends clients to ${url}; probe that URL` }
  const token = connectionToken ?? connectionId
  if (token === undefined) return { ok: false, text: 'the negotiation gives no connection token' }
  return { ok: true, token, transports: availableTransports.map(({ transport }) => transport) }
}

/** The server's first message is `{}`, or says what is wrong. Null when it is fine. */
export function signalrFault(message: string | null): string | null {
  if (message === null) return 'no answer to the SignalR handshake'
  const answer = json(message.split(SEPARATOR, 1)[0] ?? '')
  const error = z.object({ error: z.string() }).safeParse(answer)
  if (error.success) return error.data.error
  return typeof answer === 'object' && answer !== null ? null : 'the answer to the SignalR handshake is no JSON'
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
