/** Names that logs written as key and value give to nginx variables: JSON, `key=value`, LTSV. Collected from published
 *  log_format examples, the LTSV recommendation (ltsv.org), ECS, Datadog's nginx pipeline and this program's own format. */

/** Variable → other names. Keys are compared in snake case. */
const NAMES: Readonly<Record<string, string>> = {
  remote_addr:
    'client client_ip clientip client_addr ip remote remote_ip remoteip remote_address remote_host source_ip source_address src_ip network_client_ip client_address',
  remote_user: 'user auth_user username user_name',
  time_iso8601: 'time ts timestamp @timestamp date datetime time_str time_iso time_ngx iso8601',
  msec: 'time_msec',
  request: 'req request_line http_request',
  request_method: 'method verb http_method request_verb http_request_method',
  request_uri: 'request_url url path request_path url_path url_original http_url http_request_uri original_uri target',
  args: 'query query_string request_query request_param querystring url_query',
  server_protocol: 'protocol proto http_version request_proto http_request_protocol http_protocol request_protocol',
  status:
    'status_code code response response_status response_code response_status_code http_status http_status_code http_response_status_code',
  body_bytes_sent:
    'body body_bytes body_sent size bytes response_size response_body_bytes http_response_body_bytes body_sent_bytes network_bytes_written http_response_body_size resp_body_size res_body_bytes',
  bytes_sent: 'sent res_bytes http_response_size',
  http_referer: 'referer referrer http_referrer request_referrer http_request_referrer',
  http_user_agent: 'ua agent user_agent useragent user_agent_original http_useragent http_ua uag',
  http_x_forwarded_for: 'xff x_forwarded_for x_forward_for forwardedfor forwarded_for',
  http_upgrade: 'h_upgrade upgrade',
  http_connection: 'h_connection',
  http_sec_websocket_version: 'h_wsver',
  sent_http_upgrade: 'r_upgrade',
  sent_http_connection: 'r_connection',
  upstream_http_upgrade: 'u_upgrade',
  server_name: 'vhost servername server',
  host: 'domain server_host request_host',
  http_host: '',
  connection: 'conn connection_id connection_serial',
  connection_requests: 'creq conn_reqs',
  pid: 'worker_pid server_pid',
  request_completion: 'completion',
  request_length: 'reqlen reqsize req_bytes request_size req_length http_request_length',
  request_time: 'rt reqtime req_time request_duration time_request http_request_time responsetime',
  upstream_connect_time: 'uct upstream_connect',
  upstream_header_time: 'uht upstream_header upstream_head_time',
  upstream_response_time:
    'urt upstream_time upstream_taken_time upstream_duration upstreamtime upstream_resp_time apptime',
  upstream_addr: 'uaddr upstream upstream_host upstreamhost upstreamaddr upstream_server upstream_ip upstream_address',
  upstream_status: 'ustatus ust upstream_code upstream_status_code',
  upstream_cache_status: 'cache cache_status ucs',
  upstream_response_length: 'ulen uln upstream_length',
  upstream_bytes_received: 'urx',
  upstream_bytes_sent: 'utx',
}

/** Made when the first key is asked about. */
let variables: ReadonlyMap<string, string> | null = null

const variablesByName = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(NAMES).flatMap(([variable, names]) => [
      [variable, variable] as const,
      ...names.split(' ').map((name) => [name, variable] as const),
    ]),
  )

/** Groups that only say whose fields these are: `nginx.access.method`, `http.status_code`. */
const GROUP =
  /^(?:nginx|access|accesslog|log|http_request(?=_(?:request|response|remote|referer|user|status))|http|event|data)_/

/** The variable a key stands for, or null when it is no usual name. `camelCase`, `kebab-case` and dots count as `_`. */
export function variableOfKey(key: string): string | null {
  variables ??= variablesByName()
  let name = snake(key)
  for (let i = 0; i < 4; i++) {
    const variable = variables.get(name)
    if (variable !== undefined) return variable
    if (!GROUP.test(name)) return null
    name = name.replace(GROUP, '')
  }
  return null
}

/** The name under which an unknown key is kept. */
export function snake(key: string): string {
  return key
    .slice(0, 100)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9_@]+/g, '_')
    .toLowerCase()
}

/** The two names of a key: its own and the one it stands for. A log repeats its keys. */
const KNOWN = new Map<string, readonly [own: string, meant: string]>()

function namesOf(key: string): readonly [own: string, meant: string] {
  const known = KNOWN.get(key)
  if (known !== undefined) return known
  const own = snake(key)
  const names = [own, variableOfKey(key) ?? own] as const
  if (KNOWN.size < 1000) KNOWN.set(key, names)
  return names
}

/** Pairs under the names of variables, in place order. A key that is a variable's own name comes before those that only
 *  mean it (`client` beside `remote_addr`); what would be named twice keeps the name it has. */
export function byVariable(pairs: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of pairs) {
    const [own, meant] = namesOf(key)
    const name = meant !== own && pairs.has(meant) ? own : meant
    const before = found.get(name)
    if (before === undefined || before === '-') found.set(name, value)
    else if (value !== before && !found.has(own)) found.set(own, value)
  }
  return found
}

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*\]?|unix:)$/i

/** Whether a text is an IP address (or `unix:`, which nginx writes for Unix sockets). */
export function isAddress(text: string): boolean {
  return text.length < 60 && ADDRESS.test(text)
}

/** Puts right what keys alone cannot tell, in place: LTSV's `host` is the client, `host:port` has two parts, a path
 *  and its query make the URI, a version is a protocol, and `response_time` beside a request time is the backend's. */
export function settle(found: Map<string, string>): void {
  const host = found.get('host')
  if (host !== undefined && !found.has('remote_addr') && isAddress(host)) {
    found.set('remote_addr', host)
    found.delete('host')
  }
  const client = /^([^:]+|\[[^\]]+\]):(\d{1,5})$/.exec(found.get('remote_addr') ?? '')
  if (client)
    found.set('remote_addr', (client[1] as string).replace(/^\[|\]$/g, '')).set('remote_port', client[2] as string)
  if (!found.has('request_uri') && !found.has('request')) {
    const uri = found.get('uri') ?? found.get('document_uri')
    if (uri !== undefined) found.set('request_uri', uri)
  }
  const uri = found.get('request_uri')
  const args = found.get('args')
  if (uri !== undefined && args !== undefined && args !== '' && args !== '-' && !uri.includes('?'))
    found.set('request_uri', `${uri}?${args.replace(/^\?/, '')}`)
  const protocol = found.get('server_protocol')
  if (protocol !== undefined && /^\d(?:\.\d)?$/.test(protocol)) found.set('server_protocol', `HTTP/${protocol}`)
  const response = found.get('response_time')
  if (response !== undefined && !found.has('upstream_response_time') && found.has('request_time'))
    found.set('upstream_response_time', response)
}

/** Lines with a level and a message are an application's, also when they tell of a request. */
export function isApplication(keys: Iterable<string>): boolean {
  let level = false
  let message = false
  for (const key of keys) {
    const name = snake(key)
    if (name === 'logger' || name === 'caller') return true
    level ||= /^(?:level|lvl|severity|log_level|loglevel)$/.test(name)
    message ||= /^(?:msg|message)$/.test(name)
  }
  return level && message
}
