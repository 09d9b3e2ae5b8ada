/** Log lines for the tests of the commands. From real runs of nginx 1.22.1 and Portainer. */
export const ACCESS = '192.0.2.7 - - [21/Nov/2026:06:13:35 +0000] "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0"\n'
export const REFUSED =
  '2026/11/21 06:14:33 [error] 2782#2782: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: app.test, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:47901/ws", host: "app.test"\n'
export const PORTAINER =
  "level=info msg=\"2022/08/13 05:12:22 websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header\"\n"
