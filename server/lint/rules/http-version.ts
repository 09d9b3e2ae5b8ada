/** HTTP/1.0 has no upgrade; many backends look away, python's websockets answers 505. HTTP/2 to the backend cannot carry one. */
import type { Rule } from '../rule.ts'
import { isComplete, isUpgrade, settingGap } from '../subject.ts'

const LINE = 'proxy_http_version 1.1;'

export const httpVersion: Rule = {
  id: 'http-version',
  title: 'Sockets are passed on with an HTTP version that knows no upgrade',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version',
  check(subject, report) {
    for (const place of subject.sockets) {
      const { block, headers, name, pass, sign } = place
      if (sign !== 'name' && headers.get('upgrade')?.some(isUpgrade) !== true) continue
      const set = subject.setting(block, 'proxy_http_version')
      const value = set?.statement.args[0]
      if (set && value !== '1.1') {
        const why = value === '2' ? 'HTTP/2 to the backend cannot carry a WebSocket' : 'HTTP/1.0 knows no upgrade'
        report.at(set, 'error', `${name}: ${why}`, LINE)
      } else if (!set && !subject.modern) {
        const gap = settingGap(place, 'proxy_http_version')
        if (gap) report.undecided(gap, `the HTTP version of ${name}`)
        else if (!isComplete(subject))
          report.at(
            pass,
            'info',
            `undecided: nginx.conf, which was not given, may set proxy_http_version for ${name}`,
            LINE,
          )
        else
          report.at(
            pass,
            'warning',
            `${name} speaks HTTP/1.0 to the backend${subject.version === null ? ', as every nginx before 1.29.7 does' : ''}; some backends refuse the upgrade`,
            LINE,
          )
      }
    }
  },
}
