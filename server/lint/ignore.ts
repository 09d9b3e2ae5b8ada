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
    out.push({ source, line: token.line, column: token.column, rules, ...range })
  }
  return out
}

function rangeOf(statements: readonly Statement[], line: number, alone: boolean): { from: number; to: number } {
  const target = alone ? nextAfter(statements, line) : startingOn(statements, line)
  if (!target) return { from: line, to: line }
  return { from: target.line, to: (target.close ?? target.end).line }
}

function nextAfter(statements: readonly Statement[], line: number): Statement | null {
  const next = firstOf(statements, (one) => one.line > line || (one.block !== null && lastLine(one) > line))
  const found = statements[next]
  if (!found) return null
  return found.line > line ? found : nextAfter(found.block ?? [], line)
}

const lastLine = (statement: Statement): number => (statement.close ?? statement.end).line

/** Where the first one stands that fits, as all after it do: they follow each other in the file. */
function firstOf(statements: readonly Statement[], fits: (statement: Statement) => boolean): number {
  let [low, high] = [0, statements.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const one = statements[middle]
    if (one && fits(one)) high = middle
    else low = middle + 1
  }
  return low
}

/** The last one that begins on the line: of `location / { proxy_pass x; # …` it is proxy_pass. */
function startingOn(statements: readonly Statement[], line: number): Statement | null {
  let last: Statement | null = null
  for (let i = firstOf(statements, (one) => lastLine(one) >= line); i < statements.length; i++) {
    const statement = statements[i]
    if (!statement || statement.line > line) break
    const from = statement.line
    const end = lastLine(statement)
    if (from === line || end === line) last = statement
    if (statement.block && end >= line) last = startingOn(statement.block, line) ?? last
  }
  return last
}

/** Whether a comment speaks of a finding of that rule in that line. A file may have thousands of both. */
export function ignored(ignores: readonly Ignore[]): (rule: string, line: number) => boolean {
  const ranges = new Map<string, Pick<Ignore, 'from' | 'to'> & { rules: Set<string>; every: boolean }>()
  for (const { from, to, rules } of ignores) {
    const range = ranges.get(`${from}-${to}`) ?? { from, to, rules: new Set(), every: false }
    ranges.set(`${from}-${to}`, range)
    if (rules.length === 0) range.every = true
    for (const rule of rules) range.rules.add(rule)
  }
  const sorted = [...ranges.values()].sort((a, b) => a.from - b.from)
  /** How far those up to here reach. */
  const reach: number[] = []
  for (const { to } of sorted) reach.push(Math.max(to, reach.at(-1) ?? 0))
  return (rule, line) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle]?.from ?? 0) <= line) low = middle + 1
      else high = middle
    }
    for (let i = low - 1; i >= 0 && (reach[i] ?? 0) >= line; i--) {
      const range = sorted[i]
      if (range && range.to >= line && (range.every || range.rules.has(rule))) return true
    }
    return false
  }
}
