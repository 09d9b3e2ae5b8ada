/** PCRE patterns of a config as RegExp, near enough to choose a location. */

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
  if (NESTED.test(source)) return null
  if (/\(\?(?![:=!<])|\(\*|\\[QEKGRX]|\(\?R/.test(source)) return null
  try {
    return new RegExp(inOwnWords(source, flags), flags)
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

/** A repeated group that repeats inside, as in `^/(x+x+)+y$`: exponential in the path, which is a visitor's. PCRE gives up
 *  at a limit; RegExp has none, so such a location is left undecided. */
const NESTED = /\((?:[^()\\]|\\.){0,500}[*+](?:[^()\\]|\\.){0,500}\)(?:[*+]|\{\d+,)/

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
