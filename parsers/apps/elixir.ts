/** Elixir's Logger with Phoenix: `06:13:34.123 request_id=x [info] text`, and Phoenix' own messages without a time. A
 *  refused origin is a block: what was refused stands two lines below. Sources: lib/logger/formatter.ex,
 *  lib/phoenix/socket/transport.ex check_origin, lib/phoenix/logger.ex. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { appTime } from './app-time.ts'

const LEVELS = 'debug|info|notice|warn|warning|error|critical|alert|emergency'
const TIMED = new RegExp(
  String.raw`^(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d:\d\d\.\d{3}) ((?:[\w.]{1,60}=[^\s\[\]]{1,200} ){0,12})\[(${LEVELS})\] +(.*)$`,
  's',
)
const BARE = new RegExp(
  `^\\[(${LEVELS})\\] +((?:Could not check origin for |CONNECTED TO |REFUSED CONNECTION TO |JOINED |Running |[A-Z]{3,7} /|Sent \\d{3} in ).*)$`,
  's',
)
/** The line of the block that names the origin, where lines were not joined. */
const ORIGIN = /^Origin of the request: \S{1,500}$/
const BLOCK = 'Could not check origin for '

export const elixir: Parser<AppRecord> = {
  id: 'elixir',
  description: "Phoenix: Elixir's Logger",
  startsRecord: /^(?:(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{3} |\[(?:debug|info|notice|warn|warning|error)\] )/,
  // Old versions do not print the origin, so that the wait for it is short.
  unfinished(record) {
    if (!record.slice(0, 300).includes(BLOCK)) return false
    return !record.includes('\nOrigin of the request: ') && record.split('\n', 4).length < 4
  },
  examples: [
    {
      line: '06:13:34.123 [error] Could not check origin for Phoenix.Socket transport.\n\nOrigin of the request: https://app.example\n',
      fields: {
        time: null,
        level: 'error',
        message: 'Could not check origin for Phoenix.Socket transport.\n\nOrigin of the request: https://app.example',
      },
    },
    {
      line: '2026-11-21 06:13:34.123 request_id=F7c9 [info] REFUSED CONNECTION TO ChatWeb.UserSocket in 312µs',
      fields: { time: '2026-11-21T06:13:34.123', level: 'info' },
    },
    {
      line: '[info] CONNECTED TO Phoenix.LiveView.Socket in 23µs',
      fields: { time: null, level: 'info', message: 'CONNECTED TO Phoenix.LiveView.Socket in 23µs' },
    },
  ],
  parse(line): Parsed<AppRecord> {
    const text = plain(line)
    const timed = TIMED.exec(text)
    if (timed) {
      const time = timed[1] === undefined ? null : appTime(`${timed[1]} ${timed[2]}`)
      if (timed[1] !== undefined && time === null) return miss('bad-time')
      const extra = extras({ request_id: /(?:^| )request_id=(\S+)/.exec(timed[3] as string)?.[1] })
      return appRecord('elixir', time, levelName(timed[4] as string), timed[5] as string, extra)
    }
    const bare = BARE.exec(text)
    if (bare) return appRecord('elixir', null, levelName(bare[1] as string), bare[2] as string)
    return ORIGIN.test(text) ? appRecord('elixir', null, null, text) : miss('no-match')
  },
}
