/** `proxy_set_header Upgrade websocket` says so on ordinary requests too; some backends then refuse them. */
import type { Rule } from '../rule.ts'
import { isUpgrade, valueOf } from '../subject.ts'

export const upgradeHeaderFixed: Rule = {
  id: 'upgrade-header-fixed',
  title: 'Upgrade has a fixed value',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/websocket.html',
  check({ sockets }, report) {
    const seen = new Set<unknown>()
    for (const { headers, name } of sockets) {
      const line = headers.get('upgrade')?.find((one) => isUpgrade(one) && !valueOf(one).includes('$'))
      if (!line || seen.has(line.statement)) continue
      seen.add(line.statement)
      report.at(
        line,
        'warning',
        `every request of ${name} claims to be an upgrade; pass on what the client sent`,
        'proxy_set_header Upgrade $http_upgrade;',
      )
    }
  },
}
