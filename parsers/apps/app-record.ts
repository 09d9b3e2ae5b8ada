/** What the application parsers share: colours, level names, `key=value` tails, and the record they build. */
import type { Parsed } from '../parser.ts'
import type { AccessFields, AppRecord, LogTime } from '../record.ts'

/** The line without SGR colours, which consoles and container logs keep. */
export function plain(line: string): string {
  return line.includes('\x1b[') ? line.replace(/\x1b\[[0-9;:]{0,30}[A-Za-z]/g, '') : line
}

const LEVELS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    trace: ['TRC', 'TRCE', 'VRB', 'VERBOSE', 'T'],
    debug: ['DBG', 'DBUG', 'DEBU', 'DEBG', 'D'],
    info: ['INF', 'INFORMATION', 'NOTICE', 'I'],
    warn: ['WRN', 'WARNING', 'WARNI', 'W'],
    error: ['ERR', 'EROR', 'ERRO', 'FAIL', 'SEVERE', 'E'],
    fatal: ['FTL', 'FATA', 'CRIT', 'CRITICAL', 'ALERT', 'EMERGENCY', 'EMERG', 'DPANIC', 'F', 'C'],
    panic: ['PNC', 'PANI'],
  }).flatMap(([name, others]) => [[name.toUpperCase(), name] as const, ...others.map((o) => [o, name] as const)]),
)

/** One name per severity (`WARNING`, `WRN`, `W` → `warn`); null for a word that is no level. */
export function levelName(word: string): string | null {
  return LEVELS.get(word.toUpperCase()) ?? null
}

/** Level words of two letters or more, for patterns: a single letter is too little to tell a level from prose. */
export const LEVEL = `(?:${[...LEVELS.keys()]
  .filter((word) => word.length > 1)
  .sort((a, b) => b.length - a.length)
  .flatMap((word) => [word, word.toLowerCase(), word[0] + word.slice(1).toLowerCase()])
  .join('|')})`

export function appRecord(
  format: string,
  time: LogTime | null,
  level: string | null,
  message: string,
  extra: ReadonlyMap<string, string> = NOTHING,
): Parsed<AppRecord> {
  return { ok: true, record: { type: 'app', format, time, level, message: message.trim(), extra } }
}

const NOTHING: ReadonlyMap<string, string> = new Map()

/** The named groups that matched, as the other keys of a record. */
export function extras(pairs: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const extra = new Map<string, string>()
  for (const [key, value] of Object.entries(pairs)) if (value !== undefined && value !== '') extra.set(key, value)
  return extra
}

const PAIR = /([A-Za-z_@][\w.@/-]{0,63})=(?:"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|([^\s"]*))(?:\s+|$)/y
const MAX_PAIRS = 200

/** `a=1 b="two words"` from `at` to the end of the text. `whole` is false when something else is in between. */
export function readPairs(text: string, at = 0): { pairs: Map<string, string>; whole: boolean } {
  const pairs = new Map<string, string>()
  PAIR.lastIndex = at
  while (PAIR.lastIndex < text.length) {
    const m = pairs.size < MAX_PAIRS ? PAIR.exec(text) : null
    if (!m) return { pairs, whole: false }
    pairs.set(m[1] as string, m[2] === undefined ? (m[3] as string) : unquote(m[2]))
  }
  return { pairs, whole: true }
}

/** A message with its `key=value` tail taken off: `lost error="EOF" module=ws` → `lost` and two keys.
 *  Left as it is when the tail is not nothing but pairs. */
export function splitTail(text: string): { message: string; pairs: Map<string, string> } {
  const key = /(?:^|\s)(?=[A-Za-z_@][\w.@/-]{0,63}=["\S])/g
  // Each try reads to the end at most, so a few tries keep the work linear.
  for (let tries = 0; tries < 8; tries++) {
    const m = key.exec(text)
    if (!m) break
    const { pairs, whole } = readPairs(text, m.index + m[0].length)
    if (whole && pairs.size > 0) return { message: text.slice(0, m.index), pairs }
    if (m[0] === '') key.lastIndex = m.index + 1
  }
  return { message: text, pairs: new Map() }
}

/** The text of a quoted value, escapes resolved; left as it is when an escape is none of JSON's. */
export function unquote(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text.replace(/\n/g, '\\n')}"`) as string
  } catch {
    return text.replaceAll('\\"', '"')
  }
}

/** Access fields from values that are there: text other than `-`, and numbers. */
export function fieldsOf(raw: Readonly<Record<string, unknown>>): AccessFields {
  const fields = Object.create(null) as AccessFields
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && value !== '' && value !== '-')
      fields[name] = value as string | number
  }
  return fields
}
