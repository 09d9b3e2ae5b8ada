/** `location /ws/` answers `/ws` with 301, which browsers do not follow for a WebSocket. */
import { findLocation } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

/** What clients are told to open without a slash at the end. */
const WITHOUT_SLASH = /\/(?:wss?|websockets?|sockets?|cable|websockify)\/$/i

export const slashRedirect: Rule = {
  id: 'slash-redirect',
  title: 'A socket path without its last slash is redirected',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
  check({ sockets }, report) {
    for (const { block, server, pattern } of sockets) {
      if (!WITHOUT_SLASH.test(pattern) || block.statement.name !== 'location') continue
      const bare = pattern.slice(0, -1)
      const found = findLocation(server, bare)
      if (found?.redirect === true && found.location === block)
        report.at(
          block,
          'warning',
          `${bare} is answered with a redirect to ${pattern}, which a WebSocket client does not follow`,
          `location ${bare} {`,
        )
    }
  },
}
