/** Without a line of its own Host is the backend's name: an application that compares Origin with Host refuses the handshake. */
import type { Rule } from '../rule.ts'
import { headerGap, isComplete, valueOf } from '../subject.ts'

export const hostMissing: Rule = {
  id: 'host-missing',
  title: 'The backend does not see the host the browser asked for',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const { headers, name, pass } = place
      const line = headers.get('host')?.[0]
      if (line && !/^\$\{?proxy_host/.test(valueOf(line))) continue
      const gap = headerGap(place)
      const at = line ?? place.level ?? pass
      if (gap) report.undecided(gap, `the Host header of ${name}`)
      else if (isComplete(subject) || place.level) {
        if (seen.has(at)) continue
        seen.add(at)
        const public_ = /^https?:\/\/[^/:]+\.[a-z]{2,}(?::\d+)?(?:\/|$)/i.test(pass.statement.args[0] ?? '')
        // A backend on the internet wants its own name.
        report.at(
          line ?? pass,
          public_ ? 'info' : 'warning',
          `${name} sends the Host of proxy_pass, not the visitor's; a check of Origin against Host then fails`,
          'proxy_set_header Host $http_host;',
        )
      }
    }
  },
}
