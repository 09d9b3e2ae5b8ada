/** What process managers put before the lines of their processes: PM2 `0|app  | LINE`, foreman and honcho
 *  `06:13:34 web.1    | LINE`, concurrently `[0] LINE` and `[web] LINE`. (overmind's `web | LINE` is read as compose's.)
 *  Sources: foreman engine.rb, pm2 lib/API/Log.js, concurrently src/logger.ts. Believed only where a parser reads the
 *  rest: brackets are everybody's. */
import { DIGITS, type Envelope } from './envelope.ts'

const BAR = /^(?:(?:\| )?\d\d:\d\d:\d\d ([A-Za-z][\w.-]{0,60}) {0,60}|\d{1,4}\|([^|\s][^|]{0,60}?) {0,60})\|(?: |$)/
const BRACKETS = /^\[(\d{1,2}|[A-Za-z][\w:.-]{0,40})\] (?=\S)/
/** Names that stand in brackets for something else: levels, a UUID, the library that speaks, a pod (stern). */
const OTHER =
  /^(?:trace|debug|info|notice|warn|warning|error|err|eror|critical|crit|alert|emerg|fatal|HPM|WDS|HMR|vite|GIN|Macaron|[\da-f-]{8,40}|[a-z\d.-]{1,80}-[bcdfghjklmnpqrstvwxz2456789]{5}|webpack-[\w-]{1,30})$/i
const NATS = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6} \[/

export const processPrefix: Envelope = {
  id: 'process-prefix',
  description: 'PM2, foreman, honcho and concurrently: the process before each line',
  first: `[|${DIGITS}`,
  weak: true,
  guessed: true,
  examples: [
    {
      line: '0|chat     | [HPM] Upgrading to WebSocket',
      payload: '[HPM] Upgrading to WebSocket',
      name: 'chat',
      stamp: null,
    },
    {
      line: '06:13:34 web.1    | Request origin not allowed: https://app.example',
      payload: 'Request origin not allowed: https://app.example',
      name: 'web.1',
      stamp: null,
    },
    { line: '[0] [HPM] Upgrading to WebSocket', payload: '[HPM] Upgrading to WebSocket', name: '0', stamp: null },
  ],
  open(line) {
    const bar = line[0] === '[' ? null : BAR.exec(line)
    const head = bar ?? BRACKETS.exec(line)
    if (!head) return null
    const name = (head[1] ?? head[2]) as string
    const payload = line.slice(head[0].length)
    if (bar === null && (OTHER.test(name) || (/^\d/.test(name) && NATS.test(payload)))) return null
    return { layer: { id: 'process-prefix', stamp: null, name, stream: null }, payload }
  },
}
