/** Lines without time or level that are a library's own words from their first character on: Node programs, Gotify's
 *  runtime errors, response bodies that a client printed. Only known beginnings are taken, so that a token that a visitor
 *  put into some other program's line is not. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, plain } from './app-record.ts'

const BEGINNINGS: readonly RegExp[] = [
  // gorilla, koding and their forks; Gotify ≤ 2.6
  /^(?:vulcand\/oxy\/forward\/)?websocket(?:proxy)?: \S/,
  /^WebSocket: (?:Read|Write|Ping)Error /,
  /^websocket connect err: websocket: /,
  /^(?:Starting Gotify version |Started [Ll]istening on )\S/,
  /^failed to accept WebSocket connection: /,
  /^WebSocket protocol violation: /,
  // Without the prefix, as a field of another line has it
  /^(?:the client is not using the websocket protocol|not a websocket handshake|request origin not allowed by Upgrader)/i,
  /^(?:Error: )?server rejected WebSocket connection: HTTP \d{3}/,
  /^(?:wscat: )?error: Unexpected server response: \d{3}/i,
  /^(?:[\w.]{1,80}\.)?(?:WebSocketBadStatusException: Handshake status|WSServerHandshakeError:|InvalidHandshakeException: Invalid status code received:|InvalidStatus(?:Code)?: server rejected WebSocket connection: HTTP) \d{3}/,
  /^(?:System\.Net\.WebSockets\.WebSocketException \(0x[0-9A-F]{1,8}\): )?The server returned status code '\d{3}' when status code '101' was expected/,
  /^(?:Error: )?(?:tungstenite: )?HTTP error: \d{3} [A-Z]/,
  /^(?:\[Error\] )?(?:Failed to connect to the backend\. )?(?:Socket\.io )?connect_error: websocket error/i,
  // http-proxy-middleware, Vite, webpack-dev-server
  /^(?:<[ewi]> \[webpack-dev-server\] )?\[HPM\] \S/,
  /^<[ewi]> \[webpack-dev-server\] \S/,
  /^(?:\d\d?:\d\d:\d\d(?: [AP]M)? )?(?:\[vite\] )?(?:\(client\) )?(?:ws|http) proxy (?:socket )?error:/,
  /^\[(?:vite|WDS|webpack-dev-server|HMR)\] \S/,
  /^Invalid Host(?:\/Origin)? header$/,
  /^Error occurred while trying to proxy(?: to)?: /,
  // ws, Node's own errors as an unhandled one prints them
  /^(?:Uncaught )?(?:Error|RangeError|TypeError|WebSocketError|AggregateError)(?: \[[A-Z_]{3,60}\])?: (?:Unexpected server response: \d{3}|Opening handshake has timed out|Invalid Sec-WebSocket-|WebSocket was closed before|Invalid WebSocket frame|First argument must be a valid error code|(?:read|write|connect) E[A-Z]{3,20}|getaddrinfo E[A-Z_]{3,20}|Parse Error)/,
  /^Invalid HTTP method$/,
  /^(?:Missing or invalid|Invalid) (?:Sec-WebSocket-(?:Key|Version|Protocol)|Upgrade) header$/,
  // engine.io: a body, and its debug lines
  /^\{"code":[0-5],"message":"[^"]{1,60}"(?:,"context":.{0,2000})?\}$/s,
  /^(?:\S{1,40} |[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT )? *engine(?::\w{1,20})? (?:handshaking client|unknown sid|intercepting request|transport (?:error|closed))/,
  /^ {2}(?:engine|socket\.io)(?::[\w:-]{1,40})? .{0,4000} \+\d{1,9}(?:ms|s|m|h)$/,
  // Tornado, SockJS, Spring, Rocket.Chat bodies
  /^Can "Upgrade" only to "WebSocket"\.?$/i,
  /^"Connection" must be "Upgrade"\.?$/i,
  /^Not a valid websocket request$/,
  /^Cross origin websockets not allowed$/,
  /^Blocking Cross Origin WebSocket Attempt\.\s{1,4}Origin: /,
  /^Couldn't authenticate WebSocket connection$/,
  // Python websockets: body, last line of a traceback, standalone words
  /^Failed to open a WebSocket connection: /,
  /^websockets\.(?:legacy\.)?exceptions\.\w{5,60}: /,
  // Errors without any logging set up reach the terminal as they are (Python's handler of last resort).
  /^(?:opening handshake failed|connection handler failed|keepalive ping failed|Error in (?:opening handshake|connection handler|data transfer)|Unexpected exception in keepalive ping task)$/,
  /^RuntimeError: (?:The gevent-websocket server is not configured|Cannot obtain socket from WSGI)/,
  /^server listening on \S{1,100}$/,
  /^(?:WARNING {1,2})?dropping connection to peer tcp[46]?:/,
  // aiohttp, the body and the text of its exception
  /^(?:aiohttp\.[\w.]{5,60}: \d{3}, message='?)?No (?:WebSocket UPGRADE|CONNECTION upgrade) hdr: /,
  /^connection (?:open|closed|rejected \(\d{3} [A-Z][\w -]{1,40}\))$/,
  // python-engineio (Flask-SocketIO): its logger has no format of its own
  /^https?:\/\/\S{1,300} is not an accepted origin\./,
  /^Invalid session [\w-]{8,64}(?: \(further occurrences|$)/,
  /^The client is using an unsupported version of the Socket\.IO/,
  /^WebSocket transport not available\. Install/,
  /^Request Finished Successfully, but the server sent an error\. Status Code: \d{3}-/,
  // SignalR's answers, em-websocket, n8n, EMQX
  /^(?:No Connection with that ID|Connection ID required)$/,
  /^EventMachine::WebSocket::HandshakeError/,
  /^ResponseError: Invalid origin!/,
  /^Origin header (?:is missing$|does NOT match the expected origin)/,
  // A logger of Spring's, where its head was cut off
  /^(?:\w{1,40}\.){1,12}(?:DefaultHandshakeHandler|OriginHandshakeInterceptor) +[-:] /,
  // SignalR, Java, .NET clients; Tomcat's and Go's answers to plain http
  /^(?:Error: )?Failed to complete negotiation with the server: /,
  /^(?:Caused by: )?(?:jakarta|javax)\.websocket\.DeploymentException: /,
  /^(?:System\.Net\.WebSockets\.WebSocketException \(0x[0-9A-F]{1,8}\): )?The remote party closed the WebSocket connection without/,
  /^(?:Bad Request\.? ?)?This combination of host and port requires TLS\./,
  /^Client sent an HTTP request to an HTTPS server\./,
  // Cockpit, Reverb, Odoo (the last line of a stack), Nextcloud's set-up of notify_push
  /^received request from bad Origin: /,
  /^\{"event":"pusher:error","data":/,
  /^RuntimeError: Couldn't bind the websocket\. /,
  /^(?:\S{1,2} )?push server is not a trusted proxy/u,
  // The last lines of stacks: Django Channels, websockify
  /^ValueError: No route found for path ['"]/,
  /^handler exception: \[Errno -?\d{1,3}\] /,
  // What pages show: users paste it
  /^(?:A )?WebSocket connection could not be established\. You will NOT/,
  /^(?:Please check connection, Mattermost unreachable\.|Failed to establish socket connection or socket connection closed|Failed to connect via WebSockets, using)/,
  /^Failed to start the (?:transport 'WebSockets'|connection): /,
  /^(?:The workbench failed to connect to the server \(|Failed when connecting: |Cannot connect to the socket server|Lost connection to server, reconnecting)/,
  /^unable to read websocket message: /,
  /^emqttd_http:handle_request:\d{1,5} /,
  /^\s+at (?:Object\.)?ensureOrigin \(/,
]
/** Vite, HMR and the engine.io debugger put a time of day first. */
const CLOCK = /^(?:\d\d?:\d\d:\d\d(?: [AP]M)? )/

export const websocketText: Parser<AppRecord> = {
  id: 'websocket-text',
  description: 'WebSocket messages without time or level (Gotify, Vite, webpack, http-proxy, Socket.IO answers)',
  // What failed stands in the first line of the stack that follows.
  unfinished: (record) =>
    !record.includes('\n') &&
    record.length < 200 &&
    /^[^\n]{0,40}(?:ws|http) proxy (?:socket )?error:\s*$/.test(record),
  examples: [
    {
      line: 'WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      fields: { time: null, level: null },
    },
    {
      line: '[HPM] Error occurred while proxying request app.example/ws to http://127.0.0.1:8081/ [ECONNREFUSED] (https://nodejs.org/api/errors.html#errors_common_system_errors)',
      fields: { time: null },
    },
    {
      line: '6:13:34 AM [vite] ws proxy error:\nError: connect ECONNREFUSED 127.0.0.1:8081',
      fields: { time: null, message: '[vite] ws proxy error:\nError: connect ECONNREFUSED 127.0.0.1:8081' },
    },
    {
      line: '{"code":1,"message":"Session ID unknown"}',
      fields: { message: '{"code":1,"message":"Session ID unknown"}' },
    },
    { line: '    at ensureOrigin (/app/code-server/out/node/http.js:288:15)', fields: { level: null } },
    { line: '[webpack-dev-server] Disconnected!', fields: { message: '[webpack-dev-server] Disconnected!' } },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    if (!BEGINNINGS.some((b) => b.test(text))) return miss('no-match')
    const code = /^\{"code":([0-5]),/.exec(text)?.[1]
    return appRecord('websocket-text', null, null, text.replace(CLOCK, ''), extras({ code }))
  },
}
