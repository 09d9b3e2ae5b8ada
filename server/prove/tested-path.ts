/** Which blocks take part in the tested request, and code in them that a proof must not run. Pure. */
import { serve, type NginxConfig, type Node, type Served } from '../nginx-config/contract.ts'

export interface TestedPath {
  served: Served
  /** The block that serves the request, and all around it. */
  blocks: ReadonlySet<Node>
  /** Blocks that access control asks (auth_request): they run, and are answered with yes. */
  auth: ReadonlySet<Node>
}

/** @param path of the request, without query. Null when no server of the config serves it. */
export function testedPath(config: NginxConfig, host: string | null, path: string): TestedPath | null {
  const served = serve(config, host, path)
  if (!served) return null
  const blocks = new Set<Node>()
  const auth = new Set<Node>()
  const add = (block: Node, into: Set<Node>): void => {
    for (let level: Node | null = block; level; level = level.parent) {
      if (level !== block && blocks.has(level)) break
      ;(level === block ? into : blocks).add(level)
    }
    for (const node of block.children)
      if (node.statement.name === 'if' || node.statement.name === 'limit_except') into.add(node)
  }
  add(served.block, blocks)
  for (const level of levelsOf(served.block))
    for (const { statement } of level.children) {
      const target = statement.args.at(-1) ?? ''
      if (statement.name === 'auth_request' && target.startsWith('/')) {
        const asked = serve(config, host, target)
        if (asked && !blocks.has(asked.block)) add(asked.block, auth)
      } else if (['error_page', 'try_files'].includes(statement.name) && target.startsWith('@')) {
        const named = served.server.children.find(
          (node) => node.statement.name === 'location' && node.statement.args[0] === target,
        )
        if (named) add(named, blocks)
      }
    }
  return { served, blocks, auth }
}

function levelsOf(block: Node): Node[] {
  const out: Node[] = []
  for (let level: Node | null = block; level; level = level.parent) out.push(level)
  return out
}

/** Directives of lua-nginx-module, njs, ngx_http_perl_module, and others that run code of the configuration. */
const CODE = /^(?:lua_|js_|mruby_|wasm_|proxy_wasm|passenger_|perl(?:_|$))|_by_lua(?:_block|_file)?$/
export const isCode = (name: string): boolean => CODE.test(name)

/** Code that only prepares or defines something: it runs for the request when its variable is used. */
const PREPARES =
  /^(?:init_(?:worker_)?by_lua|exit_worker_by_lua|ssl_session_|lua_|js_(?:import|include|path|set|var|shared|fetch|preload|periodic|engine|context)|perl_(?:modules|require|set))/

/** The directives on the path that would run code for this request. A proof does not run code from a configuration. */
export function codeOnPath({ blocks, auth }: TestedPath): Node[] {
  const found: Node[] = []
  const used = new Set<string>()
  for (const block of [...blocks, ...auth])
    for (const { statement } of block.children)
      if (!isCode(statement.name))
        for (const arg of statement.args) for (const [, name = ''] of arg.matchAll(/\$\{?(\w+)/g)) used.add(name)
  for (const block of [...blocks, ...auth])
    for (const node of block.children) {
      const { name, args } = node.statement
      if (!isCode(name)) continue
      const variable = /^(?:js_set|perl_set|js_var)$/.test(name) ? (args[0] ?? '').replace(/^\$/, '') : null
      if (variable === null ? !PREPARES.test(name) : used.has(variable)) found.push(node)
    }
  return found
}
