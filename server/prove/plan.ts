/** A configuration rewritten for a throw-away nginx: one file, every listener, certificate, backend, resolver and path of the
 *  real machine replaced, and each line's origin kept, so that what nginx says names the user's own files. Pure. */
import { lineOf, type NginxConfig, type Node } from '../nginx-config/contract.ts'
import { KEPT_IN_EVENTS, KEPT_IN_MAIN, DATA_BLOCKS, OPTIONAL_DIRECTIVES } from './directives.ts'
import { FOLDER_MARK, type Plan, type PlanOptions } from './planned.ts'
import { rewrite, type Rewriting } from './rewrite.ts'
import { quote, readListen, type PlannedListener } from './targets.ts'
import { codeOnPath, isCode, type TestedPath } from './tested-path.ts'

/** Code on the tested path ends it: then `code` holds those directives. */
export function plan(
  config: NginxConfig,
  tested: TestedPath,
  options: PlanOptions,
): { ok: true; plan: Plan } | { ok: false; code: Node[] } {
  const code = codeOnPath(tested)
  if (code.length > 0) return { ok: false, code }
  const listeners = listenersOf(config)
  const entry = entryOf(tested.served.server, listeners, options.plain)
  const made: Plan = {
    lines: [],
    origins: [],
    listeners,
    entry,
    backends: [],
    usesResolver: false,
    copies: new Map(),
    left_out: [],
  }
  const rewriting: Rewriting = {
    config,
    tested,
    options,
    plan: made,
    maps: [],
    shared: null,
    groups: groupsOf(config),
    names: new Map(),
  }
  const emit = emitter(made, rewriting)

  for (const line of [
    ...options.modules.map((file) => `load_module ${quote(file)};`),
    'daemon off;',
    'worker_processes 1;',
    `pid ${FOLDER_MARK}/nginx.pid;`,
    `error_log ${FOLDER_MARK}/error.log info;`,
  ])
    emit.own(line)
  const { root, kind } = config
  const top = kind === 'main' ? root.children : []
  for (const node of top) if (KEPT_IN_MAIN.has(node.statement.name)) emit.node(node, 0)
  emit.own('events {')
  for (const node of top.filter(({ statement }) => statement.name === 'events'))
    for (const one of node.children) if (KEPT_IN_EVENTS.has(one.statement.name)) emit.node(one, 1)
  emit.own('}')
  emit.own('http {')
  for (const name of ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'])
    emit.own(`    ${name}_temp_path ${FOLDER_MARK}/${name};`)
  // Else nginx opens the log of its distribution, which only root may write.
  const inHttp = kind === 'main' ? top.filter(({ statement }) => statement.name === 'http') : [root]
  const logs = inHttp.flatMap(({ children }) => children).some(({ statement }) => statement.name === 'access_log')
  if (!logs || kind === 'server' || kind === 'location') emit.own('    access_log off;')
  if (kind === 'main') for (const http of top) if (http.statement.name === 'http') emit.block(http, 1)
  if (kind === 'http') emit.block(root, 1)
  if (kind === 'server' || kind === 'location') {
    emit.own('    server {')
    if (!root.children.some(({ statement }) => statement.name === 'listen')) emit.own(listenLine(entry))
    if (kind === 'location') emit.own('    location / {')
    emit.block(root, 2)
    if (kind === 'location') emit.own('    }')
    emit.own('    }')
  }
  for (const line of rewriting.maps) emit.own(`    ${line}`)
  for (const name of options.assumed) emit.own(`    ${assumedMap(name)}`)
  for (const name of stubs(made, config)) emit.own(`    map "" $${name} { default ""; }`)
  emit.own('}')
  return { ok: true, plan: made }
}

/** The map that nginx's own documentation gives, for the name it gives it; any other variable is empty. */
const assumedMap = (name: string): string =>
  name === 'connection_upgrade'
    ? "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
    : `map "" $${name} { default ""; }`

const listenLine = (index: number): string => `        listen 127.0.0.1:@halfopen:l${index}@;`

function emitter(made: Plan, rewriting: Rewriting) {
  const own = (text: string, origin: Plan['origins'][number] = null): void => {
    made.lines.push(text)
    made.origins.push(origin)
  }
  const block = (node: Node, depth: number): void => {
    // nginx's own default, which is another port for other users than root.
    if (node.statement.name === 'server' && node.statement.block && isHttpServer(node) && !hasListen(node))
      own(listenLine(made.listeners.findIndex(({ socket }) => socket === '*:80')))
    for (const child of node.children) one(child, depth)
  }
  const one = (node: Node, depth: number): void => {
    const { statement } = node
    const { source, words } = statement
    const where = { file: source.file, line: lineOf(statement) }
    const isData = DATA_BLOCKS.has(node.parent?.statement.name ?? '')
    const said = words.map((word) => source.text.slice(word.start, word.end))
    const unknown = rewriting.options.unknown.has(statement.name) && OPTIONAL_DIRECTIVES.test(statement.name)
    if (!isData && (isCode(statement.name) || unknown)) {
      const why = unknown ? notKnown(rewriting.options) : 'a proof runs no code of the configuration'
      leave(node, why)
      return
    }
    const changed = isData ? said : rewrite(node, said, rewriting)
    if (changed === null) return
    if (typeof changed === 'string') {
      leave(node, changed)
      return
    }
    const indent = '    '.repeat(Math.min(depth, 20))
    // A quoted word may hold line feeds: each output line needs its origin.
    const text = `${indent}${changed.join(' ')}${statement.block ? ' {' : ';'}`
    for (const line of text.split('\n')) own(line, where)
    if (!statement.block) return
    if (isDataBlock(node)) for (const child of node.children) one(child, depth + 1)
    else block(node, depth + 1)
    own(`${indent}}`, where)
  }
  const leave = ({ statement, parent }: Node, why: string): void => {
    const { blocks, auth } = rewriting.tested
    const onPath = parent !== null && (blocks.has(parent) || auth.has(parent))
    const isNoise = parent?.statement.name === 'http' && isCode(statement.name)
    if (onPath && !isNoise)
      made.left_out.push({ what: statement.name, file: statement.source.file, line: lineOf(statement), why })
  }
  return { own, block, node: one }
}

const notKnown = ({ unfit }: PlanOptions): string =>
  unfit.size === 0 ? 'this nginx does not know it' : 'this nginx does not know it, or cannot use its module here'

const isDataBlock = ({ statement }: Node): boolean => DATA_BLOCKS.has(statement.name)
const hasListen = (node: Node): boolean => node.children.some(({ statement }) => statement.name === 'listen')
const isHttpServer = (node: Node): boolean => {
  const name = node.parent?.statement.name
  return name === 'http' || name === ''
}

/** Every distinct address that some server listens on. */
export function listenersOf(config: NginxConfig): PlannedListener[] {
  const found = new Map<string, PlannedListener>()
  const http = config.kind === 'main' ? config.root.children.filter((n) => n.statement.name === 'http') : [config.root]
  const servers =
    config.kind === 'server' || config.kind === 'location'
      ? [config.root]
      : http.flatMap((node) => node.children).filter(({ statement }) => statement.name === 'server' && statement.block)
  for (const server of servers) {
    const listens = server.children.filter(({ statement }) => statement.name === 'listen')
    const allTls = server.children.some(({ statement }) => statement.name === 'ssl' && statement.args[0] === 'on')
    for (const args of listens.length > 0 ? listens.map(({ statement }) => statement.args) : [['80']]) {
      const address = readListen(args[0] ?? '') ?? { socket: args[0] ?? '', port: '' }
      if (args.includes('quic')) continue
      const before = found.get(address.socket)
      found.set(address.socket, {
        ...address,
        tls: (before?.tls ?? false) || allTls || args.includes('ssl'),
        proxy_protocol: (before?.proxy_protocol ?? false) || args.includes('proxy_protocol'),
      })
    }
  }
  return [...found.values()]
}

function entryOf(server: Node, listeners: readonly PlannedListener[], plain: boolean): number {
  const own = server.children
    .filter(({ statement }) => statement.name === 'listen' && !statement.args.includes('quic'))
    .map(({ statement }) => readListen(statement.args[0] ?? '')?.socket ?? statement.args[0])
  const mine = listeners
    .map((listener, index) => ({ listener, index }))
    .filter(({ listener }) => (own.length > 0 ? own.includes(listener.socket) : listener.socket === '*:80'))
  const wanted = mine.find(({ listener }) => listener.tls !== plain) ?? mine[0]
  return wanted?.index ?? 0
}

function groupsOf(config: NginxConfig): string[] {
  const http = config.kind === 'main' ? config.root.children.filter((n) => n.statement.name === 'http') : [config.root]
  return http
    .flatMap((node) => node.children)
    .filter(({ statement }) => statement.name === 'upstream' && statement.block)
    .map(({ statement }) => statement.args[0] ?? '')
}

/** Variables that only left-out directives define: nginx would refuse to start without them. */
function stubs(made: Plan, config: NginxConfig): string[] {
  const names = new Set<string>()
  const walk = (node: Node): void => {
    const { name, args } = node.statement
    if (isCode(name) || OPTIONAL_DIRECTIVES.test(name) || node.parent?.statement.name.startsWith('geoip2'))
      for (const arg of [name, ...args]) if (/^\$\w+$/.test(arg)) names.add(arg.slice(1))
    node.children.forEach(walk)
  }
  walk(config.root)
  const text = made.lines.join('\n')
  const isUsed = (name: string): boolean => new RegExp(`\\$\\{?${name}\\b`).test(text)
  const isDefined = (name: string): boolean =>
    new RegExp(`^\\s*(?:map|geo|set|split_clients)\\b.*\\$${name}\\b`, 'm').test(text)
  return [...names].filter((name) => isUsed(name) && !isDefined(name))
}
