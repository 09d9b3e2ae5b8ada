/** A redirect where a socket is served: browsers do not follow one during a handshake. */
import type { Rule } from '../rule.ts'

const CODES = new Set(['301', '302', '303', '307', '308'])

export const redirectedSocket: Rule = {
  id: 'redirected-socket',
  title: 'A socket location answers with a redirect',
  severity: 'error',
  docs: 'https://websockets.spec.whatwg.org/#opening-handshake',
  check({ sockets }, report) {
    for (const { block, name, sign } of sockets)
      for (const node of block.children) {
        const { name: directive, args } = node.statement
        const redirects =
          (directive === 'return' && (CODES.has(args[0] ?? '') || /^https?:/.test(args[0] ?? ''))) ||
          (directive === 'rewrite' &&
            (/^(?:redirect|permanent)$/.test(args[2] ?? '') || /^https?:|^\$scheme/.test(args[1] ?? '')))
        if (!redirects) continue
        const always = directive === 'return'
        report.at(
          node,
          always && sign === 'name' ? 'error' : 'warning',
          `${name} redirects; a WebSocket client does not follow`,
          null,
        )
      }
  },
}
