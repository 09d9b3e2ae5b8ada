/** JSON lines of applications: a message, a level, usually a time, under the names that the common loggers give them.
 *  Sources: rs/zerolog globals.go, zap's production encoder, log/slog, logrus JSON, Mattermost mlog, pino, bunyan,
 *  winston, python-json-logger, .NET JSON console, Serilog compact. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, levelName, plain } from './app-record.ts'
import { keyTime } from './app-time.ts'

const TIME_KEYS = ['time', 'ts', 'timestamp', '@timestamp', '@t', 't', 'Timestamp', 'datetime', 'date', 'asctime']
const LEVEL_KEYS = ['level', 'lvl', 'severity', 'LogLevel', '@l', 'levelname', 'log.level', 'loglevel']
const MESSAGE_KEYS = ['msg', 'message', '@m', '@mt', 'Message', 'event']
const ERROR_KEYS = ['error', 'err', 'exception', '@x', 'Exception']
const LOGGER_KEYS = ['logger', 'logger_name', 'Category', 'SourceContext', 'name', 'log.logger', 'component', 'module']
const MAX_KEYS = 100
const MAX_VALUE = 4000

export const appJson: Parser<AppRecord> = {
  id: 'app-json',
  description: 'JSON lines with a message and a level (zerolog, zap, slog, pino, winston, Mattermost, .NET)',
  examples: [
    {
      line: '{"level":"error","ts":1795241614.439,"caller":"ws/hub.go:88","msg":"upgrade failed","error":"websocket: the client is not using the websocket protocol: \'upgrade\' token not found in \'Connection\' header"}',
      fields: { time: '2026-11-21T06:13:34.439Z', level: 'error', message: 'upgrade failed' },
    },
    {
      line: '{"timestamp":"2026-11-21 06:13:34.515 +05:00","level":"error","msg":"websocket.NextReader: closing websocket","caller":"app/web_conn.go:235","error":"read tcp 10.0.0.2:8065->10.0.0.9:51234: i/o timeout"}',
      fields: {
        time: '2026-11-21T06:13:34.515+05:00',
        level: 'error',
        message: 'websocket.NextReader: closing websocket',
      },
    },
    {
      line: '{"level":40,"time":1795241614439,"pid":7,"hostname":"a1","err":{"type":"Error","message":"read ECONNRESET"},"msg":"socket lost"}',
      fields: { time: '2026-11-21T06:13:34.439Z', level: 'warn', message: 'socket lost' },
    },
    {
      line: '{"EventId":5,"LogLevel":"Error","Category":"Microsoft.AspNetCore.SignalR.HubConnectionContext","Message":"Failed connection handshake.","State":{}}',
      fields: { time: null, level: 'error', message: 'Failed connection handshake.' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    if (text[0] !== '{' || !/"(?:msg|[mM]essage|@mt?|event)"/.test(text)) return miss('no-match')
    if (!/"(?:level|lvl|severity|LogLevel|@l|levelname|log\.level|loglevel|@mt?)"/.test(text)) return miss('no-match')
    const fields = jsonObject(text)
    if (fields === null) return miss('bad-json')
    const take = (keys: readonly string[]): unknown => {
      for (const key of keys) {
        const value = fields.get(key)
        if (value !== undefined && fields.delete(key)) return value
      }
      return undefined
    }
    if (String(fields.get('caller')).startsWith('github.com/portainer/')) return miss('no-match')
    // ECS puts the level and the logger into an object; Serilog leaves the usual level out.
    const log = asMap(fields.get('log'))
    const serilog = fields.has('@t') && (fields.has('@m') || fields.has('@mt')) ? 'info' : undefined
    const level = jsonLevel(take(LEVEL_KEYS) ?? log?.get('level') ?? serilog)
    // Rust's tracing keeps the message among its fields.
    const message = take(MESSAGE_KEYS) ?? asMap(fields.get('fields'))?.get('message')
    if (level === null || typeof message !== 'string') return miss('no-match')
    const time = keyTime(take(TIME_KEYS))
    const extra = new Map<string, string>()
    // An error may be an object with a message (pino), or a text with a stack: the first lines say what it is.
    const error = textOf(take(ERROR_KEYS))
    if (error !== null) extra.set('error', error)
    const logger = textOf(take(LOGGER_KEYS) ?? log?.get('logger'))
    if (logger !== null) extra.set('logger', logger)
    for (const [key, value] of fields) {
      const scalar = typeof value === 'object' ? null : textOf(value)
      if (scalar !== null && extra.size < MAX_KEYS && !extra.has(key)) extra.set(key, scalar)
    }
    return appRecord('app-json', time, level, message, extra)
  },
  explain(line) {
    const text = plain(line)
    if (text[0] !== '{') return { at: 0, why: 'expected a JSON object' }
    const fields = jsonObject(text)
    if (fields === null) return { at: 1, why: 'begins like a JSON object and is none' }
    if (String(fields.get('caller')).startsWith('github.com/portainer/'))
      return { at: line.length, why: "its caller is Portainer's" }
    const lacking = !MESSAGE_KEYS.some((key) => fields.has(key)) ? 'a message' : 'a level that is known'
    return { at: line.length, why: `JSON without ${lacking}` }
  },
}

/** A line that is one JSON object, as a Map: its keys are a stranger's and never become properties. Null otherwise. */
export function jsonObject(text: string): Map<string, unknown> | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  return asMap(parsed)
}

export function asMap(value: unknown): Map<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null
}

/** bunyan and pino count in tens (30 is info). */
function jsonLevel(value: unknown): string | null {
  if (typeof value === 'string') return levelName(value)
  if (typeof value !== 'number') return null
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.floor(value / 10) - 1] ?? null
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value.slice(0, MAX_VALUE)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const message = asMap(value)?.get('message')
  return typeof message === 'string' ? message.slice(0, MAX_VALUE) : null
}
