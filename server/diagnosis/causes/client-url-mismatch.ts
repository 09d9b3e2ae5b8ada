/** The visitor's URL is wrong: ws:// to a TLS port. nginx answers 400 and says so at [info] only.
 *  Source: ngx_http_process_request (497, logged as 400). */
import { fixOf } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'

const SIGNS: Signs = {
  'plain-http-on-tls-port': { weight: 0.93, text: 'plain http (or ws://) arrived at a TLS port' },
}

export const clientUrlMismatch: Cause = {
  id: 'client-url-mismatch',
  title: 'Clients use the wrong URL{which}: ws:// or http:// to a TLS port',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-3',

  weigh: (view) => weighSigns(view, SIGNS, 'server+path', 'warning'),

  fix: () =>
    fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx. The page or client must connect with wss:// to this port; a page that builds its URL from X-Forwarded-Proto needs that header.',
    }),
}
