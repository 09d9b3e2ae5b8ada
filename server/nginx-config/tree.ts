/** Directives of one file as a tree over its tokens, and the tree of a whole configuration. */
import { readTokens, type ConfigProblem, type Source, type Token } from './tokens.ts'

export type { ConfigProblem, Source, Token } from './tokens.ts'

/** nginx's grammar has no limit; real files stay below ten. Keeps every later walk of the tree shallow. */
export const MAX_DEPTH = 100

/** A directive as written in one file. */
export interface Statement {
  source: Source
  name: string
  /** Decoded words after the name. */
  args: string[]
  /** The name and the arguments. */
  words: Token[]
  /** `;`, or the `{` of a block. */
  end: Token
  /** Directives inside; null when it has no block. Empty for a Lua block, whose text is in `raw`. */
  block: Statement[] | null
  raw: Token | null
  close: Token | null
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

/** Parses one file. Never throws; nesting does not use the call stack. `all` false: without the tokens of space and comments. */
export function parseFile(source: Source, all = true): ParsedFile {
  const { tokens, refused, error } = readTokens(source, all)
  const statements: Statement[] = []
  const parsed: ParsedFile = { source, tokens, statements, refused, error }
  const fail = ({ line, column }: Token, message: string): ParsedFile => {
    parsed.error = { kind: 'syntax', file: source.file, line, column, message }
    return parsed
  }

  let block = statements
  let parent: Statement | null = null
  let depth = 0
  let words: Token[] = []
  for (const token of tokens) {
    switch (token.kind) {
      case 'word':
        words.push(token)
        break
      case 'raw':
        if (parent) parent.raw = token
        break
      case 'end':
      case 'open': {
        const first = words[0]
        if (!first) return fail(token, `unexpected "${token.kind === 'end' ? ';' : '{'}"`)
        const statement: Statement = {
          source,
          name: first.value,
          args: valuesAfterFirst(words),
          words,
          end: token,
          block: token.kind === 'open' ? [] : null,
          raw: null,
          close: null,
          parent,
        }
        block.push(statement)
        words = []
        if (!statement.block) break
        if (++depth > MAX_DEPTH) return fail(token, `blocks are nested deeper than ${MAX_DEPTH}`)
        parent = statement
        block = statement.block
        break
      }
      case 'close': {
        const first = words[0]
        if (first) return fail(first, `directive "${first.value}" is not terminated by ";"`)
        if (!parent) return fail(token, 'unexpected "}"')
        parent.close = token
        depth--
        parent = parent.parent
        block = parent?.block ?? statements
        break
      }
      case 'space':
      case 'comment':
      case 'bom':
      case 'rest':
    }
  }
  if (error) return parsed
  const first = words[0]
  if (first) return fail(first, `directive "${first.value}" is not terminated by ";"`)
  if (parent) return fail(parent.end, 'this "{" is never closed')
  return parsed
}

function valuesAfterFirst(words: readonly Token[]): string[] {
  const values: string[] = []
  for (let i = 1; i < words.length; i++) values.push(words[i]?.value ?? '')
  return values
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
  for (const node of nodes) {
    yield node
    if (node.children.length > 0) yield* descendants(node.children)
  }
}

export const lineOf = (statement: Statement): number => statement.words[0]?.line ?? 1
