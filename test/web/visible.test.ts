import fc from 'fast-check'
import { expect, it } from 'vitest'
import { visible, visibleLines } from '../../web/text/visible.ts'

it.each([
  ['right-to-left override', 'txt\u202Eexe.png', 'txt\\u{202E}exe.png'],
  ['terminal escape', '\u001b[31mred', '\\u{1B}[31mred'],
  ['NUL', 'a\0b', 'a\\u{0}b'],
  ['zero-width space', 'ad\u200Bmin', 'ad\\u{200B}min'],
  ['isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
  ['Hangul filler, drawn as nothing', 'a\u3164', 'a\\u{3164}'],
  ['line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['lone surrogate', 'a\ud800', 'a\\u{D800}'],
  ['tag characters beyond the BMP', '\u{E0041}', '\\u{E0041}'],
  ['line end', 'a\nb', 'a\\u{A}b'],
])('writes out a %s', (_, text, shown) => {
  expect(visible(text)).toBe(shown)
})

it('leaves what a reader can see, in any script', () => {
  const text = 'GET /ws?x=1 "größe" 日本語 שלום 🙂 <b>'
  expect(visible(text)).toBe(text)
})

it('keeps line ends and tabs where text has lines, and only those', () => {
  expect(visibleLines('a\n\tb\r\u0085')).toBe('a\n\tb\\u{D}\\u{85}')
})

it('leaves no control, format or invisible character in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
      expect(visibleLines(text).replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }),
  )
})
