/** A location that passes upgrades on and sends them to another path than the client asked for: a URI part in proxy_pass
 *  replaces the matched prefix. Source: ngx_http_proxy_create_request. */
import type { ConfigView, EffectiveProxy, Scope } from './contract.ts'
import { passesUpgrade } from './upgrade-told.ts'

export interface RewrittenPath {
  settings: EffectiveProxy
  /** What the backend is asked for. */
  arrives: string
  /** The location is that of the socket alone, so that the change serves nothing else. Of others it may be meant. */
  own: boolean
}

/** Null: the path stays as it is, the location passes no upgrade, or the configuration does not tell. */
export function rewrittenPath(scope: Scope, config: ConfigView | null): RewrittenPath | null {
  const { server, path } = scope
  if (config === null || path === null) return null
  const settings = config.settings(server, path)
  if (settings?.backend == null || !passesUpgrade(settings)) return null
  if (!URL.canParse(settings.backend.url)) return null
  const arrives = new URL(settings.backend.url).pathname
  if (arrives === path) return null
  return { settings, arrives, own: config.repair?.('path', server, path)?.patch != null }
}
