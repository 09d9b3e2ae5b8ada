import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiffError, readDiff } from '../../server/fix/apply-diff.ts'
import { applyEdits, unifiedDiff, type Edit } from '../../server/nginx-config/diff.ts'

const one = (diff: string, text: string): string => {
  const [file] = readDiff(diff)
  return file?.apply(text) ?? ''
}

it('gives what the edits give that the diff was made of, whatever they are', () => {
  const line = fc.constantFrom('a', 'b;', '  c {', '}', '', '-x', '+y', '@@ -1 +1 @@', '--- a', '+++ b', 'ü\r')
  const text = fc
    .tuple(fc.array(line, { maxLength: 30 }), fc.boolean())
    .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''))
  const cuts = fc.array(fc.tuple(fc.nat(200), fc.nat(20), fc.constantFrom('', 'new;\n', 'x', '\n', '--- z\n')), {
    maxLength: 5,
  })
  fc.assert(
    fc.property(text, cuts, fc.constantFrom(0, 1, 3), (old, wanted, context) => {
      const edits: Edit[] = []
      let from = 0
      for (const [skip, length, added] of wanted) {
        const start = Math.min(old.length, from + skip)
        const end = Math.min(old.length, start + length)
        edits.push({ start, end, text: added })
        from = end + 1
        if (from > old.length) break
      }
      const diff = unifiedDiff('a.conf', old, edits, context)
      expect(diff === '' ? old : one(diff, old)).toBe(applyEdits(old, edits))
    }),
    { numRuns: 500 },
  )
})

describe('what does not fit is refused, by line', () => {
  const diff = '--- a.conf\n+++ a.conf\n@@ -2,1 +2,2 @@\n b;\n+c;\n'
  it('fits', () => expect(one(diff, 'a;\nb;\n')).toBe('a;\nb;\nc;\n'))
  it.each([
    ['another line', diff, 'a;\nx;\n', 'a.conf:2: not the line that the patch was made for'],
    ['no such line', diff, '', 'a.conf: it has no line 2'],
    ['a change cut short', diff.slice(0, -4), 'a;\nb;\n', 'line 5 of the diff: the change ends too early'],
    ['no diff', 'hello\n', '', 'no file is named in it ("--- name" and "+++ name")'],
    [
      'a change of no file',
      '@@ -1 +1 @@\n-a\n+b\n',
      'a\n',
      'line 1 of the diff: a change without a file name above it',
    ],
  ])('%s', (_what, text, old, message) => {
    expect(() => one(text, old)).toThrow(new DiffError(message))
  })
})
