/** What reached the backend, in the words of the user's configuration. Pure. */
import { headerOf, sameHost, type Received } from './backend.ts'
import type { Plan } from './planned.ts'

export interface Seen {
  /** `http://app:3000` */
  backend: string
  method: string
  path: string
  version: string
  host: string | null
  upgrade: string | null
  connection: string | null
  origin: string | null
  /** Whether Origin and Host name the same place: what many applications check. */
  origin_is_host: boolean
  tls: boolean
  sni: string | null
  headers: [string, string][]
  status: number
  /** Why the stand-in refused. */
  reason: string
}

/** The last request to an application; requests of access control do not count. Null when none came. */
export function seenBy(received: readonly Received[], plan: Plan, ports: readonly number[]): Seen | null {
  const request = received.filter(({ backend }) => plan.backends[backend]?.role === 'app')[0]
  const stand = request && plan.backends[request.backend]
  if (!request || !stand) return null
  const host = headerOf(request, 'host')
  // Without a proxy_set_header nginx sends the name in proxy_pass, which here is the stand-in's.
  const isOwn = host === `127.0.0.1:${ports[request.backend]}` || host === stand.host.replace(/:\d+$/, '')
  const shown = isOwn ? stand.host : host
  const origin = headerOf(request, 'origin')
  return {
    backend: stand.original,
    method: request.method,
    path: request.path,
    version: request.version,
    host: shown,
    upgrade: headerOf(request, 'upgrade'),
    connection: headerOf(request, 'connection'),
    origin,
    origin_is_host: sameHost(origin, shown),
    tls: request.tls,
    sni: request.sni,
    headers: request.headers
      .slice(0, 60)
      .map(([name, value]) => [name, name.toLowerCase() === 'host' ? (shown ?? value) : value]),
    status: request.status,
    // The stand-in's port means nothing to anybody, and beside `host` it would be a second one.
    reason: host === null || shown === null ? request.reason : request.reason.replaceAll(`"${host}"`, `"${shown}"`),
  }
}
