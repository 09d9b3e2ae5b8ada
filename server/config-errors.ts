/** What is said when the configuration cannot be used: one line with the place, the key, and what was expected.
 *  Values are never repeated: a webhook URL or a password in the wrong place stays out of the terminal and the journal. */
import type { z } from 'zod'
import type { ConfigFile, KeyPath } from './config-file.ts'

/** The configuration cannot be used; the message is one line. */
export class ConfigError extends Error {
  readonly code = 'config-invalid'
}

interface Documented {
  key: string
  expected: string
  members?: readonly string[]
}

/** @param origins dotted key → `--listen` or `HALFOPEN_LISTEN`, for what did not come from the file. */
export function explain(
  issue: z.core.$ZodIssue,
  keys: readonly Documented[],
  origins: ReadonlyMap<string, string>,
  file: ConfigFile | null,
): string {
  const at = issue.path.filter((part) => typeof part !== 'symbol')
  const known = documented(at, keys)
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...at, issue.keys[0] ?? '']
    const siblings = known?.members ?? membersOf(at[0], keys)
    const like = nearest(issue.keys[0] ?? '', siblings)
    const hint = like === null ? `known are ${siblings.join(', ')}` : `did you mean ${like}?`
    return `${file?.placeOfKey(unknown) ?? ''}unknown key ${label(unknown)}; ${hint}`
  }
  const below = membersOf(at[0], keys)
  const expected = known ? known.expected : `settings below it: ${below.join(', ')}`
  return `${locator(origins, file)(at)}: ${reason(issue)}${known || below.length > 0 ? `; expected ${expected}` : ''}`
}

/** Names a setting as people find it: `halfopen.yaml:3:5: alerts.rules[1].name`, or the option or variable it came from. */
export type Locate = (at: KeyPath) => string

/** @param origins see explain */
export function locator(origins: ReadonlyMap<string, string>, file: ConfigFile | null): Locate {
  return (at) => {
    const names = at.filter((part) => typeof part === 'string')
    const origin = origins.get(names.slice(0, 2).join('.')) ?? origins.get(names[0] ?? '')
    if (origin !== undefined) return origin
    // One member needs no list (then there is no `[0]`), and a URL no `{url}`: the longest part that the file has is named.
    const alone = at.filter((part) => part !== 0)
    const shown = file?.has(alone) === true ? alone : [...at]
    while (shown.length > 1 && file?.has(shown) !== true) shown.pop()
    return `${file?.placeOf(shown) ?? ''}${label(shown)}`
  }
}

/** Our own messages begin in lower case; zod's say less than "expected …" does. */
function reason({ code, message }: z.core.$ZodIssue): string {
  if (code === 'invalid_type') return 'wrong kind of value'
  return /^[a-z]/.test(message) ? message : 'not usable'
}

const label = (at: KeyPath): string =>
  at.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')

function documented(at: KeyPath, keys: readonly Documented[]): Documented | null {
  const names = at.filter((part) => typeof part === 'string')
  for (let length = names.length; length > 0; length--) {
    const found = keys.find(({ key }) => key === names.slice(0, length).join('.'))
    if (found) return found
  }
  return null
}

/** Names that could have been meant inside `parent`, or at the top. */
function membersOf(parent: string | number | undefined, keys: readonly Documented[]): string[] {
  const parts = keys.map(({ key }) => key.split('.'))
  if (parent === undefined) return [...new Set(parts.map(([first = '']) => first))]
  return parts.filter(([first]) => first === parent).map(([, second = '']) => second)
}

/** The candidate a mistyped name most likely means, or null when none is close. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(name.length < 4 ? 1 : 2, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = edits(name.toLowerCase().slice(0, 60), candidate.toLowerCase())
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

/** Levenshtein distance, two rows. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
