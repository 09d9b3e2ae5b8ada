/** JSON as log formats write it, which is not always JSON: `"rt":-`, `"urt":0.1, 0.2`, nothing at all after a colon,
 *  `\x22` inside strings. Read in one pass into flat keys; values stay as they stand in the text. */
import { closingQuote } from './unescape.ts'

const MAX_KEYS = 300
const MAX_DEPTH = 8

/** `{"a":{"b":"x"},"c":1}` → a_b: x, c: 1. Null when the text is no object or is cut. Strings keep their escapes;
 *  lists are joined by `, `; null, false and an absent value are `-`. */
export function flatJson(text: string): Map<string, string> | null {
  const flat = new Map<string, string>()
  const path: string[] = []
  let at = skip(text, 0)
  if (text[at] !== '{') return null
  at++
  while (at < text.length) {
    at = skip(text, at)
    const char = text[at]
    if (char === '}') {
      if (path.pop() === undefined) return skip(text, at + 1) === text.length ? flat : null
      at++
      continue
    }
    if (char !== '"' || flat.size >= MAX_KEYS) return null
    const keyEnd = closingQuote(text, at + 1)
    const colon = skip(text, keyEnd + 1)
    if (keyEnd < 0 || text[colon] !== ':') return null
    const key = text.slice(at + 1, keyEnd)
    at = blank(text, colon + 1)
    if (text[at] === '{') {
      if (path.push(key) > MAX_DEPTH) return null
      at++
      continue
    }
    const value = text[at] === '[' ? listAt(text, at) : scalarAt(text, at)
    if (value === null) return null
    flat.set(path.length === 0 ? key : `${path.join('_')}_${key}`, value.text)
    at = value.end
  }
  return null
}

interface Value {
  text: string
  end: number
}

function scalarAt(text: string, at: number): Value | null {
  if (text[at] === '"') {
    const end = valueEnd(text, at + 1)
    return end < 0 ? null : { text: text.slice(at + 1, end) || '-', end: end + 1 }
  }
  // A bare value ends where the object or the next key begins; a list of upstream times holds commas of its own.
  let end = at
  while (end < text.length && text[end] !== '}' && text[end] !== '"') end++
  if (end === text.length) return null
  let last = end
  while (last > at && (text.charCodeAt(last - 1) <= 32 || text[last - 1] === ',')) last--
  const bare = text.slice(at, last)
  return { text: bare === '' || bare === 'null' || bare === 'false' ? '-' : bare, end }
}

const NEXT_KEY = /\s{0,8}(?:,\s{0,8}"[^"\\]{1,100}"\s{0,8}:|\})/y

/** The quote that ends a value. With escape=none a value may hold bare quotes: the end is the first one behind which the
 *  object goes on or ends. */
function valueEnd(text: string, from: number): number {
  let end = closingQuote(text, from)
  const next = text[end + 1]
  if (end < 0 || next === ',' || next === '}' || text.charCodeAt(end + 1) <= 32) return end
  for (; end >= 0; end = text.indexOf('"', end + 1)) {
    NEXT_KEY.lastIndex = end + 1
    if (NEXT_KEY.test(text)) return end
  }
  return -1
}

function listAt(text: string, from: number): Value | null {
  const elements: string[] = []
  let at = skip(text, from + 1)
  while (at < text.length && text[at] !== ']') {
    if (text[at] === '{' || text[at] === '[') return null
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1)
      if (end < 0) return null
      elements.push(text.slice(at + 1, end))
      at = skip(text, end + 1)
    } else {
      let end = at
      while (end < text.length && text[end] !== ',' && text[end] !== ']') end++
      elements.push(text.slice(at, end).trim())
      at = skip(text, end)
    }
  }
  return at < text.length ? { text: elements.join(', ') || '-', end: at + 1 } : null
}

/** Past blanks. */
function blank(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

/** Past blanks and commas. */
function skip(text: string, from: number): number {
  let at = from
  while (at < text.length && (text.charCodeAt(at) <= 32 || text[at] === ',')) at++
  return at
}

/** Whether the strings of a text were written with escape=default, which JSON does not know. */
export function hasByteEscapes(text: string): boolean {
  return text.includes('\\x') && /(?:^|[^\\])(?:\\\\)*\\x[0-9A-Fa-f]{2}/.test(text)
}
