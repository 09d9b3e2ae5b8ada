/** How a text fares with each parser, for `explain` and for inputs of which nothing is read. */
import { maskText } from '../../parsers/masking.ts'
import type { MissReason, Parser } from '../../parsers/parser.ts'
import type { InputSummary } from '../diagnosis/contract.ts'
import type { UnreadInput } from './contract.ts'

export interface Tried {
  format: string
  /** Null: the parser reads the text. */
  reason: MissReason | null
  /** In words; null when there is nothing to say but that the form is another. */
  why: string | null
  /** Column (from 1) up to which the text fits, and what stands there; null when no place is to blame. */
  column: number | null
  found: string | null
  /** Characters that fit. */
  fits: number
}

const IN_WORDS: Readonly<Record<Exclude<MissReason, 'no-match'>, string>> = {
  truncated: 'the right form, but the entry is cut',
  'bad-time': 'the right form, but its time does not exist',
  'bad-json': 'begins like its JSON and is none',
  binary: 'no text',
}

/** Every parser on the text, in the order given. */
export function tryAll(text: string, parsers: readonly Parser[]): Tried[] {
  return parsers.map((parser): Tried => {
    const parsed = parser.parse(text)
    const none = { format: parser.id, why: null, column: null, found: null }
    if (parsed.ok) return { ...none, reason: null, fits: text.length }
    const { reason } = parsed
    if (reason !== 'no-match') return { ...none, reason, why: IN_WORDS[reason], fits: text.length }
    const near = parser.explain?.(text) ?? null
    if (near === null) return { ...none, reason, fits: 0 }
    const placed = near.why.startsWith('expected ')
    const at = placed ? { column: near.at + 1, found: foundAt(text, near.at) } : {}
    return { ...none, ...at, reason, why: near.why, fits: near.fits ?? near.at }
  })
}

/** What is to be told of an input of which nothing was read. `first` is its first line as the parsers got it; null when
 *  they did not (too long, or a damaged envelope). */
export function unreadInput(
  { path, parsed, unparsed_samples: [sample] }: InputSummary,
  first: string | null,
  parsers: readonly Parser[],
): UnreadInput[] {
  if (parsed > 0 || sample === undefined) return []
  if (first === null) return [{ path, line: sample.line, text: sample.text, tried: [] }]
  return [{ path, line: sample.line, text: maskText(first), tried: tryAll(first, parsers) }]
}

/** Those that got somewhere, furthest first. */
export function nearestOf(tried: readonly Tried[]): Tried[] {
  return tried.filter(({ fits, reason }) => fits > 0 && reason !== null).sort((a, b) => b.fits - a.fits)
}

const SHOWN = 24

/** A piece of the text, without what is a secret in it: where its word begins decides whether it is one. */
function foundAt(text: string, at: number): string {
  const piece = text.slice(at, at + SHOWN)
  const word = Math.max(text.lastIndexOf(' ', at - 1), text.lastIndexOf('"', at - 1), at - 500, -1) + 1
  const whole = maskText(text.slice(word, at + 500))
  return whole.startsWith(text.slice(word, at + SHOWN)) ? piece : '[masked]'
}
