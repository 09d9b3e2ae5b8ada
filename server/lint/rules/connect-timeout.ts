/** proxy_connect_timeout is for the TCP connection: kernels give up before 75 s, and a minute of waiting helps nobody. */
import { nginxSeconds } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

export const connectTimeout: Rule = {
  id: 'connect-timeout',
  title: 'proxy_connect_timeout is longer than it can be',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_connect_timeout',
  check({ sockets, setting }, report) {
    const seen = new Set<unknown>()
    for (const { block, name } of sockets) {
      const set = setting(block, 'proxy_connect_timeout')
      const seconds = nginxSeconds(set?.statement.args[0] ?? '')
      if (!set || seconds === null || seen.has(set.statement)) continue
      seen.add(set.statement)
      if (seconds > 75)
        report.at(
          set,
          'info',
          `${name}: a connection is refused or given up before 75 s; this does not keep sockets open`,
          'proxy_connect_timeout 10s;',
        )
      else if (seconds === 0) report.at(set, 'warning', `${name}: 0 gives up at once`, 'proxy_connect_timeout 10s;')
    }
  },
}
