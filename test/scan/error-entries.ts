/** Entries of nginx's error log, made at random: odd and forged ones, and usual ones that repeat each other. */
import fc from 'fast-check'

const MESSAGES = [
  'upstream timed out (110: Connection timed out) while proxying upgraded connection',
  'client timed out (110: Connection timed out) while proxying upgraded connection',
  'recv() failed (104: Connection reset by peer) while proxying upgraded connection',
  'connect() failed (111: Connection refused) while connecting to upstream',
  'connect() failed (113: No route to host) while connecting to upstream',
  'no live upstreams while connecting to upstream',
  'upstream server temporarily disabled while connecting to upstream',
  'upstream prematurely closed connection while reading response header from upstream',
  'upstream sent too big header while reading response header from upstream',
  'upstream sent invalid header: "x" while reading response header from upstream',
  'client sent plain HTTP request to HTTPS port while reading client request headers',
  'client sent invalid host header while reading client request headers',
  'client 192.0.2.7 closed keepalive connection',
  'client 2001:db8::7 closed keepalive connection (104: Connection reset by peer)',
  'client closed connection while waiting for request',
  'client intended to send too large body: 12345 bytes',
  'limiting requests, excess: 5.280 by zone "one"',
  'limiting requests, excess: 5.281 by zone "one"',
  'limiting requests, dry run, excess: 1.000 by zone "one"',
  'limiting connections by zone "addr"',
  'delaying request, excess: 0.123, by zone "one"',
  'an upstream response is buffered to a temporary file /tmp/1/00/0000000001 while reading upstream',
  'a client request body is buffered to a temporary file /tmp/0000000002',
  'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream',
  'peer closed connection in SSL handshake while SSL handshaking',
  'x.lab could not be resolved (3: Host not found)',
  'access forbidden by rule',
  'user "bob": password mismatch',
  'open() "/srv/x" failed (2: No such file or directory)',
  'open() "/srv/x" failed (13: Permission denied)',
  'open() "/srv/x" is not found (2: No such file or directory)',
  'open() "/srv/x',
  '"/srv/x/index.html" is not found (2: No such file or directory)',
  'directory index of "/srv/" is forbidden',
  'rewritten data: "/x", args: ""',
  'FastCGI sent in stderr: "PHP message: x" while reading response header from upstream',
  'FastCGI sent in stderr: "PHP message: x',
  'lua entry thread aborted: runtime error: x',
  'ModSecurity: x [id "1"]',
  'something new went wrong (5: Input/output error) while reading upstream',
  'something 17 new went 0x3f wrong while connecting to upstream',
  'signal 1 (SIGHUP) received from 12, reconfiguring',
  'gracefully shutting down',
  'start worker process 812',
  'worker process 12 exited on signal 11',
  '8 worker_connections are not enough',
  'host not found in upstream "x" in /etc/nginx/nginx.conf:12',
  'unknown "connection_upgrade" variable',
  'send() failed (111: Connection refused) while resolving, resolver: 127.0.0.11:53',
  'send() failed (111: Connection refused) while logging to syslog, server: 127.0.0.1:514',
  'limiting requests, excess: 1 while logging to syslog, server: 127.0.0.1:514',
  'client 1 x while logging to syslog, server: 127.0.0.1:514',
  'a, client: 192.0.2.66',
  'a, udp client: 192.0.2.66',
  'é went wrong while connecting to upstream',
  '',
]
const PATHS = [
  '/ws',
  '/ws?token=x',
  '/items/7',
  '/items/12',
  '/items/12a',
  '/deadbeef01',
  '/123e4567-e89b-12d3-a456-426614174000/channels',
  '/a;b/7',
  '/a%3Fb/8',
  '//x',
  '/',
  '/é',
  'x',
  '*',
  'http://1/2',
  '/x", upstream: "http://evil.example:1/',
  '/x", host: "evil.example", referrer: "',
  '/x", subrequest: "/evil',
  '/x, client: 203.0.113.66, server: evil.example',
  '/"',
  '/tab\tbed',
]
const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const mostly = (value: string, ...others: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const context = fc
  .record({
    client: mostly('192.0.2.1', '192.0.2.2', '2001:db8::1', 'unix:', '-', '', '1,2', '1, 2', 'a"b', 'a b'),
    server: fc.oneof(
      mostly('app.test', '_', '', 'App.Test:80', '_:80', ':80', '0.0.0.0:443', '*.x', 'a,b', 'a b', 'a"', '~^(.+)$'),
      fc.constant(null),
    ),
    request: fc.option(
      fc.record({
        method: oneOf('GET', 'GET', 'POST', 'get', ''),
        path: oneOf(...PATHS),
        end: oneOf(' HTTP/1.1', '', ' x'),
      }),
      { freq: 12 },
    ),
    subrequest: fc.option(oneOf('/auth', '/auth/7', '/a b', 'auth'), { freq: 1 }),
    upstream: fc.option(
      mostly(
        'http://10.0.0.1:80/ws',
        'http://10.0.0.1:80',
        'https://10.0.0.1:80/',
        'http://10.0.0.1:80?x',
        'http://unix:/run/a.sock:/ws',
        'http://unix:/run/a.sock',
        'http://127.0.0.1:11006/',
        'fastcgi://10.0.0.1:80',
        '10.0.0.1:80',
        'http:///',
        '',
        'HTTP://x/',
        'http://[::1]:3/x"',
        'http://a b/',
      ),
      { freq: 4 },
    ),
    login: fc.option(oneOf('bob'), { freq: 1 }),
    host: fc.option(mostly('app.test', 'evil.example', 'a b', '', 'x:81', '_'), { freq: 6 }),
    referrer: fc.option(
      oneOf(
        'https://app.test/',
        '", host: "x',
        ', host: ',
        'é',
        '',
        'x"',
        'halfopen/probe',
        'halfopen',
        'halfopen.test',
      ),
      { freq: 1 },
    ),
    tail: mostly('', '"', ' ', ', bytes from/to client:0/0, bytes from/to upstream:0/0', ' junk', '\u001b[0m'),
  })
  .map((c) => {
    const field = (name: string, value: string | null): string => (value === null ? '' : `, ${name}: "${value}"`)
    return (
      `, client: ${c.client}` +
      (c.server === null ? '' : `, server: ${c.server}`) +
      field('request', c.request === null ? null : `${c.request.method} ${c.request.path}${c.request.end}`) +
      (c.subrequest === null || c.subrequest === 'auth' ? '' : field('subrequest', c.subrequest)) +
      (c.login === null ? '' : '') +
      field('upstream', c.upstream) +
      field('host', c.host) +
      field('referrer', c.referrer) +
      c.tail
    )
  })

const stamp = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .integer({ min: 0, max: 179 })
      .map((s) => `2026/11/21 06:1${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`),
  },
  {
    weight: 1,
    arbitrary: oneOf(
      '2026/02/31 06:13:34',
      '2026/11/21 06:13:60',
      '2026/11/21 06:13:3x',
      '2026-11-21 06:13:34',
      '2026/11/21 24:00:00',
    ),
  },
)
const headOf = fc
  .record({
    stamp,
    level: mostly('error', 'info', 'warn', 'notice', 'crit', 'alert', 'emerg', 'debug', 'trace'),
    worker: mostly('812#812: ', '812#7: ', '', '#: ', '12345678901#1: ', '1#1:'),
    connection: mostly('*17 ', '*123456 ', '', '* ', '*12345678901234567890 ', '*1'),
  })
  .map((h) => `${h.stamp} [${h.level}] ${h.worker}${h.connection}`)
export const odd = fc
  .record({
    head: headOf,
    message: oneOf(...MESSAGES),
    context: fc.option(context, { freq: 8 }),
    end: mostly('\n', '\r\n', '\r\r\n'),
  })
  .map((l) => `${l.head}${l.message}${l.context ?? ''}${l.end}`)

/** Few kinds, often repeated: the hot path counts most of them. */
export const usual = fc
  .record({
    second: fc.integer({ min: 0, max: 179 }),
    level: oneOf('error', 'error', 'info'),
    connection: fc.nat({ max: 9999 }),
    message: fc.oneof(oneOf(...MESSAGES.slice(0, 4)), oneOf(...MESSAGES.slice(0, 34))),
    client: oneOf('192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'),
    server: oneOf('app.test', 'app.test', '_'),
    path: fc.oneof(oneOf(...PATHS.slice(0, 4)), oneOf(...PATHS.slice(0, 9))),
    upstream: mostly('http://10.0.0.1:80', 'http://10.0.0.2:80', 'http://127.0.0.1:11006', ''),
    host: oneOf('app.test', 'other.test'),
  })
  .map((l) => {
    const time = `2026/11/21 06:1${Math.floor(l.second / 60)}:${String(l.second % 60).padStart(2, '0')}`
    const upstream = l.upstream === '' ? '' : `, upstream: "${l.upstream}${l.path}"`
    return `${time} [${l.level}] 812#812: *${l.connection} ${l.message}, client: ${l.client}, server: ${l.server}, request: "GET ${l.path} HTTP/1.1"${upstream}, host: "${l.host}"\n`
  })

/** Behind the last line there must be something, or it is the parser's. */
export const END =
  '2026/11/21 06:19:59 [notice] 1#1: this is the end of the log, and long enough for what is before it\n'
