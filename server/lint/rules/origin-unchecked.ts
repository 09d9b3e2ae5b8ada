/** Browsers send cookies with a handshake from any page and apply no same-origin policy to it (RFC 6455, 10.2). */
import type { Rule } from '../rule.ts'

export const originUnchecked: Rule = {
  id: 'origin-unchecked',
  title: 'Origin has to be checked by the application',
  severity: 'info',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-10.2',
  check({ all, sockets }, report) {
    const [first] = sockets
    if (!first) return
    for (const { statement } of all)
      if (statement.name.includes('$http_origin') || statement.args.some((word) => word.includes('$http_origin')))
        return
    report.at(
      first.block,
      'info',
      'nothing here looks at Origin: the application behind the sockets has to, or any web page can open them with the cookies of its visitor',
      null,
    )
  },
}
