/** URLs at which well-known applications speak only WebSocket. They tell a handshake from an ordinary request
 *  where the log format has no `$http_upgrade`. Polling transports of the same applications are not listed.
 *  Sources: the routes in each application's own source or documentation. */
export interface KnownSocket {
  product: string
  /** Tested on the path without query. */
  path: RegExp
  /** Tested on the query string; absent: any. */
  query?: RegExp
}

export const KNOWN_SOCKETS: readonly KnownSocket[] = [
  { product: 'Socket.IO', path: /\/(?:socket|engine)\.io\/?$/, query: /(?:^|&)transport=websocket(?:&|$)/ },
  { product: 'Portainer', path: /\/api\/websocket\/(?:exec|attach|pod|kubernetes-shell)$/ },
  { product: 'Home Assistant', path: /^\/api\/websocket$/ },
  { product: 'Jupyter', path: /\/api\/kernels\/[^/]+\/channels$/ },
  { product: 'Jupyter', path: /\/terminals\/websocket\/[^/]+$/ },
  { product: 'Streamlit', path: /\/_stcore\/stream$/ },
  { product: 'Rails Action Cable', path: /^\/cable\/?$/ },
  { product: 'Phoenix', path: /\/(?:live|socket)\/websocket$/ },
  { product: 'Grafana', path: /\/api\/live\/ws$/ },
  { product: 'Mattermost', path: /\/api\/v[34]\/(?:users\/)?websocket$/ },
  { product: 'noVNC', path: /\/websockify$/ },
  { product: 'Guacamole', path: /\/websocket-tunnel$/ },
  // sockjs-protocol: /PREFIX/SERVER/SESSION/websocket, where clients take three digits for SERVER.
  { product: 'SockJS', path: /\/\d{3}\/[^/]+\/websocket$/ },
]

/** A path whose last segment is a usual name for a socket. A hint only: it never makes a request a handshake. */
export const SOCKET_NAME = /\/(?:wss?|websockets?|sockets?)\/?$/i

/** The application that speaks only WebSocket at this request URI, or null. */
export function knownSocket(uri: string): KnownSocket | null {
  const q = uri.indexOf('?')
  const path = q < 0 ? uri : uri.slice(0, q)
  const query = q < 0 ? '' : uri.slice(q + 1)
  for (const known of KNOWN_SOCKETS) {
    if (known.path.test(path) && (known.query === undefined || known.query.test(query))) return known
  }
  return null
}
