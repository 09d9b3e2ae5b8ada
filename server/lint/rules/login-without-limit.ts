/** Sockets are few requests and long; a login is where passwords are tried, and deserves a limit of its own. */
import type { Rule } from '../rule.ts'

const LOGIN = /(?:^|\/)(?:log-?in|sign-?in|auth|oauth2?|token|session)s?(?:\/|$)/i

export const loginWithoutLimit: Rule = {
  id: 'login-without-limit',
  title: 'A login endpoint beside sockets without a rate limit',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req',
  check({ places, sockets, setting }, report) {
    const servers = new Set(sockets.map(({ server }) => server))
    for (const { block, server, pattern, name } of places)
      if (servers.has(server) && LOGIN.test(pattern) && !setting(block, 'limit_req'))
        report.at(
          block,
          'info',
          `${name} takes as many attempts as a client likes`,
          'limit_req zone=login burst=5 nodelay;   # with limit_req_zone in http',
        )
  },
}
