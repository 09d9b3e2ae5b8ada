/** Where the configuration says which backend is asked: what a person looks at when nobody answers there. */
import { levels } from './levels.ts'
import type { Served } from './serve.ts'
import { descendants, httpNodes, lineOf, type NginxConfig, type Node } from './tree.ts'

const AUTHORITY = /^[a-z]+:\/\/([^/?#]+)/i

/** The `server` line of an upstream group, the `set` of an address in a variable, or the proxy_pass.
 *  @param served null: no request is meant; then the address has to stand in one line alone.
 *  @param address `host:port`, `unix:/path` or the name of a group, as the error log has it; null: not known. */
export function backendLine(
  config: NginxConfig,
  served: Served | null,
  address: string | null,
): { file: string; line: number } | null {
  const found = served?.pass ? ofPass(config, served.pass, address) : ofAddress(config, address)
  return found && { file: found.statement.source.file, line: lineOf(found.statement) }
}

function ofPass(config: NginxConfig, pass: Node, address: string | null): Node {
  const written = pass.statement.args[0] ?? ''
  const authority = AUTHORITY.exec(written)?.[1] ?? written
  if (authority.includes('$')) return setOf(pass, authority) ?? pass
  const group = groupNamed(config, authority)
  return group ? serverIn(group, address) : pass
}

/** The `set` of the last variable that has one: the port where there are two (Nginx Proxy Manager). */
function setOf(pass: Node, authority: string): Node | null {
  for (const [, variable] of [...authority.matchAll(/\$\{?(\w+)/g)].toReversed())
    for (const level of levels(pass)) {
      const set = level.children.find(({ statement: { name, args } }) => name === 'set' && args[0] === `$${variable}`)
      if (set) return set
    }
  return null
}

function ofAddress(config: NginxConfig, address: string | null): Node | null {
  if (address === null) return null
  const group = groupNamed(config, address)
  if (group) return serverIn(group, null)
  const found: Node[] = []
  for (const node of descendants(config.kind === 'main' ? httpNodes(config) : config.root.children)) {
    const { name, args } = node.statement
    const [first = ''] = args
    const here = name === 'proxy_pass' ? first : name === 'server' && !node.statement.block ? `http://${first}` : null
    if (here !== null && withPort(here) === address.toLowerCase()) found.push(node)
  }
  return found.length === 1 ? (found[0] ?? null) : null
}

/** The server of that address, or of that port where names stand for addresses; the group itself when it cannot be told. */
function serverIn(group: Node, address: string | null): Node {
  const servers = group.children.filter(({ statement }) => statement.name === 'server')
  const same = (key: (text: string) => string | undefined): Node[] =>
    servers.filter(({ statement }) => key(withPort(`http://${statement.args[0] ?? ''}`)) === key(address ?? ''))
  const [only, ...others] = [servers, same((text) => text), same((text) => /:\d+$/.exec(text)?.[0])].find(
    (some) => some.length === 1,
  ) ?? [group]
  return others.length === 0 ? (only ?? group) : group
}

function groupNamed(config: NginxConfig, name: string): Node | null {
  const wanted = name.toLowerCase()
  const found = httpNodes(config).find(
    ({ statement }) => statement.name === 'upstream' && statement.args[0]?.toLowerCase() === wanted,
  )
  return found ?? null
}

/** The authority of a URL with its port, in lower case. */
function withPort(url: string): string {
  const socket = /:\/\/(unix:[^:]+)/i.exec(url)?.[1]
  if (socket !== undefined) return socket.toLowerCase()
  const authority = (AUTHORITY.exec(url)?.[1] ?? '').toLowerCase()
  return /:\d+$/.test(authority) ? authority : `${authority}:${/^https:/i.test(url) ? 443 : 80}`
}
