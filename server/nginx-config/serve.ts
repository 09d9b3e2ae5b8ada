/** From a request (host and path) to the block that handles it. */
import { levels } from './levels.ts'
import { received, type Received } from './received.ts'
import { candidateServers, publicAddress, serverNames } from './servers.ts'
import type { NginxConfig, Node } from './tree.ts'
import { walk } from './walk.ts'

export interface Served {
  server: Node
  /** The location that handles the request (after rewrites, try_files and error_page), or the server when none matches. */
  block: Node
  /** Its `proxy_pass`; null when it answers otherwise. */
  pass: Node | null
  /** The host and port, or the group, that is asked, and the path it is asked for; null when it is not passed on, and where only the
   *  running nginx knows. */
  sent: { scheme: string; authority: string; path: string } | null
}

/** What stands for `:id` in a path group (parsers/masking.ts): only when all lead to one location is it certain. */
const IDS = ['1', 'deadbeef01', '00000000-0000-4000-8000-000000000000', 'a1b2c3d4e5f6a7b8c9d0e1']
const ID_SEGMENT = /(?<=\/):id(?=\/|$)/g

/** Null when the config does not serve it, or when it cannot be told which of several blocks does.
 *  With `host` null (combined logs do not name it) the answer is certain only if one server proxies the path. */
export function serve(config: NginxConfig, host: string | null, path: string): Served | null {
  const paths = ID_SEGMENT.test(path) ? IDS.map((id) => path.replace(ID_SEGMENT, id)) : [path]
  const answers = paths.map((one) => serveExactly(config, host, one))
  const first = answers[0] ?? null
  if (!first || !answers.every((answer) => answer?.block === first.block)) return null
  const sent = answers[1]?.sent
  // One that stands nowhere else in a path is told from the rest of it.
  return sent ? { ...first, sent: { ...sent, path: sent.path.replaceAll(`/${IDS[1]}`, '/:id') } } : first
}

function serveExactly(config: NginxConfig, host: string | null, path: string): Served | null {
  const candidates: Served[] = []
  for (const server of candidateServers(config, host)) {
    const served = within(config, server, path, host)
    if (!served) return null
    candidates.push(served)
  }
  const proxied = candidates.filter(({ pass }) => pass)
  const likely = proxied.length > 0 ? proxied : candidates
  const names = new Set(likely.map(({ server }) => serverNames(server).join(' ')))
  return host === null && names.size > 1 ? null : (likely[0] ?? null)
}

function within(config: NginxConfig, server: Node, path: string, host: string | null): Served | null {
  const scheme = publicAddress(server)?.scheme ?? 'https'
  const headers = new Map([
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['host', host !== null && PLAIN.test(host) ? host : (serverNames(server).find((name) => PLAIN.test(name)) ?? '')],
  ])
  const target = path.startsWith('/') ? path : `/${path}`
  const facts = { scheme, method: 'GET', target, headers, port: null, mergeSlashes: true }
  const journey = walk(config, server, facts, true)
  const { block, outcome } = journey
  if (outcome.kind === 'undecided') return null
  const pass = outcome.kind === 'proxied' ? outcome.pass : null
  // What a condition changes that was only taken not to hold is not certain.
  const sent = pass && journey.assumed.length === 0 ? sentTo(received(journey, pass, null)) : null
  return { server, block: settingsBlock(block), pass, sent }
}

function sentTo(given: Received | null): Served['sent'] {
  if (given?.authority == null || given.target === null || given.authority.startsWith('unix:')) return null
  return { scheme: given.scheme, authority: given.authority, path: given.target.replace(/\?.*/s, '') }
}

/** proxy_set_header and timeouts of an `if` or limit_except are those of the location around it. */
function settingsBlock(block: Node): Node {
  return levels(block).find(({ statement }) => !['if', 'limit_except'].includes(statement.name)) ?? block
}

/** A name without asterisk and pattern. */
const PLAIN = /^[\w-][\w.-]*(?::\d+)?$/
