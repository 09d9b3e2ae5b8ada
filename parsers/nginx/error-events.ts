/** What an error-log record says, with the place it happened at. */
import type { Event, Scope } from '../event.ts'
import { pathGroup } from '../masking.ts'
import type { ErrorRecord } from '../record.ts'
import { serverName } from './access-events.ts'
import { errorSign, type ErrorSign } from './error-signs.ts'

/** What of a record says where it happened. */
export type Place = Pick<
  ErrorRecord,
  'server' | 'host' | 'request' | 'subrequest' | 'upstream' | 'client' | 'connection'
>

export const NO_WEBSOCKETS = /^(?:fastcgi|scgi|memcached|grpcs?):/

/** At most one event per record; none for lines about static files, notices and the like. */
export function readError(record: ErrorRecord, time: number | null, zone: 'known' | 'assumed'): Event[] {
  if (isGateway(record.upstream)) return []
  const sign = errorSign(record)
  return sign === null ? [] : [errorEvent(sign, record, time, zone)]
}

/** FastCGI and the like never carry a WebSocket: their failures are another tool's topic. */
export const isGateway = (upstream: string | null): boolean => upstream !== null && NO_WEBSOCKETS.test(upstream)

/** The event that a sign is at a place. */
export function errorEvent(
  { kind, sign, echo }: Pick<ErrorSign, 'kind' | 'sign'> & { echo?: boolean },
  place: Place,
  time: number | null,
  zone: 'known' | 'assumed',
): Event {
  const { client, connection } = place
  const event: Event = { kind, sign, time, zone, scope: scopeOf(place), client, connection }
  if (echo === true) event.echo = true
  return event
}

function scopeOf(record: Place): Scope {
  // What failed in a subrequest (auth_request, mirror) failed at the subrequest's place, not at the visitor's.
  const uri = record.subrequest ?? /^[A-Z]+ (\S+)/.exec(record.request ?? '')?.[1] ?? null
  return {
    server: serverName(record.server ?? null) ?? serverName(record.host),
    path: uri === null ? null : pathGroup(uri),
    upstream: record.upstream === null ? null : upstreamAddress(record.upstream),
  }
}

/** `http://127.0.0.1:3000/ws` → `127.0.0.1:3000`; `http://unix:/run/app.sock:/ws` → `unix:/run/app.sock`. */
function upstreamAddress(upstream: string): string | null {
  const unix = /^[a-z]+:\/\/(unix:[^:]+):/.exec(upstream)
  if (unix) return (unix[1] as string).slice(0, 200)
  const address = upstream
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[/?].*$/s, '')
    // A password in front of the host is nobody's name for a backend,
    .replace(/^.*@/s, '')
    .slice(0, 200)
  // nor is one whose line was cut before the @ behind it.
  return /^[^[:]*:(?!\d{0,5}$)[^:]*$/.test(address) ? null : address
}
