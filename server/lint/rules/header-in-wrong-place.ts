/** Where the headers have no effect: `add_header` is for the answer; `proxy_set_header` in an `if` is refused. */
import type { Rule } from '../rule.ts'

export const headerInWrongPlace: Rule = {
  id: 'header-in-wrong-place',
  title: 'An upgrade header is set where it has no effect',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check(subject, report) {
    for (const node of subject.all) {
      const { name, args } = node.statement
      if (name === 'add_header' && /^(?:upgrade|connection)$/i.test(args[0] ?? ''))
        report.at(
          node,
          'warning',
          `add_header ${args[0] ?? ''} goes to the browser; the backend does not see it`,
          `proxy_set_header ${args[0] ?? ''} ${/^upgrade$/i.test(args[0] ?? '') ? '$http_upgrade' : '$connection_upgrade'};`,
        )
      else if (node.parent?.statement.name === 'if' && REFUSED.test(name))
        report.at(
          node,
          'error',
          `nginx refuses ${name} in an if: "${name}" directive is not allowed here`,
          'move it into the location',
        )
    }
  },
}

const REFUSED = /^proxy_(?:set_header|http_version|(?:read|send|connect)_timeout|buffering)$/
