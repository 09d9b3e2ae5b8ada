/** TLS spoken to a plain port or the other way round, and schemes that proxy_pass does not know. */
import type { Rule } from '../rule.ts'
import { groupOf, serversOf } from '../subject.ts'

const TLS_PORTS = new Set(['443', '8443', '9443'])

export const upstreamScheme: Rule = {
  id: 'upstream-scheme',
  title: 'The scheme of proxy_pass does not fit the backend',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  check(subject, report) {
    for (const place of subject.places) {
      const { pass, name } = place
      const [target = ''] = pass.statement.args
      const [, scheme = '', port] = /^([a-z]+):\/\/(?:\[[^\]]*\]|[^/:?#[\]]*)(?::(\d+))?/i.exec(target) ?? []
      if (/^wss?$/i.test(scheme)) {
        const right = scheme.toLowerCase() === 'ws' ? 'http' : 'https'
        report.at(
          pass,
          'error',
          `nginx does not know "${scheme}://" and does not start; the upgrade goes over ${right}://`,
          `proxy_pass ${target.replace(/^wss?/i, right)};`,
        )
        continue
      }
      const group = groupOf(subject, place)
      const ports = group
        ? serversOf(group).map(({ statement }) => /:(\d+)$/.exec(statement.args[0] ?? '')?.[1] ?? '80')
        : [port]
      const severity = place.sign === null ? 'info' : 'warning'
      if (scheme === 'http' && ports.some((one) => one !== undefined && TLS_PORTS.has(one)))
        report.at(
          pass,
          severity,
          `${name} speaks plain HTTP to port ${ports.find((one) => one !== undefined && TLS_PORTS.has(one))}, which is usually TLS`,
          `proxy_pass ${target.replace(/^http/i, 'https')};`,
        )
      else if (scheme === 'https' && ports.includes('80'))
        report.at(
          pass,
          severity,
          `${name} speaks TLS to port 80${group ? ', the default of an upstream server without one' : ''}`,
          group ? 'server HOST:443;' : `proxy_pass ${target.replace(/^https/i, 'http')};`,
        )
    }
  },
}
