/** The visitor left: closed the tab, lost the network, gave up waiting. Normal, and listed so that nobody looks for it. */
import { fixOf } from '../advice.ts'
import type { Cause } from '../cause.ts'
import { countOf, groupBy, times } from '../group.ts'

const SIGNS: Readonly<Record<string, string>> = {
  'upgraded-client-reset': "the visitor reset the connection (logged at [info], which is the visitor's side)",
  'upgraded-client-stalled': 'the visitor stopped reading (send_timeout)',
  'upgraded-client-vanished': "the visitor's host disappeared",
  'upgraded-client-tls-error': "the visitor's TLS connection broke off",
  'client-left-handshake': 'the visitor left before the backend had answered',
  'app-ping-timeout': 'the visitor stopped answering pings',
  'app-client-slow': 'the visitor did not keep up with the messages',
  'app-client-left': 'the application found the connection closed when it wrote to it',
  'app-auth-missing': 'the visitor connected and never said who it is, and the application gave up waiting',
  'browser-page-left':
    'the page closed its WebSocket before it was open: left, reloaded, or given up by its own script',
  'haproxy-client-reset': 'the visitor reset the connection (HAProxy: CD)',
  'client-left-handshake-499': 'the visitor left before the backend had answered (499)',
}

export const clientGone: Cause = {
  id: 'client-gone',
  title: 'Visitors leave without saying goodbye{where}',
  severity: 'info',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_client_abort',

  weigh(view) {
    const left = view
      .signs(...Object.keys(SIGNS))
      .filter((o) => o.sign !== 'client-left-handshake' || view.isSocket(o.scope))
    return groupBy(left, 'server+path').map(({ scope, members }) => ({
      scope,
      for: Object.entries(SIGNS).flatMap(([sign, text]) => {
        const n = countOf(members.filter((o) => o.sign === sign))
        return n > 0 ? [{ weight: sign === 'browser-page-left' ? 0.5 : 0.8, text: `${text} (${times(n)})` }] : []
      }),
      against: [],
      observations: members,
      values: { where: scope.path === null ? '' : ` at ${scope.path}` },
      alternatives: members.some((o) => o.sign.startsWith('client-left'))
        ? [
            {
              cause: 'backend-slow',
              confidence: 0.3,
              check: 'log $upstream_header_time: seconds there mean that visitors gave up waiting',
            },
          ]
        : [],
      // One visitor's leaving is in the access log (499) and in the error log.
      count:
        Math.max(
          countOf(members.filter((o) => o.sign === 'client-left-handshake')),
          countOf(members.filter((o) => o.sign === 'client-left-handshake-499')),
        ) + countOf(members.filter((o) => !o.sign.startsWith('client-left'))),
    }))
  },

  fix: () =>
    fixOf({
      layer: 'none',
      summary:
        'Nothing to change: this is what visitors do. It is worth a look only when it clusters at one time or one network.',
    }),
}
