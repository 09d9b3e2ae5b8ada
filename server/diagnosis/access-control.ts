/** What of nginx's own access control the configuration has where a request is served. Source: ngx_http_auth_basic_module,
 *  ngx_http_auth_request_module, ngx_http_access_module. */
import type { ConfigView, Scope } from './contract.ts'

/** The line that answers 401 (a password, a service that is asked) or 403 (an address, a service); null: none, or unknown. */
export function accessControl(scope: Scope, status: number, config: ConfigView | null): string | null {
  const { server, path } = scope
  if (config === null || path === null) return null
  const rules = status === 401 ? ['auth_basic', 'auth_request'] : status === 403 ? ['auth_request', 'deny'] : []
  for (const name of rules) {
    const first = config.args?.(server, path, name)[0]?.[0]
    if (first === undefined || first === 'off') continue
    const at = config.where?.(server, path, name) ?? null
    return at === null ? name : `${name} (${at.file}:${at.line})`
  }
  return null
}
