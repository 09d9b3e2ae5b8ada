/** Where a proxied request goes. Source: ngx_http_proxy_pass (the URI part), ngx_http_proxy_create_request. */
import type { EffectiveProxy } from '../diagnosis/contract.ts'
import type { Served } from './serve.ts'
import { httpNodes, type NginxConfig } from './tree.ts'

/** The URL the backend is asked for; an upstream group stands for its first server. Null when it cannot be told from
 *  the configuration alone: a variable that only the running nginx knows, a unix socket. */
export function backendOf(config: NginxConfig, { sent }: Served): EffectiveProxy['backend'] {
  const address = sent && addressOf(config, sent.authority)
  return sent && address !== null ? { url: `${sent.scheme}://${address}${sent.path}` } : null
}

/** `host:port`; the name of an upstream group becomes its first server in use, whose default port is 80 for https too. */
function addressOf(config: NginxConfig, authority: string): string | null {
  const group = httpNodes(config).find(
    ({ statement }) => statement.name === 'upstream' && statement.args[0]?.toLowerCase() === authority.toLowerCase(),
  )
  if (!group) return authority
  const servers = group.children.filter(({ statement }) => statement.name === 'server')
  const used = servers.filter(({ statement: { args } }) => !args.includes('down') && !args.includes('backup'))
  const address = (used[0] ?? servers[0])?.statement.args[0]
  if (address === undefined || address.startsWith('unix:') || address.includes('$')) return null
  return /:\d+$/.test(address) ? address : `${address}:80`
}
