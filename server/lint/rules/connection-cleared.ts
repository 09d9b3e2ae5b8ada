/** `Connection ""` is the idiom for keepalive to the backend; with it no upgrade arrives. */
import type { Rule } from '../rule.ts'
import { isUpgrade, valueOf } from '../subject.ts'
import { connectionLine } from '../upgrade-lines.ts'

const CLEARED = new Set(['', 'close', 'keep-alive'])

export const connectionCleared: Rule = {
  id: 'connection-cleared',
  title: 'Connection is emptied or fixed, so that no upgrade arrives',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive',
  check(subject, report) {
    for (const { headers, name, sign } of subject.sockets) {
      const lines = headers.get('connection') ?? []
      const [line] = lines
      if (!line || !lines.every((one) => CLEARED.has(valueOf(one).toLowerCase()))) continue
      if (sign !== 'name' && headers.get('upgrade')?.some(isUpgrade) !== true) continue
      report.at(
        line,
        'error',
        `${name} sends Connection "${valueOf(line)}": the backend does not upgrade`,
        connectionLine(subject),
      )
    }
  },
}
