/** After the 101 nginx copies bytes; buffering is for polling and server-sent events. */
import { child } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const bufferingNoEffect: Rule = {
  id: 'buffering-no-effect',
  title: 'proxy_buffering has no effect on a WebSocket',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
  check({ sockets }, report) {
    for (const { block, name, sign, pattern } of sockets) {
      const line = child(block, 'proxy_buffering')
      // Socket.IO, SignalR and SockJS fall back to streams, where it counts.
      if (!line || sign !== 'name' || line.statement.args[0] !== 'off' || /\.io|sockjs|signalr|hub/i.test(pattern))
        continue
      report.at(
        line,
        'info',
        `proxy_buffering off does nothing for the sockets of ${name}; it is for polling and event streams`,
        null,
      )
    }
  },
}
