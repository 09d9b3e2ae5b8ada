/** Proxies other than nginx. */
import type { AppLine } from './app-line.ts'

export const PROXIES: readonly AppLine[] = [
  {
    what: 'websockify: the VNC server is down',
    line: '192.0.2.7 - - [20/Aug/2026 10:00:00] Failed to connect to 10.0.0.9:5901: [Errno 111] Connection refused',
    format: 'websockify',
    time: '2026-08-20T10:00:00',
    sign: 'app-remote-refused',
  },
  {
    what: 'websockify: a plain GET where it has a socket',
    line: '172.18.0.5 - - [20/Aug/2026 10:00:00] code 405, message Method Not Allowed',
    format: 'websockify',
    time: '2026-08-20T10:00:00',
    sign: null,
  },
  {
    what: 'websockify: its request line',
    line: '172.18.0.5 - - [20/Aug/2026 10:00:00] "GET /websockify HTTP/1.0" 405 -',
    format: 'websockify',
    time: '2026-08-20T10:00:00',
    sign: 'app-http10-get-on-socket',
    path: '/websockify',
  },
  {
    what: 'Traefik, CLF: stamped at the start, 60 s long',
    line: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /app/ws HTTP/1.1" 502 11 "-" "Mozilla/5.0" 6512 "app@docker" "http://10.0.0.2:8080" 3ms',
    format: 'traefik-access',
    time: '2026-11-21T06:13:34Z',
    sign: null,
  },
  {
    what: 'Caddy: the backend is down',
    line: '{"level":"error","ts":1795241614.4391,"logger":"http.log.error","msg":"dial tcp 172.18.0.3:9000: connect: connection refused","request":{"remote_ip":"192.0.2.7","method":"GET","host":"app.example","uri":"/ws"},"duration":0.001,"status":502}',
    format: 'caddy',
    time: '2026-11-21T06:13:34.439Z',
    level: 'error',
    sign: 'app-remote-refused',
  },
  {
    what: 'Caddy: a download that broke off is no socket',
    line: '{"level":"warn","ts":1795241614.4,"logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","error":"writing: http2: stream closed"}',
    format: 'caddy',
    time: '2026-11-21T06:13:34.400Z',
    sign: null,
  },
  {
    what: 'oauth2-proxy',
    line: '[2026/11/21 06:13:34] [http.go:120] Error proxying to upstream server: dial tcp: lookup n8n on 127.0.0.11:53: no such host',
    format: 'oauth2-proxy',
    time: '2026-11-21T06:13:34',
    sign: 'app-remote-name-unknown',
  },
]
