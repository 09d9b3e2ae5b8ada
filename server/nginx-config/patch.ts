/** The smallest change of the user's own files that sets some directives for one request. */
import type { ConfigPatch, Directive } from '../diagnosis/contract.ts'
import { applyEdits, unifiedDiff } from './diff.ts'
import { definesVariable, headerLevel, headerName, headersIn, inherited } from './effective.ts'
import { endOf, insertBefore, insertInto, remove, replaceWords, startOf, type Edits } from './edit.ts'
import { levels } from './levels.ts'
import { atLeast } from './nginx-version.ts'
import { keepsConnections, upgradeVariable } from './upgrade-map.ts'
import type { Served } from './serve.ts'
import { descendants, httpNodes, lineOf, parseFile } from './tree.ts'
import type { NginxConfig, Node, Source, Statement } from './tree.ts'

/** A diff for the block that serves the request; null when nothing would change or it cannot be written:
 *  the request is not proxied, a directive does not parse, or a `map` has no http context in a fragment. */
export function patchFor(
  config: NginxConfig,
  served: Served,
  asked: readonly Directive[],
  version: string | null = null,
): ConfigPatch | null {
  if (!served.pass) return null
  const directives = fitted(config, served.pass, asked, version !== null && atLeast(version, '1.29.7'))
  const inBlock = statementsOf(directives.filter(({ context }) => context !== 'http'))
  const inHttp = statementsOf(directives.filter(({ context }) => context === 'http'))
  if (!inBlock || !inHttp) return null
  const missing = inHttp.filter((statement) => !isDefined(config, statement))
  // nginx refuses to start on a variable that nobody defines.
  const usesMap = inBlock.some(({ args }) => args.some((arg) => /\$\{?connection_upgrade\b/.test(arg)))
  const bringsMap = inHttp.some(({ name, args }) => name === 'map' && args[1] === '$connection_upgrade')
  if (usesMap && !bringsMap && !definesVariable(config, 'connection_upgrade')) return null

  const edits: Edits = new Map()
  const place = planBlock(config, served.block, inBlock, edits)
  const first = missing.length > 0 ? firstServer(config, served) : null
  if (missing.length > 0 && !first) return null
  if (first) insertBefore(edits, first, missing.map(textOf))
  const target = place ?? first
  const patch = target && diffOf(config, edits)
  return patch ? { patch, target: { file: target.source.file, line: lineOf(target) } } : null
}

/** The directives as this configuration wants them: an upgrade map that has another name is used and no second one added;
 *  a map that is added does not close the connections that keepalive keeps. */
function fitted(config: NginxConfig, pass: Node, asked: readonly Directive[], modern: boolean): Directive[] {
  const existing = upgradeVariable(config)
  const rename = existing !== null && !definesVariable(config, 'connection_upgrade')
  const keeps = keepsConnections(config, pass, modern)
  return asked.map((directive) => {
    const { text } = directive
    // The map is asked for too; renamed it is the one that is there, which is never defined twice.
    if (rename) return { ...directive, text: text.replace(/\$connection_upgrade\b/g, () => `$${existing}`) }
    return keeps ? { ...directive, text: text.replace(/^(\s*(?:''|"")\s+)close;/gm, "$1'';") } : directive
  })
}

/** A directive may come in several lines, each an element of its own. Null when together they do not parse. */
function statementsOf(directives: readonly Directive[]): Statement[] | null {
  const text = directives.map((directive) => directive.text).join('\n')
  const { error, statements } = parseFile({ file: '', real: '', text, encoding: 'utf8' })
  return error ? null : statements
}

const textOf = (statement: Statement): string => statement.source.text.slice(startOf(statement), endOf(statement))

/** Returns the directive beside which, or in whose place, the change stands; null when there is none. */
function planBlock(config: NginxConfig, block: Node, wanted: readonly Statement[], edits: Edits): Statement | null {
  const headers = wanted.filter(({ name }) => name === 'proxy_set_header')
  const level = headerLevel(block)
  const missing = level ? headers.filter((header) => !has(headersIn(level), header)) : headers
  // Headers go to the level that carries the others when only this block uses it. Else a first line here would drop
  // every inherited one, so those are repeated.
  const shared = level !== null && level !== block && !isOnlyUser(config, level, block)
  const home = shared ? block : (level ?? block)
  const additions = new Map<Node, string[]>()
  const add = (node: Node, statement: Statement) =>
    additions.set(node, [...(additions.get(node) ?? []), textOf(statement)])
  const touched: Statement[] = []

  if (shared && missing.length > 0) {
    const kept = headersIn(level).filter((node) => !headers.some((header) => nameOf(header) === headerName(node)))
    for (const { statement } of kept) add(block, statement)
  }
  for (const statement of wanted) {
    if (statement.name === 'proxy_set_header') {
      if (missing.length === 0 || (!shared && !missing.includes(statement))) continue
      const same = headersIn(home).filter((node) => headerName(node) === nameOf(statement))
      if (!overwrite(same, statement, 2, edits, touched)) add(home, statement)
    } else {
      const effective = inherited(block, statement.name)
      if (effective && sameArgs(effective.statement, statement)) continue
      const same = block.children.filter((node) => node.statement.name === statement.name)
      if (!overwrite(same, statement, 1, edits, touched)) add(block, statement)
    }
  }
  for (const [node, texts] of additions) touched.push(insertInto(edits, node, texts))
  return touched.find(({ source }) => source === block.statement.source) ?? touched[0] ?? null
}

/** Changes the first of the directives that already set it and removes the others; false when there is none. */
function overwrite(
  same: readonly Node[],
  wanted: Statement,
  keep: number,
  edits: Edits,
  touched: Statement[],
): boolean {
  const [first, ...others] = new Set(same.map(({ statement }) => statement))
  if (!first) return false
  replaceWords(edits, first, wanted, keep)
  for (const other of others) remove(edits, other)
  touched.push(first)
  return true
}

const nameOf = (header: Statement): string => (header.args[0] ?? '').toLowerCase()
const sameArgs = (a: Statement, b: Statement): boolean => a.args.join('\0') === b.args.join('\0')

/** The level sets exactly this header, once. */
function has(level: readonly Node[], wanted: Statement): boolean {
  const same = level.filter((node) => headerName(node) === nameOf(wanted))
  return same.length === 1 && same[0]?.statement.args[1] === wanted.args[1]
}

/** No other proxied location takes its headers from `level`. */
function isOnlyUser(config: NginxConfig, level: Node, block: Node): boolean {
  const top = config.kind === 'main' ? httpNodes(config) : [config.root]
  for (const node of descendants(top)) {
    if (node.statement.name !== 'proxy_pass' || !node.parent || levels(node).includes(block)) continue
    if (headerLevel(node.parent) === level) return false
  }
  return true
}

/** A map or log_format of that name exists: it is never defined twice. */
function isDefined(config: NginxConfig, { name, args }: Statement): boolean {
  return httpNodes(config).some(({ statement: other }) => {
    if (other.name !== name) return false
    if (name === 'map') return other.args[1] === args[1]
    return name === 'log_format' ? other.args[0] === args[0] : other.args.join('\0') === args.join('\0')
  })
}

/** The first server block beside the one that serves the request: what stands there is in http context, and loaded. */
function firstServer(config: NginxConfig, { server }: Served): Statement | null {
  if (config.kind !== 'main' && config.kind !== 'http') return null
  const { parent, source } = server.statement
  const beside = parent ? (parent.block ?? []) : parseFile(source).statements
  return beside.find(({ name, block }) => name === 'server' && block) ?? null
}

function diffOf(config: NginxConfig, edits: Edits): string | null {
  const sources = [...edits.keys()].sort((a, b) => (a.real < b.real ? -1 : 1))
  const outside = sources.some((source) => nameIn(config.prefix, source) === null)
  const diffs = sources.map((source) =>
    diffOfFile(source, nameIn(outside ? '/' : config.prefix, source), edits.get(source) ?? []),
  )
  if (diffs.some((diff) => diff === null)) return null
  const text = diffs.join('')
  return text === '' ? null : text
}

/** Path below the folder in which `patch -p0` is run; null when the file is elsewhere. */
function nameIn(folder: string, { real }: Source): string | null {
  const base = folder.endsWith('/') ? folder : `${folder}/`
  return real.startsWith(base) && !/[\n\r\t"\\]/.test(real) ? real.slice(base.length) : null
}

function diffOfFile(source: Source, name: string | null, edits: Parameters<typeof unifiedDiff>[2]): string | null {
  if (name === null || parseFile({ ...source, text: applyEdits(source.text, edits) }).error) return null
  const contexts = source.encoding === 'latin1' ? [3, 2, 1] : [3]
  const diffs = contexts.map((context) => unifiedDiff(name, source.text, edits, context))
  // A diff is UTF-8: with less context it may do without the lines that are not.
  return diffs.find((diff) => source.encoding === 'utf8' || /^[\0-\x7f]*$/.test(diff)) ?? null
}
