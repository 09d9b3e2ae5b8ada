#!/usr/bin/env node
/** Writes a combined access log as a busy self-hosted site has it: the same bytes for the same arguments, everywhere.
 *
 *  node test/bench/make-log.mjs [--lines 1000000 | --bytes 1g] [--seed 1] [--format combined] FILE      ("-": stdout)
 *
 *  Formats: combined; ext, combined with times (see EXTENDED); json, the same as JSON (see JSON_FORMAT).
 *
 *  Mixture per line: 3 % WebSocket 101s, 0.4 % failed handshakes, 9 % scanners (404, 400), 11 % crawlers, the rest
 *  visitors with assets (200, 304), API calls, redirects, 401, 403, 499 and some 5xx. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const CHUNK = 1 << 20
const START = Date.UTC(2026, 9, 1) / 1000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
]
const CRAWLERS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
]
const SCANNERS = ['python-requests/2.32.3', 'Go-http-client/1.1', 'curl/8.14.1', '-', 'zgrab/0.x']
const PROBED = [
  '/wp-login.php',
  '/.env',
  '/xmlrpc.php',
  '/.git/config',
  '/phpmyadmin/index.php',
  '/cgi-bin/luci',
  '/actuator/health',
]
const SOCKETS = [
  (r) => `/api/websocket/exec?token=${hex(r, 24)}&id=${hex(r, 64)}&endpointId=${1 + int(r, 6)}`,
  (r) => `/socket.io/?EIO=4&transport=websocket&sid=${hex(r, 20)}`,
  () => '/api/websocket',
  () => '/ws',
  (r) => `/_blazor?id=${hex(r, 22)}`,
]

/** The log_format texts of the other formats, for --log-format. */
export const EXTENDED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ' +
  'rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"'
export const JSON_FORMAT =
  'escape=json {"time":"$time_iso8601","remote_addr":"$remote_addr","host":"$host","request":"$request","status":$status,' +
  '"body_bytes_sent":$body_bytes_sent,"request_time":$request_time,"upstream_response_time":"$upstream_response_time",' +
  '"http_referer":"$http_referer","http_user_agent":"$http_user_agent"}'

/** mulberry32: small, fast, the same on every machine. */
export function random(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
export const int = (r, below) => Math.floor(r() * below)
export const pick = (r, list) => list[int(r, list.length)]
/** Few are frequent, many are rare. */
export const skewed = (r, below) => Math.floor(below * r() ** 3)
export function hex(r, length) {
  let text = ''
  while (text.length < length) text += int(r, 0x10000000).toString(16).padStart(7, '0')
  return text.slice(0, length)
}
const size = (r, around) => Math.floor(around * Math.exp((r() + r() + r() - 1.5) * 2))

export function addresses(r, count) {
  return Array.from({ length: count }, (_, index) =>
    index % 7 === 0
      ? `2001:db8:${int(r, 65536).toString(16)}::${(1 + int(r, 65535)).toString(16)}`
      : `${1 + int(r, 222)}.${int(r, 256)}.${int(r, 256)}.${1 + int(r, 254)}`,
  )
}

function paths(r, count) {
  const words = ['docs', 'images', 'assets', 'user', 'album', 'stack', 'report', 'media', 'static', 'blog']
  const ends = ['.js', '.css', '.png', '.svg', '.webp', '.woff2', '', '', '/', '.html']
  return Array.from({ length: count }, (_, index) => `/${pick(r, words)}/${pick(r, words)}-${index}${pick(r, ends)}`)
}

/** One request: everything of the line that does not depend on time. */
function request(r, site) {
  const kind = r()
  if (kind < 0.03) {
    return {
      method: 'GET',
      uri: pick(r, SOCKETS)(r),
      status: 101,
      bytes: size(r, 4000),
      agent: pick(r, BROWSERS),
      from: 'own',
    }
  }
  if (kind < 0.034) {
    const status = pick(r, [400, 426, 502, 502, 504])
    return {
      method: 'GET',
      uri: pick(r, SOCKETS)(r),
      status,
      bytes: 150 + int(r, 30),
      agent: pick(r, BROWSERS),
      from: 'own',
    }
  }
  if (kind < 0.124) {
    const status = r() < 0.94 ? 404 : pick(r, [400, 403, 405])
    return {
      method: r() < 0.9 ? 'GET' : 'POST',
      uri: pick(r, PROBED),
      status,
      bytes: 153,
      agent: pick(r, SCANNERS),
      from: '-',
    }
  }
  const uri = site.paths[skewed(r, site.paths.length)]
  if (kind < 0.234) {
    const status = r() < 0.85 ? 200 : pick(r, [301, 304, 404])
    return {
      method: r() < 0.95 ? 'GET' : 'HEAD',
      uri,
      status,
      bytes: size(r, 9000),
      agent: pick(r, CRAWLERS),
      from: '-',
    }
  }
  if (kind < 0.4) {
    const status =
      r() < 0.95 ? pick(r, [200, 200, 200, 201, 204]) : pick(r, [400, 401, 403, 404, 409, 499, 500, 502, 504])
    const method = pick(r, ['GET', 'GET', 'POST', 'PUT', 'DELETE'])
    return {
      method,
      uri: `/api/v2/items/${int(r, 5000)}?page=${int(r, 40)}`,
      status,
      bytes: size(r, 800),
      agent: pick(r, BROWSERS),
      from: 'own',
    }
  }
  const status = r() < 0.78 ? 200 : pick(r, [304, 304, 304, 302, 206, 499])
  return {
    method: 'GET',
    uri,
    status,
    bytes: status === 304 ? 0 : size(r, 12000),
    agent: pick(r, BROWSERS),
    from: pick(r, ['own', 'own', '-']),
  }
}

const stamps = new Map()
function stamp(second) {
  const known = stamps.get(second)
  if (known !== undefined) return known
  const d = new Date((START + second) * 1000)
  const two = (value) => String(value).padStart(2, '0')
  const text = `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`
  stamps.clear()
  stamps.set(second, text)
  return text
}

/** Seconds with three decimals: of an upgraded connection how long it lasted, often cut at 60 s; else the answer's. */
function seconds(r, status) {
  if (status !== 101) return (r() ** 4 * 2).toFixed(3)
  return r() < 0.3 ? (60 + r() * 0.01).toFixed(3) : (r() ** 3 * 3000).toFixed(3)
}

const combined = (client, second, request, status, sent, referrer, agent) =>
  `${client} - - [${stamp(second)}] "${request}" ${status} ${sent} "${referrer}" "${agent}"`

const WRITERS = {
  combined: (...fields) => `${combined(...fields)}\n`,
  ext: (...fields) => {
    const [, , , status, , , , r] = fields
    const time = seconds(r, status)
    return `${combined(...fields)} rt=${time} uct="0.000" uht="${(r() ** 4).toFixed(3)}" urt="${time}"\n`
  },
  json: (client, second, request, status, sent, referrer, agent, r) => {
    const time = seconds(r, status)
    const at = `${new Date((START + second) * 1000).toISOString().slice(0, 19)}+00:00`
    return (
      `{"time":"${at}","remote_addr":"${client}","host":"home.example","request":"${request}","status":${status},` +
      `"body_bytes_sent":${sent},"request_time":${time},"upstream_response_time":"${time}","http_referer":` +
      `"${referrer === '-' ? '' : referrer}","http_user_agent":"${agent === '-' ? '' : agent}"}\n`
    )
  },
}

/** Writes the log through `write(buffer)` and returns what it holds.
 *  @returns {{ lines: number, bytes: number, status: Record<string, number> }} */
export function makeLog({ lines = Infinity, bytes = Infinity, seed = 1, format = 'combined' }, write) {
  if (lines === Infinity && bytes === Infinity) throw new Error('a number of lines or bytes is needed')
  const r = random(seed)
  const site = { clients: addresses(r, 20_000), paths: paths(r, 4_000) }
  const status = {}
  const total = { lines: 0, bytes: 0, status }
  let chunk = ''
  let clock = 0
  while (total.lines < lines && total.bytes < bytes) {
    // About twelve requests a second, a million lines a day.
    clock += r() * 0.17
    const { method, uri, status: code, bytes: sent, agent, from } = request(r, site)
    const client = site.clients[skewed(r, site.clients.length)]
    const referrer = from === 'own' ? 'https://home.example/' : '-'
    const line = WRITERS[format](client, Math.floor(clock), `${method} ${uri} HTTP/1.1`, code, sent, referrer, agent, r)
    status[code] = (status[code] ?? 0) + 1
    total.lines++
    total.bytes += line.length
    chunk += line
    if (chunk.length >= CHUNK) {
      write(Buffer.from(chunk, 'latin1'))
      chunk = ''
    }
  }
  if (chunk !== '') write(Buffer.from(chunk, 'latin1'))
  return total
}

/** Writes the log to a file (or to stdout for `-`). */
export function makeLogFile(options, file) {
  const fd = file === '-' ? 1 : openSync(file, 'w')
  try {
    return makeLog(options, (buffer) => {
      for (let at = 0; at < buffer.length;) at += writeSync(fd, buffer, at)
    })
  } finally {
    if (fd !== 1) closeSync(fd)
  }
}

/** `500m`, `1g`, `1000000` → a number. */
export function count(text) {
  const [, digits, unit] = /^(\d+)([kmg]?)$/i.exec(text) ?? []
  if (digits === undefined) throw new Error(`not a size: ${text}`)
  return Number(digits) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      lines: { type: 'string' },
      bytes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      format: { type: 'string', default: 'combined' },
    },
  })
  const [file] = positionals
  if (file === undefined) {
    process.stderr.write('usage: make-log.mjs [--lines N | --bytes N] [--seed N] FILE\n')
    process.exit(2)
  }
  const made = makeLogFile(
    {
      lines: values.lines === undefined && values.bytes === undefined ? 1e6 : count(values.lines ?? '1000g'),
      bytes: values.bytes === undefined ? Infinity : count(values.bytes),
      seed: count(values.seed),
      format: values.format,
    },
    file,
  )
  process.stderr.write(`${JSON.stringify(made)}\n`)
}
