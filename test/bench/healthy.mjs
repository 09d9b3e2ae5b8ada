#!/usr/bin/env node
/** Ordinary traffic must not alarm anybody: writes logs of sites where nothing is wrong and counts what `analyze` reports of
 *  them above `info`.
 *
 *  node test/bench/healthy.mjs [--lines 1000000] [--sites 4] [--seed 1]
 *
 *  Each site has visitors, crawlers, a monitor, scanners that also ask for sockets without asking for an upgrade, people who
 *  leave before the answer, sessions that visitors end, a nightly reload, deployments during which the backend refuses for some
 *  seconds, and the error log that nginx writes of all that. Every second site logs times, every third keeps no error log. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { count, hex, int, pick, random } from './make-log.mjs'

const ENTRY = fileURLToPath(new URL('../../server/cli/halfopen.mjs', import.meta.url))
const START = Date.UTC(2026, 9, 1)
const DAY = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const PRODUCTS = [
  { path: '/api/websocket/exec', host: 'portainer.example', query: (r) => `?token=${hex(r, 24)}&id=${hex(r, 64)}` },
  { path: '/api/websocket', host: 'home.example', query: () => '' },
  { path: '/socket.io/', host: 'chat.example', query: (r) => `?EIO=4&transport=websocket&sid=${hex(r, 20)}` },
  { path: '/ws', host: 'app.example', query: () => '' },
]
const PROBED = ['/wp-login.php', '/.env', '/xmlrpc.php', '/.git/config', '/ws', '/socket.io/', '/websocket', '/api/ws']

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1m' },
    sites: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
  },
})
const lines = count(values.lines)
const sites = Number(values.sites)
const folder = mkdtempSync(join(tmpdir(), 'halfopen-healthy-'))
process.once('exit', () => process.env.KEEP || rmSync(folder, { recursive: true, force: true }))

let loud = 0
let read = 0
for (let site = 0; site < sites; site++) {
  const files = write(site, random(Number(values.seed) * 1000 + site), Math.ceil(lines / sites))
  const found = spawnSync(process.execPath, [ENTRY, 'analyze', '--output', 'json', '--no-progress', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (found.status !== 0) {
    process.stderr.write(found.stderr)
    process.exit(2)
  }
  const report = JSON.parse(found.stdout)
  const unparsed = report.inputs.reduce((sum, input) => sum + input.unparsed, 0)
  const above = report.findings.filter(({ severity }) => severity !== 'info')
  read += report.inputs.reduce((sum, input) => sum + input.lines, 0)
  loud += above.length
  const heard = above.map((f) => `${f.cause} ${f.severity} ${f.confidence} ${f.scope.path} × ${f.count}`)
  const quiet = report.findings.length - above.length
  console.log(
    `site ${site + 1}: ${files.length} logs, ${unparsed} lines not read, ${quiet} at info, above: ${heard.join('; ') || 'none'}`,
  )
}
console.log(`${read} lines of healthy traffic: ${loud} findings above info`)
process.exitCode = loud === 0 ? 0 : 1

/** Writes the logs of one site; returns their paths. */
function write(site, r, most) {
  const product = PRODUCTS[site % PRODUCTS.length]
  const timed = site % 2 === 0
  const clients = Array.from(
    { length: 400 },
    () => `${1 + int(r, 222)}.${int(r, 256)}.${int(r, 256)}.${1 + int(r, 254)}`,
  )
  const people = clients.slice(0, 300)
  const scanners = clients.slice(300)
  const access = []
  const errors = []
  let serial = 1
  let time = START
  // Two a week, by day; refused for some seconds.
  const deployments = Array.from({ length: 20 }, (_, n) => START + (n * 3.5 + 0.4) * DAY + int(r, 3_600_000))
  const refused = (at) => deployments.some((from) => at >= from && at < from + 8_000)
  const open = []
  const entry = (at, level, text) => errors.push([at, `${errorStamp(at)} [${level}] 31#31: ${text}\n`])
  const line = (at, client, request, status, bytes, agent, seconds, answered = true) => {
    const times = timed ? ` ${seconds} ${answered ? seconds : '-'} "${product.host}"` : ''
    access.push([at, `${client} - - [${stamp(at)}] "${request} HTTP/1.1" ${status} ${bytes} "-" "${agent}"${times}\n`])
  }
  const about = (client, request, upstream = true) =>
    `, client: ${client}, server: ${product.host}, request: "${request} HTTP/1.1"` +
    (upstream ? `, upstream: "http://127.0.0.1:9000${request.split(' ')[1]}"` : '') +
    `, host: "${product.host}"`
  while (access.length < most) {
    // Nights are quiet.
    const hour = new Date(time).getUTCHours()
    const busy = hour > 7 && hour < 22 ? 1 : 0.15
    const before = time
    time += Math.ceil((-Math.log(1 - r()) * 3_000) / busy)
    if (Math.floor(before / DAY) !== Math.floor(time / DAY)) reload(time)
    while (open.length > 0 && open[0].until <= time) close(open.shift())
    const kind = r()
    const client = pick(r, people)
    serial++
    if (kind < 0.03) handshake(client)
    else if (kind < 0.1) scan(pick(r, scanners))
    else if (kind < 0.13) line(time, '10.0.0.9', 'GET /healthz', 200, 2, 'Uptime-Kuma/2.0', '0.001')
    else if (kind < 0.2)
      line(
        time,
        pick(r, clients),
        `GET /page-${int(r, 900)}`,
        pick(r, [200, 200, 301, 404]),
        900,
        'Googlebot/2.1',
        '0.020',
      )
    else visit(client)
  }
  const paths = [join(folder, `site-${site}-access.log`)]
  const text = (all) => all.sort((a, b) => a[0] - b[0]).map(([, one]) => one)
  writeFileSync(paths[0], text(access).join(''))
  if (site % 3 !== 2) {
    paths.push(join(folder, `site-${site}-error.log`))
    writeFileSync(paths[1], text(errors).join(''))
  }
  return paths

  function handshake(client) {
    const request = `GET ${product.path}${product.query(r)}`
    if (refused(time)) {
      entry(
        time,
        'error',
        `*${serial} connect() failed (111: Connection refused) while connecting to upstream${about(client, request)}`,
      )
      return line(time, client, request, 502, 157, BROWSER, '0.000')
    }
    // The longest stays over lunch.
    const until = time + Math.ceil(500 + 3_600_000 * r() ** 3)
    open.push({ since: time, until, client, request })
    open.sort((a, b) => a.until - b.until)
  }
  function close({ since, until, client, request }) {
    line(until, client, request, 101, int(r, 90_000), BROWSER, ((until - since) / 1000).toFixed(3))
    if (r() < 0.1) entry(until, 'info', `*${serial} client ${client} closed keepalive connection`)
  }
  /** Workers keep their sessions until these end. */
  function reload(at) {
    entry(at, 'notice', 'signal 1 (SIGHUP) received from 1, reconfiguring')
    entry(at + 20, 'notice', 'gracefully shutting down')
  }
  function scan(client) {
    const request = `GET ${pick(r, PROBED)}`
    // A socket that is asked for as a page: the application says 400 or 404.
    const socket = request.endsWith(product.path)
    const status = socket ? pick(r, [400, 404]) : 404
    line(time, client, request, status, 153, pick(r, ['python-requests/2.32.3', 'zgrab/0.x', '-']), '0.001')
    if (!socket)
      entry(
        time,
        'error',
        `*${serial} open() "/usr/share/nginx/html${request.slice(4)}" failed (2: No such file or directory)${about(client, request, false)}`,
      )
    if (r() < 0.2)
      entry(
        time,
        'info',
        `*${serial} client sent invalid request while reading client request line, client: ${client}, server: ${product.host}, request: "\\x16\\x03\\x01"`,
      )
    if (r() < 0.1)
      entry(
        time,
        'info',
        `*${serial} SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: ${client}, server: 0.0.0.0:443`,
      )
  }
  function visit(client) {
    const request = `${pick(r, ['GET', 'GET', 'GET', 'POST'])} /api/items/${int(r, 5000)}`
    if (refused(time)) {
      entry(
        time,
        'error',
        `*${serial} connect() failed (111: Connection refused) while connecting to upstream${about(client, request)}`,
      )
      return line(time, client, request, 502, 157, BROWSER, '0.000')
    }
    const status = r() < 0.97 ? pick(r, [200, 200, 200, 200, 304, 302]) : pick(r, [400, 401, 403, 404, 499, 500])
    line(time, client, request, status, int(r, 9_000), BROWSER, (r() ** 4).toFixed(3), status !== 499)
    if (status === 499)
      entry(
        time,
        'info',
        `*${serial} epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream${about(client, request)}`,
      )
    if (r() < 0.001)
      entry(
        time,
        'warn',
        `*${serial} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/${int(r, 9)}/00/0000000001 while reading upstream${about(client, request)}`,
      )
  }
}

function stamp(at) {
  const d = new Date(at)
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${clock(d)} +0000`
}
function errorStamp(at) {
  const d = new Date(at)
  return `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${clock(d)}`
}
function clock(d) {
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
function two(value) {
  return String(value).padStart(2, '0')
}
