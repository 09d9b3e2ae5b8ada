/** The scheme that a proxy in front was asked with. Any client can write X-Forwarded-Proto, so it counts only when the
 *  connection comes from an address that set_real_ip_from trusts. Source: ngx_http_realip_module ($realip_remote_addr). */
import type { Directive } from '../diagnosis/contract.ts'
import { definesVariable } from './effective.ts'
import { childrenNamed, levels } from './levels.ts'
import { httpNodes, type NginxConfig, type Node } from './tree.ts'

/** IPv4 or IPv6, with or without a prefix length; not the whole internet. */
const ADDRESS =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/(?:[89]|[12]\d|3[0-2]))?|[\da-f]*:[\da-f:.]*(?:\/(?:1[6-9]|[2-9]\d|1[01]\d|12[0-8]))?)$/i

/** Addresses of the proxies in front; [] when there are none, or one of the lines trusts everybody or is no address.
 *  The innermost level that has any counts, as for other lists. */
export function trustedProxies(block: Node): string[] {
  const level = levels(block).find((one) => childrenNamed(one, 'set_real_ip_from').length > 0)
  const all = level ? childrenNamed(level, 'set_real_ip_from').map(({ statement }) => statement.args[0] ?? '') : []
  return all.every((address) => ADDRESS.test(address)) ? [...new Set(all)] : []
}

/** Lines that pass the proxy's X-Forwarded-Proto on: a map that is there already is used. */
export function protoDirectives(config: NginxConfig, trusted: readonly string[], context: string): Directive[] {
  const existing = httpNodes(config).find(
    ({ statement: { name, args } }) => name === 'map' && args[0] === '$http_x_forwarded_proto' && args.length === 2,
  )
  const header = (variable: string): Directive => ({ context, text: `proxy_set_header X-Forwarded-Proto ${variable};` })
  if (existing) return [header(existing.statement.args[1] ?? '')]
  const http = (text: string): Directive => ({ context: 'http', text })
  const rows = trusted.map((address) => `    ${address} 1;\n`).join('')
  return [
    ...(definesVariable(config, 'from_edge')
      ? []
      : [http(`geo $realip_remote_addr $from_edge {\n    default 0;\n${rows}}`)]),
    http(
      `map "$from_edge $http_x_forwarded_proto" $forwarded_proto {\n    default $scheme;\n    "1 https" https;\n    "1 http" http;\n}`,
    ),
    header('$forwarded_proto'),
  ]
}
