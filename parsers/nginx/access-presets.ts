/** The access log formats that are known by name, most specific first. Each definition is the one in the product's own
 *  configuration file or source. Several definitions under one name are the layouts of its versions. */
import type { Parser } from '../parser.ts'
import type { AccessRecord } from '../record.ts'
import { presetParser, type AccessFormat } from './access.ts'

const COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
const COMBINED = `${COMMON} "$http_referer" "$http_user_agent"`
/** ingress-nginx before 0.30 logged the address twice, the second one after `use-forwarded-headers`. */
const OLD_INGRESS = COMBINED.replace('$remote_addr -', '$remote_addr - [$the_real_ip] -')
const STREAM = '$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time'
const NPM_REQUEST =
  '$status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio]'
const NPM_STATUS = `$upstream_status ${NPM_REQUEST}`
const NPM_TEXTS = '"$http_user_agent" "$http_referer"'
const UPSTREAM = '$upstream_addr $upstream_response_length $upstream_response_time $upstream_status'

export const ACCESS_PRESETS: readonly AccessFormat[] = [
  {
    id: 'npm-access',
    description: 'Nginx Proxy Manager, proxy hosts',
    formats: [
      `[$time_local] $upstream_cache_status ${NPM_STATUS} [Sent-to $server] ${NPM_TEXTS}`,
      `[$time_local] $upstream_cache_status ${NPM_STATUS} ${NPM_TEXTS}`,
    ],
    examples: [
      {
        line: '[21/Nov/2026:06:13:34 +0000] - 101 101 - GET https ha.example "/api/websocket" [Client 192.0.2.7] [Length 811] [Gzip -] [Sent-to 192.168.0.9] "Mozilla/5.0" "-"',
        fields: { status: 101, upstream_status: ['101'], request_uri: '/api/websocket', server: '192.168.0.9' },
      },
    ],
  },
  {
    id: 'npm-standard',
    description: 'Nginx Proxy Manager, its own pages',
    formats: [
      `[$time_local] ${NPM_REQUEST} ${NPM_TEXTS}`,
      // Copied into a proxy host's own configuration.
      `[$time_local] ${NPM_REQUEST} [Sent-to $server] ${NPM_TEXTS}`,
    ],
    examples: [
      {
        line: '[21/Nov/2026:06:13:34 +0000] 404 - GET http ha.example "/x" [Client 192.0.2.7] [Length 9] [Gzip 2.61] "curl/8" "-"',
        fields: { status: 404, host: 'ha.example', body_bytes_sent: 9, gzip_ratio: 2.61 },
      },
    ],
  },
  {
    id: 'npm-stream',
    description: 'Nginx Proxy Manager, TCP and UDP streams',
    formats: [
      '[$time_local] [Client $remote_addr:$remote_port] $protocol $status $bytes_sent $bytes_received $session_time [Sent-to $upstream_addr] [Sent $upstream_bytes_sent] [Received $upstream_bytes_received] [Time $upstream_connect_time] $ssl_protocol $ssl_cipher',
    ],
    examples: [
      {
        line: '[21/Nov/2026:06:13:34 +0000] [Client 192.0.2.7:50312] TCP 200 817 540 60.004 [Sent-to 10.0.0.4:22] [Sent 540] [Received 817] [Time 0.001] - -',
        fields: { remote_port: 50312, protocol: 'TCP', session_time: 60.004, upstream_addr: ['10.0.0.4:22'] },
      },
    ],
  },
  {
    id: 'ingress-access',
    description: 'ingress-nginx upstreaminfo, also the layouts of older versions',
    // The old ones first: a new one would take the second address for part of the user's name.
    formats: [OLD_INGRESS, COMBINED].flatMap((head) =>
      [
        `[$proxy_upstream_name] [$proxy_alternative_upstream_name] ${UPSTREAM} $req_id`,
        `[$proxy_upstream_name] ${UPSTREAM} $req_id`,
        `[$proxy_upstream_name] ${UPSTREAM}`,
      ].map((tail) => `${head} $request_length $request_time ${tail}`),
    ),
    examples: [
      {
        line: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0" 201 60.004 [default-app-80] [] 10.0.0.3:80, 10.0.0.4:80 0, 0 0.001, 60.003 502, 101 3db73c6c673c4256ade033a6ce08c2ab',
        fields: {
          request_time: 60.004,
          proxy_alternative_upstream_name: '',
          upstream_addr: ['10.0.0.3:80', '10.0.0.4:80'],
          upstream_status: ['502', '101'],
          req_id: '3db73c6c673c4256ade033a6ce08c2ab',
        },
      },
      {
        line: '192.0.2.7 - [192.0.2.7] - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0" 201 60.004 [default-app-80] 10.0.0.4:80 0 60.003 101',
        fields: { the_real_ip: '192.0.2.7', upstream_response_time: ['60.003'] },
      },
    ],
  },
  {
    id: 'ingress-stream',
    description: 'ingress-nginx log_stream, TCP and UDP services',
    formats: ['[$remote_addr] [$time_local] $protocol $status $bytes_sent $bytes_received $session_time'],
    examples: [
      {
        line: '[192.0.2.7] [21/Nov/2026:06:13:34 +0000] TCP 200 817 540 60.004',
        fields: { remote_addr: '192.0.2.7', bytes_received: 540, session_time: 60.004 },
      },
    ],
  },
  {
    id: 'cpanel-access',
    description: 'cPanel ea-nginx: cp_combined, cp_common and cp_cache_log',
    formats: [
      `$server_name:$server_port ${COMBINED}`,
      `$server_name:$server_port ${COMMON}`,
      '[$time_local] [Cache:$upstream_cache_status] [$host] [Remote_Addr: $remote_addr] - $remote_user - $server_name to: $upstream_addr: "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
    ],
    examples: [
      {
        line: 'app.test:443 192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0"',
        fields: { server_name: 'app.test', server_port: 443, remote_addr: '192.0.2.7' },
      },
      {
        line: '[21/Nov/2026:06:13:34 +0000] [Cache:-] [app.test] [Remote_Addr: 192.0.2.7] - - - app.test to: 127.0.0.1:81: "GET / HTTP/1.1" 200 11 "-" "Mozilla/5.0"',
        fields: { upstream_addr: ['127.0.0.1:81'], remote_addr: '192.0.2.7', host: 'app.test' },
      },
    ],
  },
  {
    id: 'nginx-upstreamlog',
    description: 'the upstreamlog format of many guides: to, upstream_response_time, msec, request_time',
    // The oldest of these guides has no status.
    formats: ['$request $status', '$request'].flatMap((request) =>
      ['$server_name $host to', '$server_name to'].map(
        (to) =>
          `[$time_local] $remote_addr - $remote_user - ${to}: $upstream_addr: ${request} upstream_response_time $upstream_response_time msec $msec request_time $request_time`,
      ),
    ),
    examples: [
      {
        line: '[21/Nov/2026:06:13:34 +0000] 192.0.2.7 - - - app.test to: 127.0.0.1:3000: GET /ws HTTP/1.1 101 upstream_response_time 60.003 msec 1795241614.062 request_time 60.004',
        fields: { request_uri: '/ws', status: 101, request_time: 60.004, upstream_addr: ['127.0.0.1:3000'] },
      },
    ],
  },
  {
    id: 'nginx-main',
    description: "the nginx.org packages' and Docker image's main format",
    formats: [`${COMBINED} "$http_x_forwarded_for"`],
    // A last field that is a number is another layout's time or gzip ratio.
    accepts: (values) => !/^\d+\.\d+$/.test(values.at(-1) ?? ''),
    examples: [
      {
        line: '192.0.2.7 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "Mozilla/5.0" "203.0.113.9"',
        fields: { http_x_forwarded_for: '203.0.113.9' },
      },
    ],
  },
  {
    id: 'nginx-access',
    description: 'nginx combined (also Debian, OpenResty, SWAG, Plesk)',
    formats: [COMBINED],
    examples: [
      {
        line: '127.0.0.1 - - [21/Nov/2026:06:13:34 +0000] "GET /ws HTTP/1.1" 101 11 "-" "lab-ws-client"',
        fields: { status: 101, request_uri: '/ws', http_user_agent: 'lab-ws-client' },
      },
    ],
  },
  {
    id: 'nginx-common',
    description: 'common log format',
    formats: [COMMON],
    examples: [
      {
        line: '127.0.0.1 - frank [21/Nov/2026:06:13:34 +0000] "GET / HTTP/1.0" 200 2326',
        fields: { remote_user: 'frank', server_protocol: 'HTTP/1.0' },
      },
    ],
  },
  {
    id: 'nginx-stream',
    description: 'TCP and UDP streams, the format of the stream log module and of many guides',
    formats: [
      `${STREAM} "$upstream_addr" "$upstream_bytes_sent" "$upstream_bytes_received" "$upstream_connect_time"`,
      STREAM,
    ],
    // With brackets it is ingress-nginx's.
    accepts: ([address]) => address?.[0] !== '[',
    examples: [
      {
        line: '192.0.2.7 [21/Nov/2026:06:13:34 +0000] TCP 200 817 540 60.004 "10.0.0.4:22" "540" "817" "0.001"',
        fields: { remote_addr: '192.0.2.7', protocol: 'TCP', session_time: 60.004, upstream_addr: ['10.0.0.4:22'] },
      },
    ],
  },
]

export const accessPresets: readonly Parser<AccessRecord>[] = ACCESS_PRESETS.map(presetParser)
