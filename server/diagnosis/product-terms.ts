/** The fix in the terms of the program that writes the configuration: there it is a switch, a field or an annotation, and a
 *  line in its files is gone with its next run. Pure.
 *  Sources: Nginx Proxy Manager backend/templates (proxy_host.conf, _location.conf) and docker/rootfs/etc/nginx; LinuxServer
 *  docker-baseimage-alpine-nginx root/defaults/nginx/proxy.conf.sample; ingress-nginx docs/user-guide/nginx-configuration
 *  (annotations.md) and miscellaneous.md; Plesk's "Additional nginx directives"; cPanel ea-nginx; Synology's help on Login
 *  Portal → Advanced. */
import type { Product } from './products.ts'

const CPANEL =
  'In cPanel (ea-nginx): put it into a file of your own below /etc/nginx/conf.d/users/USER/DOMAIN/, which the server block includes; the files beside it are written anew.'
const PLESK =
  'In Plesk: Websites & Domains, the domain, Apache & nginx Settings, "Additional nginx directives"; the files themselves are written anew.'

const TERMS: Readonly<Record<string, Partial<Record<Product, string>>>> = {
  'missing-upgrade-headers': {
    npm: 'In Nginx Proxy Manager: edit the proxy host and switch on "Websockets Support". For a custom location put the lines below into its own gear box: in the "Advanced" tab of the host proxy_set_header has no effect.',
    swag: 'In SWAG: let the location include /config/nginx/proxy.conf, which has these lines, then restart the container.',
    ingress:
      'ingress-nginx passes the upgrade on by itself: look for a configuration-snippet or template that sets Connection, for nginx.ingress.kubernetes.io/proxy-http-version, and for a proxy in front.',
    plesk: PLESK,
    cpanel: CPANEL,
    synology:
      'In DSM: Control Panel, Login Portal, Advanced, Reverse Proxy, the rule, Custom Header, Create, WebSocket; the file itself is written anew.',
  },
  'idle-timeout': {
    npm: 'In Nginx Proxy Manager: proxy_read_timeout goes into the "Advanced" tab of the proxy host.',
    swag: 'In SWAG: change proxy_read_timeout in /config/nginx/proxy.conf; a second one in a location that includes that file is refused as a duplicate.',
    ingress:
      'In ingress-nginx: the annotations nginx.ingress.kubernetes.io/proxy-read-timeout and proxy-send-timeout of the Ingress (seconds, in quotes).',
    plesk: PLESK,
    cpanel: CPANEL,
    synology:
      'In DSM: Control Panel, Login Portal, Advanced, Reverse Proxy, the rule, Advanced Settings, proxy time-outs.',
  },
  'sticky-session-missing': {
    ingress: 'In ingress-nginx: the annotation nginx.ingress.kubernetes.io/affinity: "cookie" of the Ingress.',
  },
  'upstream-tls-mismatch': {
    npm: 'In Nginx Proxy Manager: "Scheme" of the proxy host (http or https) has to be what the port speaks.',
    ingress: 'In ingress-nginx: the annotation nginx.ingress.kubernetes.io/backend-protocol ("HTTP" or "HTTPS").',
    synology:
      'In DSM: the protocol of the destination in Control Panel, Login Portal, Advanced, Reverse Proxy, the rule.',
  },
  'resource-limit': { plesk: PLESK, cpanel: CPANEL },
}
// The same lines in the same place.
const LIKE: Readonly<Record<string, string>> = { 'upstream-http-version': 'missing-upgrade-headers' }

/** One or two sentences; null where the product has no word of its own for it. */
export const inTheirTerms = (cause: string, product: Product): string | null =>
  TERMS[LIKE[cause] ?? cause]?.[product] ?? null
