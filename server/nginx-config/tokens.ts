/** Lossless nginx config tokens: every character of the file belongs to exactly one token.
 *  Source: ngx_conf_read_token (core/ngx_conf_file.c); Lua blocks as in lua-nginx-module. */
import { endOfLua } from './lua.ts'

/** One config file as it was read. */
export interface Source {
  /** The path nginx knows it by; also the name in messages. */
  file: string
  /** Where a symbolic link leads: `patch` refuses to follow one. Equal to `file` otherwise. */
  real: string
  text: string
  /** `latin1` when the bytes are not valid UTF-8: then one character is one byte, so nothing is lost. */
  encoding: 'utf8' | 'latin1'
}

/** `raw` is the inside of a Lua block; `rest` is what follows an error, kept so that nothing is lost. */
export type TokenKind = 'word' | 'open' | 'close' | 'end' | 'space' | 'comment' | 'raw' | 'bom' | 'rest'

export interface Token {
  kind: TokenKind
  source: Source
  /** Range in `source.text`, in UTF-16 units; `end` is exclusive. */
  start: number
  end: number
  /** Both from 1. */
  line: number
  column: number
  /** A word as nginx understands it (quotes removed, `\"` `\'` `\\` `\t` `\r` `\n` decoded); '' for other kinds. */
  value: string
}

/** Something wrong with the files, at a place. `refused`: nginx itself would not start with it, we can read on. */
export interface ConfigProblem {
  kind: 'syntax' | 'refused' | 'include-missing' | 'include-cycle' | 'limit' | 'unreadable'
  file: string
  /** Both from 1; 0 when the problem concerns the file as a whole. */
  line: number
  column: number
  message: string
}

export interface Tokens extends Scanned {
  tokens: Token[]
}

export interface Scanned {
  refused: ConfigProblem[]
  error: ConfigProblem | null
}

/** Takes one token: its range, its line, and where that line starts. */
export type Sink = (kind: TokenKind, start: number, end: number, line: number, lineStart: number, value: string) => void

export const tokenText = (token: Token): string => token.source.text.slice(token.start, token.end)

/** The file again: `printTokens(readTokens(source).tokens) === source.text`, also after an error. */
export const printTokens = (tokens: readonly Token[]): string => tokens.map(tokenText).join('')

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const QUOTE = 34
const HASH = 35
const DOLLAR = 36
const APOSTROPHE = 39
const CLOSE_PAREN = 41
const SEMICOLON = 59
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125
const BYTE_ORDER_MARK = 0xfeff

const isSpace = (code: number): boolean => code === SPACE || code === TAB || code === LF || code === CR

/** Splits a file into tokens. Never throws; linear in the length. */
export function readTokens(source: Source): Tokens {
  const tokens: Token[] = []
  const found = scan(source, true, (kind, start, end, line, lineStart, value) => {
    tokens.push({ kind, source, start, end, line, column: start - lineStart + 1, value })
  })
  return { tokens, ...found }
}

/** The same without keeping them: a large tree has a million. `all` false leaves out space and comments, which is half of
 *  them: enough to read the directives, not to print the file. `part`: only that range, which starts in that line; no more is looked
 *  at than that. */
export function scan(
  source: Source,
  all: boolean,
  sink: Sink,
  part: { start: number; end: number; line: number; lineStart: number } | null = null,
): Scanned {
  const { text } = source
  const result: Scanned = { refused: [], error: null }
  const last = part?.end ?? text.length
  let line = part?.line ?? 1
  let lineStart = part?.lineStart ?? 0
  const lfFrom = (at: number): number => (part ? lfBefore(text, at, last) : text.indexOf('\n', at))
  let nextLf = lfFrom(part?.start ?? 0)
  /** First word of the directive being read: it decides whether `{` opens Lua. */
  let name: string | null = null

  const place = (at: number) => ({ file: source.file, line, column: at - lineStart + 1 })
  const push = (kind: TokenKind, start: number, end: number, value = ''): number => {
    sink(kind, start, end, line, lineStart, value)
    return nextLf !== -1 && nextLf < end ? pass(end) : end
  }
  const pass = (end: number): number => {
    while (nextLf !== -1 && nextLf < end) {
      line++
      lineStart = nextLf + 1
      nextLf = lfFrom(lineStart)
    }
    return end
  }
  const fail = (at: number, message: string): Scanned => {
    result.error = { kind: 'syntax', ...place(at), message }
    push('rest', at, text.length)
    return result
  }

  let at = part?.start ?? 0
  if (at === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK) {
    result.refused.push({ kind: 'refused', ...place(0), message: 'the file starts with a byte order mark' })
    at = push('bom', 0, 1)
  }
  while (at < last) {
    const code = text.charCodeAt(at)
    if (isSpace(code)) {
      let end = at + 1
      while (isSpace(text.charCodeAt(end))) end++
      at = all ? push('space', at, end) : pass(end)
    } else if (code === HASH) {
      const end = nextLf === -1 ? text.length : nextLf
      at = all ? push('comment', at, end) : end
    } else if (code === SEMICOLON || code === CLOSE) {
      name = null
      at = push(code === CLOSE ? 'close' : 'end', at, at + 1)
    } else if (code === OPEN) {
      const lua = name?.endsWith('_by_lua_block') === true
      const end = lua ? endOfLua(text, at + 1) : at
      if (end === -1) return fail(at, 'this "{" is never closed')
      at = push('open', at, at + 1)
      if (lua && end > at) at = push('raw', at, end)
      name = null
    } else {
      const quoted = code === QUOTE || code === APOSTROPHE
      const end = quoted ? endOfQuoted(text, at, code) : endOfWord(text, at)
      if (end === -1) return fail(at, `this ${code === QUOTE ? '"' : "'"} is never closed`)
      const value = decode(quoted ? text.slice(at + 1, end - 1) : text.slice(at, end))
      name ??= value
      at = push('word', at, end, value)
      if (quoted && at < text.length && !mayFollowQuoted(text.charCodeAt(at)))
        result.refused.push({ kind: 'refused', ...place(at), message: `unexpected "${text.charAt(at)}" after a quote` })
    }
  }
  return result
}

/** A whole file on one line is not searched to its end for each of its directives. */
function lfBefore(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) if (text.charCodeAt(at) === LF) return at
  return -1
}

function endOfQuoted(text: string, start: number, quote: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === quote) return at + 1
  }
  return -1
}

/** A word runs to a space, `;` or `{`; the brace of `${name}` belongs to it, quotes and `#` inside it are ordinary. */
function endOfWord(text: string, start: number): number {
  let variable = false
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPEN && variable) continue
    variable = code === DOLLAR
    if (code === BACKSLASH) at++
    else if (isSpace(code) || code === SEMICOLON || code === OPEN) return at
  }
  return text.length
}

function mayFollowQuoted(code: number): boolean {
  return isSpace(code) || code === SEMICOLON || code === OPEN || code === CLOSE_PAREN
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }

function decode(word: string): string {
  return word.includes('\\') ? word.replace(/\\(["'\\trn])/g, (_, c: string) => ESCAPED[c] ?? c) : word
}
