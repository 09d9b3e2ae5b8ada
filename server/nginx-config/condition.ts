/** The condition of an `if`. Source: ngx_http_rewrite_if_condition. */
import { isKnown, type Values } from './values.ts'

/** Null when it depends on what only a running nginx knows. Files are never there: a WebSocket's URL names none. */
export function evaluateCondition(args: readonly string[], values: Values): boolean | null {
  const words = args.map((word) => word)
  words[0] = (words[0] ?? '').replace(/^\(/, '')
  words[words.length - 1] = (words.at(-1) ?? '').replace(/\)$/, '')
  const [first = '', operator, operand = ''] = words.filter((word, i) => word !== '' || (i > 0 && i < words.length - 1))
  if (first.startsWith('!-')) return true
  if (first.startsWith('-')) return false
  if (!first.startsWith('$')) return null
  const value = values.expand(first)
  if (operator === undefined) return isKnown(value) ? value !== '' && value !== '0' : null
  if (operator === '=' || operator === '!=') {
    const other = values.expand(lastOperand(words))
    if (!isKnown(value) || !isKnown(other)) return null
    return (value === other) === (operator === '=')
  }
  const [, not, caseless] = /^(!?)~(\*?)$/.exec(operator) ?? []
  if (not === undefined) return null
  const matched = values.test(operand, caseless === '*', value)
  return matched === null ? null : matched !== (not === '!')
}

/** The word after the operator; an empty one is the empty string. */
function lastOperand(words: readonly string[]): string {
  const at = words.findIndex((word) => word === '=' || word === '!=')
  return words[at + 1] ?? ''
}
