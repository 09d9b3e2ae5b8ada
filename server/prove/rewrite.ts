/** One directive for the throw-away nginx. Pure. */
import type { NginxConfig, Node } from '../nginx-config/contract.ts'
import { ANY_NAME } from './backend.ts'
import {
  CACHE_PATHS,
  CALLERS,
  CERTIFICATES,
  FOREIGN_PARAMETERS,
  LISTEN_OPTIONS,
  OTHER_PASSES,
  OUT,
  SILENTLY_OUT,
} from './directives.ts'
import { FOLDER_MARK, isPart, type Plan, type PlanOptions } from './planned.ts'
import {
  backendMark,
  destination,
  listenerMark,
  NAME_SERVER_MARK,
  passMap,
  quote,
  readListen,
  splitPass,
  type Destination,
} from './targets.ts'
import type { TestedPath } from './tested-path.ts'

export interface Rewriting {
  config: NginxConfig
  tested: TestedPath
  options: PlanOptions
  plan: Plan
  /** Lines of http context that rewritten directives need. */
  maps: string[]
  /** Names of upstream groups. */
  groups: string[]
  /** The backend of those that are too many to have their own. */
  shared: number | null
  /** Host of a proxy_pass → the upstream group that stands for it. */
  names: Map<string, { original: string; index: number }>
}

/** The words to write, null to leave it out without a word, or why it is left out.
 *  @param said the words as written. */
export function rewrite(node: Node, said: string[], rewriting: Rewriting): string[] | string | null {
  const { name, args } = node.statement
  const why = OUT.get(name)
  if (why !== undefined) return why
  if (SILENTLY_OUT.has(name)) return null
  const certificate = CERTIFICATES.get(name)
  if (certificate !== undefined) return [name, `${FOLDER_MARK}/stand-in.${certificate}`]
  if (CALLERS.test(name)) return 'a proof calls nobody'
  if (OTHER_PASSES.test(name)) return [name, quote('127.0.0.1:9')]
  if (CACHE_PATHS.test(name)) {
    const own = rewriting.plan.lines.length
    return [
      name,
      `${FOLDER_MARK}/cache-${own}`,
      ...said.slice(2).filter((word) => !/^(?:use_temp_path|"?levels)=/.test(word)),
    ]
  }
  switch (name) {
    case 'listen':
      return rewriteListen(args, rewriting)
    case 'proxy_pass':
      return rewritePass(node, said, rewriting)
    case 'server':
      return node.parent?.statement.name === 'upstream' ? upstreamServer(node, said, rewriting) : said
    case 'resolver':
      rewriting.plan.usesResolver = true
      return [name, `127.0.0.1:${NAME_SERVER_MARK}`, ...args.filter((arg) => /^(?:valid|ipv[46])=/.test(arg))]
    case 'access_log':
      return accessLog(said, args, rewriting)
    case 'auth_basic_user_file':
      return passwordFile(name, args[0] ?? '', rewriting)
    case 'root':
    case 'alias': {
      const folder = args[0] ?? ''
      return folder.startsWith('/') || folder.startsWith('$')
        ? said
        : [name, quote(`${rewriting.options.prefix}/${folder}`)]
    }
    default:
      return said
  }
}

function rewriteListen(args: readonly string[], { plan }: Rewriting): string[] | null {
  if (args.includes('quic')) return null
  const socket = readListen(args[0] ?? '')?.socket ?? args[0] ?? ''
  const index = plan.listeners.findIndex((listener) => listener.socket === socket)
  return ['listen', `127.0.0.1:${listenerMark(index)}`, ...args.slice(1).filter((arg) => LISTEN_OPTIONS.has(arg))]
}

/** The format is still checked, unless it may stand in a file that was not given; where it goes is the real machine's. */
function accessLog(said: string[], args: readonly string[], { config }: Rewriting): string[] {
  if (args[0] === 'off') return said
  const hasFormat = args[1] !== undefined && !/^(?:buffer|gzip|flush|if)\b/.test(args[1])
  return ['access_log', `${FOLDER_MARK}/access.log`, ...(hasFormat && !isPart(config) ? [said[2] ?? ''] : [])]
}

function passwordFile(name: string, file: string, { plan, config }: Rewriting): string[] | string {
  if (file.includes('$')) return 'its path is known only at run time'
  const absolute = file.startsWith('/') ? file : `${config.prefix}/${file}`
  const copy = plan.copies.get(absolute) ?? `passwords-${plan.copies.size}`
  plan.copies.set(absolute, copy)
  return [name, `${FOLDER_MARK}/${copy}`]
}

/** Each is a listening socket; a configuration may have thousands of sites. */
const MOST_BACKENDS = 200
const SHARED = 'another backend of the configuration'

/** A backend of its own: its port says which one was reached. */
function addBackend(
  rewriting: Rewriting,
  node: Node,
  original: string,
  host: string,
  known: Partial<Plan['backends'][number]> = {},
): number {
  const { plan, options, tested } = rewriting
  const isAuth = node.parent !== null && tested.auth.has(node.parent)
  const onPath = isAuth || (node.parent !== null && tested.blocks.has(node.parent))
  if (!onPath && plan.backends.length >= MOST_BACKENDS) {
    rewriting.shared ??=
      plan.backends.push({ original: SHARED, host: SHARED, role: 'app', speaks: 'either', sni: null }) - 1
    return rewriting.shared
  }
  plan.backends.push({
    original,
    host,
    role: isAuth ? 'auth' : 'app',
    speaks: options.speaks ?? 'either',
    sni: options.sni,
    ...known,
  })
  return plan.backends.length - 1
}

function rewritePass(node: Node, said: string[], rewriting: Rewriting): string[] {
  const { config, plan, groups, names, tested, options } = rewriting
  const target = node.statement.args[0] ?? ''
  const split = splitPass(target)
  if (!split) {
    const index = addBackend(rewriting, node, target, target)
    const n = rewriting.maps.length
    rewriting.maps.push(...passMap(n, target, groups, backendMark(index)))
    return ['proxy_pass', `$halfopen_${n}`]
  }
  const { scheme, authority, uri } = split
  const isAuth = node.parent !== null && tested.auth.has(node.parent)
  const pass = (to: string): string[] => ['proxy_pass', quote(`${scheme}://${to}${uri}`)]
  if (groups.some((group) => group.toLowerCase() === authority.toLowerCase()) && !isAuth) return said
  const found = destination(config, plan.listeners, authority, options)
  if (found.kind === 'listener') return pass(`127.0.0.1:${listenerMark(found.index)}`)
  const known = found.kind === 'static' ? spoken(found, options) : {}
  const original = `${scheme}://${authority}`
  const host = authority.startsWith('unix:')
    ? 'localhost'
    : authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '')
  const name = host.replace(/:\d+$/, '').toLowerCase()
  const index = addBackend(rewriting, node, original, host, known)
  // A group with the backend's name keeps what depends on that name: SNI, the name in its certificate, $proxy_host.
  const taken = names.get(name)
  // Not with the address of the stand-ins themselves: a group of that name may not be used with a port.
  if (
    name.startsWith('[') ||
    name === '127.0.0.1' ||
    isAuth ||
    taken ||
    groups.some((group) => group.toLowerCase() === name)
  )
    return pass(`127.0.0.1:${backendMark(index)}`)
  names.set(name, { original, index })
  rewriting.maps.push(`upstream ${quote(name)} { server 127.0.0.1:${backendMark(index)}; }`)
  return pass(name)
}

/** What the caller knows comes first, but for "some name", which the names themselves say better. */
const spoken = (
  found: Extract<Destination, { kind: 'static' }>,
  { speaks, sni }: PlanOptions,
): Pick<Plan['backends'][number], 'speaks' | 'sni'> => ({
  speaks: speaks ?? found.speaks,
  sni: sni === null || sni.includes(ANY_NAME) ? (found.sni ?? sni) : sni,
})

function upstreamServer(node: Node, said: string[], rewriting: Rewriting): string[] {
  const address = node.statement.args[0] ?? ''
  const group = node.parent?.statement.args[0] ?? ''
  const { config, plan, options } = rewriting
  const parameters = said.slice(2).filter((word) => !FOREIGN_PARAMETERS.test(word))
  const found = destination(config, plan.listeners, address, options)
  if (found.kind === 'listener') return ['server', `127.0.0.1:${listenerMark(found.index)}`, ...parameters]
  const known = found.kind === 'static' ? spoken(found, options) : {}
  const index = addBackend(rewriting, node, `${address} of upstream ${group}`, group, known)
  return ['server', `127.0.0.1:${backendMark(index)}`, ...parameters]
}
