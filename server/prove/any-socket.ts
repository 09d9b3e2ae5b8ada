/** Some request for a WebSocket, for findings about the whole nginx (its connections, a reload), which name no path. Pure. */
import type { NginxConfig, Node } from '../nginx-config/contract.ts'

/** The first location that passes Upgrade on, else the first that proxies; null when none has a plain path. */
export function anySocket(config: NginxConfig): { host: string | null; path: string } | null {
  let proxied: Node | null = null
  const walk = (node: Node): Node | null => {
    if (node.statement.name === 'location' && has(node, 'proxy_pass') && pathOf(node) !== null) {
      if (passesUpgrade(node)) return node
      proxied ??= node
    }
    for (const child of node.children) {
      const found = walk(child)
      if (found) return found
    }
    return null
  }
  const location = walk(config.root) ?? proxied
  const path = location && pathOf(location)
  return location === null || path === null ? null : { host: hostOf(location), path }
}

const has = (node: Node, name: string): boolean => node.children.some(({ statement }) => statement.name === name)

/** proxy_set_header of the innermost level that has any is the one that counts. */
function passesUpgrade(location: Node): boolean {
  for (let level: Node | null = location; level; level = level.parent)
    if (has(level, 'proxy_set_header'))
      return level.children.some(
        ({ statement: { name, args } }) =>
          name === 'proxy_set_header' && args[0]?.toLowerCase() === 'upgrade' && args[1] !== '',
      )
  return false
}

function pathOf({ statement: { args } }: Node): string | null {
  const pattern = args.length === 1 || ['=', '^~'].includes(args[0] ?? '') ? args.at(-1) : null
  return pattern != null && /^\/[\x21-\x7e]*$/.test(pattern) ? pattern : null
}

function hostOf(location: Node): string | null {
  for (let level: Node | null = location; level; level = level.parent) {
    const names = level.children
      .filter(({ statement }) => statement.name === 'server_name')
      .flatMap((one) => one.statement.args)
    const name = names.find((one) => /^[a-z\d][\w.-]*$/i.test(one))
    if (name !== undefined) return name
  }
  return null
}
