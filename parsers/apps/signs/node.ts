/** Node: ws, http-proxy-middleware, Vite, webpack-dev-server, engine.io, Uptime Kuma, n8n, code-server, SockJS.
 *  Sources: ws lib/websocket-server.js and receiver.js, http-proxy-middleware src/plugins/default/logger-plugin.ts, vite
 *  server/middlewares/proxy.ts, webpack-dev-server lib/Server.js, engine.io lib/server.ts, Uptime Kuma
 *  server/uptime-kuma-server.js, n8n push/index.ts, code-server src/node/http.ts. */
import type { Wording } from './wording.ts'

/** A development proxy or the like, followed by why its own leg failed. */
const LEG = String.raw`(?:\[HPM\] Error occurred|(?:ws|http) proxy error:)[\s\S]{0,2000}`

export const NODE: readonly Wording[] = [
  {
    sign: 'app-connection-token-missing',
    from: 'SockJS, Tornado',
    text: /"Connection" must be "Upgrade"/i,
    example: '"Connection" must be "Upgrade".',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'SockJS, Tornado, Spring',
    text: /Can "Upgrade" only to "WebSocket"/i,
    example: 'Can "Upgrade" only to "WebSocket".',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'Rocket.Chat (SockJS)',
    text: /^Not a valid websocket request$/,
    example: 'Not a valid websocket request',
  },
  {
    sign: 'app-origin-refused',
    from: 'Uptime Kuma',
    text: /Origin \([^()]{0,300}\) does not match host \(|Invalid origin url \(/,
    example: 'AUTH: Origin (https://kuma.example) does not match host (10.0.0.4:3001), IP: 192.0.2.7',
  },
  {
    sign: 'app-origin-refused',
    from: 'n8n',
    text: /Origin header (?:is missing|does NOT match the expected origin)/,
    example: 'Origin header does NOT match the expected origin. (Origin: "n8n.example", Expected: "10.0.0.4:5678")',
  },
  {
    sign: 'app-origin-refused-echo',
    from: 'n8n',
    text: /ResponseError: Invalid origin!/,
    example: 'ResponseError: Invalid origin!',
  },
  {
    sign: 'app-origin-refused',
    from: 'code-server',
    text: /\bat (?:Object\.)?ensureOrigin \(|host "[^"]{0,300}" does not match origin "/,
    example: '    at ensureOrigin (/app/code-server/out/node/http.js:288:15)',
  },
  {
    sign: 'app-origin-refused',
    from: 'webpack-dev-server',
    text: /Invalid Host(?:\/Origin)? header$/,
    example: '[webpack-dev-server] Invalid Host/Origin header',
  },
  {
    sign: 'app-handshake-invalid',
    from: 'ws',
    text: /(?:Missing or invalid|Invalid) Sec-WebSocket-(?:Key|Version|Protocol) header|^Invalid HTTP method$/,
    example: 'Missing or invalid Sec-WebSocket-Version header',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'ws',
    text: /^Invalid Upgrade header$/,
    example: 'Invalid Upgrade header',
  },
  {
    sign: 'app-session-unknown',
    from: 'engine.io',
    text: /"code":1,"message":"Session ID unknown"|engine unknown sid "/,
    example: '{"code":1,"message":"Session ID unknown"}',
  },
  {
    sign: 'app-engine-io-mismatch',
    from: 'engine.io',
    text: /"code":0,"message":"Transport unknown"|"code":5,"message":"Unsupported protocol version"/,
    example: '{"code":5,"message":"Unsupported protocol version"}',
  },
  {
    // Decides only together with transport=websocket in the request, which the body does not name.
    sign: 'app-engine-io-bad-request',
    from: 'engine.io',
    text: /"code":3,"message":"Bad request"|"code":2,"message":"Bad handshake method"/,
    example: '{"code":3,"message":"Bad request"}',
  },
  {
    sign: 'app-auth-refused',
    from: 'engine.io (allowRequest)',
    text: /"code":4,"message":"Forbidden"/,
    example: '{"code":4,"message":"Forbidden"}',
  },
  {
    sign: 'app-remote-refused',
    from: 'http-proxy-middleware, Vite',
    text: new RegExp(`${LEG}ECONNREFUSED`),
    example: '[vite] ws proxy error:\nError: connect ECONNREFUSED 127.0.0.1:8081',
  },
  {
    sign: 'app-remote-refused',
    from: 'configurable-http-proxy (JupyterHub)',
    text: /\b50[34] [A-Z]{3,10} \S{1,2000} connect ECONNREFUSED/,
    example: 'ConfigProxy: 503 GET /user/ann/api/kernels/3f/channels connect ECONNREFUSED 10.0.0.4:8888',
  },
  {
    sign: 'app-remote-name-unknown',
    from: 'http-proxy-middleware, Vite',
    text: new RegExp(`${LEG}(?:ENOTFOUND|EAI_AGAIN)`),
    example:
      '[HPM] Error occurred while proxying request app.example/ws to http://backend:8081/ [ENOTFOUND] (https://nodejs.org/api/errors.html)',
  },
  {
    sign: 'app-remote-timeout',
    from: 'http-proxy-middleware, Vite',
    text: new RegExp(`${LEG}(?:ETIMEDOUT|ESOCKETTIMEDOUT)`),
    example:
      '[HPM] Error occurred while trying to proxy request /ws from app.example to http://10.0.0.4:8081 (ETIMEDOUT) (https://nodejs.org/api/errors.html)',
  },
  {
    sign: 'app-remote-reset',
    from: 'http-proxy-middleware, Vite',
    text: new RegExp(`${LEG}(?:ECONNRESET|EPIPE|ECONNABORTED|socket hang up|HPE_INVALID)`),
    example:
      '[HPM] Error occurred while proxying request app.example/ws to http://10.0.0.4:8081/ [ECONNRESET] (https://nodejs.org/api/errors.html)',
  },
  {
    sign: 'app-client-left',
    from: 'Vite',
    text: /ws proxy socket error:/,
    example: 'ws proxy socket error:',
  },
  {
    sign: 'app-protocol-error',
    from: 'ws',
    text: /Invalid WebSocket frame: |WS_ERR_[A-Z_]{3,60}/,
    example: 'RangeError: Invalid WebSocket frame: RSV1 must be clear',
  },
  {
    sign: 'app-1006-echo',
    from: 'ws (an application passes 1005 or 1006 on)',
    text: /First argument must be a valid error code number/,
    example: 'TypeError: First argument must be a valid error code number',
  },
  {
    sign: 'app-1006',
    from: 'noVNC, code-server pages',
    text: /\((?:code: |status code )1006\)|WebSocket close with status code 1006/,
    example: 'Failed when connecting: Connection closed (code: 1006)',
  },
  {
    sign: 'app-client-got-no-101',
    from: 'ws as a client',
    text: /Unexpected server response: \d{3}|Opening handshake has timed out|Invalid Sec-WebSocket-Accept header/,
    example: 'Error: Unexpected server response: 400',
  },
  {
    sign: 'app-page-got-no-socket',
    from: 'Socket.IO pages, Uptime Kuma',
    text: /Cannot connect to the socket server\. \[Error: websocket error\]|connect_error: websocket error/i,
    example: 'Cannot connect to the socket server. [Error: websocket error] Reconnecting...',
  },
  {
    // Pages that were served, and say that their socket was not.
    sign: 'app-page-got-no-socket',
    from: 'pages of Jupyter, Mattermost, Collabora, Blazor',
    text: /WebSocket connection could not be established\. You will NOT be able to run code|Please check connection, Mattermost unreachable\.|Failed to establish socket connection or socket connection closed unexpectedly|Failed to connect via WebSockets, using the Long Polling fallback transport/,
    example:
      'A WebSocket connection could not be established. You will NOT be able to run code. Check your network connection or notebook server configuration.',
  },
  {
    sign: 'app-client-got-no-101',
    from: 'clients: websocket-client, aiohttp, Java-WebSocket, .NET, tungstenite, websocket-tester tools',
    text: /WebSocketBadStatusException: Handshake status \d{3}|WSServerHandshakeError: \d{3}|Invalid status code received: \d{3}|returned status code '\d{3}' when status code '101' was expected|HTTP error: \d{3} [A-Z]|server rejected WebSocket connection: HTTP \d{3}/,
    example: 'websocket._exceptions.WebSocketBadStatusException: Handshake status 404 Not Found',
  },
]
