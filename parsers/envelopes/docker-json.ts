/** Docker's json-file driver, one JSON object per line. Source: moby daemon/logger/jsonfilelog/jsonlog.
 *  A line of more than 16 KiB is split (daemon/logger/copier.go); only its last piece keeps the line end. */
import { dated, type Envelope } from './envelope.ts'
import { isIso } from './stamp.ts'

const SPLIT_BYTES = 16_384
const OWN_KEYS = new Set(['log', 'time', 'attrs'])

export const dockerJson: Envelope = {
  id: 'docker-json',
  description: "Docker's json-file driver, split lines joined",
  first: '{',
  weak: false,
  examples: [
    {
      line: '{"log":"server started\\n","stream":"stderr","time":"2026-11-21T06:13:34.123456789Z"}',
      payload: 'server started',
      name: null,
      stamp: '2026-11-21T06:13:34.123456789Z',
    },
    {
      line: '{"log": "ready\\n", "stream": "stdout", "time": "2026-11-21T06:13:35.12z"}',
      payload: 'ready',
      name: null,
      stamp: '2026-11-21T06:13:35.12Z',
    },
  ],
  open(line) {
    // An application's JSON is parsed by its own parser: no second JSON.parse for it.
    if (!line.includes('"log"') || !/"(?:stream|time)"/.test(line)) return null
    const object = parseObject(line)
    if (object === null) return null
    const { log, stream, time } = object
    if (typeof log !== 'string') return null
    const stamp = typeof time === 'string' && isIso(time) ? time.toUpperCase() : null
    const known = stream === 'stdout' || stream === 'stderr'
    // Without a stream only the bare pair is Docker's: `log` is also what applications call their logger.
    if (!known && (stamp === null || stream !== undefined || Object.keys(object).some((key) => !OWN_KEYS.has(key))))
      return null
    const payload = log.endsWith('\n') ? log.slice(0, log.endsWith('\r\n') ? -2 : -1) : log
    const end = payload.length < log.length ? 'newline' : isFull(log) ? 'split' : 'no-newline'
    return {
      layer: {
        id: 'docker-json',
        stamp: stamp === null ? null : dated(stamp),
        name: null,
        stream: known ? stream : null,
      },
      payload,
      end,
    }
  },
}

/** The object a JSON line is; null for anything else. */
export function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** Whether a piece fills Docker's buffer; a character cut in two at its end has become one of another length. */
function isFull(log: string): boolean {
  return log.length * 3 >= SPLIT_BYTES - 6 && utf8Length(log, Infinity) >= SPLIT_BYTES - 6
}

/** Bytes of the text in UTF-8; stops counting beyond `limit`. */
export function utf8Length(text: string, limit: number): number {
  let bytes = 0
  for (let at = 0; at < text.length && bytes <= limit; at++) bytes += utf8Bytes(text, at)
  return bytes
}

/** Bytes of the UTF-16 unit at `at`: the two halves of a pair make four. */
export function utf8Bytes(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3
}
