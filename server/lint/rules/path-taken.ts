/** A regular expression, or a longer prefix, takes the path of a socket away from its location. */
import { blockName, findLocation, lineOf } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const pathTaken: Rule = {
  id: 'path-taken',
  title: 'Another location takes the path of a socket',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
  check({ sockets, places }, report) {
    const passing = new Set(places.map(({ block }) => block))
    for (const { block, server, pattern, name, sign } of sockets) {
      const [modifier = ''] = block.statement.args
      if (block.statement.name !== 'location' || !pattern.startsWith('/') || modifier.startsWith('~')) continue
      const found = findLocation(server, pattern)
      const other = found?.location
      if (!found || !other || other === block || found.redirect || isInside(other, block)) continue
      // The same location twice: nginx refuses that by itself.
      if (other.statement.args.join(' ') === block.statement.args.join(' ')) continue
      const where = `${blockName(other)} (line ${lineOf(other.statement)})`
      const also = passing.has(other) ? '' : ', which passes nothing on'
      report.at(
        block,
        sign === 'name' && also !== '' ? 'error' : 'warning',
        `${pattern} is answered by ${where}${also}, not by ${name}`,
        `location ^~ ${pattern} {`,
      )
    }
  },
}

function isInside(inner: Parameters<typeof blockName>[0], outer: typeof inner): boolean {
  for (let at = inner.parent; at; at = at.parent) if (at === outer) return true
  return false
}
