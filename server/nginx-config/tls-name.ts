/** The name in the TLS handshake with a backend. nginx takes the one in proxy_pass ($proxy_host) and never sends an address;
 *  proxy_set_header Host has no part in it. Source: ngx_http_upstream_ssl_name. */
import { headerLevel, headerName, headersIn, inherited } from './effective.ts'
import type { Served } from './serve.ts'
import { allServers, listensOf, serverNames } from './servers.ts'
import { descendants, httpNodes, type NginxConfig, type Node } from './tree.ts'

const ADDRESS = /^(?:\d+(?:\.\d+){3}|\[.*\])$/
const NAME = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i
const LOOPBACK = /^(?:127(?:\.\d+){3}|localhost|\[::1\])$/i

/** What proxy_ssl_name has to say, `''` when the name that nginx takes by itself will do, null when nothing tells. */
export function tlsName(config: NginxConfig, { block, pass }: Served): string | null {
  const target = pass?.statement.args[0] ?? ''
  const authority = /^https:\/\/([^/?#]+)/i.exec(target)?.[1]
  if (authority === undefined) return null
  if (inherited(block, 'proxy_ssl_name')) return ''
  const [, host = '', port = '443'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  const isGroup = httpNodes(config).some(
    ({ statement: { name, args } }) => name === 'upstream' && args[0]?.toLowerCase() === host.toLowerCase(),
  )
  if (!isGroup && !ADDRESS.test(host)) return NAME.test(host) && host.includes('.') ? '' : told(block)
  return ofServerThere(config, host, port) ?? ofOtherBlock(config, target, block) ?? told(block)
}

/** The backend is a server of the same configuration. */
function ofServerThere(config: NginxConfig, host: string, port: string): string | null {
  for (const server of allServers(config)) {
    const listens = listensOf(server).some(
      (one) => one.tls && (one.socket === `${host}:${port}` || (one.socket === `*:${port}` && LOOPBACK.test(host))),
    )
    const name = listens ? serverNames(server).find((one) => NAME.test(one)) : undefined
    if (name !== undefined) return name
  }
  return null
}

/** Another block names the same backend. */
function ofOtherBlock(config: NginxConfig, target: string, block: Node): string | null {
  const authority = /^[^/]*\/\/[^/?#]+/.exec(target)?.[0]
  for (const { statement, parent } of descendants(httpNodes(config))) {
    if (statement.name !== 'proxy_pass' || !parent || parent === block) continue
    const name =
      /^[^/]*\/\/[^/?#]+/.exec(statement.args[0] ?? '')?.[0] === authority && inherited(parent, 'proxy_ssl_name')
    const [value] = name ? name.statement.args : []
    if (value !== undefined && NAME.test(value)) return value
  }
  return null
}

/** The backend is told this name in HTTP: it is one of its own. */
function told(block: Node): string | null {
  const level = headerLevel(block)
  const value = level && headersIn(level).find((node) => headerName(node) === 'host')?.statement.args[1]
  if (value === '$host' || value === '$http_host') return '$host'
  const name = value?.replace(/:\d+$/, '') ?? ''
  return NAME.test(name) ? name : null
}
