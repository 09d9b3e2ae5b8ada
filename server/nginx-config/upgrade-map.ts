/** Maps that make a Connection header of the client's Upgrade. */
import { childrenNamed } from './levels.ts'
import { httpNodes, type NginxConfig, type Node } from './tree.ts'

/** `map $http_upgrade $name`. */
export const isUpgradeMap = ({ statement: { name, args } }: Node): boolean =>
  name === 'map' && args[0] === '$http_upgrade' && args.length === 2

/** What the map gives for a key: `websocket`, or '' for a request without Upgrade; '' when no line fits. */
export function mapped(map: Node, key: string): string {
  const line =
    map.children.find(({ statement }) => statement.name.toLowerCase() === key && !SPECIAL.has(key)) ??
    map.children.find(({ statement }) => statement.name === 'default')
  return line?.statement.args[0] ?? ''
}

const SPECIAL = new Set(['default', 'hostnames', 'volatile'])

/** The variable (without `$`) of a map that passes an upgrade on, whatever its name; `connection_upgrade` before others. */
export function upgradeVariable(config: NginxConfig): string | null {
  const before = variables.get(config)
  if (before !== undefined) return before
  const found = findVariable(config)
  variables.set(config, found)
  return found
}

/** Asked for each finding, and http may hold thousands of servers. */
const variables = new WeakMap<NginxConfig, string | null>()

function findVariable(config: NginxConfig): string | null {
  const top = config.kind === 'main' ? httpNodes(config) : config.root.children
  const last = new Map(top.filter(isUpgradeMap).map((map) => [map.statement.args[1]?.slice(1) ?? '', map] as const))
  const good = [...last].filter(([, map]) => /^upgrade$/i.test(mapped(map, 'websocket'))).map(([name]) => name)
  return good.find((name) => name === 'connection_upgrade') ?? good[0] ?? null
}

/** Connections to the group that this proxy_pass names are kept: by `keepalive`, or by default.
 *  @param modern nginx 1.29.7 or later, which keeps those of every group. */
export function keepsConnections(config: NginxConfig, pass: Node, modern: boolean): boolean {
  const name = /^https?:\/\/([^/:?#]+)/i.exec(pass.statement.args[0] ?? '')?.[1]?.toLowerCase()
  const group = httpNodes(config).find(
    ({ statement }) => statement.name === 'upstream' && statement.args[0]?.toLowerCase() === name,
  )
  if (!group) return false
  const keepalive = childrenNamed(group, 'keepalive').at(-1)
  return keepalive ? keepalive.statement.args[0] !== '0' : modern
}
