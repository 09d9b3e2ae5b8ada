/** The backend took the connection and did not answer in time. Source: ngx_http_upstream_process_header: the timer runs
 *  from the end of the request and is not restarted by a part of the header. */
import { fixOf, handshake, upstream } from '../advice.ts'
import type { Cause, Weighed } from '../cause.ts'
import { countOf, groupBy, times } from '../group.ts'
import { severityOf } from '../severity.ts'

const SIGNS: Readonly<Record<string, { weight: number; text: string }>> = {
  'header-timeout': {
    weight: 0.93,
    text: 'the backend accepted the request and sent no answer until proxy_read_timeout',
  },
  'send-timeout': { weight: 0.8, text: 'the backend stopped reading the request' },
  'tls-timeout': { weight: 0.6, text: 'the backend accepted the connection and did not answer the TLS handshake' },
}

export const backendSlow: Cause = {
  id: 'backend-slow',
  title: 'The backend{which} accepts requests but does not answer in time',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',

  weigh(view) {
    const found: Weighed[] = groupBy(view.signs(...Object.keys(SIGNS)), 'server+upstream').map(
      ({ scope, members }) => ({
        scope,
        for: Object.entries(SIGNS).flatMap(([sign, { weight, text }]) => {
          const n = countOf(members.filter((o) => o.sign === sign))
          return n > 0 ? [{ weight, text: `${text} (${times(n)})` }] : []
        }),
        against: [],
        observations: members,
        severity: severityOf(members, view, 'error'),
        values: { which: scope.upstream === null ? '' : ` ${scope.upstream}` },
        alternatives: members.some((o) => o.sign === 'tls-timeout')
          ? [
              {
                cause: 'upstream-tls-mismatch',
                confidence: 0.4,
                check: `openssl s_client -connect ${upstream(scope)} </dev/null # silence: that port does not speak TLS`,
              },
            ]
          : [],
      }),
    )
    if (found.length > 0 || view.hasError) return found
    const timedOut = view.failedHandshakes.filter((o) => o.status === 504 && o.answered_by !== 'backend')
    return groupBy(timedOut, 'server+path').map(({ scope, members }) => ({
      scope,
      for: [{ weight: 0.6, text: `nginx answered 504 ${times(countOf(members))}` }],
      against: [],
      observations: members,
      values: { which: scope.path === null ? '' : ` behind ${scope.path}` },
      alternatives: [
        {
          cause: 'backend-down',
          confidence: 0.35,
          check:
            'sudo tail -n 50 /var/log/nginx/error.log # "while connecting to upstream" means that it never accepted',
        },
      ],
    }))
  },

  fix: (w) =>
    fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx: a longer timeout would only make visitors wait longer for a handshake that takes milliseconds when the application is well. Look at what blocks it: its own log, a full worker pool, a dependency that does not answer.',
      verify: [handshake({ ...w.scope, path: w.observations[0]?.scope.path ?? null }, 'backend')],
    }),
}
