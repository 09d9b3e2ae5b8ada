/** proxy_set_header is inherited all or nothing: one line of its own and a location has none of those around it.
 *  Source: ngx_http_proxy_merge_loc_conf. */
import type { Rule } from '../rule.ts'
import { headerGap, isUpgrade } from '../subject.ts'
import { headerLines } from '../upgrade-lines.ts'
import { lineOf } from '../../nginx-config/contract.ts'

export const upgradeHeadersDropped: Rule = {
  id: 'upgrade-headers-dropped',
  title: 'Own proxy_set_header lines drop the inherited upgrade headers',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check(subject, report) {
    for (const place of subject.sockets) {
      const { hidden, headers, level, name, sign } = place
      if (!hidden || !level || headers.get('upgrade')?.some(isUpgrade) === true) continue
      const first = [...headers.values()].flat()[0]
      const gap = headerGap(place)
      if (gap) report.undecided(gap, `whether ${name} keeps the upgrade headers`)
      else if (first) {
        const { source } = hidden.statement
        const where = `${source.file === first.statement.source.file ? 'line ' : `${source.file}:`}${lineOf(hidden.statement)}`
        report.at(
          first,
          sign === 'name' ? 'error' : 'warning',
          `this line drops every inherited proxy_set_header, so ${name} has no Upgrade of ${where}`,
          headerLines(subject, place),
        )
      }
    }
  },
}
