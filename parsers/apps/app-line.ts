/** Text lines with a stamp and a level word, in the orders that loggers print them. The stamp or the brackets are the
 *  structure that is asked for: a sentence with a level word in it is no record.
 *  Sources: zap's console encoder, logback's and Spring Boot's default patterns, Python logging, Home Assistant, n8n,
 *  Uptime Kuma src/util.ts, gunicorn, code-server, Mattermost, rocket/fern, Serilog, klog, Grafana ≤ 7. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { isAiohttpRequest } from './aiohttp.ts'
import { appRecord, extras, LEVEL, levelName, plain, splitTail } from './app-record.ts'
import { appTime, CLOCK, STAMP } from './app-time.ts'
import { isCaddyConsole } from './caddy.ts'
import { isTornadoRequest } from './tornado.ts'
import { isUvicornRequest } from './uvicorn.ts'

const WHEN = `(?:(?<time>${STAMP})|${CLOCK})`
const STAMPED = `(?<time>${STAMP})`
const TAG = String.raw`\[(?<tag>[^\[\]\r\n]{0,150})\]`

/** Tried in order; the named groups are `time`, `level`, `rest`, and what else the shape tells. */
const SHAPES: readonly RegExp[] = [
  // Spring Boot, logback with a thread: `TIME LEVEL PID --- [thread] logger : text`
  `^${STAMPED} +(?<level>${LEVEL}) \\d{1,10} --- (?:\\[[^\\]]{0,100}\\] ?){1,3}(?<logger>[\\w.$\\[\\]/-]{1,200}) +: (?<rest>.*)$`,
  // Home Assistant: `TIME LEVEL (Thread) [logger] text`
  `^${STAMPED} (?<level>${LEVEL}) \\([^()]{1,100}\\) \\[(?<logger>[\\w.-]{1,200})\\] (?<rest>.*)$`,
  // The same by its Supervisor of old, whose years have two digits
  `^(?<short>\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d) (?<level>${LEVEL}) \\([^()]{1,100}\\) \\[(?<logger>[\\w.-]{1,200})\\] (?<rest>.*)$`,
  // NLog: `TIME|event id|LEVEL|logger|text`
  `^${STAMPED}\\|(?:\\d{1,9}\\|)?(?<level>${LEVEL})\\|(?<logger>[\\w.]{1,200})\\|(?<rest>.*)$`,
  // log4j: `[TIME][LEVEL][logger] text`
  `^\\[${STAMPED}\\]\\[(?<level>${LEVEL}) *\\]\\[(?<logger>[\\w.$-]{1,200}) *\\] (?<rest>.*)$`,
  // logback, log4j: `TIME [thread] LEVEL logger - text`
  `^${WHEN} \\[[^\\]]{1,150}\\] +(?<level>${LEVEL}) +(?<logger>[\\w.$]{1,200})(?: -|:) (?<rest>.*)$`,
  // The logger and its level in one bracket: `TIME [logger.LEVEL] text`
  `^${STAMPED} \\[(?<logger>[a-z][\\w.]{0,200})\\.(?<level>${LEVEL})\\] (?<rest>.*)$`,
  // Python, logger named first: `TIME - logger - LEVEL - text`
  `^${STAMPED} - (?<logger>[\\w.-]{1,200}) - (?<level>${LEVEL}) - (?<rest>.*)$`,
  // Python, colons between: `TIME:LEVEL:text`, `TIME:LEVEL:logger:text`
  `^${STAMPED}:(?<level>${LEVEL}):(?:(?<logger>[a-z]\\w{0,60}(?:\\.\\w{1,60}){0,6}):)?(?<rest>.*)$`,
  // The same with the level first: `TIME - LEVEL - logger - text`
  `^${STAMPED} - (?<level>${LEVEL}) - (?<logger>[\\w.-]{1,200}) - (?<rest>.*)$`,
  // Python, logger named first: `TIME logger LEVEL text`
  `^${STAMPED} (?<logger>[a-z]\\w{0,60}(?:\\.\\w{1,60}){0,6}) +(?<level>${LEVEL}) +(?<rest>.*)$`,
  // Odoo: `TIME PID LEVEL database logger: text`
  `^${STAMPED} \\d{1,10} (?<level>${LEVEL}) \\S{1,100} (?<logger>[a-z]\\w{0,60}(?:\\.\\w{1,60}){0,8}): (?<rest>.*)$`,
  // gunicorn: `[TIME] [PID] [LEVEL] text`
  `^\\[?${STAMPED}\\]? \\[\\d{1,10}\\] \\[(?<level>${LEVEL})\\] (?<rest>.*)$`,
  // Uptime Kuma: `TIME [TAG] LEVEL: text`
  `^${STAMPED} ${TAG} (?<level>${LEVEL}): (?<rest>.*)$`,
  // fern, Vaultwarden: `[TIME][module][LEVEL] text`
  `^\\[(?:${STAMPED}|[\\w|:.-]{1,100})\\](?:${TAG})?\\[(?<level>${LEVEL})\\] (?<rest>.*)$`,
  // Most others: `TIME LEVEL text`, `[TIME] [LEVEL] text`, `TIME | level | text`, `TIME<tab>LEVEL<tab>text`
  `^\\[?${STAMPED}\\]?(?: *\\| *|[ \\t]+)\\[?(?<level>${LEVEL})\\]?:?(?: *\\| *|[ \\t]+)(?<rest>.*)$`,
  // A terminal's time of day in front of a bracketed level: `06:13:34 [ERR] text`, `[06:13:34 ERR] text`
  `^(?:${CLOCK} \\[(?<level>${LEVEL})\\]|\\[${CLOCK} (?<level2>${LEVEL})\\]) (?<rest>.*)$`,
  // Home Assistant's add-ons (bashio): `[06:13:34] LEVEL: text`
  `^\\[${CLOCK}\\] (?<level>${LEVEL}): (?<rest>.*)$`,
  // configurable-http-proxy: `06:13:34.123 [ConfigProxy] level: text`
  `^${CLOCK} \\[(?<logger>[A-Za-z][\\w.-]{0,60})\\] (?<level>${LEVEL}): (?<rest>.*)$`,
  // n8n's development console, WildFly: a time of day with its fraction, `CLOCK LEVEL text`
  `^\\d\\d:\\d\\d:\\d\\d[.,]\\d{3} +(?<level>${LEVEL}) +(?:\\[(?<logger>[\\w.$-]{1,200})\\] \\([^()]{1,100}\\) )?(?<rest>.*)$`,
  // Node-RED: `21 Nov 06:13:34 - [level] text`
  `^\\d{1,2} [A-Z][a-z]{2} \\d\\d:\\d\\d:\\d\\d - \\[(?<level>${LEVEL})\\] (?<rest>.*)$`,
  // Java without a time: a class behind the level, `ERROR o.e.ChatHandler - text`
  `^(?<level>${LEVEL}) +(?<logger>(?:[\\w$]{1,60}\\.){1,12}[A-Z][\\w$]{0,100}) (?:-|:) (?<rest>.*)$`,
  // guacd: `guacd[7]: INFO:<tab>text`, of which syslog keeps the head for itself
  `^(?:guacd\\[\\d{1,10}\\]: )?(?<level>${LEVEL}):\\t(?<rest>.*)$`,
  // Mattermost's console, logrus and Grafana on a terminal: `LEVEL [TIME] text`, `WARN[11-21|06:13:34] text`
  `^(?<level>${LEVEL}) *\\[(?:${STAMPED}|\\d\\d-\\d\\d\\|\\d\\d:\\d\\d:\\d\\d|\\d{4,9})\\] (?<rest>.*)$`,
  // klog: `W1121 06:13:34.000000       1 file.go:12] text` (no year)
  `^(?<level>[IWEF])\\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{6} +\\d{1,10} (?<caller>[\\w.-]{1,200}:\\d{1,6})\\] (?<rest>.*)$`,
].map((source) => new RegExp(source, 's'))

const BEGINNING = new RegExp(`^\\[?${WHEN}\\]?(?: - | *\\| *|[ \\t]+)?`)

/** nginx's own shape after the level, in case an error log has another stamp than usual; and its usual head. */
const NGINX = /^\d{1,10}#\d{1,10}: |^\*\d+ /
const NGINX_HEAD = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]/
/** How any shape begins: refuses most foreign lines, such as those that begin with an address or were cut off within one,
 *  without compiling the shapes, which takes as long as reading half a megabyte. */
const HEAD =
  /^(?:\[|(?!\d{1,3}(?:\.\d{1,3}){3} |[0-9a-f]{1,4}:[0-9a-f:]{1,36} |[0-9a-f.:]*$)\d|[A-Za-z]{4,11} *\[|[IWEF]\d{4} |[A-Z]{4,8} +\w+\.|guacd\[|[A-Z]{4,8}:\t)/

export const appLine: Parser<AppRecord> = {
  id: 'app-line',
  // code-server says what was refused in the stack below.
  unfinished: (record) => record.length < 300 && record.endsWith('] error Forbidden HttpError: Forbidden'),
  startsRecord: /^\[\d{4}-\d\d-\d\dT/,
  description: 'text lines with stamp and level (zap, Spring, Home Assistant, n8n, gunicorn, Uptime Kuma, Mattermost)',
  examples: [
    {
      line: "2026-11-21 06:13:34\tERROR\tpty/pty.go:20\twebsocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
      fields: { time: '2026-11-21T06:13:34', level: 'error' },
    },
    {
      line: '2026-11-21T06:13:34.123+01:00  WARN 1 --- [nio-8080-exec-3] o.s.w.s.s.s.DefaultHandshakeHandler      : Handshake failed due to invalid Upgrade header: null',
      fields: { level: 'warn', message: 'Handshake failed due to invalid Upgrade header: null' },
    },
    {
      line: '2026-11-21 06:13:34.008 ERROR (MainThread) [homeassistant.components.http.forwarded] A request from a reverse proxy was received from 172.18.0.5, but your HTTP integration is not set-up for reverse proxies',
      fields: { time: '2026-11-21T06:13:34.008', level: 'error' },
    },
    {
      line: '06:13:34.123 [http-nio-8080-exec-2] ERROR o.a.g.w.GuacamoleWebSocketTunnelEndpoint - Creation of WebSocket tunnel to guacd failed: java.net.ConnectException: Connection refused',
      fields: { time: null, level: 'error' },
    },
    {
      line: '[2026-11-21 06:13:34 +0000] [13] [WARNING] Unsupported upgrade request.',
      fields: { time: '2026-11-21T06:13:34Z', level: 'warn', message: 'Unsupported upgrade request.' },
    },
    {
      line: '2026-11-21T06:13:34+01:00 [AUTH] ERROR: Origin (https://kuma.example) does not match host (10.0.0.4:3001), IP: 192.0.2.7',
      fields: { level: 'error' },
    },
    {
      line: '[2026-11-21 06:13:34.004][vaultwarden::api::notifications][INFO] Accepting Rocket WS connection from 192.0.2.7',
      fields: { level: 'info', message: 'Accepting Rocket WS connection from 192.0.2.7' },
    },
    {
      line: '2026-11-21T06:13:34.185Z | warn | Origin header is missing {"scopes":["push"],"function":"handleRequest"}',
      fields: { time: '2026-11-21T06:13:34.185Z', level: 'warn' },
    },
    {
      line: '[2026/11/21 06:13:34 UTC] [EROR] websocket connect err: websocket: origin not allowed',
      fields: { time: '2026-11-21T06:13:34Z', level: 'error' },
    },
    {
      line: 'WARN[11-21|06:13:34] Request Origin is not authorized         logger=live origin=https://grafana.example appUrl=http://localhost:3000/ allowedOrigins=',
      fields: { time: null, level: 'warn', message: 'Request Origin is not authorized' },
    },
    {
      line: 'E1121 06:13:34.250000       1 upgradeaware.go:427] unable to upgrade websocket connection: websocket server finished before becoming ready',
      fields: { level: 'error' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    if (!HEAD.test(text) || NGINX_HEAD.test(text)) return miss('no-match')
    for (const shape of SHAPES) {
      const found = shape.exec(text)?.groups
      if (!found) continue
      const rest = found['rest'] as string
      if (NGINX.test(rest) || isElsewhere(rest)) return miss('no-match')
      const stamp = found['time'] ?? (found['short'] === undefined ? undefined : `20${found['short']}`)
      const time = stamp === undefined ? null : appTime(stamp)
      if (stamp !== undefined && time === null) return miss('bad-time')
      const { message, pairs } = splitTail(rest)
      const extra = extras({ logger: found['logger'] ?? found['tag'], caller: found['caller'] })
      for (const [key, value] of pairs) if (!extra.has(key)) extra.set(key, value)
      return appRecord('app-line', time, levelName((found['level'] ?? found['level2']) as string), message, extra)
    }
    return miss('no-match')
  },
  explain(line) {
    const text = plain(line)
    const stamp = BEGINNING.exec(text)
    if (stamp === null) return { at: 0, why: 'expected a time or a level word' }
    return {
      at: line.length - text.length + stamp[0].length,
      why: 'expected a level word (INFO, [error] …) after the time',
    }
  },
}

/** Lines that parsers of their own take apart. */
const isElsewhere = (rest: string): boolean =>
  isUvicornRequest(rest) || isTornadoRequest(rest) || isAiohttpRequest(rest) || isCaddyConsole(rest)
