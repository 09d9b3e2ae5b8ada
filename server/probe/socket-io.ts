/** The handshake of Socket.IO: Engine.IO opens with a polling request, then moves to a WebSocket.
 *  Source: Engine.IO protocol, revision 4 (socket.io/docs/v4/engine-io-protocol). */
import { z } from 'zod'
import type { Answer } from './handshake.ts'

const OPEN = z.object({
  sid: z.string().min(1).max(200),
  upgrades: z.array(z.string()).catch([]),
  pingInterval: z.number().catch(0),
  pingTimeout: z.number().catch(0),
})
export type EngineOpen = z.infer<typeof OPEN>
const ERROR = z.object({ code: z.number(), message: z.string() })

/** `/socket.io/` unless the URL names a path. */
export const enginePath = (path: string): string => (path === '/' ? '/socket.io/' : path)

export function engineUrl(path: string, transport: 'polling' | 'websocket', sid: string | null): string {
  const joint = path.includes('?') ? '&' : '?'
  const session = sid === null ? '' : `&sid=${encodeURIComponent(sid)}`
  return `${path}${joint}EIO=4&transport=${transport}${session}`
}

export type Opened =
  | { ok: true; open: EngineOpen }
  /** `code` is Engine.IO's own: 1 is "Session ID unknown". */
  | { ok: false; code: number | null; text: string }

/** Reads the answer to the first polling request: the packet `0{…}`. */
export function readOpen({ head, body }: Answer): Opened {
  const open = head.status === 200 && body.startsWith('0') ? OPEN.safeParse(json(body.slice(1))) : null
  if (open?.success) return { ok: true, open: open.data }
  const error = ERROR.safeParse(json(body))
  if (error.success) return { ok: false, code: error.data.code, text: `${error.data.code} ${error.data.message}` }
  return { ok: false, code: null, text: 'the answer is no Engine.IO packet' }
}

/** Engine.IO's code in a refused request; null when it gave none. */
export function engineCode({ body }: Answer): number | null {
  const error = ERROR.safeParse(json(body))
  return error.success ? error.data.code : null
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
