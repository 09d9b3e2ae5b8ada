/** nginx sends no server name in TLS to a backend unless told; those with several certificates then refuse. */
import type { Rule } from '../rule.ts'
import { groupOf, settingGap } from '../subject.ts'

export const upstreamSni: Rule = {
  id: 'upstream-sni',
  title: 'TLS to a named backend without SNI',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name',
  check(subject, report) {
    for (const place of subject.sockets) {
      const host = /^https:\/\/([^/:?#$[\]]+)/i.exec(place.pass.statement.args[0] ?? '')?.[1]
      if (host === undefined || !/\.[a-z]{2,}$/i.test(host) || groupOf(subject, place)) continue
      if (subject.setting(place.block, 'proxy_ssl_server_name')?.statement.args[0] === 'on') continue
      if (settingGap(place, 'proxy_ssl_server_name')) continue
      report.at(
        place.pass,
        'warning',
        `${host} is not told which name is asked for (SNI); it may refuse or show another certificate`,
        'proxy_ssl_server_name on;',
      )
    }
  },
}
