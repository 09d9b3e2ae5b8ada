/** What the rules look at: the configuration with the questions they share answered once. */
import { knownSocket, SOCKET_NAME } from '../../parsers/known-sockets.ts'
import {
  atLeast,
  blockName,
  headerLevel,
  headerName,
  headersIn,
  httpNodes,
  inherited,
  readLocation,
  type NginxConfig,
  type Node,
  type Statement,
} from '../nginx-config/contract.ts'

/** A block that passes requests on. */
export interface Place {
  server: Node
  /** Whose settings are in effect: the location. */
  block: Node
  pass: Node
  /** `location /ws/`. */
  name: string
  /** The pattern of its location; '' when it has none. */
  pattern: string
  /** How it shows that WebSockets come here: its name, or the headers that it or a level around it sets. Null: not at all. */
  sign: 'name' | 'headers' | null
  /** Effective proxy_set_header lines by lower-case name. */
  headers: ReadonlyMap<string, Node[]>
  /** Where those stand; null: nginx's defaults. */
  level: Node | null
  /** An Upgrade line further out that `level` hides. */
  hidden: Node | null
}

export interface Subject {
  config: NginxConfig
  /** nginx version such as `1.22.1`; null: not known. */
  version: string | null
  http: readonly Node[]
  /** Every directive of http context, in order. */
  all: readonly Node[]
  /** Those of one name. */
  named(name: string): readonly Node[]
  /** The directive that is in effect in a block, for those inherited one by one. Most of what rules ask for stands in no
   *  file at all: then nobody looks through the blocks around. */
  setting(block: Node, name: string): Node | null
  places: readonly Place[]
  /** Places with a sign. */
  sockets: readonly Place[]
  /** By lower-case name. */
  upstreams: ReadonlyMap<string, Node>
  /** map, geo and split_clients by the variable's name without `$`; the last one is nginx's. */
  maps: ReadonlyMap<string, Node[]>
  /** True for 1.29.7 and later: HTTP/1.1 and keepalive by default, no Connection header. */
  modern: boolean
}

export function subjectOf(config: NginxConfig, version: string | null): Subject {
  const http = config.kind === 'main' ? httpNodes(config) : config.root.children
  const all: Node[] = []
  flatten(http, all)
  const byName = new Map<string, Node[]>()
  for (const node of all) {
    const same = byName.get(node.statement.name)
    if (same) same.push(node)
    else byName.set(node.statement.name, [node])
  }
  const named = (name: string): readonly Node[] => byName.get(name) ?? []
  const above = new Set(config.root.children.map(({ statement }) => statement.name))
  const setting = (block: Node, name: string): Node | null =>
    byName.has(name) || above.has(name) ? inherited(block, name) : null
  const places = placesOf(named('proxy_pass'))
  const upstreams = new Map<string, Node>()
  const maps = new Map<string, Node[]>()
  for (const node of http) {
    const { name, args } = node.statement
    const last = args.at(-1) ?? ''
    if (name === 'upstream') upstreams.set(last.toLowerCase(), node)
    if (['map', 'geo', 'split_clients'].includes(name) && last.startsWith('$'))
      maps.set(last.slice(1), [...(maps.get(last.slice(1)) ?? []), node])
  }
  const sockets = places.filter(({ sign }) => sign !== null)
  const modern = version !== null && atLeast(version, '1.29.7')
  return { config, version, http, all, named, setting, places, sockets, upstreams, maps, modern }
}

/** Generators that call each other cost more than the rules. */
function flatten(nodes: readonly Node[], out: Node[]): void {
  for (const node of nodes) {
    out.push(node)
    if (node.children.length > 0) flatten(node.children, out)
  }
}

function placesOf(passes: readonly Node[]): Place[] {
  const out: Place[] = []
  const seen = new Set<Node>()
  /** Thousands of hosts have the same few locations. */
  const names = new Map<string, boolean>()
  for (const pass of passes) {
    if (pass.parent === null) continue
    let block: Node | null = pass.parent
    while (block && (block.statement.name === 'if' || block.statement.name === 'limit_except')) block = block.parent
    let server: Node = pass.parent
    while (server.statement.name !== 'server' && server.parent) server = server.parent
    if (!block || seen.has(block)) continue
    seen.add(block)
    out.push(placeOf(server, block, pass, names))
  }
  return out
}

function placeOf(server: Node, block: Node, pass: Node, names: Map<string, boolean>): Place {
  const level = headerLevel(block)
  const headers = new Map<string, Node[]>()
  let own = false
  for (const line of level ? headersIn(level) : []) {
    const name = headerName(line)
    const same = headers.get(name)
    if (same) same.push(line)
    else headers.set(name, [line])
    own ||= isUpgrade(line) || asksUpgrade(line)
  }
  let hidden: Node | null = null
  for (let outside = level?.parent; outside && !hidden; outside = outside.parent)
    hidden = headersIn(outside).find(isUpgrade) ?? null
  let location: Node | null = block
  while (location && location.statement.name !== 'location') location = location.parent
  const pattern = location ? readLocation(location).pattern : ''
  let named = names.get(pattern)
  if (named === undefined) names.set(pattern, (named = isSocketName(pattern)))
  const sign = location && named ? 'name' : own || hidden ? 'headers' : null
  return { server, block, pass, name: blockName(block), pattern, sign, headers, level, hidden }
}

/** `proxy_set_header Upgrade` with a value. */
export const isUpgrade = (line: Node): boolean => headerName(line) === 'upgrade' && valueOf(line) !== ''

/** `proxy_set_header Connection` that may say "upgrade". */
const asksUpgrade = (line: Node): boolean => headerName(line) === 'connection' && /upgrade/i.test(valueOf(line))

export const valueOf = (line: Node): string => line.statement.args[1] ?? ''

const NAMED =
  /(?:^|\/)(?:wss?|websockets?|sockets?|(?:socket|engine)\.io|sockjs(?:-node)?|signalr|cable|websockify|_blazor|(?:[\w-]*hubs?)|ws-[\w-]+|[\w-]+-ws)(?:\/|$)/i

/** A location's pattern that is the usual name of a socket. Of a regular expression each alternative is looked at. */
function isSocketName(pattern: string): boolean {
  const pieces = pattern.replace(/\\([./-])/g, '$1').split(/[()|^$*+?[\]{}]/)
  return pieces.some((piece) => NAMED.test(piece) || SOCKET_NAME.test(piece) || knownSocket(piece) !== null)
}

/** The include that may hold a header which is not there; null: what is absent is absent. */
export function headerGap({ block, level }: Place): Statement | null {
  return gapUntil(block, level)
}

/** The include that may hold a directive that is inherited one by one. */
export function settingGap({ block }: Place, name: string): Statement | null {
  return gapUntil(block, inherited(block, name)?.parent ?? null)
}

function gapUntil(block: Node, last: Node | null): Statement | null {
  for (let level: Node | null = block; level; level = level === last ? null : level.parent)
    if (level.gaps[0]) return level.gaps[0]
  return null
}

export const firstGap = (blocks: readonly Node[]): Statement | null =>
  blocks.map(({ gaps }) => gaps[0]).find((gap) => gap !== undefined) ?? null

const httpGaps = new WeakMap<Subject, Statement | null>()

/** Includes of http context: a map, an upstream or a log_format may stand there. */
export function httpGap(subject: Subject): Statement | null {
  const before = httpGaps.get(subject)
  if (before !== undefined) return before
  const { config, http } = subject
  const around = config.kind === 'main' ? [...new Set(http.map(({ parent }) => parent))] : []
  const gap = firstGap([...around, config.root].filter((node) => node !== null))
  httpGaps.set(subject, gap)
  return gap
}

/** False for a file of conf.d and the like: what nginx.conf says around it is not known. */
export const isComplete = ({ config }: Subject): boolean => config.kind === 'main'

/** `$name` or `${name}` in a text, without the sign. */
export const variablesIn = (text: string): string[] =>
  text.includes('$') ? [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name) : []

/** The upstream group that a proxy_pass names; null: an address, or a variable. */
export function groupOf({ upstreams }: Subject, { pass }: Place): Node | null {
  const authority = /^https?:\/\/([^/:?#]+)/i.exec(pass.statement.args[0] ?? '')?.[1] ?? ''
  return upstreams.get(authority.toLowerCase()) ?? null
}

export const serversOf = (upstream: Node): Node[] =>
  upstream.children.filter(({ statement }) => statement.name === 'server')
