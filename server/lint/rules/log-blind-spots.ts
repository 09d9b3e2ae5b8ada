/** What the logs of sockets cannot show: idle timeouts are written at level info, session lengths need their variables. */
import { childrenNamed, levels, logFormats } from '../../nginx-config/contract.ts'
import type { Rule } from '../rule.ts'

const SHOWS = /\$(?:upstream_response_time|request_time)\b/

export const logBlindSpots: Rule = {
  id: 'log-blind-spots',
  title: 'The logs do not show why sockets end',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/ngx_core_module.html#error_log',
  check({ config, sockets }, report) {
    const [first] = sockets
    if (!first) return
    const { formats, access_logs } = logFormats(config)
    const texts = access_logs.map(({ format }) => formats.get(format)?.text ?? '')
    if (config.kind === 'main' && !texts.some((text) => SHOWS.test(text) && text.includes('$http_upgrade')))
      report.at(
        first.pass,
        'info',
        'no access log has $http_upgrade and $upstream_response_time: handshakes and session lengths are not seen',
        'see: halfopen log-format',
      )
    const quiet = sockets.find(
      ({ block }) =>
        !levels(block).some((level) =>
          childrenNamed(level, 'error_log').some(({ statement }) => /^(?:info|debug)/.test(statement.args[1] ?? '')),
        ),
    )
    if (quiet)
      report.at(
        quiet.block,
        'info',
        `nginx writes idle timeouts at level info, which ${quiet.name}${sockets.length > 1 ? ' and others do' : ' does'} not log`,
        'error_log /var/log/nginx/ws-error.log info;   # in the location of the socket',
      )
  },
}
