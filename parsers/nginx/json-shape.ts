/** The shape of a JSON access line (keyed-shape.ts). */
import type { LineShape } from '../line-shape.ts'
import { KeyedShape } from './keyed-shape.ts'
import { closingQuote } from './unescape.ts'

/** Null for lines with lists. `line` is an object, flat or nested, that flatJson reads. */
export function jsonShape(line: string): LineShape | null {
  const shape = new KeyedShape(line, true)
  const path: string[] = []
  let at = line.indexOf('{') + 1
  while (at < line.length) {
    if (line[at] !== '"') {
      if (line[at] === '}') path.pop()
      // Commas and blanks between the members.
      else if (!/[\s,]/.test(line[at] as string)) return null
      at++
      continue
    }
    const keyEnd = closingQuote(line, at + 1)
    const colon = /^\s*:\s*/.exec(line.slice(keyEnd + 1, keyEnd + 20))?.[0].length
    if (keyEnd < 0 || colon === undefined) return null
    const key = line.slice(at + 1, keyEnd)
    at = keyEnd + 1 + colon
    if (line[at] === '{') {
      path.push(key)
      at++
      continue
    }
    const quoted = line[at] === '"'
    const from = quoted ? at + 1 : at
    const to = quoted ? closingQuote(line, from) : from + (/^[\w.-]*/.exec(line.slice(at, at + 60))?.[0].length ?? 0)
    if (to < from || (to === from && !quoted)) return null
    // true, false and null are no numbers: another line may have another one of them.
    if (!quoted && !/^(?:-|\d+(?:\.\d+)?)$/.test(line.slice(from, to))) return null
    shape.value([...path, key].join('_'), from, to, quoted)
    at = quoted ? to + 1 : to
  }
  return shape.finish()
}
