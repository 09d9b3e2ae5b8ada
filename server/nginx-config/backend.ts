/** Where a proxied request goes. Source: ngx_http_proxy_pass (the URI part), ngx_http_proxy_create_request. */
import type { EffectiveProxy } from '../diagnosis/contract.ts'
import { readLocation } from './locations.ts'
import { levels } from './levels.ts'
import type { Served } from './serve.ts'
import { httpNodes, type NginxConfig, type Node } from './tree.ts'

const TARGET = /^(https?):\/\/([^/?#]+)([^?#]*)(?:[?#].*)?$/is

/** The URL the backend is asked for; an upstream group stands for its first server. Null when it cannot be told from
 *  the configuration alone: a variable, a `rewrite` that may change the path, a unix socket.
 *  @param path the request's path, without query. */
export function backendOf(config: NginxConfig, { block, pass }: Served, path: string): EffectiveProxy['backend'] {
  const [, scheme, authority, uri] = TARGET.exec(pass?.statement.args[0] ?? '') ?? []
  if (!pass || scheme === undefined || authority === undefined || uri === undefined) return null
  if (pass.statement.args[0]?.includes('$') || authority.startsWith('unix:')) return null
  if (levels(block).some((level) => rewrites(level))) return null
  const address = addressOf(config, authority)
  const sent = uri === '' ? path : replaced(block, path, uri)
  return address === null || sent === null ? null : { url: `${scheme.toLowerCase()}://${address}${sent}` }
}

const rewrites = (level: Node): boolean =>
  level.children.some(
    ({ statement, children }) =>
      statement.name === 'rewrite' ||
      (statement.name === 'if' && children.some((inner) => inner.statement.name === 'rewrite')),
  )

/** The part of the path that the location's name matched gives way to the URI of proxy_pass. */
function replaced(block: Node, path: string, uri: string): string | null {
  const { modifier, pattern } = readLocation(block)
  // nginx refuses a URI part in a location given by a pattern or a name.
  if (block.statement.name !== 'location' || !['', '=', '^~'].includes(modifier)) return null
  return path.startsWith(pattern) ? uri + path.slice(pattern.length) : null
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
