/** A stamp that some collector put in front of every line: CloudWatch exports (`…34.000Z LINE`), GitHub (`…34.1234567Z
 *  LINE`), logcli (`STAMP {labels} LINE`), PM2 (`STAMP: LINE`), svlogd (`2026-11-21_06:13:34.12345 LINE`), s6-log (two
 *  blanks). Applications write such heads themselves: it is believed only where a parser reads what is behind it.
 *  Sources: svlogd(8), skalibs' and s6-log's documentation, PM2 lib/God/ForkMode.js, grafana/loki pkg/logcli/output. */
import { dated, DIGITS, orNull, type Envelope } from './envelope.ts'

const HEAD =
  /^(\d{4}-\d\d-\d\d)([T_ ])(\d\d:\d\d:\d\d)([.,]\d{1,9})?( ?(?:Z|UTC|[+-]\d\d:?\d\d))?(?:: (?=\S)| \[[A-Z]{2,8}(?:\/[\w.-]{1,40}){0,4}\] ?(?:OUT|ERR) ?(?=\S)| \{((?:\w+=[^{}]{0,2000})?)\}(?: |$)| |$)/
/** A level belongs to the stamp before it, and so does a request's client: such lines have parsers of their own. */
const OWN =
  /^(?:\[(?!\d{4}[/-]|[DIWEC] \d|(?:GIN|HPM|vite|WDS)[\]-])|[|<("'-]|(?:trace|debug|info|notice|warn|warning|error|err|eror|critical|crit|fatal|severe|trc|dbg|inf|wrn|ftl)\b|[\da-f]{1,4}[.:][\da-f.:]{2,50}(?<!\.\d{1,3}:\d{1,5}) (?!- - \[[^\]:]{11} ))/i

export const lineTimestamp: Envelope = {
  id: 'line-timestamp',
  description: 'a stamp before each line (CloudWatch, GitHub, logcli, Cloud Foundry, PM2, svlogd, s6-log)',
  first: DIGITS,
  weak: true,
  guessed: true,
  examples: [
    {
      line: '2026-11-21T06:13:34.000Z WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      payload: 'WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      name: null,
      stamp: '2026-11-21T06:13:34.000Z',
    },
    {
      line: '2026-11-21_06:13:34.12345 WebSocket: ReadError websocket: close sent',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: null,
      stamp: '2026-11-21T06:13:34.12345Z',
    },
    {
      line: '2026-11-21T07:13:34+01:00 {app="chat", pod="chat-0"} WebSocket: ReadError websocket: close sent',
      payload: 'WebSocket: ReadError websocket: close sent',
      name: 'app="chat", pod="chat-0"',
      stamp: '2026-11-21T07:13:34+01:00',
    },
    {
      line: '2026-11-21T06:13:34.70+0100 [APP/PROC/WEB/0]ERR [HPM] Upgrading to WebSocket',
      payload: '[HPM] Upgrading to WebSocket',
      name: null,
      stamp: '2026-11-21T06:13:34.70+0100',
    },
    {
      line: '2026-11-21T06:13:34: [HPM] Upgrading to WebSocket',
      payload: '[HPM] Upgrading to WebSocket',
      name: null,
      stamp: '2026-11-21T06:13:34',
    },
  ],
  open(line) {
    if (line.charCodeAt(4) !== 45) return null
    const head = HEAD.exec(line)
    if (!head) return null
    const [all, day, between, clock, fraction = '', zone, labels] = head
    let payload = line.slice(all.length)
    // Labels, the colon, and five digits behind the underscore are nobody else's.
    const sure =
      labels !== undefined || all.endsWith(': ') || all.includes(' [') || (between === '_' && fraction.length === 6)
    if (!sure) {
      // s6-log's two blanks.
      if (payload[0] === ' ') payload = payload.slice(1)
      if (!/^\S/.test(payload) || OWN.test(payload)) return null
    }
    const offset = between === '_' ? 'Z' : (zone ?? '').trim().replace('UTC', 'Z')
    const stamp = dated(`${day}T${clock}${fraction.replace(',', '.')}${offset}`)
    return { layer: { id: 'line-timestamp', stamp, name: orNull(labels), stream: null }, payload }
  },
}

const LABEL = /^@([0-9a-f]{16})([0-9a-f]{8}) /
/** Of TAI64 labels the second 1970-01-01 00:00:00 TAI is 2^62. daemontools writes 10 more than the Unix time (tai64n.c);
 *  programs that know of leap seconds up to 37, which a label does not tell. */
const UNIX_ZERO = 2n ** 62n + 10n

export const tai64n: Envelope = {
  id: 'tai64n',
  description: 'TAI64N labels (multilog, s6-log, svlogd)',
  first: '@',
  weak: false,
  examples: [
    { line: '@400000006b01369807bfa480 ready', payload: 'ready', name: null, stamp: '2026-11-21T06:13:34.130000000Z' },
  ],
  open(line) {
    const head = LABEL.exec(line)
    if (!head) return null
    const seconds = Number(BigInt(`0x${head[1]}`) - UNIX_ZERO)
    const nanoseconds = parseInt(head[2] as string, 16)
    if (!(seconds > 0 && seconds < 4_102_444_800) || nanoseconds > 999_999_999) return null
    const text = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, '0')}Z`
    return {
      layer: { id: 'tai64n', stamp: dated(text), name: null, stream: null },
      payload: line.slice(head[0].length),
    }
  },
}
