/** Portainer's output in the shapes its versions wrote. Source: api/cmd/portainer/log.go and main.go at each tag.
 *  Up to 2.6 Go's standard log; 2.9–2.15 logrus around a standard-log line; from 2.16 zerolog: console text for its own
 *  messages and JSON without a level for what the standard log passes on, mixed in one stream. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord, LogTime } from '../record.ts'
import { epochTime, isoTime, kitchenTime, slashTime } from '../time.ts'

const STD_LOG = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) ((?:websocketproxy|http|http error|websocket): .*)$/s
const LOGRUS = /^(?:time="([^"]{1,40})" )?level=(\w{1,10}) msg=("(?:[^"\\]|\\.)*"|[^\s"]+)(?: (.*))?$/s
const CONSOLE = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d[AP]M) ([A-Z]{3}) (?:(\S{1,300}:\d+) > )?(.*)$/s
const INNER_TIME = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) /

export const portainer: Parser<AppRecord> = {
  id: 'portainer',
  description: 'Portainer: standard log, logrus, zerolog console and zerolog JSON',
  examples: [
    {
      line: "level=info msg=\"2022/08/13 05:12:22 websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header\"",
      fields: {
        level: 'info',
        message:
          "websocketproxy: couldn't upgrade websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
      },
    },
    {
      line: "2019/08/08 17:36:54 websocketproxy: couldn't upgrade websocket: not a websocket handshake: 'upgrade' token not found in 'Connection' header",
      fields: {
        level: null,
        message:
          "websocketproxy: couldn't upgrade websocket: not a websocket handshake: 'upgrade' token not found in 'Connection' header",
      },
    },
    {
      line: 'time="2022-08-13T05:06:35Z" level=info msg="2022/08/13 07:06:35 websocketproxy: Error when copying from backend to client: websocket: close 1006 (abnormal closure): unexpected EOF"',
      fields: {
        level: 'info',
        message:
          'websocketproxy: Error when copying from backend to client: websocket: close 1006 (abnormal closure): unexpected EOF',
      },
    },
    {
      line: '{"time":1760182416,"message":"websocketproxy: couldn\'t dial to remote backend url dial tcp: address fd00:1::2:9001: too many colons in address"}',
      fields: {
        level: null,
        message:
          "websocketproxy: couldn't dial to remote backend url dial tcp: address fd00:1::2:9001: too many colons in address",
      },
    },
    {
      line: '2026/06/19 10:44PM INF github.com/portainer/portainer/api/cmd/portainer/main.go:330 > encryption key file not present | filename=/run/secrets/portainer',
      fields: { level: 'info', message: 'encryption key file not present | filename=/run/secrets/portainer' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const first = line[0]
    if (first === '{') return fromJson(line)
    if (first === 'l' || first === 't') return fromLogrus(line)
    const std = STD_LOG.exec(line)
    if (std) return record(slashTime(std[1] as string), null, std[2] as string)
    const console = CONSOLE.exec(line)
    if (!console) return miss('no-match')
    const extra = new Map<string, string>(console[3] === undefined ? [] : [['caller', console[3]]])
    return record(
      kitchenTime(console[1] as string),
      LEVELS.get(console[2] as string) ?? null,
      (console[4] as string).replace(/ \|$/, ''),
      extra,
    )
  },
}

const LEVELS: ReadonlyMap<string, string> = new Map([
  ['TRC', 'trace'],
  ['DBG', 'debug'],
  ['INF', 'info'],
  ['WRN', 'warn'],
  ['ERR', 'error'],
  ['FTL', 'fatal'],
  ['PNC', 'panic'],
])

function record(
  time: LogTime | null,
  level: string | null,
  message: string,
  extra: ReadonlyMap<string, string> = new Map(),
): Parsed<AppRecord> {
  return { ok: true, record: { type: 'app', format: 'portainer', time, level, message, extra } }
}

/** logrus text. Its own `time=` has a zone and wins over the stamp that the standard log put inside `msg`. */
function fromLogrus(line: string): Parsed<AppRecord> {
  const m = LOGRUS.exec(line)
  if (!m) return miss('no-match')
  let message = m[3] as string
  if (message.startsWith('"')) {
    try {
      message = JSON.parse(message) as string
    } catch {
      message = message.slice(1, -1)
    }
  }
  const inner = INNER_TIME.exec(message)
  if (inner) message = message.slice(inner[0].length)
  const time = (m[1] === undefined ? null : isoTime(m[1])) ?? (inner ? slashTime(inner[1] as string) : null)
  return record(time, m[2] as string, message.trimEnd())
}

/** zerolog JSON. Keys are an application's, so they are read into a Map, never onto an object. */
function fromJson(line: string): Parsed<AppRecord> {
  if (!line.includes('"message"') || !/"time":\s*"?\d/.test(line)) return miss('no-match')
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return miss('bad-json')
  }
  if (typeof parsed !== 'object' || parsed === null) return miss('no-match')
  const fields = new Map(Object.entries(parsed))
  const message = fields.get('message')
  if (typeof message !== 'string') return miss('no-match')
  const stamp = fields.get('time')
  const time = typeof stamp === 'number' ? epochTime(stamp) : typeof stamp === 'string' ? isoTime(stamp) : null
  const level = fields.get('level')
  const extra = new Map<string, string>()
  for (const key of ['caller', 'error', 'logger']) {
    const value = fields.get(key)
    if (typeof value === 'string') extra.set(key, value)
  }
  // gorilla's text is in `error` when the application logs the failure itself.
  return record(time, typeof level === 'string' ? level : null, message, extra)
}
