/** The backend took the connection and did not answer in time. Source: ngx_http_upstream_process_header: the timer runs
 *  from the end of the request and is not restarted by a part of the header. */
import { fixOf, handshake, settingsOf, upstream } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import { CLOUDFLARE_ADVICE, fromEdgeStatus, ofCloudflare } from '../edge-statuses.ts'
import { countOf, groupBy, times } from '../group.ts'

const SIGNS: Signs = {
  'header-timeout': {
    weight: 0.93,
    text: 'the backend accepted the request and sent no answer until proxy_read_timeout',
  },
  'haproxy-response-timeout': {
    weight: 0.88,
    text: 'the backend accepted the request and sent no answer in time (HAProxy: sH, timeout server)',
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
    const found = weighSigns(view, SIGNS, 'server+upstream', 'error', (members) => {
      const tls = members.find((o) => o.sign === 'tls-timeout')
      const check =
        tls && `openssl s_client -connect ${upstream(tls.scope)} </dev/null # silence: that port does not speak TLS`
      return check ? [{ cause: 'upstream-tls-mismatch', confidence: 0.4, check }] : []
    })
    found.push(...fromEdgeStatus(view, 'backend-slow'))
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

  fix(w, config) {
    if (w.observations.every(ofCloudflare)) return fixOf({ layer: 'host', summary: CLOUDFLARE_ADVICE })
    const scope = { ...w.scope, path: w.observations[0]?.scope.path ?? null }
    return fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx: a longer timeout would only make visitors wait longer for a handshake that takes milliseconds when the application is well. Look at what blocks it: its own log, a full worker pool, a dependency that does not answer.',
      verify: [handshake(scope, 'backend', settingsOf(scope, config))],
    })
  },
}
