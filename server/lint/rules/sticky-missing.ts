/** Socket.IO and SignalR keep a session on one server and open it with several requests: each may reach another one.
 *  Socket.IO answers 400 with code 1 then. */
import type { Rule } from '../rule.ts'
import { firstGap, groupOf, serversOf } from '../subject.ts'

const STICKY = new Set(['ip_hash', 'hash', 'sticky', 'sticky_cookie_insert', 'sticky_route'])
const SEVERAL_REQUESTS = /socket\.io|engine\.io|sockjs|signalr|hubs?(?:\/|$|\b)|_blazor|negotiate/i

export const stickyMissing: Rule = {
  id: 'sticky-missing',
  title: 'Several backends and nothing that keeps a session on one',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash',
  check(subject, report) {
    const seen = new Set<unknown>()
    for (const place of subject.sockets) {
      const group = groupOf(subject, place)
      if (!group || seen.has(group) || firstGap([group])) continue
      const used = serversOf(group).filter(
        ({ statement: { args } }) => !args.includes('backup') && !args.includes('down'),
      )
      if (used.length < 2 || group.children.some(({ statement }) => STICKY.has(statement.name))) continue
      seen.add(group)
      const known = SEVERAL_REQUESTS.test(place.pattern)
      report.at(
        group,
        known ? 'warning' : 'info',
        known
          ? `the requests of one session of ${place.name} may reach different servers, which do not know it`
          : `if the application behind ${place.name} is Socket.IO, SignalR or SockJS, its sessions have to stay on one server`,
        'ip_hash;',
      )
    }
  },
}
