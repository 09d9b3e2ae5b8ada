/** Times that nginx refuses, or that do not do what they say. Source: ngx_parse_time. */
import { nginxSeconds } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

const TIMED = ['proxy_read_timeout', 'proxy_send_timeout', 'proxy_connect_timeout', 'send_timeout']

export const timeValue: Rule = {
  id: 'time-value',
  title: 'A timeout has a value that nginx refuses',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/syntax.html',
  check({ named }, report) {
    for (const node of TIMED.flatMap(named)) {
      const { name, args } = node.statement
      const [value = ''] = args
      if (nginxSeconds(value) === null && !value.includes('$'))
        report.at(node, 'error', `${name} "${value}" is no time: nginx does not start`, `${name} 300s;`)
    }
  },
}
