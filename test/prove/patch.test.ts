/** Diffs of another program, applied: what comes out is the other program's new file. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { configFromText } from '../../server/nginx-config/contract.ts'
import { applyPatch } from '../../server/prove/apply-patch.ts'
import { patchedConfig } from '../../server/prove/patched.ts'
import { folderWith } from './site.ts'

const line = fc.constantFrom('a;', 'b;', '  c {', '  }', '', '- d', '+ e', '@@ f @@', '--- g', 'ü;\r')
const text = fc
  .tuple(fc.array(line, { maxLength: 25 }), fc.boolean())
  .map(([lines, end]) => lines.join('\n') + (end ? '\n' : ''))

it('applies what GNU diff writes', () => {
  fc.assert(
    fc.property(text, text, fc.nat(3), (from, to, context) => {
      fc.pre(from !== to)
      const files = folderWith({ old: from, new: to })
      const { stdout } = spawnSync('diff', [`-U${context}`, join(files, 'old'), join(files, 'new')], {
        encoding: 'utf8',
      })
      const applied = applyPatch(stdout, () => ({ path: 'x', text: from }))
      expect(applied).toEqual({ ok: true, files: new Map([['x', to]]) })
    }),
    { numRuns: 120 },
  )
})

it('never throws, and changes nothing outside its hunks', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (diff, from) => void applyPatch(diff, () => ({ path: 'x', text: from }))),
  )
})

it.each(['nginx.conf', 'a/nginx.conf', 'b/nginx.conf', '/etc/nginx/nginx.conf', 'etc/nginx/nginx.conf'])(
  'finds the file by %s',
  (name) => {
    const loaded = configFromText(
      '# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp { include x/*; }\n# configuration file /etc/nginx/x/y:\nserver {\n}\n',
      '-',
    )
    if (!loaded.ok) throw new Error(loaded.error.message)
    const patched = patchedConfig(loaded.config, `--- ${name}\n+++ ${name}\n@@ -1,1 +1,1 @@\n-events {}\n+events { }\n`)
    expect(
      patched.ok && [...patched.config.sources].map(([file, { text: now }]) => [file, now.split('\n')[0]]),
    ).toEqual([
      ['/etc/nginx/nginx.conf', 'events { }'],
      ['/etc/nginx/x/y', 'server {'],
    ])
  },
)
