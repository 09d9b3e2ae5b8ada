/** From a request (host and path) to the block that handles it. */
import { findLocation, normalPath } from './locations.ts'
import { child } from './levels.ts'
import { candidateServers, serverNames } from './servers.ts'
import type { NginxConfig, Node } from './tree.ts'

export interface Served {
  server: Node
  /** The location that handles the request (after `try_files … @name`), or the server when none matches. */
  block: Node
  /** Its `proxy_pass`; null when it answers otherwise. */
  pass: Node | null
}

/** What stands for `:id` in a path group (parsers/masking.ts): only when all lead to one location is it certain. */
const IDS = ['1', 'deadbeef01', '00000000-0000-4000-8000-000000000000', 'a1b2c3d4e5f6a7b8c9d0e1']
const ID_SEGMENT = /(?<=\/):id(?=\/|$)/g

/** Null when the config does not serve it, or when it cannot be told which of several blocks does.
 *  With `host` null (combined logs do not name it) the answer is certain only if one server proxies the path. */
export function serve(config: NginxConfig, host: string | null, path: string): Served | null {
  const paths = ID_SEGMENT.test(path) ? IDS.map((id) => path.replace(ID_SEGMENT, id)) : [path]
  const answers = paths.map((one) => serveExactly(config, host, normalPath(one)))
  const first = answers[0] ?? null
  return first && answers.every((answer) => answer?.block === first.block) ? first : null
}

function serveExactly(config: NginxConfig, host: string | null, path: string): Served | null {
  const candidates: Served[] = []
  for (const server of candidateServers(config, host)) {
    const served = within(config, server, path)
    if (!served) return null
    candidates.push(served)
  }
  const proxied = candidates.filter(({ pass }) => pass)
  const likely = proxied.length > 0 ? proxied : candidates
  const names = new Set(likely.map(({ server }) => serverNames(server).join(' ')))
  return host === null && names.size > 1 ? null : (likely[0] ?? null)
}

function within(config: NginxConfig, server: Node, path: string): Served | null {
  // `return 301 https://…` beside the locations answers before any of them.
  if (child(server, 'return')) return { server, block: server, pass: null }
  if (config.kind === 'location') return { server, block: server, pass: passOf(server) }
  const found = findLocation(server, path)
  if (!found) return null
  if (!found.location) return { server, block: server, pass: null }
  if (found.redirect) return { server, block: found.location, pass: null }
  const block = fallback(server, found.location) ?? found.location
  return { server, block, pass: passOf(block) }
}

/** The named location a `try_files … @name` leads to: there is no file for a WebSocket URL. */
function fallback(server: Node, location: Node): Node | null {
  if (passOf(location)) return null
  const last = child(location, 'try_files')?.statement.args.at(-1)
  if (last?.startsWith('@') !== true) return null
  return server.children.find(({ statement }) => statement.name === 'location' && statement.args[0] === last) ?? null
}

/** proxy_pass is not inherited, but may stand in an `if` or `limit_except` of the location. */
function passOf(location: Node): Node | null {
  const inner = location.children.filter(({ statement }) => ['if', 'limit_except'].includes(statement.name))
  return [location, ...inner].map((node) => child(node, 'proxy_pass')).find((pass) => pass !== null) ?? null
}
