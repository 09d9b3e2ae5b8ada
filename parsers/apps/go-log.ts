/** Go's standard log: `2026/11/21 06:13:34 message`, local time. Also with the file (`Lshortfile`), a level word that
 *  the application puts first, and NATS' `[PID] TIME [LVL] message`. Source: log/log.go, formatHeader. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, LEVEL, levelName, plain, splitTail } from './app-record.ts'
import { appTime } from './app-time.ts'

const LINE =
  /^(?:\[\d{1,10}\] )?(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) (?:([\w./-]{1,200}\.go:\d{1,6}): )?(.*)$/s
const LEVEL_FIRST = new RegExp(`^(?:\\[(${LEVEL})\\]:?|(${LEVEL}):) `)
/** log/slog's default handler: the level in capitals, with how far it is from a named one, then pairs. */
const SLOG = /^(DEBUG|INFO|WARN|ERROR)(?:[+-]\d{1,3})? (?=\S)/
/** Gitea and Gogs: `…/web/events.go:45:Events() [E] text`, from 1.14 on with a request id. */
const GITEA =
  /^(?:\[\d{1,10}\] )?(?:([^\s:]{1,200}\.go:\d{1,6}:\S{1,200}) |HTTPRequest )?\[([TDIWECF])\] (?:\[[\da-f-]{4,40}\] )?/
/** What follows the same stamp in an nginx error log: `[error] 7#7: `, or the beginning of it; some add the zone. */
const NGINX =
  /^(?:[+-]\d\d:?\d\d )?(?:\[[a-z]*(?:\](?: \d+#|$)|$)|\[(?:debug|info|notice|warn|error|crit|alert|emerg)\])/

/** Said by the proxy library that Portainer is built on, and by the server around it: Portainer's parser. */
const PORTAINER = /^(?:websocketproxy|http error): |^http: .{0,100}github\.com\/portainer\//

export const goLog: Parser<AppRecord> = {
  id: 'go-log',
  description: "Go's standard log, also with file or level (Rancher, NATS, Gitea, Portainer 1, slog)",
  examples: [
    {
      line: "2026/11/21 06:13:34 hub.go:88: upgrade: websocket: could not find connection header with token 'upgrade'",
      fields: {
        time: '2026-11-21T06:13:34',
        level: null,
        message: "upgrade: websocket: could not find connection header with token 'upgrade'",
      },
    },
    {
      line: "[8672] 2026/11/21 06:13:34.251985 [ERR] [::1]:59279 - websocket handshake error: invalid value for header 'Upgrade'",
      fields: {
        time: '2026-11-21T06:13:34.251985',
        level: 'error',
        message: "[::1]:59279 - websocket handshake error: invalid value for header 'Upgrade'",
      },
    },
    {
      line: '2026/11/21 06:13:34 routers/web/events/events.go:45:Events() [E] Unable to write to EventStream: broken pipe',
      fields: { level: 'error', message: 'Unable to write to EventStream: broken pipe' },
    },
    {
      line: '2026/11/21 06:13:34 ERROR upgrade failed err="websocket: request origin not allowed by Upgrader.CheckOrigin"',
      fields: { level: 'error', message: 'upgrade failed' },
    },
    {
      line: '2026/11/21 06:13:34 Starting server on :9000',
      fields: { time: '2026-11-21T06:13:34', message: 'Starting server on :9000' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const m = LINE.exec(plain(line))
    if (!m) return miss('no-match')
    const text = m[3] as string
    if (text.trim() === '' || NGINX.test(text) || PORTAINER.test(text)) return miss('no-match')
    const time = appTime(m[1] as string)
    if (time === null) return miss('bad-time')
    const slog = SLOG.exec(text)
    if (slog) {
      const { message, pairs } = splitTail(text.slice(slog[0].length))
      if (m[2] !== undefined) pairs.set('caller', m[2])
      return appRecord('go-log', time, levelName(slog[1] as string), message, pairs)
    }
    const gitea = GITEA.exec(text)
    if (gitea) {
      const extra = extras({ caller: m[2] ?? gitea[1] })
      return appRecord('go-log', time, levelName(gitea[2] as string), text.slice(gitea[0].length), extra)
    }
    const word = LEVEL_FIRST.exec(text)
    const level = word ? levelName((word[1] ?? word[2]) as string) : null
    return appRecord('go-log', time, level, word ? text.slice(word[0].length) : text, extras({ caller: m[2] }))
  },
}
