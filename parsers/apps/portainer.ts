/** Portainer's output in the shapes its versions wrote. Source: api/cmd/portainer/log.go and main.go at each tag.
 *  Up to 2.6 Go's standard log; 2.9–2.15 logrus around a standard-log line, 2.11.1 also `INFO TIME text`; from 2.16
 *  zerolog: console text for its own messages and JSON without a level for what the standard log passes on, mixed in one
 *  stream. The general parsers for these shapes come first and leave what is Portainer's; read on its own, this one
 *  takes every line that has one of the shapes. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord, LogTime } from '../record.ts'
import { kitchenTime, slashTime } from '../time.ts'
import { jsonObject } from './app-json.ts'
import { appRecord, extras, levelName, plain, readPairs } from './app-record.ts'
import { keyTime } from './app-time.ts'

const STD_LOG = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) (?!(?:[+-]\d\d:?\d\d )?\[[a-z]{0,6}(?:\]|$))(\S.*)$/s
const LOGRUS = /^(?:time="[^"]{1,40}" )?level=\w{1,10} msg=/
const COLOURED =
  /^(TRAC|TRACE|DEBU|DEBUG|INFO|WARN|WARNING|ERRO|ERROR|FATA|FATAL) (\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) (.*)$/s
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
    {
      line: '\x1b[36mINFO\x1b[0m 2022/01/20 15:04:05 Starting Portainer 2.11.1',
      fields: { time: '2022-01-20T15:04:05', level: 'info', message: 'Starting Portainer 2.11.1' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    if (text[0] === '{') return fromJson(text)
    if (LOGRUS.test(text)) return fromLogrus(text)
    const std = STD_LOG.exec(text)
    if (std) return stamped(slashTime(std[1] as string), null, std[2] as string)
    const coloured = COLOURED.exec(text)
    if (coloured) return stamped(slashTime(coloured[2] as string), coloured[1] as string, coloured[3] as string)
    const console = CONSOLE.exec(text)
    if (!console) return miss('no-match')
    const message = (console[4] as string).replace(/ \|$/, '')
    return stamped(kitchenTime(console[1] as string), console[2] as string, message, extras({ caller: console[3] }))
  },
}

function stamped(
  time: LogTime | null,
  level: string | null,
  message: string,
  extra?: ReadonlyMap<string, string>,
): Parsed<AppRecord> {
  if (time === null) return miss('bad-time')
  return appRecord('portainer', time, level === null ? null : levelName(level), message, extra)
}

/** logrus text. Its own `time=` has a zone and wins over the stamp that the standard log put inside `msg`. */
function fromLogrus(text: string): Parsed<AppRecord> {
  const { pairs, whole } = readPairs(text)
  let message = pairs.get('msg')
  if (message === undefined) return miss(whole ? 'no-match' : 'truncated')
  const inner = INNER_TIME.exec(message)
  if (inner) message = message.slice(inner[0].length)
  const time = keyTime(pairs.get('time')) ?? (inner ? slashTime(inner[1] as string) : null)
  const level = levelName(pairs.get('level') as string)
  for (const key of ['msg', 'level', 'time']) pairs.delete(key)
  return appRecord('portainer', time, level, message, pairs)
}

/** zerolog JSON. Keys are an application's, so they are read into a Map, never onto an object. */
function fromJson(text: string): Parsed<AppRecord> {
  if (!text.includes('"message"') || !/"time":\s*\d/.test(text)) return miss('no-match')
  const fields = jsonObject(text)
  if (fields === null) return miss('bad-json')
  const message = fields.get('message')
  if (typeof message !== 'string') return miss('no-match')
  const level = fields.get('level')
  // Times are Unix seconds. Without a level it is the bridge from the standard log, which writes no other key.
  if (typeof fields.get('time') !== 'number' || (level === undefined ? fields.size !== 2 : typeof level !== 'string'))
    return miss('no-match')
  const extra = new Map<string, string>()
  // gorilla's text is in `error` when the application logs the failure itself.
  for (const key of ['caller', 'error', 'logger', 'msg']) {
    const value = fields.get(key)
    if (typeof value === 'string') extra.set(key, value)
  }
  const time = keyTime(fields.get('time'))
  return appRecord('portainer', time, typeof level === 'string' ? levelName(level) : null, message, extra)
}
