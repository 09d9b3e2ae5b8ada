/** Python: websockets, uvicorn, Tornado and Jupyter, daphne, Flask-SocketIO, Home Assistant. Sources: websockets
 *  server.py and asyncio/server.py, uvicorn protocols/http/httptools_impl.py, tornado/websocket.py, jupyter_server
 *  base/websocket.py, daphne ws_protocol.py, homeassistant components/http/forwarded.py and websocket_api/http.py. */
import type { Wording } from './wording.ts'

export const PYTHON: readonly Wording[] = [
  {
    sign: 'app-connection-token-missing',
    from: 'websockets, Spring',
    text: /(?:invalid|missing) Connection header/i,
    example: 'Failed to open a WebSocket connection: invalid Connection header: close.',
  },
  {
    // The whole request is printed, and it came without the token.
    sign: 'app-connection-token-missing',
    from: 'Tornado',
    text: /HTTPServerRequest\(protocol=[\s\S]{0,4000}'Connection': '(?:close|keep-alive)?'/,
    example:
      "Uncaught exception GET /terminals/websocket/1 (192.0.2.7)\nHTTPServerRequest(protocol='http', method='GET', uri='/terminals/websocket/1', version='HTTP/1.0', headers={'Host': 'lab.example', 'Connection': 'close'})",
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'websockets, Spring',
    text: /(?:invalid|missing) Upgrade header|connection rejected \(426|! invalid upgrade/i,
    example: 'connection rejected (426 Upgrade Required)',
  },
  {
    // Tested before Connection, which may be missing as well.
    sign: 'app-upgrade-token-missing',
    from: 'aiohttp',
    text: /No WebSocket UPGRADE hdr: /,
    example: 'No WebSocket UPGRADE hdr: None',
  },
  {
    sign: 'app-connection-token-missing',
    from: 'aiohttp',
    text: /No CONNECTION upgrade hdr: /,
    example: 'No CONNECTION upgrade hdr: close',
  },
  {
    sign: 'app-http10-handshake',
    from: 'Tornado',
    text: /HTTPServerRequest\(protocol=[^\n]{0,2000}uri='[^'\n]{0,300}(?:websocket|\/channels|\/ws\b|\/stream)[^\n]{0,600}version='HTTP\/1\.0'/,
    example:
      "HTTPServerRequest(protocol='http', host='10.0.0.4:8888', method='GET', uri='/terminals/websocket/1', version='HTTP/1.0', remote_ip='192.0.2.7')",
  },
  {
    sign: 'app-origin-refused',
    from: 'Jupyter, Tornado, websockets',
    text: /Blocking Cross Origin WebSocket Attempt|Cross origin websockets not allowed|websockets\.(?:\w+\.)?exceptions\.InvalidOrigin:|[Ii]nvalid Origin header: /,
    example: 'Blocking Cross Origin WebSocket Attempt.  Origin: https://lab.example:8443, Host: lab.example',
  },
  {
    sign: 'app-origin-refused',
    from: 'python-engineio',
    text: /is not an accepted origin\.?/,
    example: 'https://app.example is not an accepted origin.',
  },
  {
    // The same cause shows in ordinary requests; it is no failed socket.
    sign: 'app-origin-refused-echo',
    from: 'Jupyter',
    text: /Blocking Cross Origin API request/,
    example: 'Blocking Cross Origin API request for /api/contents.  Origin: https://lab.example, Host: 10.0.0.4:8888',
  },
  {
    sign: 'app-handshake-invalid',
    from: 'websockets',
    text: /connection rejected \(400|(?:invalid|missing) Sec-WebSocket-(?:Key|Version) header/i,
    example: 'connection rejected (400 Bad Request)',
  },
  {
    sign: 'app-unsupported-upgrade',
    from: 'uvicorn',
    text: /Unsupported upgrade request\./,
    example: 'Unsupported upgrade request.',
  },
  {
    sign: 'app-websocket-library-missing',
    from: 'uvicorn, python-engineio',
    text: /No supported WebSocket library detected|WebSocket transport not available\. Install/,
    example: 'No supported WebSocket library detected. Please use "pip install \'uvicorn[standard]\'"',
  },
  {
    sign: 'app-websocket-library-missing',
    from: 'gevent-websocket, simple-websocket',
    text: /gevent-websocket server is not configured appropriately|Cannot obtain socket from WSGI environment/,
    example: 'RuntimeError: The gevent-websocket server is not configured appropriately.',
  },
  {
    sign: 'app-forwarded-untrusted',
    from: 'Home Assistant',
    text: /A request from a reverse proxy was received from|Received X-Forwarded-For header from an untrusted proxy|Invalid IP address in X-Forwarded-For|Incorrect number of elements in X-Forward|(?:Empty|Too many)[^.]{0,40} X-Forward/,
    example:
      'A request from a reverse proxy was received from 172.18.0.5, but your HTTP integration is not set-up for reverse proxies',
  },
  {
    sign: 'app-auth-refused',
    from: 'Jupyter',
    text: /Couldn't authenticate WebSocket connection/,
    example: "Couldn't authenticate WebSocket connection",
  },
  {
    // The socket is open, and the page behind it says nothing: a tab that sleeps, an app in the background.
    sign: 'app-auth-missing',
    from: 'Home Assistant',
    text: /Did not receive auth message within \d+ seconds/,
    example: '[139914406889168] Disconnected: Did not receive auth message within 10 seconds',
  },
  {
    sign: 'app-auth-refused',
    from: 'Home Assistant',
    text: /Login attempt or request with invalid authentication from .{0,300}\/api\/websocket|websocket_api[\w.]{0,60}: .{0,80}(?:Disconnected: )?[Ii]nvalid (?:access token or )?password/,
    example:
      "homeassistant.components.http.ban: Login attempt or request with invalid authentication from 192.0.2.7. Requested URL: '/api/websocket'",
  },
  {
    // Its sockets have a port of their own (gevent_port, 8072), and the request came to that of its pages.
    sign: 'app-other-port',
    from: 'Odoo',
    text: /Couldn't bind the websocket\. Is the connection opened on the evented port/,
    example: "RuntimeError: Couldn't bind the websocket. Is the connection opened on the evented port (8072)?",
  },
  {
    // The path came as nginx sent it on.
    sign: 'app-no-route',
    from: 'Django Channels',
    text: /No route found for path ['"]/,
    example: "Exception inside application: No route found for path 'ws/chat/7/'.",
  },
  {
    sign: 'app-remote-failed',
    from: 'Home Assistant (the add-on behind its ingress)',
    text: /api\.ingress: Ingress error: \d{3}, message='?Invalid response status|Client error on WebSocket API/,
    example:
      "supervisor.api.ingress: Ingress error: 403, message='Invalid response status', url=URL('http://172.30.32.1:62520/ace')",
  },
  {
    sign: 'app-remote-refused',
    from: 'Home Assistant (the add-on behind its ingress)',
    text: /api\.ingress: Ingress error: Cannot connect to host /,
    example:
      "supervisor.api.ingress: Ingress error: Cannot connect to host 172.30.33.2:8099 ssl:default [Connect call failed ('172.30.33.2', 8099)]",
  },
  {
    sign: 'app-connection-rejected',
    from: 'autobahn under daphne',
    text: /failing WebSocket opening handshake \('/,
    example: "failing WebSocket opening handshake ('Access denied')",
  },
  {
    sign: 'app-session-unknown',
    from: 'python-engineio',
    text: /^(?:\S{1,60}: )?Invalid session [\w-]{8,64}(?: |$)/,
    example: 'Invalid session kM3aPq0xV2sD8TgZAAAB',
  },
  {
    sign: 'app-engine-io-mismatch',
    from: 'python-engineio',
    text: /using an unsupported version of the Socket\.IO or Engine\.IO protocols/,
    example: 'The client is using an unsupported version of the Socket.IO or Engine.IO protocols',
  },
  {
    sign: 'app-fault',
    from: 'websockets, daphne',
    text: /connection handler failed|Error in connection handler|took too long to shut down and was killed/,
    example: 'connection handler failed',
  },
  {
    sign: 'app-ping-timeout',
    from: 'websockets, daphne, Jupyter, engine.io',
    text: /keepalive ping (?:timeout|failed)|Unexpected exception in keepalive ping task|WebSocket ping timeout|(?:socket|engine|client|disconnect)\b[^\n]{0,80}\bping timeout/i,
    example:
      'dropping connection to peer tcp4:192.0.2.7:38006 with abort=True: WebSocket ping timeout (peer did not respond with pong in time)',
  },
  {
    sign: 'app-client-slow',
    from: 'Home Assistant',
    text: /Client exceeded max pending messages|Client unable to keep up with pending messages/,
    example: '[139827] Client exceeded max pending messages [2]: 512',
  },
  {
    sign: 'app-1006',
    from: 'websockets',
    text: /no close frame received or sent|failing connection with code 1006|code = 1006 \(/,
    example: 'websockets.exceptions.ConnectionClosedError: no close frame received or sent',
  },
  {
    sign: 'app-client-got-no-101',
    from: 'websockets as a client',
    text: /server rejected WebSocket connection: HTTP \d{3}/,
    example: 'websockets.exceptions.InvalidStatusCode: server rejected WebSocket connection: HTTP 502',
  },
  {
    sign: 'app-connection-rejected',
    from: 'websockets',
    text: /connection rejected \((?:401|403|404|5\d\d) /,
    example: 'connection rejected (403 Forbidden)',
  },
  {
    sign: 'app-not-http',
    from: 'uvicorn',
    text: /(?:^|: )Invalid HTTP request received\.$/,
    example: 'Invalid HTTP request received.',
  },
  {
    sign: 'app-upgrade-failed',
    from: 'websockets',
    text: /opening handshake failed|Error in opening handshake/,
    example: 'opening handshake failed',
  },
]
