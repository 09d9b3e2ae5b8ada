/** What an error-log record says, with the place it happened at. */
import type { Event, Scope } from '../event.ts'
import { pathGroup } from '../masking.ts'
import type { ErrorRecord } from '../record.ts'
import { serverName } from './access-events.ts'
import { errorSign } from './error-signs.ts'

export const NO_WEBSOCKETS = /^(?:fastcgi|scgi|memcached|grpcs?):/

/** At most one event per record; none for lines about static files, notices and the like. */
export function readError(record: ErrorRecord, time: number | null, zone: 'known' | 'assumed'): Event[] {
  // FastCGI and the like never carry a WebSocket: their failures are another tool's topic.
  if (record.upstream !== null && NO_WEBSOCKETS.test(record.upstream)) return []
  const sign = errorSign(record)
  if (sign === null) return []
  const event: Event = {
    kind: sign.kind,
    sign: sign.sign,
    time,
    zone,
    scope: scopeOf(record),
    client: record.client,
    connection: record.connection,
  }
  if (sign.echo) event.echo = true
  return [event]
}

function scopeOf(record: ErrorRecord): Scope {
  // What failed in a subrequest (auth_request, mirror) failed at the subrequest's place, not at the visitor's.
  const uri = record.subrequest ?? /^[A-Z]+ (\S+)/.exec(record.request ?? '')?.[1] ?? null
  return {
    server: serverName(record.server ?? null) ?? serverName(record.host),
    path: uri === null ? null : pathGroup(uri),
    upstream: record.upstream === null ? null : upstreamAddress(record.upstream),
  }
}

/** `http://127.0.0.1:3000/ws` → `127.0.0.1:3000`; `http://unix:/run/app.sock:/ws` → `unix:/run/app.sock`. */
function upstreamAddress(upstream: string): string {
  const unix = /^[a-z]+:\/\/(unix:[^:]+):/.exec(upstream)
  if (unix) return (unix[1] as string).slice(0, 200)
  return upstream
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[/?].*$/s, '')
    .slice(0, 200)
}
