/** Text edits of single directives, in the file's own indentation and line ends. */
import type { Edit } from './diff.ts'
import type { Node, Source, Statement } from './tree.ts'

/** Edits per file. */
export type Edits = Map<Source, Edit[]>

export function addEdit(edits: Edits, source: Source, edit: Edit): void {
  edits.set(source, [...(edits.get(source) ?? []), edit])
}

export const startOf = (statement: Statement): number => statement.words[0]?.start ?? 0

/** Where the directive ends, its `;` or `}` included. */
export const endOf = (statement: Statement): number => (statement.close ?? statement.end).end

export const textOf = (statement: Statement): string =>
  statement.source.text.slice(startOf(statement), endOf(statement))

export const sameArgs = (a: Statement, b: Statement): boolean => a.args.join('\0') === b.args.join('\0')

/** Source text of a directive's words from the `from`-th on, as written, quotes included. */
export function wordsText({ source, words }: Statement, from: number): string {
  const first = words[from]
  const last = words.at(-1)
  return first && last ? source.text.slice(first.start, last.end) : ''
}

/** Puts the arguments of `wanted` in place of those of `old`, from the `keep`-th word on. */
export function replaceWords(edits: Edits, old: Statement, wanted: Statement, keep: number): void {
  const start = (old.words[keep] ?? old.end).start
  const end = (old.words.length > keep ? old.words.at(-1) : undefined)?.end ?? start
  const text = wordsText(wanted, keep)
  addEdit(edits, old.source, { start, end, text: start === end ? ` ${text}` : text })
}

/** Removes a directive, with its line when it stands alone on it. */
export function remove(edits: Edits, statement: Statement): void {
  const { text } = statement.source
  const start = startOf(statement)
  const end = endOf(statement)
  const lead = indentBefore(text, start)
  const rest = /^[ \t]*\r?(?:\n|$)/.exec(text.slice(end))
  const edit = lead !== null && rest ? { start: start - lead.length, end: end + rest[0].length } : { start, end }
  addEdit(edits, statement.source, { ...edit, text: '' })
}

/** Adds directives to a block: after the last `proxy_*` one (or the include that brought it), else at its beginning. */
export function insertInto(edits: Edits, block: Node, texts: readonly string[]): Statement {
  const proxies = block.children
    .filter(({ statement }) => statement.name.startsWith('proxy_'))
    .map(({ anchor }) => anchor)
    .filter((anchor) => !isRemoved(edits, anchor))
  const after = proxies.reduce<Statement | null>((last, it) => (last && endOf(last) > endOf(it) ? last : it), null)
  addLines(
    edits,
    after ?? block.statement,
    after ? endOf(after) : block.statement.end.end,
    texts,
    indentIn(block, after),
  )
  return after ?? block.statement
}

/** Puts a word before the `at`-th one of a directive. */
export function insertWord(edits: Edits, statement: Statement, at: number, word: string): void {
  const start = (statement.words[at] ?? statement.end).start
  addEdit(edits, statement.source, { start, end: start, text: `${word} ` })
}

/** Adds directives at the beginning of a block, above all others. */
export function insertAtStart(edits: Edits, block: Node, texts: readonly string[]): void {
  addLines(edits, block.statement, block.statement.end.end, texts, indentIn(block, null))
}

/** Adds directives after another one, indented as it is. */
export function insertAfter(edits: Edits, statement: Statement, texts: readonly string[]): void {
  const lead = indentBefore(statement.source.text, startOf(statement)) ?? ''
  addLines(edits, statement, endOf(statement), texts, lead)
}

/** On lines of their own below the one that `at` is in, or on the same line when something follows there. */
function addLines(edits: Edits, { source }: Statement, at: number, texts: readonly string[], lead: string): void {
  const end = restOfLine(source.text, at)
  const eol = lineEnd(source.text)
  const text =
    end === null
      ? texts.map((one) => ` ${oneLine(one)}`).join('')
      : texts.map((one) => eol + indent(one, lead, eol)).join('')
  addEdit(edits, source, { start: end ?? at, end: end ?? at, text })
}

/** Changes the first of the directives that already set it, from the `keep`-th word on, and removes the others; false when
 *  there is none. */
export function overwrite(
  edits: Edits,
  same: readonly Node[],
  wanted: Statement,
  keep: number,
  touched: Statement[],
): boolean {
  const [first, ...others] = new Set(same.map(({ statement }) => statement))
  if (!first) return false
  replaceWords(edits, first, wanted, keep)
  for (const other of others) remove(edits, other)
  touched.push(first)
  return true
}

function isRemoved(edits: Edits, statement: Statement): boolean {
  const end = endOf(statement)
  return edits.get(statement.source)?.some((edit) => edit.text === '' && edit.start < end && end <= edit.end) === true
}

/** Adds blocks before a directive and the comment lines right above it. */
export function insertBefore(edits: Edits, statement: Statement, texts: readonly string[]): void {
  const { text } = statement.source
  const start = startOf(statement)
  const lead = indentBefore(text, start)
  if (lead === null) {
    addEdit(edits, statement.source, { start, end: start, text: texts.map((one) => `${oneLine(one)} `).join('') })
    return
  }
  let at = start - lead.length
  for (let above = lineAbove(text, at); above && /^[ \t]*#/.test(above.line); above = lineAbove(text, at))
    at = above.start
  const eol = lineEnd(text)
  const step = stepIn(statement, lead)
  addEdit(edits, statement.source, {
    start: at,
    end: at,
    text: texts.map((one) => indent(stepped(one, step), lead, eol) + eol + eol).join(''),
  })
}

/** One step of indentation, as the block beside has it. */
function stepIn({ source, block }: Statement, lead: string): string {
  for (const one of block ?? []) {
    const inside = indentBefore(source.text, startOf(one))
    if (inside !== null && inside.startsWith(lead) && inside !== lead) return inside.slice(lead.length)
  }
  return STEP
}

const STEP = '    '
const stepped = (text: string, step: string): string =>
  text.replace(/^(?: {4})+/gm, (all) => step.repeat(all.length / 4))

function lineAbove(text: string, start: number): { start: number; line: string } | null {
  if (start === 0 || text[start - 1] !== '\n') return null
  const from = start < 2 ? 0 : text.lastIndexOf('\n', start - 2) + 1
  return { start: from, line: text.slice(from, start) }
}

const lineEnd = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n')

/** The white space between the line's beginning and `at`; null when something else stands there. */
function indentBefore(text: string, at: number): string | null {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).replace('\ufeff', '')
  return /^[ \t]*$/.test(line) ? line : null
}

/** End of the line when only a comment follows; null when the next directive does. */
function restOfLine(text: string, at: number): number | null {
  const rest = /^[ \t]*(?:#[^\n]*?)?(?=\r?\n|$)/.exec(text.slice(at, lineFeedAfter(text, at)))
  return rest ? at + rest[0].length : null
}

function lineFeedAfter(text: string, at: number): number {
  const found = text.indexOf('\n', at)
  return found === -1 ? text.length : found + 1
}

/** Indentation of a block's directives: that of `like`, else of any that begins its line, else the block's own plus one step. */
function indentIn(block: Node, like: Statement | null): string {
  const beside = [like, ...block.children.map(({ anchor }) => anchor)].filter((it) => it !== null)
  for (const { source, words } of beside) {
    const found = indentBefore(source.text, words[0]?.start ?? 0)
    if (found !== null) return found
  }
  const { source, end } = like ?? block.statement
  const own = /^[ \t]*/.exec(source.text.slice(source.text.lastIndexOf('\n', end.start) + 1))?.[0] ?? ''
  return own + (own.includes('\t') ? '\t' : STEP)
}

const indent = (text: string, lead: string, eol: string): string =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? '' : lead + line))
    .join(eol)

const oneLine = (text: string): string => text.trim().replace(/\s*\r?\n\s*/g, ' ')
