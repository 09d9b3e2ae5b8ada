/** The smallest change of the user's own files that sets some directives for one request. */
import type { ConfigPatch, Directive } from '../diagnosis/contract.ts'
import { applyEdits, unifiedDiff } from './diff.ts'
import { definesVariable, headerLevel, headerName, headersIn, inherited } from './effective.ts'
import { insertInto, overwrite, sameArgs, textOf, type Edits } from './edit.ts'
import { levels } from './levels.ts'
import { atLeast } from './nginx-version.ts'
import { isTop, planTop, TOP } from './patch-top.ts'
import { keepsConnections, upgradeVariable } from './upgrade-map.ts'
import type { Served } from './serve.ts'
import { socketLimit, zoneOf } from './socket-limit.ts'
import { descendants, httpNodes, lineOf, parseFile } from './tree.ts'
import type { NginxConfig, Node, Source, Statement } from './tree.ts'

/** A diff that sets directives of main, events and http context, and of the block that serves the request. Null when nothing
 *  would change or it cannot be written: the request is not proxied, a directive does not parse, or the context of one is
 *  not part of what was given. @param served null: no request is meant, and no block. */
export function patchFor(
  config: NginxConfig,
  served: Served | null,
  asked: readonly Directive[],
  version: string | null = null,
): ConfigPatch | null {
  if (served && !served.pass) return null
  const directives = served?.pass
    ? fitted(config, { ...served, pass: served.pass }, asked, version !== null && atLeast(version, '1.29.7'))
    : asked
  if (directives === null) return null
  const inBlock = statementsOf(directives.filter(({ context }) => !isTop(context)))
  if (!inBlock || (!served && inBlock.length > 0)) return null
  const inTop = TOP.map((context) => statementsOf(directives.filter((one) => one.context === context)))
  // nginx refuses to start on a variable that nobody defines.
  const usesMap = inBlock.some(({ args }) => args.some((arg) => /\$\{?connection_upgrade\b/.test(arg)))
  const bringsMap = inTop[2]?.some(({ name, args }) => name === 'map' && args[1] === '$connection_upgrade') === true
  if (usesMap && !bringsMap && !definesVariable(config, 'connection_upgrade')) return null

  const edits: Edits = new Map()
  const place = served && planBlock(config, served.block, inBlock, edits)
  const touched: Statement[] = place ? [place] : []
  for (const [i, statements] of inTop.entries())
    if (!statements || !planTop(config, TOP[i] ?? 'http', statements, served, edits, touched)) return null
  const [target] = touched
  const patch = target === undefined ? null : diffOf(config, edits)
  return target && patch !== null ? { patch, target: { file: target.source.file, line: lineOf(target) } } : null
}

/** The directives as this configuration wants them: an upgrade map that has another name is used and no second one added;
 *  a map that is added does not close the connections that keepalive keeps; sockets get a limit of their own. Null when it
 *  cannot be done here. */
function fitted(
  config: NginxConfig,
  { pass, block }: Served & { pass: Node },
  asked: readonly Directive[],
  modern: boolean,
): Directive[] | null {
  const existing = upgradeVariable(config)
  const rename = existing !== null && !definesVariable(config, 'connection_upgrade')
  const keeps = keepsConnections(config, pass, modern)
  const out: Directive[] = []
  for (const directive of asked) {
    const limits = socketLimit(config, block, directive)
    if (!limits) return null
    out.push(...limits)
  }
  return out.map((directive) => {
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
      if (!overwrite(edits, same, statement, 2, touched)) add(home, statement)
    } else {
      const zone = zoneOf(statement)
      const effective = zone === null ? inherited(block, statement.name) : null
      if (effective && sameArgs(effective.statement, statement)) continue
      const same = block.children.filter(
        (node) => node.statement.name === statement.name && zoneOf(node.statement) === zone,
      )
      if (zone !== null && same.some((node) => sameArgs(node.statement, statement))) continue
      if (!overwrite(edits, same, statement, zone === null ? 1 : 2, touched)) add(block, statement)
    }
  }
  for (const [node, texts] of additions) touched.push(insertInto(edits, node, texts))
  return touched.find(({ source }) => source === block.statement.source) ?? touched[0] ?? null
}

const nameOf = (header: Statement): string => (header.args[0] ?? '').toLowerCase()

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

export function diffOf(config: NginxConfig, edits: Edits): string | null {
  const sources = [...edits.keys()].sort((a, b) => (a.real < b.real ? -1 : 1))
  const outside = sources.some((source) => nameIn(config.prefix, source) === null)
  const diffs = sources.map((source) =>
    diffOfFile(source, nameIn(outside ? '/' : config.prefix, source), edits.get(source) ?? []),
  )
  if (diffs.some((diff) => diff === null)) return null
  const text = diffs.join('')
  return text === '' ? null : text
}

/** Path below the folder in which `patch -p0` is run; null when the file is elsewhere. What was handed in has a name and no
 *  folder. */
function nameIn(folder: string, { real }: Source): string | null {
  if (/^[^/.]/.test(real) && !/[\n\r\t"\\]|(?:^|\/)\.\.?\//.test(real)) return real
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
