/** URLs at which well-known applications speak only WebSocket. They tell a handshake from an ordinary request
 *  where the log format has no `$http_upgrade`. Polling transports of the same applications are not listed.
 *  Sources: the routes in each application's own source or documentation. */
export interface KnownSocket {
  product: string
  /** A text that every such path has: looked for first, since a pattern's first use takes as long as a hundred looks. */
  part: string
  /** Tested on the path without query. */
  path: RegExp
  /** Tested on the query string; absent: any. */
  query?: RegExp
}

/** Where Engine.IO and Socket.IO speak, by polling and by WebSocket: the query says which. */
export const ENGINE_IO = /\/(?:socket|engine)\.io\/?$/

export const KNOWN_SOCKETS: readonly KnownSocket[] = [
  {
    product: 'Socket.IO',
    part: '.io',
    path: ENGINE_IO,
    query: /(?:^|&)transport=websocket(?:&|$)/,
  },
  { product: 'Portainer', part: '/api/websocket/', path: /\/api\/websocket\/(?:exec|attach|pod|kubernetes-shell)$/ },
  { product: 'Home Assistant', part: '/api/websocket', path: /^\/api\/websocket$/ },
  { product: 'Jupyter', part: '/api/kernels/', path: /\/api\/kernels\/[^/]+\/channels$/ },
  { product: 'Jupyter', part: '/terminals/websocket/', path: /\/terminals\/websocket\/[^/]+$/ },
  { product: 'Streamlit', part: '/_stcore/stream', path: /\/_stcore\/stream$/ },
  { product: 'Rails Action Cable', part: '/cable', path: /^\/cable\/?$/ },
  { product: 'Phoenix', part: '/websocket', path: /\/(?:live|socket)\/websocket$/ },
  { product: 'Grafana', part: '/api/live/ws', path: /\/api\/live\/ws$/ },
  { product: 'Mattermost', part: '/api/v', path: /\/api\/v[34]\/(?:users\/)?websocket$/ },
  { product: 'noVNC', part: '/websockify', path: /\/websockify$/ },
  { product: 'Guacamole', part: '/websocket-tunnel', path: /\/websocket-tunnel$/ },
  // sockjs-protocol: /PREFIX/SERVER/SESSION/websocket, where clients take three digits for SERVER.
  { product: 'SockJS', part: '/websocket', path: /\/\d{3}\/[^/]+\/websocket$/ },
]

/** Places of sockets that need no query, looked at only for requests that failed, since the hot path does not know
 *  them: Bitwarden's hub (Vaultwarden), Node-RED, Proxmox, n8n, NATS behind Tactical RMM, Jitsi, UniFi. Sources: the routes of each. */
const SOCKET_PLACE =
  /\/notifications\/(?:anonymous-)?hub$|\/comms$|\/vncwebsocket$|\/rest\/push$|\/natsws$|\/colibri-ws\/(?:[^/]{1,100}\/){2}[^/]{1,100}$|\/xmpp-websocket$|\/wss\/s\/[^/]{1,60}\/events$/
/** A usual name in the middle of a path: `/plugins/boards/ws/onchange`. REST interfaces have it, too. */
const SOCKET_FOLDER = /\/(?:wss?|websockets?)\/[^/]|\/\w{0,60}hub$/i

/** What the path alone tells of a failed request: the socket of a known application, or a usual name of one. */
export function socketPlace(path: string): 'known' | 'named' | null {
  if (SOCKET_PLACE.test(path)) return 'known'
  return SOCKET_FOLDER.test(path) ? 'named' : null
}

/** Where SignalR and Blazor speak once `negotiate` has given them an id: a hub by its usual names. WebSocket, Server-Sent
 *  Events and long polling all ask for the same URL by GET, so a failure there is one of three things; successes without 101
 *  are the other two. Source: HttpConnectionDispatcher of ASP.NET Core; Microsoft's own names of hubs. */
const HUB = /\/(?:\w{0,60}hubs?|hubs?\/[\w-]{1,60}|_blazor)\/?$/i
const HUB_ID = /[?&]id=/

/** Whether a line about this path group asks a SignalR hub with an id. */
export const asksHub = (path: string | null, lines: readonly { text: string }[]): boolean =>
  path !== null && HUB.test(path) && lines.some(({ text }) => HUB_ID.test(text))

/** The Pusher protocol (Laravel Reverb, Soketi): the key of an application, and a query that nothing else has. */
const PUSHER = /\/app\/[\w:-]{1,64}$/
const PUSHER_QUERY = /[?&]protocol=\d&client=/

/** Whether a line about this path group asks for such a socket. */
export const asksPusher = (path: string | null, lines: readonly { text: string }[]): boolean =>
  path !== null && PUSHER.test(path) && lines.some(({ text }) => PUSHER_QUERY.test(text))

/** A path whose last segment is a usual name for a socket. A hint only: it never makes a request a handshake. */
export const SOCKET_NAME = /\/(?:wss?|websockets?|sockets?)\/?$/i

/** The application that speaks only WebSocket at this request URI, or null. */
export function knownSocket(uri: string): KnownSocket | null {
  const q = uri.indexOf('?')
  const path = q < 0 ? uri : uri.slice(0, q)
  const query = q < 0 ? '' : uri.slice(q + 1)
  // By index: an iterator makes an object for each step until V8 optimises it, and this is asked of every request.
  for (let i = 0; i < KNOWN_SOCKETS.length; i++) {
    const known = KNOWN_SOCKETS[i] as KnownSocket
    if (!path.includes(known.part)) continue
    if (known.path.test(path) && (known.query === undefined || known.query.test(query))) return known
  }
  return null
}
