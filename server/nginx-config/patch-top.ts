/** Directives outside of the block that serves the request: in main, events and http context. */
import { insertAfter, insertBefore, insertInto, overwrite, sameArgs, textOf, type Edits } from './edit.ts'
import type { Served } from './serve.ts'
import { httpNodes, parseFile, type NginxConfig, type Node, type Statement } from './tree.ts'

export const TOP = ['main', 'events', 'http'] as const
export type Top = (typeof TOP)[number]

export const isTop = (context: string): boolean => TOP.some((one) => one === context)

/** Plans the change. False when the context is not part of the configuration: a file of conf.d has no main context.
 *  @param touched gets the directives beside which, or in whose place, the change stands. */
export function planTop(
  config: NginxConfig,
  context: Top,
  wanted: readonly Statement[],
  served: Served | null,
  edits: Edits,
  touched: Statement[],
): boolean {
  const there = nodesOf(config, context)
  const missing = wanted.filter((statement) => !isDefined(there, context, statement))
  const added = missing.filter((statement) => {
    const same = SEVERAL.has(statement.name) ? [] : there.filter(({ statement: { name } }) => name === statement.name)
    return !overwrite(edits, same, statement, 1, touched)
  })
  if (added.length === 0) return true
  const place = add(config, context, added.map(textOf), served, edits)
  if (place) touched.push(place)
  return place !== null
}

/** Come several times in one block, each for another name. */
const SEVERAL = new Set(['map', 'geo', 'log_format', 'limit_conn_zone', 'limit_req_zone'])

/** Directives of the context, includes counted in. */
function nodesOf(config: NginxConfig, context: Top): Node[] {
  if (context === 'http') return httpNodes(config)
  if (config.kind !== 'main') return []
  return context === 'main' ? config.root.children : (eventsOf(config)?.children ?? [])
}

const eventsOf = ({ root }: NginxConfig): Node | null =>
  root.children.find(({ statement: { name, block } }) => name === 'events' && block !== null) ?? null

/** It is there: a name is never defined twice. */
function isDefined(there: readonly Node[], context: Top, wanted: Statement): boolean {
  return there.some(({ statement: other }) => {
    if (other.name !== wanted.name) return false
    if (context !== 'http') return sameArgs(other, wanted)
    if (wanted.name === 'map' || wanted.name === 'geo') return other.args.at(-1) === wanted.args.at(-1)
    return wanted.name === 'log_format' ? other.args[0] === wanted.args[0] : sameArgs(other, wanted)
  })
}

/** Returns the directive beside which they stand; null when there is no such place. */
function add(
  config: NginxConfig,
  context: Top,
  texts: readonly string[],
  served: Served | null,
  edits: Edits,
): Statement | null {
  if (context === 'http') {
    const server = firstServer(config, served)
    if (server) insertBefore(edits, server, texts)
    return server
  }
  const events = config.kind === 'main' ? eventsOf(config) : null
  if (!events) return null
  if (context === 'events') return insertInto(edits, events, texts)
  // Where people look for them: beside worker_processes, in the main file itself.
  const beside = config.root.children.findLast(
    ({ statement: { name, source }, anchor }) =>
      name.startsWith('worker_') && anchor.source === source && source === events.statement.source,
  )
  if (beside) insertAfter(edits, beside.statement, texts)
  else insertBefore(edits, events.statement, texts)
  return beside?.statement ?? events.statement
}

/** The first server block beside the one that serves the request: what stands there is in http context, and loaded. */
function firstServer(config: NginxConfig, served: Served | null): Statement | null {
  if (config.kind !== 'main' && config.kind !== 'http') return null
  const server =
    served?.server ?? httpNodes(config).find(({ statement: { name, block } }) => name === 'server' && block)
  if (!server) return null
  const { parent, source } = server.statement
  const beside = parent ? (parent.block ?? []) : parseFile(source).statements
  return beside.find(({ name, block }) => name === 'server' && block) ?? null
}
