/** zerolog's console writer: `TIME LVL caller > message key=value`. The time is whatever the application asked for, often
 *  a time of day without a date. Source: rs/zerolog console.go (PartsOrder, the three-letter levels). */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, levelName, plain, splitTail } from './app-record.ts'
import { appTime, CLOCK, STAMP } from './app-time.ts'

const LINE = new RegExp(
  `^(?:(${STAMP})|${CLOCK}) (TRC|DBG|INF|WRN|ERR|FTL|PNC|\\?\\?\\?) (?:(\\S{1,300}:\\d+) > )?(.*)$`,
  's',
)

export const zerologConsole: Parser<AppRecord> = {
  id: 'zerolog-console',
  description: 'zerolog console text (Gotify, neko, Pulse, Traefik 3)',
  examples: [
    {
      line: '2026-11-21T06:13:34Z WRN WebSocket ReadError error="websocket: close 1006 (abnormal closure): unexpected EOF"',
      fields: { time: '2026-11-21T06:13:34Z', level: 'warn', message: 'WebSocket ReadError' },
    },
    {
      line: '7:01AM ERR failed to upgrade connection error="websocket: unsupported version: 13 not found in \'Sec-Websocket-Version\' header" module=websocket',
      fields: { time: null, level: 'error', message: 'failed to upgrade connection' },
    },
    {
      line: '12:08PM WRN WebSocket connection rejected - not from allowed local/private network origin=https://pulse.example requestOrigin=wss://pulse.example',
      fields: { level: 'warn', message: 'WebSocket connection rejected - not from allowed local/private network' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const m = LINE.exec(plain(line))
    if (!m) return miss('no-match')
    const time = m[1] === undefined ? null : appTime(m[1])
    if (m[1] !== undefined && time === null) return miss('bad-time')
    const { message, pairs } = splitTail(m[4] as string)
    if (m[3] !== undefined) pairs.set('caller', m[3])
    return appRecord('zerolog-console', time, levelName(m[2] as string), message, pairs)
  },
}
