/** Ruby on Rails with Action Cable: its own lines, bare, tagged with a request id, or behind Ruby's Logger head.
 *  Sources: actioncable/lib/action_cable/connection/base.rb, railties/lib/rails/rack/logger.rb, Ruby's logger.rb. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AppRecord } from '../record.ts'
import { appRecord, extras, levelName, plain } from './app-record.ts'
import { appTime } from './app-time.ts'

const LOGGER =
  /^[DIWEFA], \[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}) #\d{1,10}\] +(DEBUG|INFO|WARN|ERROR|FATAL|ANY) -- [^:]{0,100}: /
const TAGS = /^(?:\[[^\]\r\n]{1,80}\] ){0,4}/
/** Without the head only these sentences are taken: they are Rails' own. */
const OWN =
  /^(?:Started [A-Z]{3,10} "|Finished "[^"]{0,4000}" ?\[(?:non-)?WebSocket\]|Request origin not allowed: |Failed to upgrade to WebSocket \(|Successfully upgraded to WebSocket \(|An unauthorized connection attempt was rejected|\[ActionCable\] |[A-Z][\w:]{0,100}Channel (?:is (?:transmitting|streaming)|transmitting |stopped streaming)|Registered connection \()/
const STARTED =
  /^(?:Started ([A-Z]{3,10})|Finished) "([^"]{0,4000})"(?: ?\[((?:non-)?WebSocket)\])? for ([0-9A-Fa-f.:]{2,60}) at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4}| UTC)?)$/

export const rails: Parser<AppRecord> = {
  id: 'rails',
  description: 'Ruby on Rails and Action Cable',
  examples: [
    {
      line: 'Started GET "/cable" [WebSocket] for 192.0.2.7 at 2026-11-21 06:13:34 +0000',
      fields: { time: '2026-11-21T06:13:34Z', level: null },
    },
    {
      line: '[2259cd52-8a01] Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: close, HTTP_UPGRADE: )',
      fields: {
        time: null,
        message: 'Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: close, HTTP_UPGRADE: )',
      },
    },
    {
      line: 'E, [2026-11-21T06:13:34.361083 #35] ERROR -- : [2259cd52-8a01] Request origin not allowed: http://app.example',
      fields: {
        time: '2026-11-21T06:13:34.361083',
        level: 'error',
        message: 'Request origin not allowed: http://app.example',
      },
    },
  ],
  parse(line): Parsed<AppRecord> {
    let text = plain(line)
    const head = LOGGER.exec(text)
    if (head) text = text.slice(head[0].length)
    text = text.slice(TAGS.exec(text)?.[0].length ?? 0)
    if (!head && !OWN.test(text)) return miss('no-match')
    let time = head ? appTime(head[1] as string) : null
    if (head && time === null) return miss('bad-time')
    const started = STARTED.exec(text)
    const extra = extras({
      request_method: started?.[1],
      request_uri: started?.[2],
      transport: started?.[3],
      remote_addr: started?.[4],
    })
    time ??= started ? appTime(started[5] as string) : null
    return appRecord('rails', time, head ? levelName(head[2] as string) : null, text, extra)
  },
}
