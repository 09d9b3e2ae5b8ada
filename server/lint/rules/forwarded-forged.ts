/** A header that any client may write is taken for the truth: bans, logs and "local network only" can then be talked round. */
import { headerName } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'
import { valueOf } from '../subject.ts'

const ANYONE = new Set(['0.0.0.0/0', '::/0', '0.0.0.0/1', '128.0.0.0/1'])

export const forwardedForged: Rule = {
  id: 'forwarded-forged',
  title: 'A forwarded header is trusted from anyone',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_realip_module.html#set_real_ip_from',
  check({ named }, report) {
    const nodes = [...named('set_real_ip_from'), ...named('proxy_set_header')]
    const seen = new Set<unknown>()
    const trusts = named('set_real_ip_from').length > 0
    for (const node of nodes) {
      const { name, args } = node.statement
      if (seen.has(node.statement)) continue
      if (name === 'set_real_ip_from' && ANYONE.has(args[0] ?? '')) {
        seen.add(node.statement)
        report.at(
          node,
          'warning',
          'every client may name its own address; trust only the proxy in front',
          'set_real_ip_from ADDRESS_OF_THE_PROXY;',
        )
      } else if (
        name === 'proxy_set_header' &&
        /^x-(?:forwarded-for|real-ip)$/.test(headerName(node)) &&
        /^\$\{?http_x_(?:forwarded_for|real_ip)\}?$/.test(valueOf(node)) &&
        !trusts
      ) {
        seen.add(node.statement)
        report.at(
          node,
          'warning',
          `${args[0]} goes on as the client wrote it`,
          `proxy_set_header ${args[0]} ${headerName(node) === 'x-real-ip' ? '$remote_addr' : '$proxy_add_x_forwarded_for'};`,
        )
      }
    }
  },
}
