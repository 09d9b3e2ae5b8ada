/** Bare lines that make one record together, because its text has line ends. */
import { stripColours } from '../../parsers/envelopes/colours.ts'
import { MAX_JOINED, MAX_LINE } from './envelope-lines.ts'

const NEWLINE = 10

interface FirstLine {
  bytes: Buffer
  at: number
  /** Index of its end. */
  newline: number
  raw: string
  /** Without colours. */
  text: string
}

export interface JoinedText {
  raw: string
  text: string
  newline: number
  lines: number
  /** Lines were joined that turned out to be records of their own: this is the first line alone. */
  tookApart: boolean
}

interface Joining {
  isUnfinished(text: string, bytes: number): boolean
  isWhole(text: string, bytes: number): boolean
}

/** The line at `at` and all up to where its record is over; null when more input has to come for that. */
export function joinLines(first: FirstLine, joining: Joining, final: boolean): JoinedText | null {
  const { bytes, at } = first
  let { raw, text, newline } = first
  let lines = 1
  while (lines < MAX_JOINED && joining.isUnfinished(text, newline - at)) {
    if (newline >= bytes.length - 1) {
      if (!final && newline < bytes.length) return null
      break
    }
    let next = bytes.indexOf(NEWLINE, newline + 1)
    if (next < 0) next = bytes.length
    if (next - at > MAX_LINE) break
    const more = `\n${bytes.toString('utf8', newline + 1, next)}`
    raw += more
    text += stripColours(more)
    newline = next
    lines++
  }
  if (lines === 1 || joining.isWhole(text, newline - at)) return { raw, text, newline, lines, tookApart: false }
  return { raw: first.raw, text: first.text, newline: first.newline, lines: 1, tookApart: true }
}
