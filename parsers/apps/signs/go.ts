/** Go: gorilla/websocket (Portainer, Mattermost, Gotify, Traefik 1, neko, Rancher, nginx-ui …), koding/websocketproxy,
 *  coder/websocket, gobwas, NATS. Sources: gorilla server.go and conn.go at 1.0 … 1.5 and main, koding
 *  websocketproxy.go, coder accept.go, net/http server.go. */
import type { Wording } from './wording.ts'

export const GO: readonly Wording[] = [
  {
    sign: 'app-agent-unreachable',
    from: 'koding/websocketproxy, Portainer',
    text: /couldn't dial to remote backend url|Unable to proxy websocket request to (?:agent|Edge agent)|oxy\/forward\/websocket: Error dialing/,
    example: "websocketproxy: couldn't dial to remote backend url dial tcp 10.0.0.2:9001: connect: connection refused",
  },
  {
    sign: 'app-connection-token-missing',
    from: 'gorilla ≥ 1.2',
    text: /'upgrade' token not found in 'Connection' header/i,
    example:
      "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
  },
  {
    sign: 'app-connection-token-missing',
    from: 'gorilla ≤ 1.1',
    text: /connection header with token 'upgrade'/i,
    example: "websocket: could not find connection header with token 'upgrade'",
  },
  {
    sign: 'app-connection-token-missing',
    from: 'coder/websocket',
    text: /Connection header \\?"[^"]{0,80}" does not contain Upgrade/i,
    example:
      'failed to accept WebSocket connection: WebSocket protocol violation: Connection header "close" does not contain Upgrade',
  },
  {
    sign: 'app-connection-token-missing',
    from: 'gobwas/ws, NATS',
    text: /handshake error: (?:bad \\?"Connection\\?" header|invalid value for header 'Connection')/,
    example: 'handshake error: bad "Connection" header',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'gorilla ≥ 1.2',
    text: /'websocket' token not found in 'Upgrade' header/i,
    example:
      "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header",
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'gorilla ≤ 1.1',
    text: /upgrade header with token 'websocket'/i,
    example: "websocket: could not find upgrade header with token 'websocket'",
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'coder/websocket',
    text: /Upgrade header \\?"[^"]{0,80}" does not contain websocket/i,
    example:
      'failed to accept WebSocket connection: WebSocket protocol violation: Upgrade header "" does not contain websocket',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'gobwas/ws, NATS',
    text: /handshake error: (?:bad \\?"Upgrade\\?" header|invalid value for header 'Upgrade')/,
    example: "[::1]:59279 - websocket handshake error: invalid value for header 'Upgrade'",
  },
  {
    // Its own protocol is upgraded as a WebSocket is, and lost in the same way.
    sign: 'app-upgrade-token-missing',
    from: 'Headscale',
    text: /No Upgrade header in TS2021 request/,
    example:
      'No Upgrade header in TS2021 request. If headscale is behind a reverse proxy, make sure it is configured to pass WebSockets through.',
  },
  {
    sign: 'app-http10-handshake',
    from: 'coder/websocket',
    text: /handshake request must be at least HTTP\/1\.1: \\?"HTTP\/1\.0/,
    example:
      'failed to accept WebSocket connection: WebSocket protocol violation: handshake request must be at least HTTP/1.1: "HTTP/1.0"',
  },
  {
    sign: 'app-origin-refused',
    from: 'gorilla',
    text: /CheckOrigin|websocket: origin not allowed|'Origin' header value not allowed/,
    example: "websocketproxy: couldn't upgrade websocket: request origin not allowed by Upgrader.CheckOrigin",
  },
  {
    sign: 'app-origin-refused',
    from: 'NATS',
    text: /websocket handshake error: origin not allowed/,
    example: '[::1]:59279 - websocket handshake error: origin not allowed: not same origin',
  },
  {
    // The line about the failed upgrade follows and is the one that counts.
    sign: 'app-origin-refused-echo',
    from: 'Mattermost',
    text: /URL Blocked because of CORS\. Url: /,
    example: 'URL Blocked because of CORS. Url: https://chat.example',
  },
  {
    sign: 'app-origin-refused',
    from: 'coder/websocket',
    text: /request Origin \\?".{0,200}" is not authorized for Host/,
    example: 'request Origin "app.example" is not authorized for Host "127.0.0.1:3000"',
  },
  {
    // Its guard against forged requests compares Origin and Host of every POST, with the root_url.
    sign: 'app-origin-refused',
    from: 'Grafana',
    text: /^origin not allowed$/,
    example: 'origin not allowed',
  },
  {
    sign: 'app-origin-refused',
    from: 'Portainer ≥ 2.27 (its guard against forged requests)',
    text: /Failed to validate Origin or Referer/,
    example: 'Failed to validate Origin or Referer',
  },
  {
    sign: 'app-origin-refused',
    from: 'Grafana Live',
    text: /(?:^|: )Request Origin is not authorized/,
    example: 'live: Request Origin is not authorized',
  },
  {
    sign: 'app-origin-refused',
    from: 'Pulse',
    text: /WebSocket connection rejected - not from allowed/,
    example: 'WebSocket connection rejected - not from allowed local/private network',
  },
  {
    sign: 'app-handshake-invalid',
    from: 'gorilla',
    text: /not found in 'Sec-Websocket-Version' header|['`]Sec-Websocket-Key' header|websocket: key missing or blank|version != 13|websocket.{0,60}(?:request method is|method) not GET|'Sec-WebSocket-Extensions' headers are unsupported|client sent data before handshake is complete/i,
    example: "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header",
  },
  {
    sign: 'app-handshake-invalid',
    from: 'coder/websocket',
    text: /protocol violation: (?:handshake request method is not GET|missing Sec-WebSocket-Key|multiple Sec-WebSocket|invalid Sec-WebSocket-Key)|unsupported WebSocket protocol version/,
    example: 'WebSocket protocol violation: missing Sec-WebSocket-Key',
  },
  {
    sign: 'app-plain-at-tls',
    from: 'net/http, rustls',
    text: /TLS handshake error from \S{1,80}: (?:tls: first record does not look like a TLS handshake|http: server gave HTTP|remote error: tls: unknown protocol)|[Cc]lient sent an HTTP request to an HTTPS server|accepting TLS connection[^\n]{0,40}InvalidContentType/,
    example: 'http: TLS handshake error from 172.18.0.5:41022: tls: first record does not look like a TLS handshake',
  },
  {
    sign: 'app-no-hijacker',
    from: 'gorilla, coder/websocket',
    text: /does not implement http\.Hijacker|websocket: hijack: /,
    example: 'websocket: response does not implement http.Hijacker',
  },
  {
    sign: 'app-fault',
    from: 'gorilla, koding/websocketproxy',
    text: /repeated read on failed websocket connection|websocketproxy: backend (?:function is not defined|URL is nil)/,
    example: 'repeated read on failed websocket connection',
  },
  {
    sign: 'app-client-left',
    from: 'Mattermost',
    text: /websocket\.NextReader: client side closed socket/,
    example: 'websocket.NextReader: client side closed socket',
  },
  {
    sign: 'app-ping-timeout',
    from: 'Mattermost',
    text: /websocket\.(?:NextReader|Ping|WriteMessage|send)[\s\S]{0,200}i\/o timeout/i,
    example: 'websocket.NextReader: closing websocket: read tcp 10.0.0.2:8065->10.0.0.9:51234: i/o timeout',
  },
  {
    sign: 'app-ping-timeout',
    from: 'Gotify',
    text: /WebSocket:? (?:ReadError|PingError)[\s\S]{0,200}i\/o timeout/,
    example: 'WebSocket: ReadError read tcp 10.0.0.2:80->10.0.0.9:51234: i/o timeout',
  },
  {
    sign: 'app-protocol-error',
    from: 'gorilla',
    text: /websocket: (?:unexpected reserved bits|control frame length|incorrect mask flag|unknown opcode|RSV[123] set|FIN not set|bad opcode|bad MASK|bad close code (?!100[56]\b)|len > 125|data before FIN|continuation after FIN|invalid utf8 payload|read limit exceeded|close 10(?:02|03|07|08|09|1\d)\b)/,
    example: 'websocket: RSV1 set, bad opcode 7, bad MASK',
  },
  {
    sign: 'app-1006',
    from: 'gorilla',
    text: /close 1006|\b1006 \(abnormal closure\)|abnormal closure/i,
    example:
      'websocketproxy: Error when copying from backend to client: websocket: close 1006 (abnormal closure): unexpected EOF',
  },
  {
    sign: 'app-1006',
    from: 'coder/websocket',
    text: /StatusAbnormalClosure|failed to (?:get reader|read frame header)[\s\S]{0,100}EOF/,
    example: 'failed to get reader: failed to read frame header: EOF',
  },
  {
    sign: 'app-1006-echo',
    from: 'gorilla',
    text: /websocket: invalid close code|websocket: bad close code 100[56]|websocket: close sent|websocket: write closed/,
    example: 'websocketproxy: Error when copying from backend to client: websocket: invalid close code',
  },
  {
    sign: 'app-copy-failed',
    from: 'koding/websocketproxy, vulcand/oxy',
    text: /copying from (?:client|backend)/i,
    example:
      'websocketproxy: Error when copying from client to backend: read tcp 10.0.0.2:9000->10.0.0.9:51234: i/o timeout',
  },
  {
    sign: 'app-client-got-no-101',
    from: 'gorilla, coder/websocket, Rancher as clients',
    text: /websocket: bad handshake|expected handshake response status code 101 but got|Failed to connect to proxy\. Response status: \d{3}/,
    example: 'Failed to connect to proxy. Response status: 200 - 200 OK. Response body: <!doctype html>',
  },
  {
    sign: 'app-upgrade-failed',
    from: 'Mattermost, neko, Portainer',
    text: /[Ff]ailed to upgrade (?:websocket )?connection|Unable to upgrade the connection/,
    example: '/api/v4/websocket:connect code=400 Failed to upgrade websocket connection [details: ]',
  },
  {
    sign: 'app-answered-twice',
    from: 'net/http under Portainer',
    text: /http: superfluous response\.WriteHeader call from github\.com\/portainer\//,
    example:
      'http: superfluous response.WriteHeader call from github.com/portainer/portainer/pkg/libhttp/error.writeErrorResponse (error.go:56)',
  },
  {
    sign: 'app-written-after-hijack',
    from: 'net/http',
    text: /http: response\.WriteHeader on hijacked connection/,
    example:
      'http: response.WriteHeader on hijacked connection from github.com/portainer/libhttp/error.writeErrorResponse',
  },
]
