/** Parts of the error entry that a kernel located last. */
import type { Place } from '../../parsers/nginx/error-events.ts'
import type { ErrorSign } from '../../parsers/nginx/error-signs.ts'
import type { EventKind } from '../diagnosis/contract.ts'
import type { Kernel } from './kernel-host.ts'
import * as K from './kernel/layout.ts'

/** What a message says. */
export interface Sign {
  kind: ErrorSign['kind']
  sign: string
  echo: boolean
}

/** Tag and fields. */
export const bits = ({ words }: Kernel): [tag: number, fields: number] => {
  const at = (K.FIELDS + K.E_BITS * 8) / 4
  return [words[at] as number, words[at + 1] as number]
}

/** A part as text; `more` bytes behind it. */
export function part({ words, bytes }: Kernel, index: number, more = 0): string {
  const at = (K.FIELDS + index * 8) / 4
  return bytes.toString('latin1', words[at] as number, (words[at + 1] as number) + more)
}

/** The place as the parser would have read it. */
export function placeOf(kernel: Kernel): Place {
  const [, fields] = bits(kernel)
  const text = (bit: number, index: number, more?: number): string | null =>
    (fields & bit) === 0 ? null : part(kernel, index, more)
  const host = part(kernel, K.E_HOST)
  const uri = part(kernel, K.E_URI)
  // With what ends the address, which the parser looks for; where that is the quote, the URL has no path.
  const upstream = text(K.UPSTREAM, K.E_UPSTREAM, 1)
  return {
    client: text(K.CLIENT, K.E_CLIENT),
    server: text(K.SERVER, K.E_SERVER),
    host: host === '' ? null : host,
    request: (fields & K.REQUEST) === 0 ? null : `GET ${uri}`,
    subrequest: (fields & K.SUBREQUEST) === 0 ? null : uri,
    upstream: upstream?.endsWith('"') === true ? upstream.slice(0, -1) : upstream,
    connection: null,
  }
}

export function signOf({ kind, sign, echo }: { kind: EventKind; sign: string; echo: boolean }): Sign | undefined {
  // Of these an event has more to tell; error entries make none.
  if (kind === 'handshake_ok' || kind === 'handshake_failed' || kind === 'session_closed') return undefined
  return { kind, sign, echo }
}
