/** Text for a terminal: nothing that a log says may act on it, and lines fit. */

/** Controls, format characters (bidi, zero width), line and paragraph separators, lone surrogates.
 *  util.stripVTControlCharacters lets `\b`, `\r`, bidi and zero-width characters through.
 *  In a function, as below: V8 reads these classes when a pattern is made, which takes longer than all else in this file. */
const unsafe = (): RegExp => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** Some that are none: ASCII and line feeds, Latin letters, dashes and quotes. Reports are mostly made of these, and a look
 *  for them takes a tenth of the time. */
const SAFE = /^[\n -~\xa1-\xac\xae-\u02ff\u2010-\u2027]*$/

/** Makes every character that could act on a terminal visible: ESC → `\u{1b}`. A tab becomes a space. */
export function escapeText(text: string): string {
  if (SAFE.test(text) && !text.includes('\n')) return text
  return text.replace(unsafe(), (c) => (c === '\t' ? ' ' : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`))
}

/** JSON text with the same characters as JSON escapes: the value stays equal, the terminal stays safe.
 *  Line feeds of the layout stay; inside strings JSON.stringify has escaped them already. */
export function escapeJson(json: string): string {
  if (SAFE.test(json)) return json
  return json.replace(unsafe(), (c) => {
    if (c === '\n') return c
    return c.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  })
}

/** One of the 16 colours' SGR codes; the terminal's theme decides how they look. */
const SGR = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

export type Tone = keyof typeof SGR
export type Paint = (tone: Tone, text: string) => string

export const plain: Paint = (_tone, text) => text
export const coloured: Paint = (tone, text) => (text === '' ? '' : `\x1b[${SGR[tone][0]}m${text}\x1b[${SGR[tone][1]}m`)

/** Whether to colour: --no-color, then NO_COLOR (no-color.org), then FORCE_COLOR, then whether it is a terminal. */
export function wantsColour(isTty: boolean, flag: boolean, env: NodeJS.ProcessEnv): boolean {
  if (!flag || (env['NO_COLOR'] ?? '') !== '') return false
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  return isTty && env['TERM'] !== 'dumb'
}

const isZero = (c: string): boolean => /^[\p{Mn}\p{Me}]$/u.test(c)
const isWide = (c: string): boolean =>
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u.test(
    c,
  )

/** Columns of escaped text without colour codes. East Asian wide characters and emoji take two. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const c of text) width += charWidth(c)
  return width
}

function charWidth(c: string): number {
  if (c >= ' ' && c <= '~') return 1
  if (isZero(c)) return 0
  return isWide(c) ? 2 : 1
}

/** Lines of at most `width` columns, broken at spaces; a word that is too long is cut. At least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const word of text.split(/ +/)) {
    if (word === '') continue
    const size = displayWidth(word)
    if (line !== '' && used + 1 + size <= width) {
      line += ` ${word}`
      used += 1 + size
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = size <= width ? [word] : cut(word, width)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1) ?? ''
    used = displayWidth(line)
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

/** Pieces of at most `width` columns with every character kept: for log text, where spaces mean something.
 *  Breaks at a space when one is near the end of the piece. */
export function cut(text: string, width: number): string[] {
  const pieces: string[] = []
  let piece = ''
  let used = 0
  for (const c of text) {
    const size = charWidth(c)
    if (used + size > width && piece !== '') {
      const space = piece.lastIndexOf(' ')
      const soft = space > 0 && displayWidth(piece.slice(space)) <= Math.min(24, width / 3)
      pieces.push(soft ? piece.slice(0, space) : piece)
      piece = soft ? piece.slice(space + 1) : ''
      used = displayWidth(piece)
    }
    piece += c
    used += size
  }
  pieces.push(piece)
  return pieces
}

/** The start of the text in at most `width` columns, with `…` when something is left out. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const c of text) {
    const size = charWidth(c)
    if (used + size > width - 1) break
    kept += c
    used += size
  }
  return `${kept}…`
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text
