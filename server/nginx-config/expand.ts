/** Replaces includes by what they bring. Pure: files come through `Files`, from a disk or from an `nginx -T` dump. */
import { brief, MAX_DEPTH, lineOf, parseFile } from './tree.ts'
import type { ConfigProblem, NginxConfig, Node, ParsedFile, Source, Statement } from './tree.ts'

/** nginx stops at its open files; a real tree is a handful deep. */
const MAX_INCLUDE_DEPTH = 20
const MAX_FILES = 2000
/** Two snippets that include each other's parts twice double on every level; this stops them. */
const MAX_NODES = 1_000_000

/** Most directives have none. */
const NO_CHILDREN: readonly Node[] = []
/** Shared by the many blocks without one. */
const NONE: readonly Statement[] = []

export interface Files {
  /** Absolute paths an include's pattern means, in nginx's order. A literal path comes back whether it exists or not. */
  resolve(pattern: string): string[]
  /** False when a pattern names a folder that was not given, so that it is not known whether anything matches. */
  reaches(pattern: string): boolean
  read(path: string): { ok: true; source: Source } | { ok: false; reason: string }
}

export interface Expanded {
  root: Node
  sources: Map<string, Source>
  problems: ConfigProblem[]
}

/** A block may have thousands: they are not copied for each. */
function addGap(node: Node, at: Statement): void {
  if (node.gaps === NONE) node.gaps = [at]
  else (node.gaps as Statement[]).push(at)
}

/** Expands the given top-level files one after another under one root. A file with an error counts up to the error. */
export function expand(files: Files, top: readonly Source[]): Expanded {
  const root = rootNode(top[0])
  const out: Expanded = { root, sources: new Map(), problems: [] }
  const parsed = new Map<string, ParsedFile | null>()
  /** Thousands of hosts include the same snippet: a folder is listed once. */
  const resolved = new Map<string, string[]>()
  const stack: string[] = []
  let nodes = 0

  const report = (kind: ConfigProblem['kind'], at: Statement, message: string): void => {
    const column = at.words[0]?.column ?? 1
    out.problems.push({ kind, file: at.source.file, line: lineOf(at), column, message })
  }
  const keep = (source: Source): ParsedFile => {
    const file = parseFile(source, false)
    parsed.set(source.file, file)
    out.sources.set(source.file, source)
    // One by one: a call takes fewer arguments than a hostile file has faults.
    for (const problem of file.refused) out.problems.push(problem)
    if (file.error) out.problems.push(file.error)
    return file
  }
  const open = (path: string, at: Statement): ParsedFile | null => {
    const known = parsed.get(path)
    if (known !== undefined) return known
    if (parsed.size >= MAX_FILES) {
      report('limit', at, `more than ${MAX_FILES} files are included; "${brief(path)}" was not read`)
      return null
    }
    const read = files.read(path)
    if (read.ok) return keep(read.source)
    parsed.set(path, null)
    report('include-missing', at, `included file "${brief(path)}" could not be read: ${read.reason}`)
    return null
  }
  const include = (at: Statement, parent: Node, anchor: Statement, depth: number): void => {
    const pattern = at.args[0]
    if (pattern === undefined) return
    const paths = resolved.get(pattern) ?? files.resolve(pattern)
    resolved.set(pattern, paths)
    if (paths.length === 0 && !files.reaches(pattern)) addGap(parent, at)
    for (const path of paths) {
      if (stack.includes(path)) report('include-cycle', at, `"${path}" includes itself`)
      else if (stack.length >= MAX_INCLUDE_DEPTH)
        report('limit', at, `includes are nested deeper than ${MAX_INCLUDE_DEPTH}`)
      else {
        const file = open(path, at)
        if (!file || file.error) addGap(parent, at)
        if (!file) continue
        stack.push(path)
        add(file.statements, parent, anchor, depth)
        stack.pop()
      }
    }
  }
  const add = (statements: readonly Statement[], parent: Node, anchor: Statement | null, depth: number): void => {
    for (const statement of statements) {
      if (nodes >= MAX_NODES) return
      if (++nodes === MAX_NODES) report('limit', statement, `more than ${MAX_NODES} directives; the rest was not read`)
      if (statement.name === 'include' && !statement.block) include(statement, parent, anchor ?? statement, depth)
      else {
        const children = statement.block ? [] : (NO_CHILDREN as Node[])
        const node: Node = { statement, children, parent, anchor: anchor ?? statement, gaps: NONE }
        parent.children.push(node)
        if (!statement.block) continue
        if (depth < MAX_DEPTH) {
          add(statement.block, node, null, depth + 1)
          // An array that grew has room for 17, and the memory of a large tree is half of such rooms.
          node.children = node.children.slice()
        } else report('limit', statement, `blocks are nested deeper than ${MAX_DEPTH}`)
      }
    }
  }

  for (const source of top) {
    const file = parsed.get(source.file) ?? keep(source)
    stack.push(source.file)
    add(file.statements, root, null, 0)
    stack.pop()
  }
  return out
}

const SERVER_LEVEL = new Set(['location', 'server_name', 'listen', 'try_files', 'root', 'index'])
const HTTP_LEVEL = new Set(['server', 'upstream', 'map', 'log_format', 'geo', 'split_clients'])

/** Which context the top level belongs to, judged by what stands there. */
export function kindOf(root: Node): NginxConfig['kind'] {
  // `server 10.0.0.1:80;` is a line of an upstream, not a server block.
  const names = root.children.map(({ statement }) =>
    statement.name === 'server' && !statement.block ? '' : statement.name,
  )
  if (names.includes('http') || names.includes('events')) return 'main'
  if (names.some((name) => HTTP_LEVEL.has(name))) return 'http'
  if (names.includes('proxy_pass')) return 'location'
  return names.some((name) => SERVER_LEVEL.has(name)) ? 'server' : 'main'
}

function rootNode(source: Source = { file: '', real: '', text: '', encoding: 'utf8' }): Node {
  const end = { kind: 'open' as const, source, start: 0, end: 0, line: 1, column: 1, value: '' }
  const empty = {
    args: [],
    line: 1,
    column: 1,
    start: 0,
    wordsEnd: 0,
    words: [],
    raw: null,
    close: null,
    parent: null,
    block: [],
  }
  const statement: Statement = { source, name: '', end, ...empty }
  return { statement, children: [], parent: null, anchor: statement, gaps: NONE }
}
