/** Where nginx writes its logs on the systems self-hosters use. Tried in this order when no input is named. */
export interface UsualPlace {
  product: string
  /** May hold wildcards; `~` is the home directory. */
  pattern: string
}

/** Sources: Debian's nginx package; Nginx Proxy Manager's image (/data/logs) and the volume names of its compose
 *  examples; LinuxServer docker-baseimage-alpine-nginx; Plesk's vhost templates; cPanel ea-nginx. */
export const USUAL_PLACES: readonly UsualPlace[] = [
  { product: 'nginx', pattern: '/var/log/nginx/*.log' },
  { product: 'Nginx Proxy Manager', pattern: '/data/logs/*.log' },
  { product: 'Nginx Proxy Manager', pattern: '/opt/npm/data/logs/*.log' },
  { product: 'Nginx Proxy Manager', pattern: '~/npm/data/logs/*.log' },
  { product: 'Nginx Proxy Manager', pattern: '~/*/npm/data/logs/*.log' },
  { product: 'SWAG', pattern: '/config/log/nginx/*.log' },
  { product: 'Plesk', pattern: '/var/www/vhosts/system/*/logs/proxy_*' },
  { product: 'cPanel', pattern: '/var/log/nginx/domains/*' },
]
