/** Ruby, Elixir, Erlang, Java, .NET, Rust. Sources: actioncable connection/base.rb, phoenix socket/transport.ex, spring
 *  AbstractHandshakeHandler.java, SignalR HubConnectionContext.Log.cs and HttpConnectionDispatcher.cs, em-websocket,
 *  guacamole GuacamoleWebSocketTunnelEndpoint.java, emqttd http.erl, ws-rs handler.rs. */
import type { Wording } from './wording.ts'

export const PLATFORMS: readonly Wording[] = [
  {
    // The value may hold a comma (Firefox: `keep-alive, Upgrade`); it ends where HTTP_UPGRADE begins.
    sign: 'app-connection-token-missing',
    from: 'Action Cable',
    text: /Failed to upgrade to WebSocket \([^\n]{0,80}HTTP_CONNECTION: (?:(?!upgrade|, HTTP_UPGRADE)[^\n]){0,200}, HTTP_UPGRADE:/i,
    example: 'Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: close, HTTP_UPGRADE: )',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'Action Cable',
    text: /Failed to upgrade to WebSocket \([^\n]{0,300}HTTP_UPGRADE: (?!websocket)/i,
    example:
      'Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: keep-alive, Upgrade, HTTP_UPGRADE: )',
  },
  {
    // Both headers are there: the line above this one said why, usually the origin.
    sign: 'app-upgrade-failed',
    from: 'Action Cable',
    text: /Failed to upgrade to WebSocket \(/,
    example: 'Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: Upgrade, HTTP_UPGRADE: websocket)',
  },
  {
    sign: 'app-connection-token-missing',
    from: 'em-websocket',
    text: /HandshakeError[^\n]{0,20}Connection and Upgrade headers required/,
    example: 'EventMachine::WebSocket::HandshakeError - Connection and Upgrade headers required',
  },
  {
    sign: 'app-upgrade-token-missing',
    from: 'EMQX',
    text: /Not WebSocket: Upgrade = undefined/,
    example: 'emqttd_http:handle_request:64 Not WebSocket: Upgrade = undefined',
  },
  {
    sign: 'app-origin-refused',
    from: 'Action Cable',
    text: /Request origin not allowed:/,
    example: 'Request origin not allowed: http://app.example',
  },
  {
    sign: 'app-origin-refused',
    from: 'Phoenix',
    text: /Could not check origin for |^Origin of the request: /,
    example: 'Could not check origin for Phoenix.Socket transport.\n\nOrigin of the request: https://app.example',
  },
  {
    sign: 'app-origin-refused',
    from: 'Spring',
    text: /Handshake request rejected, Origin header value/,
    example: 'Handshake request rejected, Origin header value https://app.example not allowed',
  },
  {
    sign: 'app-handshake-invalid',
    from: 'Spring',
    text: /Handshake failed due to unsupported WebSocket version|Missing "Sec-WebSocket-Key" header/,
    example: 'Handshake failed due to unsupported WebSocket version',
  },
  {
    sign: 'app-auth-refused',
    from: 'Phoenix, Action Cable, ws-rs (Vaultwarden ≤ 1.28)',
    text: /(?:^|: )REFUSED CONNECTION TO |An unauthorized connection attempt was rejected|Missing id or access token/,
    example: 'REFUSED CONNECTION TO ChatWeb.UserSocket in 312µs',
  },
  {
    sign: 'app-session-unknown',
    from: 'SignalR',
    text: /No Connection with that ID/,
    example: 'No Connection with that ID',
  },
  {
    // Without an id only a WebSocket may connect: what arrived was a plain GET.
    sign: 'app-engine-io-bad-request',
    from: 'SignalR',
    text: /(?:^|: )Connection ID required$/,
    example: 'Connection ID required',
  },
  {
    sign: 'app-remote-refused',
    from: 'Guacamole (its guacd)',
    text: /Creation of WebSocket tunnel to guacd failed[\s\S]{0,200}Connection refused/,
    example: 'Creation of WebSocket tunnel to guacd failed: java.net.ConnectException: Connection refused',
  },
  {
    sign: 'app-remote-failed',
    from: 'Guacamole (its guacd)',
    text: /Creation of WebSocket tunnel to guacd failed/,
    example: 'Creation of WebSocket tunnel to guacd failed: Tunnel request denied by server.',
  },
  {
    sign: 'app-ping-timeout',
    from: 'STOMP over Spring',
    text: /No messages received after \d+ ms\. Closing/,
    example: 'No messages received after 30012 ms. Closing WebSocketServerSockJsSession[id=k3v].',
  },
  {
    sign: 'app-upgrade-failed',
    from: 'Rocket (Vaultwarden ≥ 1.29)',
    text: /Response indicated upgrade, but upgrade failed/,
    example: 'rocket::server: Response indicated upgrade, but upgrade failed.',
  },
  {
    sign: 'app-client-left',
    from: 'Vaultwarden',
    text: /Error sending WS update/,
    example: 'Error sending WS update Io(Custom { kind: BrokenPipe })',
  },
  {
    sign: 'app-fell-back-to-http',
    from: 'Guacamole',
    text: /Using HTTP tunnel \(not WebSocket\)/,
    example: 'RestrictedGuacamoleHTTPTunnelServlet: Using HTTP tunnel (not WebSocket). Performance may be sub-optimal.',
  },
  {
    sign: 'app-page-got-no-socket',
    from: 'SignalR pages',
    text: /WebSocket failed to connect\. The connection could not be found on the server/,
    example:
      "Failed to start the transport 'WebSockets': Error: WebSocket failed to connect. The connection could not be found on the server, either the endpoint may not be a SignalR endpoint",
  },
  {
    sign: 'app-connection-rejected',
    from: 'SignalR',
    text: /HubConnectionContext: Failed connection handshake\./,
    example: 'Microsoft.AspNetCore.SignalR.HubConnectionContext: Failed connection handshake.',
  },
  {
    sign: 'app-origin-refused',
    from: 'Cockpit',
    text: /received request from bad Origin: /,
    example: 'received request from bad Origin: https://cockpit.example',
  },
  {
    // Error 4009 of the Pusher protocol; its text tells the origin from a login that came too late.
    sign: 'app-origin-refused',
    from: 'Reverb',
    text: /^\{"event":"pusher:error",[^\n]{0,200}Origin not allowed/,
    example: '{"event":"pusher:error","data":"{\\"code\\":4009,\\"message\\":\\"Origin not allowed\\"}"}',
  },
  {
    sign: 'app-plain-at-tls',
    from: 'Tomcat (UniFi)',
    text: /This combination of host and port requires TLS/,
    example: 'Bad Request. This combination of host and port requires TLS.',
  },
  {
    sign: 'app-client-got-no-101',
    from: 'Tomcat and Tyrus as clients',
    text: /did not permit the HTTP upgrade to WebSocket|Response code was not 101: \d{3}/,
    example:
      'jakarta.websocket.DeploymentException: The HTTP response from the server [404] did not permit the HTTP upgrade to WebSocket',
  },
  {
    sign: 'app-negotiate-refused',
    from: 'SignalR pages',
    text: /Failed to complete negotiation with the server: [^\n]{0,200}Status code '\d{3}'/,
    example: "Failed to complete negotiation with the server: Error: Not Found: Status code '404'",
  },
  {
    sign: 'app-1006',
    from: '.NET, SignalR pages, tungstenite',
    text: /remote party closed the WebSocket connection without completing the close handshake|WebSocket closed with status code: 1006|Connection reset without closing handshake/,
    example: 'The remote party closed the WebSocket connection without completing the close handshake.',
  },
  {
    // RFC 6455 section 7.4, the IANA registry of close codes.
    sign: 'app-service-restart',
    from: 'any (close code 1012)',
    text: /\b1012 \(service restart\)|[Ww]eb[Ss]ocket[^\n]{0,60}\b(?:close|code|status)[ :=]{1,3}1012\b/,
    example:
      'websockets.exceptions.ConnectionClosedError: received 1012 (service restart); then sent 1012 (service restart)',
  },
  {
    sign: 'app-forwarded-untrusted',
    from: 'ASP.NET Core',
    text: /ForwardedHeadersMiddleware: Unknown proxy/,
    example: 'Microsoft.AspNetCore.HttpOverrides.ForwardedHeadersMiddleware: Unknown proxy: [::ffff:172.18.0.5]:40416',
  },
  {
    sign: 'app-forwarded-untrusted',
    from: 'Nextcloud notify_push',
    text: /push server is not a trusted proxy/,
    example: 'push server is not a trusted proxy, please add "172.18.0.1" to the list of trusted proxies',
  },
]
