/** Text for receivers that refuse what is too long. Everything is cut before it is sent: a log line has no bounds. */

export interface Fitting {
  /** How one character is written at the receiver: `&` as `&amp;`. Its written form is never cut in two. */
  escape?: (character: string) => string
  /** Length of a written character in the receiver's measure; default UTF-16 units, which are never fewer than characters. */
  size?: (written: string) => number
}

export const bytes = (text: string): number => Buffer.byteLength(text)
/** As it stands in a JSON document. */
export const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2

/** The written form of `text`, at most `most` long; what was cut ends with `…`. Looks at no more than it needs. */
export function fit(text: string, most: number, { escape = (c) => c, size = (c) => c.length }: Fitting = {}): string {
  const ellipsis = size('…')
  let written = ''
  let kept = ''
  let length = 0
  for (const character of text) {
    const next = escape(character)
    const grown = length + size(next)
    if (grown > most) return most < ellipsis ? '' : `${kept}…`
    written += next
    length = grown
    if (length <= most - ellipsis) kept = written
  }
  return written
}

/** What could change more than its own place on somebody's screen: control characters, line ends among them, and marks
 *  that turn the direction of text. Half a surrogate pair is no text at all. */
const HARMFUL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** Half a pair is sent by nobody's JSON library and refused by some. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\uFFFD')
/** One line that shows as what it is. */
export const oneLine = (text: string): string => text.replace(HARMFUL, ' ')
/** The same, line by line: for snippets of configuration. */
export const manyLines = (text: string): string => text.split('\n').map(oneLine).join('\n')
