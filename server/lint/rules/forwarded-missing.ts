/** Applications take the scheme and the client's address from these headers. */
import type { Rule } from '../rule.ts'
import { headerGap, isComplete } from '../subject.ts'

const WANTED = [
  ['X-Forwarded-Proto', 'proxy_set_header X-Forwarded-Proto $scheme;'],
  ['X-Forwarded-For', 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'],
] as const

export const forwardedMissing: Rule = {
  id: 'forwarded-missing',
  title: 'X-Forwarded headers are missing on a socket',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
  check(subject, report) {
    for (const place of subject.sockets) {
      const { headers, name, pass } = place
      if (headers.has('forwarded') || (headers.has('x-real-ip') && headers.has('x-forwarded-proto'))) continue
      const missing = WANTED.filter(([header]) => !headers.has(header.toLowerCase()))
      if (missing.length === 0 || (!isComplete(subject) && !place.level)) continue
      const gap = headerGap(place)
      if (gap) report.undecided(gap, `the X-Forwarded headers of ${name}`)
      else
        report.at(
          pass,
          'info',
          `${name} does not pass ${missing.map(([header]) => header).join(' and ')} on`,
          missing.map(([, line]) => line).join('\n'),
        )
    }
  },
}
