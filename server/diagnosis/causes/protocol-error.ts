/** Frames or close codes that RFC 6455 does not allow: something rewrites bytes on the way, or the peer is no WebSocket. */
import { fixOf } from '../advice.ts'
import type { Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'app-protocol-error': { weight: 0.85, text: 'the application received frames or close codes that are not allowed' },
  'browser-invalid-frame': { weight: 0.8, text: 'a browser received bytes that are no WebSocket frames' },
}

export const protocolError: Cause = {
  id: 'protocol-error',
  title: 'Invalid WebSocket frames arrive',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-5.2',

  weigh: (view) =>
    toldByApplication(view, SIGNS, 'warning', () => [
      {
        cause: 'edge-proxy',
        confidence: 0.3,
        check: 'does it happen only through one proxy or VPN? then that one rewrites or compresses the stream',
      },
      { cause: 'client-gone', confidence: 0.1, check: 'do all lines have one client? then its library is at fault' },
    ]),

  fix: () =>
    fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx: it passes bytes of an upgraded connection on as they are. Look for a proxy, filter or VPN between client and application that does not, for two services that share one port, or for a client library that is out of date.',
    }),
}
