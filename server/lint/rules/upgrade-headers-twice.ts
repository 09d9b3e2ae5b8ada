/** Two lines of one header in a block are both sent. Source: a run of nginx 1.22.1. */
import type { Rule } from '../rule.ts'
import { valueOf } from '../subject.ts'

export const upgradeHeadersTwice: Rule = {
  id: 'upgrade-headers-twice',
  title: 'Upgrade or Connection is set twice in one block',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check({ sockets }, report) {
    const seen = new Set<unknown>()
    for (const { headers, name } of sockets)
      for (const header of ['Upgrade', 'Connection']) {
        const lines = (headers.get(header.toLowerCase()) ?? []).filter((line) => valueOf(line) !== '')
        const [first, second] = lines
        if (!first || !second || seen.has(second.statement)) continue
        seen.add(second.statement)
        const same = lines.every((line) => valueOf(line) === valueOf(first))
        report.at(
          second,
          same ? 'warning' : 'error',
          `${name} sends ${header} twice: "${valueOf(first)}" and "${valueOf(second)}"`,
          `remove one of the ${header} lines`,
        )
      }
  },
}
