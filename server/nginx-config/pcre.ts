/** PCRE patterns of a config as RegExp, near enough to choose a location. */
import { costOf } from './pcre-cost.ts'

/** Null for what has no counterpart (recursion, conditionals): the caller must not guess.
 *  The pattern is the user's own; nginx runs it on the same paths. */
export function fromPcre(pattern: string, ignoreCase: boolean): RegExp | null {
  const key = `${ignoreCase ? 'i' : '-'}${pattern}`
  const before = known.get(key)
  if (before !== undefined) return before
  const made = compile(pattern, ignoreCase)
  if (known.size >= MOST) known.clear()
  known.set(key, made)
  return made
}

/** Thousands of hosts have the same few patterns, and each is asked again and again. */
const known = new Map<string, RegExp | null>()
const MOST = 1000

/** Of those that are more than linear. */
const powers = new WeakMap<RegExp, number>()
/** Steps that a match may take; some 0.2 s. */
const MOST_STEPS = 1e8

/** Whether the pattern can be tried on a text of that length in reasonable time. */
export const isAffordable = (expression: RegExp, length: number): boolean =>
  length ** (powers.get(expression) ?? 1) <= MOST_STEPS

function compile(pattern: string, ignoreCase: boolean): RegExp | null {
  let flags = ignoreCase ? 'i' : ''
  let source = pattern.replace(/^\(\?([ims]+)\)/, (_, letters: string) => {
    flags = [...new Set(flags + letters)].join('')
    return ''
  })
  source = source
    .replace(/\(\?P</g, '(?<')
    // Atomic groups and possessive quantifiers only forbid backtracking.
    .replace(/\(\?>/g, '(?:')
    .replace(/((?:^|[^\\])[*+?}])\+/g, '$1')
    .replace(/\\A/g, '^')
    .replace(/\\h/g, '[ \\t]')
    .replace(/\[:(\w+):\]/g, (all, name: string) => CLASSES[name] ?? all)
  const { exponential, power } = costOf(source)
  if (exponential) return null
  if (/\(\?(?![:=!<])|\(\*|\\[QEKGRX]|\(\?R/.test(source)) return null
  try {
    const expression = new RegExp(inOwnWords(source, flags), flags)
    if (power > 1) powers.set(expression, power)
    return expression
  } catch {
    return null
  }
}

const END = '(?![^])'
/** `$` and `\\Z` hold before a last line feed, too, which a path may end in (`%0a`). */
const LINE_END = `(?=\\n?${END})`

/** What is written alike and means something else: a dot takes all but a line feed, and `]` is a character of a class when
 *  it is its first. */
function inOwnWords(source: string, flags: string): string {
  return source.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|[.$]/g, (token) => {
    if (token === '.') return flags.includes('s') ? token : '[^\\n]'
    if (token === '\\z') return END
    if (token === '\\Z' || token === '$') return flags.includes('m') ? '$' : LINE_END
    return token.replace(/^\[(\^?)\]/, '[$1\\]')
  })
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
  space: '\\s',
  word: '\\w',
}
