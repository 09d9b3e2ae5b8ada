import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clip, cut, displayWidth, escapeJson, escapeText, wantsColour, wrap } from '../../server/cli/terminal.ts'

const text = fc.string({ unit: 'binary', maxLength: 200 }).map(escapeText)

describe('widths', () => {
  it.each([
    ['plain', 5],
    ['漢字', 4],
    ['é', 1],
    ['👍', 2],
    ['한글', 4],
    ['…→', 2],
  ])('%s takes %i columns', (value, columns) => expect(displayWidth(value)).toBe(columns))

  it('wraps, cuts and clips within the width', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 80 }), (value, width) => {
        for (const row of [...wrap(value, width), ...cut(value, width), clip(value, width)]) {
          expect(displayWidth(row)).toBeLessThanOrEqual(width)
        }
      }),
    )
  })

  it('cut keeps every character but the spaces it breaks at', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 80 }), (value, width) => {
        expect(cut(value, width).join('').replaceAll(' ', '')).toBe(value.replaceAll(' ', ''))
      }),
    )
  })
})

describe('escapeJson', () => {
  it('escapes by the class of a character, whichever others are in the text', () => {
    for (let code = 0; code < 0x3000; code++) {
      const char = String.fromCharCode(code)
      const acts = char !== '\n' && /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(char)
      expect(escapeJson(`a${char}`)).toBe(acts ? `a\\u${code.toString(16).padStart(4, '0')}` : `a${char}`)
    }
  })

  it('keeps the value and leaves nothing that acts on a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = JSON.stringify(value, null, 2)
        expect(JSON.parse(escapeJson(json))).toEqual(JSON.parse(json))
        expect(escapeJson(json).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})

describe('wantsColour', () => {
  it.each([
    [true, true, {}, true],
    [false, true, {}, false],
    [true, false, {}, false],
    [true, true, { NO_COLOR: '1' }, false],
    [true, true, { NO_COLOR: '' }, true],
    [true, true, { TERM: 'dumb' }, false],
    [false, true, { FORCE_COLOR: '1' }, true],
    [true, true, { FORCE_COLOR: '0' }, false],
    [false, true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('terminal %s, flag %s, %o: %s', (isTty, flag, env, expected) =>
    expect(wantsColour(isTty, flag, env)).toBe(expected),
  )
})
