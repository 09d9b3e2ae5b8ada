/** Access logs written as `key=value key="value"`, among them the format `halfopen log-format` recommends.
 *  Keys are nginx variable names or the usual short ones. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessRecord } from '../record.ts'
import { accessRecord } from './access.ts'
import { unescapeDefault } from './log-format.ts'

const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    time: 'time_iso8601',
    ts: 'time_iso8601',
    conn: 'connection',
    creq: 'connection_requests',
    vhost: 'server_name',
    proto: 'server_protocol',
    req: 'request',
    method: 'request_method',
    uri: 'request_uri',
    completion: 'request_completion',
    rt: 'request_time',
    uct: 'upstream_connect_time',
    uht: 'upstream_header_time',
    urt: 'upstream_response_time',
    ustatus: 'upstream_status',
    uaddr: 'upstream_addr',
    sent: 'bytes_sent',
    body: 'body_bytes_sent',
    reqlen: 'request_length',
    urx: 'upstream_bytes_received',
    utx: 'upstream_bytes_sent',
    ulen: 'upstream_response_length',
    h_upgrade: 'http_upgrade',
    h_connection: 'http_connection',
    h_wsver: 'http_sec_websocket_version',
    r_upgrade: 'sent_http_upgrade',
    r_connection: 'sent_http_connection',
    u_upgrade: 'upstream_http_upgrade',
    xff: 'http_x_forwarded_for',
    ua: 'http_user_agent',
    referer: 'http_referer',
  }),
)
const ITEM = /([A-Za-z_]\w{0,63})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?: |$)/y

export const keyValueAccess: Parser<AccessRecord> = {
  id: 'nginx-access-kv',
  description: 'access log as key=value pairs (nginx variable names or short ones such as rt, urt, ustatus)',
  examples: [
    {
      line: 'time=2026-11-21T06:13:51+00:00 msec=1795241631.896 pid=487 conn=1 client=127.0.0.1:58772 vhost="app.test" req="GET /ws HTTP/1.1" status=101 rt=2.002 uht="0.001" urt="2.002" ustatus="101" uaddr="127.0.0.1:49297" h_upgrade="websocket"',
      fields: {
        remote_addr: '127.0.0.1',
        request_uri: '/ws',
        status: 101,
        request_time: 2.002,
        upstream_response_time: 2.002,
        upstream_header_time: 0.001,
        http_upgrade: 'websocket',
        server_name: 'app.test',
        connection: 1,
      },
    },
  ],
  parse(line): Parsed<AccessRecord> {
    // Cheap refusal first: this parser is tried on every line that nothing else read.
    if (!/^[A-Za-z_]\w*=/.test(line) || !line.includes('status=')) return miss('no-match')
    const raw = new Map<string, string>()
    const variables = new Set<string>()
    ITEM.lastIndex = 0
    while (ITEM.lastIndex < line.length) {
      const m = ITEM.exec(line)
      if (!m) return miss('no-match')
      const key = m[1] as string
      const value = unescapeDefault(m[2] ?? (m[3] as string))
      if (key === 'client') {
        variables.add('remote_addr')
        raw.set('remote_addr', value.replace(/:\d+$/, ''))
        continue
      }
      const name = ALIASES.get(key) ?? key
      variables.add(name)
      if (value !== '' && value !== '-') raw.set(name, value)
    }
    if (!raw.has('status') || !/^\d{3}$/.test(raw.get('status') as string)) return miss('no-match')
    return accessRecord('nginx-access-kv', raw, variables)
  },
}
