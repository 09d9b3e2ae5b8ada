/** `# halfopen-ignore rule, rule`: for the directive on its line, or, alone on its line, for the next one; a block with all
 *  that is in it. Without a rule: every rule. */
import type { Source, Statement, Token } from '../nginx-config/contract.ts'

export interface Ignore {
  source: Source
  line: number
  column: number
  /** Empty: every rule. */
  rules: string[]
  /** Lines it is for, both included. */
  from: number
  to: number
  used: boolean
}

const MARK = /#\s*halfopen-ignore(?![\w-])[ \t:]*([\w ,-]*)/

/** The comments of one file. @param statements of its top level. */
export function ignoresIn(source: Source, tokens: readonly Token[], statements: readonly Statement[]): Ignore[] {
  const out: Ignore[] = []
  for (const token of tokens) {
    if (token.kind !== 'comment') continue
    const found = MARK.exec(source.text.slice(token.start, token.end))
    if (!found) continue
    const rules = (found[1] ?? '').split(/[\s,]+/).filter((word) => word !== '')
    const before = source.text.slice(source.text.lastIndexOf('\n', token.start - 1) + 1, token.start)
    const alone = before.trim() === ''
    const range = rangeOf(statements, token.line, alone)
    out.push({ source, line: token.line, column: token.column, rules, ...range, used: false })
  }
  return out
}

function rangeOf(statements: readonly Statement[], line: number, alone: boolean): { from: number; to: number } {
  const target = alone ? nextAfter(statements, line) : startingOn(statements, line)
  if (!target) return { from: line, to: line }
  return { from: target.line, to: (target.close ?? target.end).line }
}

function nextAfter(statements: readonly Statement[], line: number): Statement | null {
  for (const statement of statements) {
    const from = statement.line
    if (from > line) return statement
    if (statement.block && (statement.close ?? statement.end).line > line) return nextAfter(statement.block, line)
  }
  return null
}

/** The last one that begins on the line: of `location / { proxy_pass x; # …` it is proxy_pass. */
function startingOn(statements: readonly Statement[], line: number): Statement | null {
  let last: Statement | null = null
  for (const statement of statements) {
    const from = statement.line
    if (from > line) break
    const end = (statement.close ?? statement.end).line
    if (from === line || end === line) last = statement
    if (statement.block && end >= line) last = startingOn(statement.block, line) ?? last
  }
  return last
}

/** The comment that speaks of a finding at this place; null: none. */
export function ignoreFor(ignores: readonly Ignore[], rule: string, line: number): Ignore | null {
  return (
    ignores.find(({ rules, from, to }) => line >= from && line <= to && (rules.length === 0 || rules.includes(rule))) ??
    null
  )
}
