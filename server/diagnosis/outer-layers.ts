/** Timeouts that are in effect without anybody having set them: products around nginx, and layers in front of it. A number
 *  alone never proves whose it is: several share one, and everybody may change his. */

export interface TimeoutOf {
  /** As in a sentence: `that is the … of {whose}`. */
  whose: string
  seconds: number
  /** `idle`: traffic keeps a session open. `lifetime`: it ends whatever passes. */
  kind: 'idle' | 'lifetime'
  /** Whose configuration has to change. */
  layer: 'nginx' | 'edge'
  source: string
  /** Month of the source's own date, else in which it was read. */
  read: string
}

const AWS = 'https://docs.aws.amazon.com/elasticloadbalancing/latest'

export const TIMEOUTS: readonly TimeoutOf[] = [
  {
    whose: "nginx's default proxy_read_timeout",
    seconds: 60,
    kind: 'idle',
    layer: 'nginx',
    source: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
    read: '2026-11',
  },
  {
    whose: "Nginx Proxy Manager's proxy_read_timeout",
    seconds: 90,
    kind: 'idle',
    layer: 'nginx',
    source: 'https://github.com/NginxProxyManager/nginx-proxy-manager (docker/rootfs/etc/nginx/nginx.conf)',
    read: '2026-11',
  },
  {
    whose: "SWAG's proxy_read_timeout",
    seconds: 240,
    kind: 'idle',
    layer: 'nginx',
    source: 'https://github.com/linuxserver/docker-baseimage-alpine-nginx (proxy.conf)',
    read: '2026-11',
  },
  {
    whose: "Cloudflare's proxy read timeout",
    seconds: 120,
    kind: 'idle',
    layer: 'edge',
    source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
    read: '2026-07',
  },
  {
    whose: "Cloudflare's proxy read timeout as it was before 2026",
    seconds: 100,
    kind: 'idle',
    layer: 'edge',
    source: 'https://developers.cloudflare.com/fundamentals/reference/connection-limits/',
    read: '2024-08',
  },
  {
    whose: "an AWS Application Load Balancer's idle timeout",
    seconds: 60,
    kind: 'idle',
    layer: 'edge',
    source: `${AWS}/application/edit-load-balancer-attributes.html`,
    read: '2026-11',
  },
  {
    whose: "an AWS Classic Load Balancer's idle timeout",
    seconds: 60,
    kind: 'idle',
    layer: 'edge',
    source: `${AWS}/classic/config-idle-timeout.html`,
    read: '2026-11',
  },
  {
    whose: "an AWS Network Load Balancer's idle timeout",
    seconds: 350,
    kind: 'idle',
    layer: 'edge',
    source: `${AWS}/network/update-idle-timeout.html`,
    read: '2026-11',
  },
  {
    whose: "CloudFront's idle timeout for WebSockets",
    seconds: 600,
    kind: 'idle',
    layer: 'edge',
    source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html',
    read: '2026-11',
  },
  {
    whose: "a Google Cloud load balancer's backend service timeout",
    seconds: 30,
    kind: 'lifetime',
    layer: 'edge',
    source: 'https://cloud.google.com/load-balancing/docs/backend-service#timeout-setting',
    read: '2026-11',
  },
  {
    whose: "Cloud Run's request timeout",
    seconds: 300,
    kind: 'lifetime',
    layer: 'edge',
    source: 'https://cloud.google.com/run/docs/triggering/websockets',
    read: '2026-11',
  },
  {
    whose: "an Azure Load Balancer's idle timeout",
    seconds: 240,
    kind: 'idle',
    layer: 'edge',
    source: 'https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout',
    read: '2024-02',
  },
  {
    whose: "Heroku's idle timeout",
    seconds: 55,
    kind: 'idle',
    layer: 'edge',
    source: 'https://devcenter.heroku.com/articles/websockets#timeouts',
    read: '2025-02',
  },
]

/** Those that a peak at so many seconds may be. A session that outlived it rules a maximum lifetime out. */
export const timeoutsAt = (seconds: number, outlived: boolean): readonly TimeoutOf[] =>
  TIMEOUTS.filter((t) => Math.abs(t.seconds - seconds) < 0.05 && !(t.kind === 'lifetime' && outlived))
