/** limit_conn counts a WebSocket until it closes; limit_req counts a handshake, and after a restart all come at once. */
import type { Rule } from '../rule.ts'

export const limitedSockets: Rule = {
  id: 'limited-sockets',
  title: 'Limits that sockets run into',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html#limit_conn',
  check({ sockets, setting }, report) {
    const seen = new Set<unknown>()
    for (const { block, name } of sockets)
      for (const directive of ['limit_conn', 'limit_req']) {
        const line = setting(block, directive)
        if (!line || seen.has(line.statement)) continue
        seen.add(line.statement)
        const most = Number(line.statement.args[1])
        if (directive === 'limit_conn')
          report.at(
            line,
            most < 20 ? 'warning' : 'info',
            `each open socket of ${name} holds one of ${most} places until it closes`,
            null,
          )
        else
          report.at(
            line,
            'info',
            `clients of ${name} that all reconnect after a restart are limited like other requests`,
            null,
          )
      }
  },
}
