/** A backend reached in plain text over a public address can be reached by others too, past nginx. */
import type { Rule } from '../rule.ts'
import { groupOf, serversOf } from '../subject.ts'

export const backendPublic: Rule = {
  id: 'backend-public',
  title: 'The backend is on a public address, in plain text',
  severity: 'warning',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  check(subject, report) {
    for (const place of subject.sockets) {
      const target = place.pass.statement.args[0] ?? ''
      const group = groupOf(subject, place)
      const hosts = group
        ? serversOf(group).map(({ statement }) => statement.args[0] ?? '')
        : [target.replace(/^\w+:\/\//, '')]
      const open = hosts.map((host) => host.replace(/[:/].*$/s, '')).find(isPublic)
      if (open !== undefined && target.startsWith('http://'))
        report.at(
          place.pass,
          'warning',
          `${open} is a public address: the sockets of ${place.name} go there unencrypted, and others may reach it past nginx`,
          null,
        )
    }
  },
}

const PRIVATE =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|192\.0\.2|198\.51\.100|203\.0\.113|2(?:2[4-9]|[3-5]\d))\./

const isPublic = (host: string): boolean => IPV4.test(host) && !PRIVATE.test(host)
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
