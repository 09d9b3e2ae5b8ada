/** Which server block answers for a name. Source: ngx_http_find_virtual_server, ngx_http_server_names. */
import type { EffectiveProxy } from '../diagnosis/contract.ts'
import { fromPcre } from './pcre.ts'
import { httpNodes, type NginxConfig, type Node } from './tree.ts'

interface Listen {
  socket: string
  /** Empty for a unix socket. */
  port: string
  isDefault: boolean
  tls: boolean
  /** Plain TCP from the first byte: no PROXY header, no QUIC. */
  direct: boolean
}

interface Server {
  node: Node
  names: string[]
  listens: Listen[]
}

/** Server blocks that may answer for a host, the likeliest first. The listening address is not in the logs,
 *  so there is one candidate per address: a name's redirect on port 80 and its proxy on 443 are both named.
 *  `host` null: every server. */
export function candidateServers(config: NginxConfig, host: string | null): Node[] {
  // A fragment of a server or location has no server block: its top level stands for it.
  if (config.kind === 'server' || config.kind === 'location') return [config.root]
  const servers = httpNodes(config)
    .filter(({ statement }) => statement.name === 'server' && statement.block)
    .map(readServer)
  if (host === null) return servers.map(({ node }) => node)
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/s.exec(host.toLowerCase()) ?? []
  // The error log shows the first server_name as written, which may be a wildcard or a pattern.
  const written = servers.filter(({ names }) => names[0] !== '' && names[0] === host.toLowerCase())
  if (written.length > 0) return written.map(({ node }) => node)

  const sockets = new Map<string, Server[]>()
  for (const server of servers)
    for (const { socket } of server.listens) {
      const group = sockets.get(socket)
      if (group) group.push(server)
      else sockets.set(socket, [server])
    }
  const onPort = [...sockets].filter(([, group]) =>
    group.some(({ listens }) => listens.some((listen) => listen.port === port)),
  )
  // Behind a published container port the port in the Host header is not nginx's own.
  const groups = port !== undefined && onPort.length > 0 ? onPort : [...sockets]
  const matched = groups.map(([, group]) => byName(group, name)).filter((server) => server !== null)
  const chosen =
    matched.length > 0
      ? matched
      : groups.map(([socket, group]) => defaultServer(group, socket)).filter((it) => it !== null)
  return [...new Set(chosen)].map(({ node }) => node)
}

export function serverNames(server: Node): string[] {
  return readServer(server).names
}

/** Where visitors reach the server: its first TLS address, else its first. Null for a fragment that does not tell,
 *  for unix sockets, and where a load balancer must speak first (proxy_protocol). */
export function publicAddress(server: Node): EffectiveProxy['public'] {
  if (server.statement.name !== 'server' && !server.children.some(({ statement }) => statement.name === 'listen'))
    return null
  const { names, listens } = readServer(server)
  const open = listens.filter(({ port, direct }) => port !== '' && direct)
  const best = open.find(({ tls }) => tls) ?? open[0]
  if (!best) return null
  const host = names.find((name) => /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/.test(name)) ?? null
  return { scheme: best.tls ? 'https' : 'http', host, port: Number(best.port) }
}

function readServer(node: Node): Server {
  const argsOf = (name: string) =>
    node.children.filter(({ statement }) => statement.name === name).map((c) => c.statement.args)
  const names = argsOf('server_name').flat()
  const allTls = argsOf('ssl').some(([state]) => state === 'on')
  const listens = argsOf('listen').map(([address = '80', ...options]) => ({
    ...readListen(address),
    isDefault: options.includes('default_server') || options.includes('default'),
    tls: allTls || options.includes('ssl'),
    direct: !options.includes('proxy_protocol') && !options.includes('quic'),
  }))
  return {
    node,
    names: names.length > 0 ? names.map((name) => (name.startsWith('~') ? name : name.toLowerCase())) : [''],
    listens:
      listens.length > 0 ? listens : [{ socket: '*:80', port: '80', isDefault: false, tls: allTls, direct: true }],
  }
}

function readListen(address: string): { socket: string; port: string } {
  if (address.startsWith('unix:')) return { socket: address, port: '' }
  if (/^\d+$/.test(address)) return { socket: `*:${address}`, port: address }
  const [, name = '', port = '80'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? []
  return { socket: `${name === '0.0.0.0' ? '*' : name}:${port}`, port }
}

function defaultServer(group: readonly Server[], socket: string): Server | null {
  const named = group.find(({ listens }) => listens.some((listen) => listen.socket === socket && listen.isDefault))
  return named ?? group[0] ?? null
}

/** Exact name, longest `*.name`, longest `name.*`, first pattern; the first server wins among equals. */
function byName(group: readonly Server[], host: string): Server | null {
  let best: { server: Server; rank: number } | null = null
  for (const server of group) {
    for (const name of server.names) {
      const rank = rankOf(name, host)
      if (rank > (best?.rank ?? 0)) best = { server, rank }
    }
  }
  return best?.server ?? null
}

/** Host is lower case; a pattern with capitals is caseless in nginx, any other matches the same either way. */
function rankOf(name: string, host: string): number {
  if (name.startsWith('~')) return fromPcre(name.slice(1), true)?.test(host) ? 1 : 0
  if (name === host || name === `.${host}`) return name === '' ? 0 : 3e6
  const suffix = name.startsWith('*.') ? name.slice(1) : name.startsWith('.') ? name : null
  if (suffix !== null) return host.endsWith(suffix) && host.length > suffix.length ? 2e6 + suffix.length : 0
  return name.endsWith('.*') && host.startsWith(name.slice(0, -1)) ? 1e6 + name.length : 0
}
