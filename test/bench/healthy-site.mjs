/** Logs of a site where nothing is wrong, and everything happens that happens on the internet: visitors, logins, crawlers,
 *  monitors, scanners, handshakes that are typed into a browser, reloads, deployments. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hex, int, pick, random } from './make-log.mjs'

const START = Date.UTC(2026, 9, 1)
const DAY = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const BROWSERS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
]
const SCANNERS = ['python-requests/2.32.3', 'Mozilla/5.0 zgrab/0.x', '-', 'Go-http-client/1.1', BROWSERS[0]]
const CRAWLERS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
]
const PROBED = ['/wp-login.php', '/.env', '/xmlrpc.php', '/.git/config', '/ws', '/socket.io/', '/websocket', '/api/ws']
const POLLING = '/socket.io/?EIO=4&transport=polling'
/** `refused`: what its application answers to a plain GET at the socket. */
const PRODUCTS = [
  {
    path: '/api/websocket/exec',
    host: 'portainer.example',
    refused: [400],
    query: (r) => `?token=${hex(r, 24)}&id=${hex(r, 64)}`,
  },
  { path: '/api/websocket', host: 'home.example', refused: [400, 401], query: () => '' },
  {
    path: '/socket.io/',
    host: 'chat.example',
    refused: [400],
    query: (r) => `?EIO=4&transport=websocket&sid=${hex(r, 20)}`,
  },
  { path: '/ws', host: 'app.example', refused: [426, 400, 404], query: () => '' },
  // A server of sockets alone, behind `location /`: it answers so to whatever else is asked for.
  { path: '/live', host: 'push.example', refused: [426], bare: true, query: () => '' },
]
/** What sites keep: combined, combined with unlabelled times, and the format that `halfopen log-format` prints. */
const FORMATS = ['timed', 'combined', 'full', 'combined']

/** Writes the logs of site `number` (from 0) until the access log has `most` lines; returns their paths.
 *  @param {string} folder @param {number} number @param {number} seed @param {number} most @returns {string[]} */
export function writeSite(folder, number, seed, most) {
  const r = random(seed * 1000 + number)
  const product = PRODUCTS[number % PRODUCTS.length]
  const format = FORMATS[(number + Math.floor(number / PRODUCTS.length)) % FORMATS.length]
  const people = addresses(r, 300)
  const scanners = addresses(r, 100)
  /** Every second site has two backends, of which one at a time is deployed anew. */
  const backends = number % 2 === 1 ? ['127.0.0.1:9000', '127.0.0.1:9001'] : ['127.0.0.1:9000']
  const [access, errors, application] = [[], [], []]
  let serial = 1
  let time = START
  const deployments = Array.from({ length: 60 }, (_, n) => ({
    from: START + (n * 3.5 + 0.34) * DAY + int(r, 3_600_000),
    lasts: backends.length > 1 ? 30_000 + int(r, 150_000) : 3_000 + int(r, 30_000),
    backend: pick(r, backends),
  }))
  const away = (at, backend) => deployments.some((d) => d.backend === backend && at >= d.from && at < d.from + d.lasts)
  const open = []
  // What happens by the clock: [next time, every, does].
  const clock = [
    [START + 7_000, 60_000, () => uptime()],
    [START + 11_000, 60_000, () => socketMonitor()],
    [START + DAY, DAY, () => reload()],
  ]

  while (access.length < most) {
    // Nights are quiet.
    const hour = new Date(time).getUTCHours()
    const busy = hour > 7 && hour < 22 ? 1 : 0.15
    const next = time + Math.ceil((-Math.log(1 - r()) * 3_000) / busy)
    for (const due of clock)
      while (due[0] <= next) {
        time = due[0]
        serial++
        due[2]()
        due[0] += due[1]
      }
    time = next
    while (open.length > 0 && open[0].until <= time) close(open.shift())
    serial++
    const kind = r()
    if (kind < 0.03) handshake(pick(r, people))
    else if (kind < 0.08) scan(pick(r, scanners))
    else if (kind < 0.085) bytes(pick(r, scanners))
    else if (kind < 0.15) crawl(pick(r, scanners))
    else if (kind < 0.17) login(pick(r, people))
    else visit(pick(r, people))
  }
  return [
    write('access', access),
    ...(number % 3 === 2 ? [] : [write('error', errors)]),
    ...(application.length > 0 ? [write('application', application)] : []),
  ]

  function write(name, all) {
    const path = join(folder, `site-${number}-${name}.log`)
    writeFileSync(
      path,
      all
        .sort((a, b) => a[0] - b[0])
        .map(([, one]) => one)
        .join(''),
    )
    return path
  }
  function entry(level, text, at = time) {
    errors.push([at, `${errorStamp(at)} [${level}] 31#31: ${text}\n`])
  }
  /** @param {string} client @param {string} request @param {string | null} upstream */
  function about(client, request, upstream = null, protocol = 'HTTP/1.1') {
    const to = upstream === null ? '' : `, upstream: "http://${upstream}${request.split(' ')[1]}"`
    return `, client: ${client}, server: ${product.host}, request: "${request} ${protocol}"${to}, host: "${product.host}"`
  }
  /** `seconds`: how long it took. `by`: the backend that answered; null: nginx itself did. */
  function line(client, request, status, size, agent, { seconds = 0.001, by = null, upgrade = false, at = time } = {}) {
    access.push([at, `${shape(client, request, status, size, agent, seconds.toFixed(3), by, upgrade, at)}\n`])
  }
  function shape(client, request, status, size, agent, seconds, by, upgrade, at) {
    const combined = `${client} - - [${stamp(at)}] "${request}" ${status} ${size} "-" "${agent}"`
    if (format === 'combined') return combined
    if (format === 'timed') return `${combined} ${seconds} ${by === null ? '-' : seconds} "${product.host}"`
    const of = (value) => (by === null ? '-' : value)
    return (
      `time=${new Date(at).toISOString().slice(0, 19)}+00:00 msec=${(at / 1000).toFixed(3)} pid=31 conn=${serial} ` +
      `client=${client}:${40_000 + (serial % 20_000)} vhost="${product.host}" host="${product.host}" req="${request}" ` +
      `status=${status} completion="OK" rt=${seconds} uct="${of('0.000')}" uht="${of(status === 101 ? '0.004' : seconds)}" ` +
      `urt="${of(seconds)}" ustatus="${of(status)}" uaddr="${of(by)}" body=${size} reqlen=300 ` +
      `h_upgrade="${upgrade ? 'websocket' : '-'}" h_connection="${upgrade ? 'Upgrade' : '-'}" ua="${agent}"`
    )
  }
  /** The backend that answers; one that is away is tried first and passed over, and null when all are away. */
  function reach(client, request) {
    const first = pick(r, backends)
    for (const backend of [first, ...backends.filter((b) => b !== first)]) {
      if (!away(time, backend)) return backend
      entry(
        'error',
        `*${serial} connect() failed (111: Connection refused) while connecting to upstream${about(client, request, backend)}`,
      )
      if (backends.length > 1)
        entry(
          'warn',
          `*${serial} upstream server temporarily disabled while connecting to upstream${about(client, request, backend)}`,
        )
    }
    return null
  }

  function handshake(client) {
    const request = `GET ${product.path}${product.query(r)}`
    const by = reach(client, request)
    if (by === null) return line(client, `${request} HTTP/1.1`, 502, 157, pick(r, BROWSERS), { upgrade: true })
    // Somebody closes the tab before the answer.
    if (r() < 0.01) {
      entry(
        'info',
        `*${serial} epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while reading response header from upstream${about(client, request, by)}`,
      )
      return line(client, `${request} HTTP/1.1`, 499, 0, pick(r, BROWSERS), { by, upgrade: true })
    }
    // The longest stays over lunch.
    const until = time + Math.ceil(500 + 3_600_000 * r() ** 3)
    open.push({ since: time, until, client, request, by, serial })
    open.sort((a, b) => a.until - b.until)
  }
  function close({ since, until, client, request, by, serial: own }) {
    line(client, `${request} HTTP/1.1`, 101, int(r, 90_000), pick(r, BROWSERS), {
      seconds: (until - since) / 1000,
      by,
      upgrade: true,
      at: until,
    })
    const how = r()
    if (how < 0.1) entry('info', `*${own} client ${client} closed keepalive connection`, until)
    else if (how < 0.13)
      entry(
        'info',
        `*${own} recv() failed (104: Connection reset by peer) while proxying upgraded connection${about(client, request, by)}`,
        until,
      )
    // Phones leave without a closing frame.
    if (product === PRODUCTS[0] && r() < 0.1)
      application.push([
        until,
        `${new Date(until).toISOString().slice(0, 19)}Z WRN WebSocket ReadError error="websocket: close 1006 (abnormal closure): unexpected EOF"\n`,
      ])
  }
  /** Workers keep their sessions until these end. */
  function reload() {
    entry('notice', 'signal 1 (SIGHUP) received from 1, reconfiguring')
    entry('notice', 'gracefully shutting down', time + 20)
  }
  /** curl at the socket, once a minute: "it answers" is all it wants to know. */
  function uptime() {
    const by = reach('10.0.0.9', `GET ${product.path}`)
    const status = by === null ? 502 : product.refused[0]
    line('10.0.0.9', `GET ${product.path} HTTP/1.1`, status, 34, 'curl/8.14.1', { by })
    line('10.0.0.9', 'GET /healthz HTTP/1.1', 200, 2, 'Uptime-Kuma/2.0', { by: backends[0] })
  }
  /** Opens a socket and closes it at once. */
  function socketMonitor() {
    const request = `GET ${product.path}${product.query(r)}`
    const by = reach('10.0.0.10', request)
    line('10.0.0.10', `${request} HTTP/1.1`, by === null ? 502 : 101, 4, '-', {
      seconds: 0.002 + r() * 0.01,
      by,
      upgrade: true,
    })
  }
  /** One address asks for a few names of many. */
  function scan(client) {
    const agent = pick(r, SCANNERS)
    for (let left = 1 + int(r, 4); left > 0; left--) {
      const request = `GET ${pick(r, PROBED)}`
      const socket = request === `GET ${product.path}` || product.bare === true
      // A socket that is asked for as a page.
      const status = socket ? pick(r, product.refused) : 404
      line(client, `${request} HTTP/1.1`, status, 153, agent, { by: socket ? backends[0] : null })
      if (!socket)
        entry(
          'error',
          `*${serial} open() "/usr/share/nginx/html${request.slice(4)}" failed (2: No such file or directory)${about(client, request)}`,
        )
    }
  }
  /** What is no HTTP, or a very old one. */
  function bytes(client) {
    const kind = int(r, 5)
    if (kind === 0) {
      line(client, '\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03', 400, 157, '-')
      entry(
        'info',
        `*${serial} client sent invalid method while reading client request line, client: ${client}, server: ${product.host}, request: "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03"`,
      )
    } else if (kind === 1) line(client, 'GET /', 400, 157, '-')
    else if (kind === 2) {
      line(client, '', 400, 0, '-')
      entry(
        'info',
        `*${serial} SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: ${client}, server: 0.0.0.0:443`,
      )
    } else if (kind === 3) {
      line(client, 'GET / HTTP/1.1', 400, 255, '-')
      entry(
        'info',
        `*${serial} client sent plain HTTP request to HTTPS port while reading client request headers${about(client, 'GET /')}`,
      )
    } else {
      line(client, 'GET /.htaccess HTTP/1.1', 403, 153, 'zgrab/0.x')
      entry('error', `*${serial} access forbidden by rule${about(client, 'GET /.htaccess')}`)
    }
  }
  function crawl(client) {
    const request = product.path === '/socket.io/' && r() < 0.1 ? `GET ${POLLING}` : `GET /page-${int(r, 900)}`
    const status = request.includes('EIO') ? pick(r, [200, 400]) : pick(r, [200, 200, 301, 404])
    line(client, `${request} HTTP/1.1`, status, 900, pick(r, CRAWLERS), { seconds: 0.02, by: backends[0] })
  }
  function login(client) {
    line(client, 'POST /login HTTP/1.1', 401, 60, BROWSERS[0], { seconds: 0.08, by: backends[0] })
    if (r() < 0.3) {
      line(client, 'GET /admin/ HTTP/1.1', 401, 179, BROWSERS[0])
      entry('error', `*${serial} user "admin": password mismatch${about(client, 'GET /admin/')}`)
    }
    // Whose login has run out has an open page that asks for its socket once more.
    if (r() < 0.02)
      line(client, `GET ${product.path}${product.query(r)} HTTP/1.1`, 401, 20, BROWSERS[0], {
        by: backends[0],
        upgrade: true,
      })
  }
  function visit(client) {
    const request = `${pick(r, ['GET', 'GET', 'GET', 'POST'])} /api/items/${int(r, 5000)}`
    const agent = pick(r, BROWSERS)
    const by = reach(client, request)
    if (by === null) return line(client, `${request} HTTP/1.1`, 502, 157, agent)
    const status = r() < 0.97 ? pick(r, [200, 200, 200, 200, 304, 302]) : pick(r, [400, 401, 403, 404, 499, 500])
    line(client, `${request} HTTP/1.1`, status, int(r, 9_000), agent, { seconds: r() ** 4, by })
    if (status === 499)
      entry(
        'info',
        `*${serial} epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream${about(client, request, by)}`,
      )
    if (r() < 0.001)
      entry(
        'warn',
        `*${serial} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/${int(r, 9)}/00/0000000001 while reading upstream${about(client, request, by)}`,
      )
  }
}

const addresses = (r, n) =>
  Array.from({ length: n }, () => `${1 + int(r, 222)}.${int(r, 256)}.${int(r, 256)}.${1 + int(r, 254)}`)

function stamp(at) {
  const d = new Date(at)
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${clockOf(d)} +0000`
}
function errorStamp(at) {
  const d = new Date(at)
  return `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${clockOf(d)}`
}
function clockOf(d) {
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
function two(value) {
  return String(value).padStart(2, '0')
}
