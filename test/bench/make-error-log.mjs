#!/usr/bin/env node
/** Writes an nginx error log at level info as a busy self-hosted site has it: the same bytes for the same arguments.
 *
 *  node test/bench/make-error-log.mjs [--lines 1000000 | --bytes 300m] [--seed 1] [--kinds mixed|events|sockets] FILE
 *
 *  `mixed` has everything such a log has, with missing files, buffered bodies, Lua and PHP. `events` has only lines that
 *  are events, of every kind; `sockets` only those about upgraded connections and failed handshakes. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { addresses, count, hex, int, pick, random, skewed } from './make-log.mjs'

const CHUNK = 1 << 20
const START = Date.UTC(2026, 9, 1) / 1000

const SITES = [
  {
    server: 'portainer.home.example',
    upstreams: ['http://172.18.0.5:9000'],
    paths: [exec, () => '/api/websocket/attach'],
  },
  { server: 'cloud.home.example', upstreams: ['http://127.0.0.1:7867'], paths: [() => '/push/ws', item, asset] },
  {
    server: 'chat.example.org',
    upstreams: ['http://10.0.0.11:8065', 'http://10.0.0.12:8065', 'http://10.0.0.13:8065'],
    paths: [() => '/api/v4/websocket', item, asset],
  },
  {
    server: 'lab.example.org',
    upstreams: ['http://unix:/run/jupyter.sock:'],
    paths: [kernel, (r) => `/terminals/websocket/${1 + int(r, 9)}`],
  },
  {
    server: 'app.example.net',
    upstreams: ['https://192.168.10.20:8443', 'https://192.168.10.21:8443', 'http://[fd00::7]:3000'],
    paths: [socketIo, () => '/ws', blazor, item, asset],
  },
  { server: 'home.example', upstreams: ['http://homeassistant.lan:8123'], paths: [() => '/api/websocket', item] },
  { server: '_', upstreams: ['http://127.0.0.1:3000'], paths: [() => '/ws', item] },
]

function exec(r) {
  return `/api/websocket/exec?token=${hex(r, 24)}&id=${hex(r, 64)}&endpointId=${1 + int(r, 6)}`
}
function kernel(r) {
  const id = hex(r, 32)
  return `/api/kernels/${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}/channels?session_id=${hex(r, 32)}`
}
function socketIo(r) {
  return `/socket.io/?EIO=4&transport=websocket&sid=${hex(r, 20)}`
}
function blazor(r) {
  return `/_blazor?id=${hex(r, 22)}`
}
function item(r) {
  return `/api/v2/items/${int(r, 5000)}?page=${int(r, 40)}`
}
function asset(r) {
  return pick(r, ['/', '/app.js', '/app.css', '/favicon.svg', '/docs/', '/static/logo.png', '/login', '/manifest.json'])
}

/** What nginx says, how often (weights), at which level, and what stands behind it. `up`: the request has an upstream. */
const SOCKET_EVENTS = [
  [30, 'info', 'upstream timed out (110: Connection timed out) while proxying upgraded connection', 'up'],
  [8, 'info', 'client timed out (110: Connection timed out) while proxying upgraded connection', 'up'],
  [10, 'info', 'recv() failed (104: Connection reset by peer) while proxying upgraded connection', 'up'],
  [8, 'error', 'recv() failed (104: Connection reset by peer) while proxying upgraded connection', 'up'],
  [3, 'info', 'recv() failed (110: Connection timed out) while proxying upgraded connection', 'up'],
  [3, 'error', 'send() failed (32: Broken pipe) while proxying upgraded connection', 'up'],
  [16, 'error', 'connect() failed (111: Connection refused) while connecting to upstream', 'up'],
  [8, 'error', 'upstream timed out (110: Connection timed out) while reading response header from upstream', 'up'],
  [6, 'error', 'upstream prematurely closed connection while reading response header from upstream', 'up'],
]
const OTHER_EVENTS = [
  [5, 'error', 'upstream timed out (110: Connection timed out) while connecting to upstream', 'up'],
  [5, 'error', 'recv() failed (104: Connection reset by peer) while reading response header from upstream', 'up'],
  [4, 'error', 'connect() failed (113: No route to host) while connecting to upstream', 'up'],
  [6, 'error', 'no live upstreams while connecting to upstream', 'up'],
  [2, 'warn', 'upstream server temporarily disabled while connecting to upstream', 'up'],
  [3, 'error', 'upstream sent too big header while reading response header from upstream', 'up'],
  [
    3,
    'error',
    'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream',
    'up',
  ],
  [
    2,
    'error',
    'peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking to upstream',
    'up',
  ],
  [
    6,
    'info',
    (r) =>
      `epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while ${pick(r, ['sending request to upstream', 'reading response header from upstream'])}`,
    'up',
  ],
  [
    8,
    'error',
    (r) => `limiting requests, excess: ${(int(r, 30_000) / 1000).toFixed(3)} by zone "${pick(r, ['one', 'login'])}"`,
    'request',
  ],
  [4, 'error', () => 'limiting connections by zone "addr"', 'request'],
  [3, 'error', () => 'access forbidden by rule', 'request'],
  [
    4,
    'error',
    (r) => `${pick(r, ['agent.lan', 'homeassistant.lan'])} could not be resolved (3: Host not found)`,
    'request',
  ],
  [1, 'error', () => 'no resolver defined to resolve agent.lan', 'request'],
  [1, 'info', () => 'client sent plain HTTP request to HTTPS port while reading client request headers', 'early'],
]
const NO_EVENTS = [
  [30, 'info', (r, c) => `client ${c} closed keepalive connection`, 'nothing'],
  [12, 'info', () => 'client closed connection while waiting for request', 'connection'],
  [
    6,
    'crit',
    () => 'SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking',
    'connection',
  ],
  [8, 'info', () => 'peer closed connection in SSL handshake while SSL handshaking', 'connection'],
  [
    14,
    'warn',
    (r) =>
      `an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/${int(r, 10)}/${int(r, 10)}${int(r, 10)}/000${1_000_000 + int(r, 9_000_000)} while reading upstream`,
    'up',
  ],
  [
    6,
    'warn',
    (r) =>
      `a client request body is buffered to a temporary file /var/cache/nginx/client_temp/000${1_000_000 + int(r, 9_000_000)}`,
    'request',
  ],
  [4, 'error', (r) => `client intended to send too large body: ${int(r, 90_000_000)} bytes`, 'request'],
]

/** Of what a message consists that needs more than a template: [weight, (r, site, client, head) → the line]. */
const SPECIAL = [
  [40, missingFile],
  [10, notFoundIndex],
  [3, phpNotice],
  [2, luaError],
  [2, notice],
]

function missingFile(r, { server }, client, head) {
  const path = `/${pick(r, ['wp-login.php', '.env', 'favicon.ico', 'robots.txt', '.git/config', 'apple-touch-icon.png'])}`
  return `${head('error')}open() "/usr/share/nginx/html${path}" failed (2: No such file or directory), client: ${client}, server: ${server}, request: "GET ${path} HTTP/1.1", host: "${server}"\n`
}
function notFoundIndex(r, { server }, client, head) {
  return r() < 0.5
    ? `${head('error')}directory index of "/srv/www/" is forbidden, client: ${client}, server: ${server}, request: "GET / HTTP/1.1", host: "${server}"\n`
    : `${head('error')}"/srv/www/docs/index.html" is not found (2: No such file or directory), client: ${client}, server: ${server}, request: "GET /docs/ HTTP/2.0", host: "${server}"\n`
}
function phpNotice(r, { server }, client, head) {
  return `${head('error')}FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined array key "id" in /srv/www/index.php on line ${1 + int(r, 400)}
PHP message: PHP Stack trace:
PHP message: PHP   1. {main}() /srv/www/index.php:0" while reading response header from upstream, client: ${client}, server: ${server}, request: "GET /index.php?id=${int(r, 99)} HTTP/1.1", upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "${server}"\n`
}
function luaError(r, { server }, client, head) {
  return `${head('error')}lua entry thread aborted: runtime error: /etc/nginx/lua/auth.lua:${1 + int(r, 90)}: attempt to index a nil value
stack traceback:
coroutine 0:
\t/etc/nginx/lua/auth.lua:12: in main chunk, client: ${client}, server: ${server}, request: "GET /ws HTTP/1.1", host: "${server}"\n`
}
function notice(r, site, client, head) {
  const worker = 800 + int(r, 8)
  return pick(r, [
    () => `${head('notice', false)}signal 1 (SIGHUP) received from ${4000 + int(r, 900)}, reconfiguring\n`,
    () => `${head('notice', false)}gracefully shutting down\n`,
    () => `${head('notice', false)}start worker process ${worker}\n`,
    () => `${head('notice', false)}worker process ${worker} exited with code 0\n`,
  ])()
}

const two = (value) => String(value).padStart(2, '0')
const stamps = new Map()
function stamp(second) {
  const known = stamps.get(second)
  if (known !== undefined) return known
  const d = new Date((START + second) * 1000)
  const text = `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
  stamps.clear()
  stamps.set(second, text)
  return text
}

/** The context behind a message, in nginx's order. */
function context(r, { server, upstreams, paths }, client, what) {
  if (what === 'nothing') return ''
  const own = server === '_' ? 'home.example:8080' : server
  if (what === 'connection') return `, client: ${client}, server: ${pick(r, ['0.0.0.0:443', '0.0.0.0:80', '[::]:443'])}`
  if (what === 'early') return `, client: ${client}, server: ${server}, request: "GET / HTTP/1.1", host: "${own}"`
  const uri = pick(r, paths)(r)
  let text = `, client: ${client}, server: ${server}, request: "${r() < 0.95 ? 'GET' : 'POST'} ${uri} HTTP/${r() < 0.9 ? '1.1' : '2.0'}"`
  if (r() < 0.01) text += ', subrequest: "/auth/verify"'
  if (what === 'up') text += `, upstream: "${pick(r, upstreams)}${uri}"`
  text += `, host: "${own}"`
  if (r() < 0.3) text += `, referrer: "https://${own}${pick(r, ['/', '/dashboard', '/login?next=%2F'])}"`
  return text
}

function drawer(list) {
  const total = list.reduce((sum, [weight]) => sum + weight, 0)
  return (r) => {
    let at = r() * total
    return list.find(([weight]) => (at -= weight) < 0) ?? list[0]
  }
}

const KINDS = {
  mixed: { draw: drawer([...SOCKET_EVENTS, ...OTHER_EVENTS, ...NO_EVENTS, ...SPECIAL]) },
  events: { draw: drawer([...SOCKET_EVENTS, ...OTHER_EVENTS]) },
  sockets: { draw: drawer(SOCKET_EVENTS) },
}

/** Writes the log through `write(buffer)` and returns what it holds.
 *  @returns {{ lines: number, bytes: number }} */
export function makeErrorLog({ lines = Infinity, bytes = Infinity, seed = 1, kinds = 'mixed' }, write) {
  if (lines === Infinity && bytes === Infinity) throw new Error('a number of lines or bytes is needed')
  const { draw } = KINDS[kinds] ?? {}
  if (draw === undefined) throw new Error(`kinds: one of ${Object.keys(KINDS).join(', ')}`)
  const r = random(seed)
  const clients = addresses(r, 20_000)
  const total = { lines: 0, bytes: 0 }
  let chunk = ''
  let clock = 0
  let connection = 1000
  let burst = 0
  const head = (level, connected = true) => {
    const worker = 812 + (connection & 3)
    connection += 1 + int(r, 3)
    return `${stamp(Math.floor(clock))} [${level}] ${worker}#${worker}: ${connected ? `*${connection} ` : ''}`
  }
  while (total.lines < lines && total.bytes < bytes) {
    // About fifteen lines a second; a restart of a backend throws hundreds into one.
    if (burst > 0) burst--
    else if (r() < 0.0005) burst = 100 + int(r, 400)
    else clock += r() * 0.16
    const site = SITES[skewed(r, SITES.length)]
    const client = clients[skewed(r, clients.length)]
    const drawn = draw(r)
    let text
    if (typeof drawn[1] === 'function') text = drawn[1](r, site, client, head)
    else {
      const [, level, message, what] = drawn
      text = `${head(level)}${typeof message === 'string' ? message : message(r, client)}${context(r, site, client, what)}\n`
    }
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) total.lines++
    total.bytes += text.length
    chunk += text
    if (chunk.length >= CHUNK) {
      write(Buffer.from(chunk, 'latin1'))
      chunk = ''
    }
  }
  if (chunk !== '') write(Buffer.from(chunk, 'latin1'))
  return total
}

/** Writes the log to a file (or to stdout for `-`). */
export function makeErrorLogFile(options, file) {
  const fd = file === '-' ? 1 : openSync(file, 'w')
  try {
    return makeErrorLog(options, (buffer) => {
      for (let at = 0; at < buffer.length;) at += writeSync(fd, buffer, at)
    })
  } finally {
    if (fd !== 1) closeSync(fd)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      lines: { type: 'string' },
      bytes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      kinds: { type: 'string', default: 'mixed' },
    },
  })
  const [file] = positionals
  if (file === undefined || KINDS[values.kinds] === undefined) {
    process.stderr.write(
      'usage: make-error-log.mjs [--lines N | --bytes N] [--seed N] [--kinds mixed|events|sockets] FILE\n',
    )
    process.exit(2)
  }
  const made = makeErrorLogFile(
    {
      lines: values.lines === undefined && values.bytes === undefined ? 1e6 : count(values.lines ?? '1000g'),
      bytes: values.bytes === undefined ? Infinity : count(values.bytes),
      seed: count(values.seed),
      kinds: values.kinds,
    },
    file,
  )
  process.stderr.write(`${JSON.stringify(made)}\n`)
}
