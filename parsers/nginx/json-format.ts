/** A `log_format` that is a JSON object, read by key: for lines that something on the way wrote anew, with other blanks,
 *  another order of keys, or keys of its own. */
import { snake } from './access-keys.ts'
import { flatJson } from './json-text.ts'
import { compileLogFormat } from './log-format.ts'
import type { Escape } from './unescape.ts'

export interface Named {
  names: string[]
  values: string[]
}

/** Null for a line that is no JSON object, or has none of the keys. */
export type ByKeys = (line: string) => Named | null

/** Null when the format is no JSON object. */
export function byKeys(format: string, escape: Escape): ByKeys | null {
  if (!/^\s*\{.*\}\s*$/s.test(format)) return null
  const templates = flatJson(format)
  if (templates === null) return null
  const readers = new Map([...templates].map(([key, text]) => [key, compileLogFormat(text, escape)]))
  return (line) => {
    const flat = /^\s{0,8}\{/.test(line) ? flatJson(line) : null
    if (flat === null) return null
    const named: Named = { names: [], values: [] }
    let known = 0
    for (const [key, text] of flat) {
      const reader = readers.get(key)
      const values = reader?.match(text === '-' && escape !== 'default' ? '' : text) ?? null
      if (reader !== undefined && values !== null) {
        known += reader.names.length
        named.names.push(...reader.names)
        named.values.push(...values)
      } else {
        named.names.push(snake(key))
        named.values.push(text)
      }
    }
    return known > 0 ? named : null
  }
}
