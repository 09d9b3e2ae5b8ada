/** `journalctl` (short, short-precise, short-iso, short-full) and the files syslog daemons write, which look the same:
 *  `TIME HOST IDENTIFIER[PID]: MESSAGE`. Source: systemd src/shared/logs-show.c, rsyslog's file formats.
 *  short has neither year nor zone, and the month is in the language of whoever ran journalctl. */
import { dated, DIGITS, LETTERS, type Envelope, type Stamp } from './envelope.ts'
import { readStamp, readTag } from './syslog-head.ts'

const FULL =
  /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{6})? (?:(UTC|GMT)|([+-]\d\d)(\d\d)?|[A-Z+-][A-Z0-9:+-]{1,8}) /
/** Seconds since the start of the machine (short-monotonic) say no date; those since 1970 (short-unix) do. The kernel's own
 *  ring has the same head: host and process have to follow. Daemons that write UTC need them, too (see readStamp). */
const COUNTED =
  /^(?:\[ {0,12}\d{1,9}\.\d{6}\]|(\d{9,10}\.\d{6})) (?=[^\s[\]|]{1,255} (?:[^\s:[\]]{1,128}\[\d{1,10}\]|kernel): )/
const ZULU = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z [^\s[\]|]{1,255} [^\s:[\]]{1,128}\[\d{1,10}\]: /
/** An application's `TIME LEVEL name: text` is no host and tag. */
const LEVEL = /^(?:trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal) /i

export const journaldShort: Envelope = {
  id: 'journald-short',
  description: 'journalctl (all short forms), /var/log/syslog and other files of syslog daemons',
  first: `[${LETTERS}${DIGITS}`,
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
    { line: '[  345.678901] vm app[7]: ready', payload: 'ready', name: 'app', stamp: null },
    {
      line: '1795241614.123456 vm app[7]: ready',
      payload: 'ready',
      name: 'app',
      stamp: '2026-11-21T06:13:34.123456Z',
    },
  ],
  open(line) {
    const head = readStamp(line, ZULU.test(line)) ?? readFull(line) ?? readCounted(line)
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
  const zone = full[4] !== undefined ? 'Z' : full[5] !== undefined ? `${full[5]}:${full[6] ?? '00'}` : ''
  return { stamp: dated(`${full[1]}T${full[2]}${full[3] ?? ''}${zone}`), end: full[0].length }
}

function readCounted(line: string): { stamp: Stamp | null; end: number } | null {
  const counted = COUNTED.exec(line)
  if (!counted) return null
  const seconds = counted[1]
  const date = seconds === undefined ? null : new Date(Number(seconds.slice(0, -7)) * 1000).toISOString().slice(0, 19)
  return { stamp: date === null ? null : dated(`${date}${seconds?.slice(-7)}Z`), end: counted[0].length }
}
