/** A limit refused the connection: worker_connections, open files, limit_req, limit_conn. A WebSocket takes two
 *  connections of a worker and holds its limit_conn slot as long as it lives. */
import { fixOf, prepare, rollBack, snippet, TEST_AND_RELOAD } from '../advice.ts'
import { weighSigns, type Signs } from '../by-signs.ts'
import type { Cause, Weighed } from '../cause.ts'
import { fromEdgeStatus } from '../edge-statuses.ts'
import { connectionsFix, limitFix } from '../limit-advice.ts'

const SIGNS: Signs = {
  'worker-connections': { weight: 0.95, text: 'all worker_connections were in use; a proxied WebSocket takes two' },
  'open-files': { weight: 0.95, text: 'the limit of open files was reached' },
  'connect-no-port': {
    weight: 0.75,
    text: 'no local port was left for another connection to that backend (ip_local_port_range)',
  },
  'connect-queue-full': {
    weight: 0.8,
    text: 'the queue of the socket is full: the application takes connections more slowly than they come',
  },
  'limit-conn': { weight: 0.92, text: 'limit_conn refused it; an open WebSocket holds its slot until it closes' },
  'haproxy-queue-timeout': {
    weight: 0.85,
    text: "every connection that HAProxy may open to that backend was taken (maxconn), and the request's time in the queue was over (sQ)",
  },
  'body-too-large': { weight: 0.92, text: 'the request body was larger than client_max_body_size' },
  'request-too-large': {
    weight: 0.9,
    text: 'the request line or a header was larger than large_client_header_buffers (long cookies, tokens in the URL)',
  },
  'limit-req': { weight: 0.85, text: 'limit_req refused it' },
}

export const resourceLimit: Cause = {
  id: 'resource-limit',
  title: 'A limit in {who} refuses connections{which}',
  severity: 'error',
  docs: 'https://nginx.org/en/docs/ngx_core_module.html#worker_connections',

  weigh: (view) => [
    ...weighSigns(view, SIGNS, 'server+path', 'error')
      .map(named)
      .map((w) =>
        // Limits of the whole server name no path and hit sockets first, since those stay.
        w.scope.path === null && w.observations.some((o) => o.sign === 'worker-connections' || o.sign === 'open-files')
          ? { ...w, severity: 'error' as const }
          : w,
      ),
    ...fromEdgeStatus(view, 'resource-limit'),
  ],

  fix(w, config, view) {
    const has = (sign: string): boolean => w.observations.some((o) => o.sign === sign)
    if (has('haproxy-queue-timeout'))
      return fixOf({
        layer: 'edge',
        summary:
          'Nothing to change in nginx. An open WebSocket holds one of the connections that HAProxy may open to a server (maxconn) as long as it lives: size maxconn for open sockets, or add a server.',
      })
    if (w.observations.every((o) => o.status !== null)) return byStatus(w)
    if (has('connect-no-port') || has('connect-queue-full'))
      return fixOf({
        layer: 'host',
        summary: has('connect-no-port')
          ? 'Every connection to one backend takes a local port, and closed ones keep theirs for a minute. Let ordinary requests keep their connections (keepalive in upstream, with an empty Connection for them), widen net.ipv4.ip_local_port_range, or give the backend several addresses.'
          : 'Give the application more workers, or a longer queue: its backlog, and net.core.somaxconn, which bounds it.',
        verify: ['ss -s # many in TIME-WAIT?', 'sysctl net.ipv4.ip_local_port_range net.core.somaxconn'],
      })
    if (has('worker-connections') || has('open-files')) return connectionsFix(has('worker-connections'), config)
    const tooLarge = has('body-too-large') || has('request-too-large')
    const limit = tooLarge ? null : limitFix(w, config, view)
    return fixOf({
      layer: 'nginx',
      summary: tooLarge
        ? 'The limit does what it says. Raise client_max_body_size or large_client_header_buffers for the location that needs it, a little above what is sent; or let the client send less (tokens and cookies grow).'
        : `The limit does what it says. Keep it, and size it for sockets: count open tabs per address for limit_conn, and allow a burst for the moment when all pages reconnect (limit_req … burst=… nodelay).${limit?.because ?? ''}`,
      directives: limit?.directives ?? [],
      snippet: limit ? snippet(limit.directives) : null,
      patch: limit?.patch.patch ?? null,
      target: limit?.patch.target ?? null,
      prepare: prepare(config),
      verify: [TEST_AND_RELOAD],
      rollback: rollBack(config),
    })
  },
}

const named = (w: Weighed): Weighed => ({
  ...w,
  values: { ...w.values, who: w.observations.every((o) => o.sign.startsWith('haproxy-')) ? 'HAProxy' : 'nginx' },
})

/** The status tells that there is a limit, and not whose. */
function byStatus(w: Weighed): ReturnType<Cause['fix']> {
  const rate = w.observations.some((o) => o.status === 429)
  return fixOf({
    layer: 'application',
    summary: rate
      ? 'First find out who limits: nginx (limit_req_status 429), the CDN, or the application itself. Let the page reconnect after a pause that grows, and size the limit for the moment when all pages reconnect.'
      : 'Cookies and tokens have grown. Let the client send less (old cookies of the domain, a token in the URL); only then raise the limit of the hop that answers: large_client_header_buffers in nginx, --max-http-header-size in Node.',
    verify: ["grep -h 'limiting\\|too l' /var/log/nginx/error.log | tail # nginx names its own limits there"],
  })
}
