/** Which server block answers for a name. Source: ngx_http_find_virtual_server, ngx_http_server_names. */
import type { EffectiveProxy } from '../diagnosis/contract.ts'
import { fromPcre } from './pcre.ts'
import { httpNodes, type NginxConfig, type Node } from './tree.ts'

/** One `listen` of a server block. */
export interface Listen {
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
  if (host === null) return allServers(config)
  const { servers, sockets } = indexOf(config)
  const lower = host.toLowerCase()
  // The error log shows the first server_name as written, which may be a wildcard or a pattern.
  const written = servers.filter(({ names }) => names[0] !== '' && names[0] === lower)
  if (written.length > 0) return written.map(({ node }) => node)
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/s.exec(lower) ?? []
  // Behind a published container port the port in the Host header is not nginx's own.
  const onPort = port === undefined ? [] : sockets.filter((socket) => socket.port === port)
  return answering(onPort.length > 0 ? onPort : sockets, name).map(({ server }) => server)
}

/** The server blocks that answer a Host header on a port, one per listening address there, a more exact match first.
 *  [] when nothing listens on the port. @param address the local address of the connection; null when not known.
 *  Source: ngx_http_init_connection: the sockets of that very address go before the wildcard. */
export function serversAt(config: NginxConfig, port: number, address: string | null, host: string): Answering[] {
  if (config.kind === 'server' || config.kind === 'location') return [{ server: config.root, first: config.root }]
  const there = indexOf(config).sockets.filter((socket) => socket.port === String(port))
  const exact = address === null ? [] : there.filter(({ name }) => name === `${address}:${port}`)
  const wild = there.filter(({ name }) => name === `*:${port}`)
  return answering(address === null ? there : exact.length > 0 ? exact : wild, host.toLowerCase())
}

/** A server block that answers, and the default one of its address, which reads the request line before the Host header. */
export interface Answering {
  server: Node
  first: Node
}

function answering(sockets: readonly Socket[], host: string): Answering[] {
  const matched = sockets.flatMap((socket) => pair(socket, byName(socket, host)))
  const chosen = matched.length > 0 ? matched : sockets.flatMap((socket) => pair(socket, socket.fallback))
  return chosen.filter(({ server }, i) => chosen.findIndex((other) => other.server === server) === i)
}

const pair = ({ fallback }: Socket, server: Server | null): Answering[] =>
  server ? [{ server: server.node, first: (fallback ?? server).node }] : []

/** Every server block, in order; the top level of a fragment of a server or location. */
export function allServers(config: NginxConfig): Node[] {
  if (config.kind === 'server' || config.kind === 'location') return [config.root]
  return httpNodes(config).filter(({ statement }) => statement.name === 'server' && statement.block)
}

/** One listening address, and the names its server blocks answer to. */
interface Socket {
  name: string
  port: string
  fallback: Server | null
  marked: boolean
  exact: Map<string, Server>
  /** By what follows the asterisk, dot included. */
  heads: Map<string, Server>
  /** By what goes before the asterisk, dot included. */
  tails: Map<string, Server>
  patterns: { pattern: string; server: Server }[]
}

interface Index {
  servers: Server[]
  sockets: Socket[]
}

const indexes = new WeakMap<NginxConfig, Index>()

function indexOf(config: NginxConfig): Index {
  const before = indexes.get(config)
  if (before) return before
  const servers = allServers(config).map(readServer)
  const sockets = new Map<string, Socket>()
  for (const server of servers)
    for (const { socket: name, port, isDefault } of server.listens) {
      const socket = sockets.get(name) ?? newSocket(name, port)
      sockets.set(name, socket)
      if (isDefault && !socket.marked) {
        socket.marked = true
        socket.fallback = server
      }
      socket.fallback ??= server
      for (const written of server.names) addName(socket, written, server)
    }
  const index = { servers, sockets: [...sockets.values()] }
  indexes.set(config, index)
  return index
}

function newSocket(name: string, port: string): Socket {
  const maps = { exact: new Map<string, Server>(), heads: new Map<string, Server>(), tails: new Map<string, Server>() }
  return { name, port, fallback: null, marked: false, ...maps, patterns: [] }
}

/** The first block keeps a name ("conflicting server name … ignored"); `.name` is ignored as a whole where `name` is taken.
 *  Source: ngx_hash_add_key. */
function addName({ exact, heads, tails, patterns }: Socket, name: string, server: Server): void {
  const keep = (map: Map<string, Server>, key: string) => {
    if (!map.has(key)) map.set(key, server)
  }
  if (name.startsWith('~')) patterns.push({ pattern: name.slice(1), server })
  else if (name.startsWith('.')) {
    if (exact.has(name.slice(1))) return
    exact.set(name.slice(1), server)
    keep(heads, name)
  } else if (name.startsWith('*.')) keep(heads, name.slice(1))
  else if (name.endsWith('.*')) keep(tails, name.slice(0, -1))
  else keep(exact, name)
}

/** Whether one of its names without pattern is the host's. @param host in lower case. */
export function isNamed(server: Node, host: string): boolean {
  return serverNames(server).some(
    (name) =>
      name === host ||
      (name.startsWith('.') && (host === name.slice(1) || host.endsWith(name))) ||
      (name.startsWith('*.') && host.endsWith(name.slice(1))) ||
      (name.endsWith('.*') && host.startsWith(name.slice(0, -1))),
  )
}

/** In lower case, but for patterns; `['']` when it has none. Read each time: to keep them costs more. */
export function serverNames(server: Node): string[] {
  const names: string[] = []
  for (const { statement } of server.children)
    // One by one: a call takes fewer arguments than a line of a hostile file has names.
    if (statement.name === 'server_name')
      for (const name of statement.args) names.push(name.startsWith('~') ? name : name.toLowerCase())
  return names.length > 0 ? names : ['']
}

export const listensOf = (server: Node): readonly Listen[] => readServer(server).listens

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

const read = new WeakMap<Node, Server>()

function readServer(node: Node): Server {
  const before = read.get(node)
  if (before) return before
  const server = serverOf(node)
  read.set(node, server)
  return server
}

function serverOf(node: Node): Server {
  const addresses: string[][] = []
  let allTls = false
  for (const { statement } of node.children)
    if (statement.name === 'listen') addresses.push(statement.args)
    else if (statement.name === 'ssl' && statement.args[0] === 'on') allTls = true
  const listens = addresses.map(([address = '80', ...options]) => ({
    ...readListen(address),
    isDefault: options.includes('default_server') || options.includes('default'),
    tls: allTls || options.includes('ssl'),
    direct: !options.includes('proxy_protocol') && !options.includes('quic'),
  }))
  return {
    node,
    names: serverNames(node),
    listens:
      listens.length > 0 ? listens : [{ socket: '*:80', port: '80', isDefault: false, tls: allTls, direct: true }],
  }
}

/** Names of one address: blocks that write it in different ways listen on one socket. */
const SAME = new Map([
  ['0.0.0.0', '*'],
  ['localhost', '127.0.0.1'],
])

function readListen(address: string): { socket: string; port: string } {
  if (address.startsWith('unix:')) return { socket: address, port: '' }
  if (/^\d+$/.test(address)) return { socket: `*:${address}`, port: address }
  const [, name = '', port = '80'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? []
  return { socket: `${SAME.get(name.toLowerCase()) ?? name}:${port}`, port }
}

/** Exact name, longest `*.name`, longest `name.*`, first pattern. Host is lower case; a pattern with capitals is caseless
 *  in nginx, any other matches the same either way. */
function byName({ exact, heads, tails, patterns }: Socket, host: string): Server | null {
  const found = exact.get(host)
  if (found) return found
  if (host === '') return null
  for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const head = heads.get(host.slice(dot))
    if (head) return head
  }
  for (let dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
    const tail = tails.get(host.slice(0, dot + 1))
    if (tail) return tail
  }
  return patterns.find(({ pattern }) => fromPcre(pattern, true)?.test(host))?.server ?? null
}
