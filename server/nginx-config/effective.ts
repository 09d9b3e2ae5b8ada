/** Effective proxy settings of a block. Source: ngx_http_proxy_merge_loc_conf. */
import type { EffectiveProxy } from '../diagnosis/contract.ts'
import { backendOf } from './backend.ts'
import { nginxSeconds } from './nginx-time.ts'
import { child, childrenNamed } from './levels.ts'
import type { Served } from './serve.ts'
import { publicAddress, serverNames } from './servers.ts'
import { descendants, httpNodes, lineOf, type NginxConfig, type Node } from './tree.ts'

export function effectiveProxy(config: NginxConfig, served: Served): EffectiveProxy {
  const { server, block, pass } = served
  const set_headers = effectiveHeaders(block)
  return {
    context: contextOf(block),
    file: block.statement.source.file,
    line: lineOf(block.statement),
    proxy_pass: pass?.statement.args[0] ?? null,
    set_headers,
    proxy_http_version: inherited(block, 'proxy_http_version')?.statement.args[0] ?? null,
    proxy_read_timeout: seconds(inherited(block, 'proxy_read_timeout')),
    proxy_send_timeout: seconds(inherited(block, 'proxy_send_timeout')),
    connection_map: hasMap(config, set_headers.get('connection')?.value ?? ''),
    server_names: serverNames(server).filter((name) => name !== ''),
    public: publicAddress(server),
    backend: backendOf(config, served),
  }
}

/** Scalars inherit one by one. */
export function inherited(block: Node, name: string): Node | null {
  for (let level: Node | null = block; level; level = level.parent) {
    const found = child(level, name)
    if (found) return found
  }
  return null
}

export const headersIn = (level: Node): Node[] =>
  childrenNamed(level, 'proxy_set_header').filter(({ statement }) => statement.args.length > 0)

export const headerName = (node: Node): string => (node.statement.args[0] ?? '').toLowerCase()

/** proxy_set_header inherits all or nothing: the innermost level with any line of its own is the only one that counts. */
export function headerLevel(block: Node): Node | null {
  for (let level: Node | null = block; level; level = level.parent)
    if (childrenNamed(level, 'proxy_set_header').some(({ statement }) => statement.args.length > 0)) return level
  return null
}

function effectiveHeaders(block: Node): EffectiveProxy['set_headers'] {
  const out = new Map<string, { value: string; file: string; line: number }>()
  const level = headerLevel(block)
  for (const node of level ? headersIn(level) : []) {
    const value = node.statement.args[1] ?? ''
    const before = out.get(headerName(node))?.value
    // Two lines for one header are both sent, which reads as a list; an empty value is not sent.
    const both = before && value ? `${before}, ${value}` : before || value
    out.set(headerName(node), { value: both, file: node.statement.source.file, line: lineOf(node.statement) })
  }
  return out
}

function seconds(node: Node | null): number | null {
  return nginxSeconds(node?.statement.args[0] ?? '')
}

/** The block as written, for people: `location ^~ /ws/`, `server sweet.example`. */
function contextOf({ statement, children }: Node): string {
  if (statement.name === 'location') return ['location', ...statement.args].join(' ')
  if (statement.name !== 'server') return 'top level'
  const name = children.find((node) => node.statement.name === 'server_name')?.statement.args[0]
  return name ? `server ${name}` : 'server'
}

/** Blocks that define the variable in their last argument. */
const DEFINES = new Set(['map', 'geo', 'split_clients'])
/** nginx's own variables that may stand in a Connection header. */
const BUILT_IN = /^(?:http_|arg_|cookie_|sent_|upstream_)/

/** True when the variable in a Connection value exists; for a value with a built-in one or none, whether
 *  `$connection_upgrade` does. A fragment cannot show the maps around it, then this is false. */
function hasMap(config: NginxConfig, connection: string): boolean {
  const variable = /\$\{?(\w+)/.exec(connection)?.[1]
  return definesVariable(config, variable === undefined || BUILT_IN.test(variable) ? 'connection_upgrade' : variable)
}

const defined = new WeakMap<NginxConfig, Set<string>>()

/** Some map, geo, split_clients or set of http context defines the variable (name without `$`). */
export function definesVariable(config: NginxConfig, variable: string): boolean {
  let names = defined.get(config)
  if (!names) {
    names = new Set()
    const top = config.kind === 'main' ? httpNodes(config) : config.root.children
    for (const { statement } of descendants(top)) {
      const { name, args } = statement
      const target = DEFINES.has(name) ? args.at(-1) : name === 'set' ? args[0] : undefined
      if (target?.startsWith('$') === true) names.add(target.slice(1))
    }
    defined.set(config, names)
  }
  return names.has(variable)
}
