/** A backend's host disappeared without closing: keepalive probes or retransmissions gave up (errno 110 while reading, at
 *  [error], which is the backend's side). proxy_socket_keepalive makes nginx notice. Source: ngx_connection_error. */
import { fixOf, upstream } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'

const SIGNS: Signs = {
  'upgraded-backend-vanished': {
    weight: 0.88,
    text: "an open session's backend stopped answering at all, and the kernel gave up on it",
  },
}

export const peerVanished: Cause = {
  id: 'peer-vanished',
  title: 'The host of the backend{which} disappears during sessions',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_socket_keepalive',

  weigh: (view) =>
    weighSigns(view, SIGNS, 'server+upstream', 'error', (members) => [
      {
        cause: 'edge-proxy',
        confidence: 0.2,
        check: `is there a firewall or NAT between nginx and ${upstream(members[0]?.scope ?? { server: null, path: null, upstream: null })}? it may forget quiet connections`,
      },
    ]),

  fix: (w) =>
    fixOf({
      layer: 'host',
      summary:
        'Nothing to change in nginx. The machine, container network or virtual machine of the backend went away without closing: look for a restart, a suspended host, a network that was removed, or a firewall that forgets connections.',
      verify: [`ping -c 3 ${upstream(w.scope).replace(/:\d+$/, '')}`, 'journalctl -k --since -1h | tail -50'],
    }),
}
