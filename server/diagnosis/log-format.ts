/** The nginx lines that remove the blind spots: an access log that shows handshakes and session lengths, and an
 *  error log at the level at which nginx tells of idle timeouts. Read without being told (parsers/nginx/key-value.ts). */

export interface LoggedVariable {
  /** Short key in the line. */
  key: string
  variable: string
  quoted?: true
  /** What the diagnosis learns from it. */
  shows: string
}

/** Every variable exists since nginx 1.11.4 (2016). Values that a client can choose are quoted: nginx escapes quotes in them. */
export const LOGGED_VARIABLES: readonly LoggedVariable[] = [
  { key: 'time', variable: '$time_iso8601', shows: 'the time with its zone' },
  { key: 'msec', variable: '$msec', shows: 'the time to the millisecond' },
  { key: 'pid', variable: '$pid', shows: 'the worker, to match lines of the error log' },
  {
    key: 'conn',
    variable: '$connection',
    shows: 'the number after * in the error log: the exact link between both logs',
  },
  { key: 'client', variable: '$remote_addr:$remote_port', shows: 'who asked' },
  { key: 'vhost', variable: '$server_name', quoted: true, shows: 'which server block answered' },
  { key: 'host', variable: '$host', quoted: true, shows: 'which name was asked for' },
  { key: 'req', variable: '$request', quoted: true, shows: 'method, path and HTTP version' },
  { key: 'status', variable: '$status', shows: '101 when the upgrade worked' },
  { key: 'completion', variable: '$request_completion', quoted: true, shows: 'whether the session ended in order' },
  { key: 'rt', variable: '$request_time', shows: 'the length of the session' },
  { key: 'uct', variable: '$upstream_connect_time', quoted: true, shows: 'how long the backend took to accept' },
  { key: 'uht', variable: '$upstream_header_time', quoted: true, shows: 'how long the handshake took' },
  {
    key: 'urt',
    variable: '$upstream_response_time',
    quoted: true,
    shows: 'the length of the session at the backend: idle cuts show as a peak',
  },
  { key: 'ustatus', variable: '$upstream_status', quoted: true, shows: 'whether the backend or nginx itself answered' },
  { key: 'uaddr', variable: '$upstream_addr', quoted: true, shows: 'which backend' },
  { key: 'body', variable: '$body_bytes_sent', shows: 'whether anything was ever sent' },
  { key: 'reqlen', variable: '$request_length', shows: 'the size of the request and its headers' },
  { key: 'h_upgrade', variable: '$http_upgrade', quoted: true, shows: 'that the client asked for an upgrade' },
  {
    key: 'h_connection',
    variable: '$http_connection',
    quoted: true,
    shows: 'whether a proxy before nginx removed the header',
  },
  { key: 'ua', variable: '$http_user_agent', quoted: true, shows: 'which program asked' },
]

/** A log_format, the access_log that uses it, and the error_log. Each goes where its comment says. */
export function recommendedLogging(): string {
  const items = LOGGED_VARIABLES.map(({ key, variable, quoted }) => `${key}=${quoted ? `"${variable}"` : variable}`)
  const rows: string[] = []
  for (const item of items) {
    const last = rows.at(-1)
    if (last !== undefined && last.length + item.length < 66) rows[rows.length - 1] = `${last} ${item}`
    else rows.push(item)
  }
  const quotedRows = rows.map((row, i) => `    '${row}${i < rows.length - 1 ? ' ' : ''}'`)
  return [
    '# 1. In the http block of nginx.conf (log_format is allowed nowhere else):',
    'log_format halfopen',
    `${quotedRows.join('\n')};`,
    '',
    '# 2. In the server or location that serves the WebSockets. An access_log here',
    '#    replaces those of outer blocks: repeat them here if you want both.',
    'access_log /var/log/nginx/websocket.log halfopen;',
    '',
    '# 3. In the same place. nginx tells of idle timeouts only at level info.',
    'error_log /var/log/nginx/websocket-error.log info;',
    '',
    '# Then: sudo nginx -t && sudo systemctl reload nginx',
    '',
  ].join('\n')
}
