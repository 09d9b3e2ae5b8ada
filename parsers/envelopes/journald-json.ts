/** `journalctl -o json`. Source: systemd.journal-fields(7), systemd "Journal JSON Format": the time is µs since 1970 as a
 *  string; MESSAGE is a string, an array of bytes when it is no clean UTF-8, or null when it is too large to print.
 *  Docker's journald driver adds CONTAINER_* fields and splits lines of more than 16 KiB. */
import { dated, orNull, type Envelope } from './envelope.ts'
import { parseObject } from './docker-json.ts'

export const journaldJson: Envelope = {
  id: 'journald-json',
  description: 'journalctl -o json',
  first: '{',
  weak: false,
  examples: [
    {
      line: '{ "__CURSOR" : "s=1f", "__REALTIME_TIMESTAMP" : "1795241614221373", "PRIORITY" : "6", "_HOSTNAME" : "vm", "SYSLOG_IDENTIFIER" : "gotify", "_PID" : "184", "MESSAGE" : "ready on port 80" }',
      payload: 'ready on port 80',
      name: 'gotify',
      stamp: '2026-11-21T06:13:34.221373Z',
    },
    {
      line: '{"__REALTIME_TIMESTAMP":"1795241615000000","CONTAINER_NAME":"web","MESSAGE":[27,91,51,54,109,103,114,195,188,195,159]}',
      payload: '\x1b[36mgrüß',
      name: 'web',
      stamp: '2026-11-21T06:13:35.000000Z',
    },
  ],
  open(line) {
    if (!line.includes('"__REALTIME_TIMESTAMP"')) return null
    const object = parseObject(line)
    const stamp = object === null ? null : microseconds(object['__REALTIME_TIMESTAMP'])
    if (object === null || stamp === null || !('MESSAGE' in object)) return null
    const text = (...names: string[]): string | null => {
      for (const name of names) if (typeof object[name] === 'string') return orNull(object[name])
      return null
    }
    const name = text('CONTAINER_NAME', 'SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', '_COMM')
    const stream = text('CONTAINER_ID', '_PID', 'SYSLOG_PID')
    const layer = { id: 'journald-json', stamp: dated(stamp), name, stream } as const
    const payload = message(object['MESSAGE'])
    if (payload === null) return { layer, payload: '', damage: 'truncated' }
    const trimmed = payload.replace(/\r?\n$/, '')
    return object['CONTAINER_PARTIAL_MESSAGE'] === 'true'
      ? { layer, payload: trimmed, end: 'split' }
      : { layer, payload: trimmed }
  },
}

/** µs since 1970 as ISO 8601 with all six digits; null for what is no time between 1990 and 2100. */
function microseconds(value: unknown): string | null {
  if (typeof value !== 'string' || !/^\d{15,16}$/.test(value)) return null
  const seconds = Number(value.slice(0, -6))
  if (seconds < 631_152_000 || seconds > 4_102_444_800) return null
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${value.slice(-6)}Z`
}

/** A field that occurs several times is an array of its values: the first one counts. */
function message(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  const values: readonly unknown[] = value
  if (values.every((byte) => typeof byte === 'number' && byte >= 0 && byte < 256 && Number.isInteger(byte)))
    return decode(values as readonly number[])
  const [first] = values
  return typeof first === 'string' || Array.isArray(first) ? message(first) : null
}

/** UTF-8 to text; a byte that belongs to no character becomes U+FFFD. (Parsers know no TextDecoder.) */
function decode(bytes: readonly number[]): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] as number
    const more =
      lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1
    let code = more === 0 ? lead : lead & (0x3f >> more)
    let ok = more >= 0 && lead !== 0x80 && !(lead > 0x7f && lead < 0xc2)
    for (let i = 1; ok && i <= more; i++) {
      const next = bytes[at + i] ?? 0
      ok = next >> 6 === 2
      code = (code << 6) | (next & 0x3f)
    }
    ok &&= code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && code >= ([0, 0x80, 0x800, 0x10000][more] as number)
    parts.push(ok ? String.fromCodePoint(code) : '\ufffd')
    at += ok ? more + 1 : 1
  }
  return parts.join('')
}
