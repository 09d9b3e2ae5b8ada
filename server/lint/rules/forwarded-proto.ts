/** Behind a proxy that speaks TLS nginx itself is asked in plain HTTP, so $scheme is not what the visitor used: applications
 *  that compare Origin with scheme and host then refuse it. */
import { headerName, listensOf, protoDirectives, trustedProxies } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { valueOf } from '../subject.ts'

export const forwardedProto: Rule = {
  id: 'forwarded-proto',
  title: 'X-Forwarded-Proto says what the proxy in front used, not the visitor',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_realip_module.html#set_real_ip_from',
  check({ config, sockets, named }, report) {
    if (named('set_real_ip_from').length === 0) return
    const seen = new Set<unknown>()
    for (const { server, block, headers, name } of sockets) {
      const line = headers.get('x-forwarded-proto')?.[0]
      if (!line || valueOf(line) !== '$scheme' || seen.has(line.statement)) continue
      const trusted = trustedProxies(block)
      if (trusted.length === 0 || listensOf(server).some(({ tls }) => tls)) continue
      seen.add(line.statement)
      report.at(
        line,
        'info',
        `${name} tells the application http, whatever the proxy at ${trusted.join(', ')} was asked with; its ${headerName(line)} can be trusted, a client's never`,
        protoDirectives(config, trusted, '')
          .map(({ text }) => text)
          .join('\n'),
      )
    }
  },
}
