/** The page takes no code from the server, so a few lines are in both. What they say must stay the same. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Directive } from '../../server/http/wire.ts'
import { replaceRemark } from '../../server/diagnosis/contract.ts'
import { directiveLines } from '../../server/share/directives.ts'
import * as told from '../../server/share/visible.ts'
import * as spoken from '../../server/share/words.ts'
import { directiveDiff, pasteable } from '../../web/text/diff.ts'
import * as shown from '../../web/text/visible.ts'
import * as written from '../../web/text/words.ts'

it('writes out the same characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(shown.visible(text)).toBe(told.visible(text))
      expect(shown.visibleLines(text)).toBe(told.visibleLines(text))
    }),
  )
})

it('uses the same words', () => {
  expect(written.SEVERITY).toEqual(spoken.SEVERITY)
  const part = fc.option(fc.constantFrom('', 'a.example', '/ws', '127.0.0.1:9000'))
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.record({ server: part, path: part, upstream: part }),
      (share, scope) => {
        expect(written.confidence(share)).toBe(spoken.confidence(share))
        expect(written.percent(share)).toBe(spoken.percent(share))
        expect(written.place(scope)).toBe(spoken.place(scope))
      },
    ),
  )
  for (const edge of [0.5, 0.8]) expect(written.confidence(edge)).toBe(spoken.confidence(edge))
})

const NAMES = `proxy_read_timeout proxy_send_timeout proxy_http_version proxy_pass proxy_buffer_size proxy_buffers
  proxy_busy_buffers_size resolver worker_connections worker_rlimit_nofile proxy_set_header`.split(/\s+/)

it('shows the lines to add as they are handed on, with the remark of the command line', () => {
  const directive = fc.record<Directive>({
    context: fc.constantFrom('http', 'location /ws', '<b>'),
    text: fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(' 1;', ' a\n  b;', '')).map((parts) => parts.join('')),
  })
  fc.assert(
    fc.property(fc.array(directive), (directives) => {
      const lines = directiveDiff(directives).map(({ sign, text }) => (sign === 'add' ? `+ ${text}` : `  ${text}`))
      expect(lines).toEqual(directiveLines(directives))
      const texts = directives.filter(({ context }) => context === 'http').map(({ text }) => text)
      const remark = replaceRemark(texts)
      const inHttp = pasteable(directives.filter(({ context }) => context === 'http'))
      if (texts.length > 0)
        expect(inHttp).toBe(['# in http', ...(remark === null ? [] : [remark]), ...texts].join('\n'))
    }),
  )
})
