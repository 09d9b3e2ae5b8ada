/** Authentication in nginx runs on the handshake: browsers cannot show a dialog or follow a login page there. */
import { placeOf } from '../../nginx-config/contract.ts'
import { authOf, unasked } from '../authentication.ts'
import type { Rule } from '../rule.ts'

export const authOnSocket: Rule = {
  id: 'auth-on-socket',
  title: 'nginx asks for authentication on a handshake',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const line = authOf(subject, place)
      if (!line || seen.has(line.statement)) continue
      seen.add(line.statement)
      const free = unasked(subject, place)
      const name = line.statement.name
      if (free?.everyone === true)
        report.at(
          line,
          'warning',
          `${place.name}: ${name} asks nobody, since "satisfy any" is content with "allow all" (${placeOf(free.by)})`,
          'satisfy all;',
        )
      else
        report.at(
          line,
          'info',
          `${place.name}: a handshake without a valid session is refused${free ? `, but from addresses that "satisfy any" lets in unasked (${placeOf(free.by)})` : ''}; a browser shows no login for it`,
          null,
        )
    }
  },
}
