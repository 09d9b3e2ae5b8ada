/** Authentication in nginx runs on the handshake: browsers cannot show a dialog or follow a login page there. */
import { authOf } from '../authentication.ts'
import type { Rule } from '../rule.ts'

export const authOnSocket: Rule = {
  id: 'auth-on-socket',
  title: 'nginx asks for authentication on a handshake',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const line = authOf(subject, place)
      if (!line || seen.has(line.statement)) continue
      seen.add(line.statement)
      report.at(
        line,
        'info',
        `${place.name}: a handshake without a valid session is refused; a browser shows no login for it`,
        null,
      )
    }
  },
}
