/** http spoken to a TLS port or https to a plain one; SNI, protocol version or certificate that do not fit.
 *  Source: ngx_http_upstream_ssl_init_connection, ngx_ssl_connection_error. */
import { fixOf, prepare, rollBack, servingLocation, shellSafe, snippet, TEST_AND_RELOAD, upstream } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause } from '../cause.ts'
import type { Directive } from '../contract.ts'
import { CLOUDFLARE_TLS_ADVICE, fromEdgeStatus, ofCloudflare } from '../edge-statuses.ts'
import { toldByApplication } from '../told-by-application.ts'

const SIGNS: Signs = {
  'tls-wrong-version': {
    weight: 0.95,
    text: 'the backend answered the TLS handshake with something that is not TLS: that port speaks plain http',
  },
  'tls-verify': { weight: 0.95, text: "nginx does not accept the backend's certificate" },
  'app-proxy-tls': {
    weight: 0.9,
    text: 'the proxy and the backend do not agree on TLS: http to a port of https, the other way round, or a certificate that it does not accept (Caddy, Traefik)',
  },
  'tls-handshake-failed': { weight: 0.88, text: 'the backend ended the TLS handshake' },
}

const TOLD: Signs = {
  'app-plain-at-tls': { weight: 0.6, text: 'the application speaks TLS at that port and was sent plain http' },
}

export const upstreamTlsMismatch: Cause = {
  id: 'upstream-tls-mismatch',
  title: 'nginx and the backend{which} do not agree on TLS',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name',

  weigh: (view) => [
    ...weighSigns(view, SIGNS, 'server+upstream', 'error'),
    ...fromEdgeStatus(view, 'upstream-tls-mismatch'),
    // A scanner that reaches the port itself writes the same line, a few times.
    ...toldByApplication(view, TOLD, 'warning', () => [
      {
        cause: 'client-url-mismatch',
        confidence: 0.3,
        check: "is the address in the line nginx's? if not, a client came to that port itself, with http:// or ws://",
      },
    ]).map((w) => ({ ...w, values: { which: '' } })),
  ],

  fix(w, config) {
    if (w.observations.every((o) => o.sign === 'app-proxy-tls'))
      return fixOf({
        layer: 'edge',
        summary:
          'Name the right scheme of the backend in that proxy (Caddy: reverse_proxy https://… or http://…; Traefik: loadbalancer.server.scheme). Of a certificate of its own let the proxy trust the authority, not everything: tls_trust_pool in Caddy, rootCAs of a serversTransport in Traefik.',
      })
    if (w.observations.every(ofCloudflare)) return fixOf({ layer: 'edge', summary: CLOUDFLARE_TLS_ADVICE })
    const first = w.observations[0]
    const scope = { ...w.scope, path: first?.scope.path ?? null }
    if (w.observations.every((o) => o.sign === 'app-plain-at-tls'))
      return fixOf({
        layer: 'nginx',
        summary:
          'If the address in the line is that of nginx: this port wants https:// in proxy_pass (or name the plain port of the application).',
        verify: ['sudo nginx -T 2>/dev/null | grep -n proxy_pass', TEST_AND_RELOAD],
      })
    const plain = w.observations.some((o) => o.sign === 'tls-wrong-version')
    const verify = w.observations.some((o) => o.sign === 'tls-verify')
    const sni = w.observations.some((o) =>
      o.exemplars.some((e) => /unrecognized name|alert number (?:112|40)\b/.test(e.text)),
    )
    const settings = scope.path === null ? null : (config?.settings(scope.server, scope.path) ?? null)
    const context = settings?.context ?? servingLocation(scope)
    const target = settings?.proxy_pass?.replace(/^https:/, 'http:') ?? `http://${upstream(w.scope)}`
    // An address in proxy_pass is never sent as a name.
    const name = sni && scope.path !== null ? (config?.tls_name?.(scope.server, scope.path) ?? null) : null
    const directives: Directive[] = plain
      ? [{ context, text: `proxy_pass ${target};` }]
      : sni
        ? [
            { context, text: 'proxy_ssl_server_name on;' },
            ...(name ? [{ context, text: `proxy_ssl_name ${name};` }] : []),
          ]
        : []
    const patch =
      scope.path === null || directives.length === 0 || (sni && name === null)
        ? null
        : (config?.patch(scope.server, scope.path, directives) ?? null)
    return fixOf({
      layer: 'nginx',
      summary: plain
        ? 'The port speaks plain http: replace https:// by http:// in the proxy_pass that is there, or name the TLS port of the backend.'
        : verify
          ? "Give nginx the certificate of the backend's issuer (proxy_ssl_trusted_certificate) and the right name (proxy_ssl_name). Do not switch the check off."
          : 'The backend wants to know the host name in the TLS handshake (SNI), which nginx does not send by default, and which proxy_ssl_name has to say where proxy_pass has an address; check also that both support a common TLS version.',
      directives,
      snippet: directives.length > 0 ? snippet(directives) : null,
      patch: patch?.patch ?? null,
      target: patch?.target ?? (settings ? { file: settings.file, line: settings.line } : null),
      verify: [
        plain
          ? `curl -sS --max-time 5 -o /dev/null -w '%{http_code}\\n' http://${upstream(w.scope)}/`
          : `openssl s_client -connect ${upstream(w.scope)} -servername ${shellSafe(name?.startsWith('$') ? scope.server : name || null, 'BACKEND-NAME')} </dev/null | head -5`,
        TEST_AND_RELOAD,
      ],
      prepare: prepare(config),
      rollback: rollBack(config),
    })
  },
}
