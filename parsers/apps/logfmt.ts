/** logfmt: `key=value key="two words"` with a level and a message. logrus without a terminal, Grafana's logger, Go's
 *  slog text handler, Traefik 1 and 2. Source: sirupsen/logrus text_formatter.go, go-logfmt, log/slog text_handler.go. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, levelName, plain, readPairs } from './app-record.ts'
import { keyTime } from './app-time.ts'

const TIME_KEYS = ['time', 't', 'ts', 'timestamp'] as const
const LEVEL_KEYS = ['level', 'lvl', 'severity'] as const
const MESSAGE_KEYS = ['msg', 'message'] as const
/** A standard-log line that was passed on: the application that did so has its own parser. */
const BRIDGED = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /

export const logfmt: Parser<AppRecord> = {
  id: 'logfmt',
  description: 'logfmt: key=value with a level and a message (logrus, Grafana, slog)',
  examples: [
    {
      line: 'time="2026-11-21T06:13:41Z" level=error msg="Failed to connect to proxy." error="websocket: bad handshake"',
      fields: { time: '2026-11-21T06:13:41Z', level: 'error', message: 'Failed to connect to proxy.' },
    },
    {
      line: 'logger=live t=2026-11-21T06:13:34.123+0100 level=warn msg="Request Origin is not authorized" origin=https://grafana.example host=10.0.0.5:3000',
      fields: { time: '2026-11-21T06:13:34.123+01:00', level: 'warn', message: 'Request Origin is not authorized' },
    },
    {
      line: 't=2026-11-21T06:13:34+0000 lvl=eror msg="Request Completed" logger=context status=404',
      fields: { time: '2026-11-21T06:13:34Z', level: 'error', message: 'Request Completed' },
    },
    {
      line: 'level=warning msg="tunnel closed" session=7',
      fields: { time: null, level: 'warn', message: 'tunnel closed' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    // Cheap refusal first: the parser is tried on every line of other formats.
    if (!/^[A-Za-z_@][\w.@/-]{0,63}=/.test(text)) return miss('no-match')
    if (!/(?:^|\s)(?:msg|message)=/.test(text)) return miss('no-match')
    const { pairs, whole } = readPairs(text)
    const take = (keys: readonly string[]): string | undefined => {
      for (const key of keys) {
        const value = pairs.get(key)
        if (value !== undefined && pairs.delete(key)) return value
      }
      return undefined
    }
    const level = levelName(take(LEVEL_KEYS) ?? '')
    const message = take(MESSAGE_KEYS)
    if (level === null) return miss('no-match')
    if (message === undefined) return miss(whole ? 'no-match' : 'truncated')
    if (BRIDGED.test(message)) return miss('no-match')
    return appRecord('logfmt', keyTime(take(TIME_KEYS)), level, message, pairs)
  },
  explain(line) {
    const text = plain(line)
    if (!/^[A-Za-z_@][\w.@/-]{0,63}=/.test(text)) return { at: 0, why: 'expected key=value' }
    const { pairs } = readPairs(text)
    const message = MESSAGE_KEYS.map((key) => pairs.get(key)).find((value) => value !== undefined)
    if (message === undefined) return { at: line.length, why: 'key=value pairs without a message (msg=)' }
    if (BRIDGED.test(message)) return { at: line.length, why: "its message has a stamp, which is Portainer's own" }
    return { at: line.length, why: 'key=value pairs without a level that is known' }
  },
}
