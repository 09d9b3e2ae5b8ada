/** Directives of one file as a tree over its tokens, and the tree of a whole configuration. */
import { scan, type ConfigProblem, type Sink, type Source, type Token } from './tokens.ts'

export type { ConfigProblem, Source, Token } from './tokens.ts'

/** nginx's grammar has no limit; real files stay below ten. Keeps every later walk of the tree shallow. */
export const MAX_DEPTH = 100

/** A directive as written in one file. */
export interface Statement {
  source: Source
  name: string
  /** Decoded words after the name. */
  args: string[]
  /** Of the name, from 1. */
  line: number
  readonly column: number
  /** Of the name and the arguments in the file's text; `wordsEnd` is exclusive. */
  readonly start: number
  readonly wordsEnd: number
  /** The name and the arguments; read again when asked for. */
  readonly words: Token[]
  /** `;`, or the `{` of a block. */
  readonly end: Token
  /** Directives inside; null when it has no block. Empty for a Lua block, whose text is in `raw`. */
  block: Statement[] | null
  readonly raw: Token | null
  readonly close: Token | null
  /** The block around it in the same file; null at the top of the file. */
  parent: Statement | null
}

export interface ParsedFile {
  source: Source
  tokens: Token[]
  /** Up to the error, when there is one. */
  statements: Statement[]
  refused: ConfigProblem[]
  error: ConfigProblem | null
}

/** What only a directive with a block has. */
interface Inside {
  raw: Token | null
  /** Of the `}`; -1: there is none. */
  closeAt: number
  closeLine: number
  closeLineStart: number
}

/** Where it stands in its file. */
interface Place {
  line: number
  lineStart: number
  start: number
  wordsEnd: number
  endAt: number
}

/** Tokens of directives are ten times the text in memory, and of most nobody asks more than the words: those are kept, and
 *  where to find the rest. */
class Directive implements Statement {
  readonly inside: Inside | null
  readonly source: Source
  readonly name: string
  readonly args: string[]
  readonly line: number
  readonly lineStart: number
  readonly start: number
  readonly wordsEnd: number
  readonly endAt: number
  block: Statement[] | null
  readonly parent: Directive | null

  constructor(
    source: Source,
    name: string,
    args: string[],
    { line, lineStart, start, wordsEnd, endAt }: Place,
    block: Statement[] | null,
    parent: Directive | null,
  ) {
    this.source = source
    this.name = name
    this.args = args
    this.line = line
    this.lineStart = lineStart
    this.start = start
    this.wordsEnd = wordsEnd
    this.endAt = endAt
    this.block = block
    this.parent = parent
    this.inside = block ? { raw: null, closeAt: -1, closeLine: 0, closeLineStart: 0 } : null
  }

  get column(): number {
    return this.start - this.lineStart + 1
  }

  get raw(): Token | null {
    return this.inside?.raw ?? null
  }

  get words(): Token[] {
    return this.tokens().filter(({ kind }) => kind === 'word')
  }

  get end(): Token {
    const { source, endAt, block } = this
    const { line = 1, column = 1 } = this.tokens(endAt + 1).find(({ start }) => start === endAt) ?? {}
    return { kind: block ? 'open' : 'end', source, start: endAt, end: endAt + 1, line, column, value: '' }
  }

  get close(): Token | null {
    const { source, inside } = this
    if (!inside || inside.closeAt === -1) return null
    const { closeAt, closeLine: line, closeLineStart } = inside
    const column = closeAt - closeLineStart + 1
    return { kind: 'close', source, start: closeAt, end: closeAt + 1, line, column, value: '' }
  }

  private tokens(end = this.endAt): Token[] {
    const { source, start, line, lineStart } = this
    const tokens: Token[] = []
    const sink = pushTo(tokens, source)
    scan(source, false, sink, { start, end, line, lineStart })
    return tokens
  }
}

const pushTo =
  (tokens: Token[], source: Source): Sink =>
  (kind, start, end, line, lineStart, value) =>
    void tokens.push({ kind, source, start, end, line, column: start - lineStart + 1, value })

/** Directive names: few, and compared more often than anything. One string each makes that cheap. */
const names = new Map<string, string>()
const MOST_NAMES = 1000

function oneOf(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= MOST_NAMES || name.length >= 64) return name
  // A copy: a slice would keep the whole file it was cut from.
  const own = name.split('').join('')
  names.set(own, own)
  return own
}

/** For a message: a word may be as long as its file. */
export const brief = (word: string): string => (word.length > 80 ? `${word.slice(0, 79)}…` : word)

/** Parses one file. Never throws; nesting does not use the call stack. `all` false: without the list of tokens. */
export function parseFile(source: Source, all = true): ParsedFile {
  const statements: Statement[] = []
  const tokens: Token[] = []
  const parsed: ParsedFile = { source, tokens, statements, refused: [], error: null }
  const keep = all ? pushTo(tokens, source) : null

  let block = statements
  let parent: Directive | null = null
  let depth = 0
  /** Of the directive being read; `nameAt` -1: none is. */
  let name = ''
  let nameAt = -1
  let nameLine = 1
  let nameLineStart = 0
  let wordsEnd = 0
  /** Used again and again: an array that grows has room for 17, and most directives have one. */
  const args: string[] = []
  let count = 0
  const fail = (line: number, column: number, message: string): void => {
    parsed.error ??= { kind: 'syntax', file: source.file, line, column, message }
  }
  const unfinished = (): void =>
    fail(nameLine, nameAt - nameLineStart + 1, `directive "${brief(name)}" is not terminated by ";"`)
  const sink: Sink = (kind, start, end, line, lineStart, value) => {
    keep?.(kind, start, end, line, lineStart, value)
    if (parsed.error) return
    switch (kind) {
      case 'word':
        wordsEnd = end
        if (nameAt === -1) {
          name = oneOf(value)
          nameAt = start
          nameLine = line
          nameLineStart = lineStart
        } else args[count++] = value
        break
      case 'raw':
        if (parent?.inside) parent.inside.raw = { kind, source, start, end, line, column: start - lineStart + 1, value }
        break
      case 'end':
      case 'open': {
        if (nameAt === -1) {
          fail(line, start - lineStart + 1, `unexpected "${kind === 'end' ? ';' : '{'}"`)
          return
        }
        const inside = kind === 'open' ? [] : null
        const own = args.slice(0, count)
        const place = { line: nameLine, lineStart: nameLineStart, start: nameAt, wordsEnd, endAt: start }
        const one: Directive = new Directive(source, name, own, place, inside, parent)
        block.push(one)
        count = 0
        nameAt = -1
        if (!inside) break
        if (++depth > MAX_DEPTH) {
          fail(line, start - lineStart + 1, `blocks are nested deeper than ${MAX_DEPTH}`)
          return
        }
        parent = one
        block = inside
        break
      }
      case 'close': {
        if (nameAt !== -1) unfinished()
        else if (!parent) fail(line, start - lineStart + 1, 'unexpected "}"')
        else {
          if (parent.inside) {
            parent.inside.closeAt = start
            parent.inside.closeLine = line
            parent.inside.closeLineStart = lineStart
          }
          // As above: an array that grew has room for more.
          parent.block = block.slice()
          depth--
          parent = parent.parent
          block = parent?.block ?? statements
        }
        break
      }
      case 'space':
      case 'comment':
      case 'bom':
      case 'rest':
    }
  }
  const { refused, error } = scan(source, all, sink)
  parsed.refused = refused
  if (parsed.error ?? error) {
    parsed.error ??= error
    return parsed
  }
  if (nameAt !== -1) unfinished()
  const open = parent as Directive | null
  if (open && !parsed.error) fail(open.end.line, open.end.column, 'this "{" is never closed')
  return parsed
}

/** A directive in the configuration as nginx sees it: includes are replaced by what they bring. */
export interface Node {
  statement: Statement
  children: Node[]
  parent: Node | null
  /** The statement in the parent's own block that brought it: itself, or an `include`. */
  anchor: Statement
  /** Includes directly in this block that could not be read: what is absent from it may stand there. */
  gaps: readonly Statement[]
}

export interface NginxConfig {
  /** Not a directive of any file: holds the top-level ones. */
  root: Node
  /** Which context the top level is: a whole nginx.conf, a conf.d file, or a fragment of a server or location. */
  kind: 'main' | 'http' | 'server' | 'location'
  /** The folder relative includes start from. */
  prefix: string
  /** The folder that holds the configuration; null for a text, and when a folder of other things (a home) holds it. */
  folder: string | null
  /** Newest modification time of the files read, epoch ms; null for a text. */
  changed_at: number | null
  /** Name servers of the machine the files were read on, as `resolver` takes them; empty for a text. */
  name_servers: readonly string[]
  /** Every file read, by path. */
  sources: ReadonlyMap<string, Source>
  /** What could not be read or what nginx would refuse; the rest of the tree is still there. */
  problems: ConfigProblem[]
}

export interface LogFormatDefinition {
  name: string
  /** The format with its strings joined, as `--log-format` takes it. */
  text: string
  escape: 'default' | 'json' | 'none'
  file: string
  line: number
}

/** Blocks of http context, in order: the `http` block's children, or the file's own when it is a fragment of http. */
export function httpNodes(config: NginxConfig): Node[] {
  if (config.kind === 'http') return config.root.children
  if (config.kind !== 'main') return []
  return config.root.children.filter((node) => node.statement.name === 'http').flatMap((http) => http.children)
}

/** The given nodes and everything inside them, in the order of the configuration. */
export function* descendants(nodes: readonly Node[]): Generator<Node> {
  // One generator with the way down: generators in generators hand each node up through all of them.
  const way = [{ nodes, at: 0 }]
  for (let level = way.at(-1); level; level = way.at(-1)) {
    const node = level.nodes[level.at++]
    if (!node) way.pop()
    else {
      yield node
      if (node.children.length > 0) way.push({ nodes: node.children, at: 0 })
    }
  }
}

export const lineOf = (statement: Statement): number => statement.line
