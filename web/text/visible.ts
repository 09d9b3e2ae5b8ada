/** Log text is written by strangers. JSX keeps it from becoming markup; this keeps it from lying about what it says. The same
 *  is in server/share/visible.ts for what is handed on: the page takes no code from the server, and a test holds the two
 *  together. */

// Control, format (bidi, zero-width), lone surrogates, private use, line/paragraph separators, and whatever a font may
// draw as nothing at all (Hangul fillers, variation selectors).
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const UNSEEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

const escaped = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`

// Most log text is plain, and the live page asks of hundreds of texts a second.
const PLAIN = /^[\x20-\x7e]*$/
const PLAIN_LINES = /^[\x20-\x7e\n\t]*$/

/** Every character a reader could not see is written out, e.g. `\u{202E}`; the rest stays as it is. */
export const visible = (text: string): string => (PLAIN.test(text) ? text : text.replace(UNSEEN, escaped))

/** The same for text of several lines (a patch, a joined record): line ends and tabs stay. */
export const visibleLines = (text: string): string =>
  PLAIN_LINES.test(text) ? text : text.replace(UNSEEN_IN_LINES, escaped)
