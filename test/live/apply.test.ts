/** The applier of harness/apply.ts decides what "the suggested lines work" means, so it must not be lenient. */
import { describe, expect, it } from 'vitest'
import { applyPatch, paste } from './harness/apply.ts'

const CONFIG = [
  'http {',
  '    server {',
  '        location /ws {',
  '            a;',
  '        }',
  '    }',
  '}',
  '',
].join('\n')

describe('applying a fix', () => {
  it('applies hunks with context, removals and additions', () => {
    const patch = [
      '--- a',
      '+++ b',
      '@@ -3,3 +3,4 @@',
      '         location /ws {',
      '-            a;',
      '+            b;',
      '+            c;',
      '         }',
    ].join('\n')
    expect(applyPatch(CONFIG, patch)).toBe(CONFIG.replace('            a;', '            b;\n            c;'))
  })

  it('applies a hunk without context after the line it names', () => {
    expect(applyPatch(CONFIG, '@@ -1,0 +2,1 @@\n+    map;')).toBe(CONFIG.replace('http {', 'http {\n    map;'))
  })

  it('refuses a hunk whose context is elsewhere, and a patch without hunks', () => {
    expect(() => applyPatch(CONFIG, '@@ -1,1 +1,1 @@\n-    server {\n+x')).toThrow('does not apply at line 1')
    expect(() => applyPatch(CONFIG, '--- a\n+++ b\n')).toThrow('no hunk')
  })

  it('pastes into the named block, and refuses a block that is not there', () => {
    const pasted = paste(CONFIG, [
      { context: 'http', text: 'x;\ny;' },
      { context: 'location /other/', text: 'z;' },
    ])
    expect(pasted).toContain('http {\n    x;\n    y;\n')
    expect(pasted).toContain('location /ws {\n            z;\n            a;')
    expect(() => paste(CONFIG, [{ context: 'stream', text: 'x;' }])).toThrow('not there: stream')
  })
})
