/** What a pattern may cost. PCRE gives up at a limit (pcre_match_limit), RegExp has none, and the text is a visitor's path. */

export interface Cost {
  /** A repeated group that can match one text in several ways, as in `^/(x+x+)+y$` and `(a|aa)*b`: exponential in the path. */
  exponential: boolean
  /** Repetitions that may overlap: the time grows with the path's length to that power. */
  power: number
}

/** Escapes, classes, the start of a group, and all else one by one. Possessive and lazy marks belong to their repetition. */
const PART =
  /\\[\s\S]|\[\^?\]?(?:\[:\w+:\]|\\[\s\S]|[^\]\\])*\]|\((?:\?(?:P?<\w+>|[:=!>]|<[=!]))?|[*+?][+?]?|\{\d*(?:,\d*)?\}[+?]?|[\s\S]/g
/** A name between two slashes: where it ends is no choice. */
const SEGMENT = /^\[\^\//

/** Linear in the pattern. Errs to the dear side. */
export function costOf(pattern: string): Cost {
  const groups = [{ choice: false }]
  const cost = { exponential: false, power: 0 }
  /** The group that has just ended, and the two parts before. */
  let ended: { choice: boolean } | null = null
  let [before, last] = ['', '']
  for (const [part] of pattern.matchAll(PART)) {
    const here = groups.at(-1) ?? { choice: false }
    if (isEndless(part) && last !== '') {
      if (ended?.choice === true) cost.exponential = true
      if (!(SEGMENT.test(last) && before === '/')) cost.power++
      here.choice = true
    } else if (part === '|' || /^[?{]/.test(part)) here.choice = true
    if (part.startsWith('(')) groups.push({ choice: false })
    ended = part === ')' && groups.length > 1 ? (groups.pop() ?? null) : null
    const around = groups.at(-1)
    if (ended?.choice === true && around) around.choice = true
    ;[before, last] = [last, part]
  }
  return cost
}

/** Also what repeats so often that it might as well be endless. */
function isEndless(part: string): boolean {
  if (part.startsWith('*') || part.startsWith('+')) return true
  const [, least = '', comma, most = ''] = /^\{(\d*)(,?)(\d*)\}/.exec(part) ?? []
  return comma !== undefined && (comma !== '' && most === '' ? true : Number(most || least) > 16)
}
