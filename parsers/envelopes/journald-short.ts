/** `journalctl` (short, short-precise, short-iso, short-full) and the files syslog daemons write, which look the same:
 *  `TIME HOST IDENTIFIER[PID]: MESSAGE`. Source: systemd src/shared/logs-show.c, rsyslog's file formats.
 *  short has neither year nor zone, and the month is in the language of whoever ran journalctl. */
import { dated, DIGITS, LETTERS, type Envelope, type Stamp } from './envelope.ts'
import { readStamp, readTag } from './syslog-head.ts'

const FULL = /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{6})? (?:(UTC)|[A-Z+-][A-Z0-9:+-]{1,8}) /
/** An application's `TIME LEVEL name: text` is no host and tag. */
const LEVEL = /^(?:trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal) /i

export const journaldShort: Envelope = {
  id: 'journald-short',
  description: 'journalctl (short, short-iso, short-full), /var/log/syslog',
  first: LETTERS + DIGITS,
  weak: true,
  examples: [
    {
      line: 'Nov  2 06:13:34 vm gotify-linux[456]: WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      payload: 'WebSocket: ReadError websocket: close 1006 (abnormal closure): unexpected EOF',
      name: 'gotify-linux',
      stamp: '11-02T06:13:34',
    },
    {
      line: 'août 21 06:13:34 vm app[7]: ready',
      payload: 'ready',
      name: 'app',
      stamp: '08-21T06:13:34',
    },
    {
      line: '2026-11-21T06:13:34+0200 vm unit[7]: ready',
      payload: 'ready',
      name: 'unit',
      stamp: '2026-11-21T06:13:34+0200',
    },
    {
      line: 'Sat 2026-11-21 06:13:34 UTC vm unit[7]: ready',
      payload: 'ready',
      name: 'unit',
      stamp: '2026-11-21T06:13:34Z',
    },
  ],
  open(line) {
    const head = readStamp(line, false) ?? readFull(line)
    if (head === null) return null
    const rest = line.slice(head.end)
    const tagged = LEVEL.test(rest) ? null : readTag(rest)
    if (tagged === null) return null
    const { name, stream, payload } = tagged
    return { layer: { id: 'journald-short', stamp: head.stamp, name, stream }, payload }
  },
}

/** Names of zones other than UTC are ambiguous: such a stamp counts as one without zone. */
function readFull(line: string): { stamp: Stamp; end: number } | null {
  const full = FULL.exec(line)
  if (!full) return null
  return {
    stamp: dated(`${full[1]}T${full[2]}${full[3] ?? ''}${full[4] === undefined ? '' : 'Z'}`),
    end: full[0].length,
  }
}
