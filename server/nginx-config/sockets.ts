/** The location of the sockets, where no log names it. */
import { headerLevel, headerName, headersIn } from './effective.ts'
import { levels } from './levels.ts'
import type { Served } from './serve.ts'
import { descendants, httpNodes, type NginxConfig, type Node } from './tree.ts'

/** The header that decides is in effect there, with a value. */
export function passesUpgrade(block: Node): boolean {
  const level = headerLevel(block)
  return (
    level !== null &&
    headersIn(level).some((line) => headerName(line) === 'upgrade' && (line.statement.args[1] ?? '') !== '')
  )
}

/** The only location that passes upgrades on; null when there is none, or more than one. */
export function socketsIn(config: NginxConfig): Served | null {
  let found: Served | null = null
  for (const pass of descendants(config.kind === 'main' ? httpNodes(config) : config.root.children)) {
    const block = pass.parent
    if (pass.statement.name !== 'proxy_pass' || block?.statement.name !== 'location' || !passesUpgrade(block)) continue
    if (found) return null
    const server = levels(block).find(({ statement }) => statement.name === 'server') ?? config.root
    found = { server, block, pass, sent: null }
  }
  return found
}
