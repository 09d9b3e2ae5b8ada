/** Configuration files that a program writes: a change there is gone with its next run. Pure. */

export interface Generated {
  /** Who writes it. */
  by: string
  /** Where the change belongs instead, one sentence. */
  instead: string
}

interface Rule extends Generated {
  path?: RegExp
  /** Looked for in the first 4 KiB. */
  head?: RegExp
}

/** The exact ones first. Sources: Nginx Proxy Manager backend/templates/proxy_host.conf and _header_comment.conf;
 *  ingress-nginx rootfs/etc/nginx/template/nginx.tmpl; Plesk's and cPanel's own comments; certbot does not own the files it edits. */
const RULES: readonly Rule[] = [
  {
    by: 'Nginx Proxy Manager',
    path: /\/nginx\/(?:proxy_host|redirection_host|dead_host|stream|default_host)\/[^/]+\.conf$/,
    instead:
      'in its page, Hosts → Proxy Hosts → the host → Edit: switch on "Websockets Support", or put other lines into "Advanced" or a custom location',
  },
  {
    by: 'ingress-nginx',
    head: /^# Configuration checksum: \d+/m,
    instead:
      'as annotations of the Ingress (nginx.ingress.kubernetes.io/proxy-read-timeout, /affinity …) or in the ConfigMap of the controller',
  },
  {
    by: 'Plesk',
    path: /\/(?:var\/www\/vhosts\/system|etc\/nginx\/plesk\.conf\.d)\//,
    instead: 'in Plesk, Websites & Domains → the domain → Apache & nginx Settings → "Additional nginx directives"',
  },
  {
    by: 'cPanel',
    path: /\/etc\/nginx\/conf\.d\/users\/[^/]+(?:\.conf$|\/[^/]+\.conf$)/,
    instead:
      'in a file of your own below /etc/nginx/conf.d/users/USER/DOMAIN/, then /usr/local/cpanel/scripts/ea-nginx config USER',
  },
  {
    by: 'Synology DSM',
    path: /\/(?:etc|usr\/local\/etc)\/nginx\/sites-(?:enabled|available)\/server\.ReverseProxy\.conf$/,
    instead:
      'in Control Panel → Login Portal → Advanced → Reverse Proxy → the rule → Custom Header → Create → WebSocket, and its time-outs under Advanced Settings',
  },
  {
    by: 'a program',
    head: /^[ \t]*#.*\b(?:do(?: not|n[’']t) (?:edit|modify|change)|automatically generated|generated automatically|auto-?generated|changes will be (?:lost|overwritten))\b/im,
    instead: 'where its first lines say: they ask not to edit it by hand',
  },
]

const HEAD = 4096

/** Who owns the file and where the change belongs; null when it is the user's own. */
export function generatedBy(path: string, text: string): Generated | null {
  const head = text.slice(0, HEAD)
  const found = RULES.find(
    (rule) => (rule.path === undefined || rule.path.test(path)) && (rule.head === undefined || rule.head.test(head)),
  )
  return found ? { by: found.by, instead: found.instead } : null
}
