/** The visitor's URL is wrong: ws:// to a TLS port. nginx answers 400 and says so at [info] only.
 *  Source: ngx_http_process_request (497, logged as 400). */
import { fixOf, handshake } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import type { Alternative, Observation } from '../contract.ts'
import { clientsOf, countOf } from '../group.ts'

const SIGNS: Signs = {
  'plain-http-on-tls-port': { weight: 0.93, text: 'plain http (or ws://) arrived at a TLS port' },
  'browser-mixed-content': {
    weight: 0.95,
    text: 'a browser refused to open ws:// from a page of https://, before anything was sent',
  },
  'browser-no-tls-there': { weight: 0.8, text: 'a browser asked with wss:// and got no TLS there, but plain http' },
  'browser-certificate-refused': {
    weight: 0.85,
    text: 'a browser does not accept the certificate there, and asks nobody about it for a WebSocket',
  },
  'browser-nobody-there': {
    weight: 0.55,
    text: 'a browser reached nobody at the host and port of its URL: not even nginx was asked',
  },
  'plain-http-page': {
    weight: 0.62,
    text: "the answer 400 has the size of nginx's own page for plain http at a TLS port",
  },
}

const isCertain = (sign: string): boolean => sign === 'plain-http-on-tls-port' || sign.startsWith('browser-')

export const clientUrlMismatch: Cause = {
  id: 'client-url-mismatch',
  title: 'Clients use the wrong URL{which}: ws:// or http:// where TLS is spoken',
  severity: 'warning',
  docs: 'https://www.rfc-editor.org/rfc/rfc6455#section-3',

  weigh: (view) =>
    weighSigns(view, SIGNS, 'server+path', 'warning', (members) =>
      members.every((o) => o.sign === 'plain-http-page') ? [rival(members)] : [],
    ).map((w) => {
      const n = countOf(w.observations)
      const certain = w.observations.some((o) => isCertain(o.sign))
      // Scanners ask port 443 in plain http, too: once.
      return certain || (n >= 3 && n >= 3 * clientsOf(w.observations)) ? w : { ...w, severity: 'info' as const }
    }),

  fix: () =>
    fixOf({
      layer: 'application',
      summary:
        'Nothing to change in nginx. The page or client must connect with wss:// to this port; a page that builds its URL from X-Forwarded-Proto needs that header.',
    }),
}

const rival = (members: readonly Observation[]): Alternative => ({
  cause: 'missing-upgrade-headers',
  confidence: 0.2,
  check: `${handshake(members[0]?.scope ?? { server: null, path: null, upstream: null }, 'backend')} # 400 from the application has a text of its own; nginx's page names the HTTPS port`,
})
