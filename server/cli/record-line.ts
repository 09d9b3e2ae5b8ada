/** The objects that `halfopen parse` prints, one line of JSON each, under the names of CONTRACT.md. */
import { UPSTREAM_LISTS } from '../../parsers/nginx/variables.ts'
import type { ErrorRecord, FieldValue, LogRecord } from '../../parsers/record.ts'
import type { Wrapping } from '../scan/contract.ts'

/** A line that no parser read: what was in its envelopes when it has some, else the line itself. */
export function unreadLine(
  line: number,
  source: string | null,
  reason: string | null,
  raw: string,
  wrapping: Wrapping | null,
): string {
  return JSON.stringify({
    line,
    ...(source === null ? {} : { source }),
    format: null,
    ...(wrapping === null ? {} : { envelope: wrapping.envelope }),
    ...(wrapping?.time ? { time: wrapping.time.iso } : {}),
    reason,
    raw,
  })
}

/** A record. `-` and absent are left out; of access logs an empty value is shown, since nginx tells it from `-`. Put
 *  together as text: building an object first takes twice as long. */
export function recordLine(
  line: number,
  source: string | null,
  record: LogRecord,
  wrapping: Wrapping | null = null,
): string {
  let text = `{"line":${line}`
  if (source !== null) text += `,"source":${JSON.stringify(source)}`
  text += `,"format":${JSON.stringify(record.format)}`
  if (wrapping !== null) text += `,"envelope":${JSON.stringify(wrapping.envelope)}`
  if (record.time) text += `,"time":${JSON.stringify(record.time.iso)}`
  switch (record.type) {
    case 'access':
      for (const name in record.fields) {
        const value = record.fields[name]
        if (value === undefined || value === '-' || RESERVED.has(name)) continue
        // Other proxies' logs have one backend per line; the variable is a list everywhere.
        text += keyed(name, UPSTREAM_LISTS.has(name) && typeof value !== 'object' ? [String(value)] : value)
      }
      break
    case 'error':
      for (const name of ERROR_FIELDS) {
        const value = name === 'message' ? record.text : record[name]
        if (value !== null && value !== '-') text += keyed(name, value)
      }
      for (const [name, value] of record.extra) text += keyed(name, value)
      break
    case 'app':
      if (shown(record.level)) text += keyed('level', record.level)
      if (shown(record.message)) text += keyed('message', record.message)
      for (const [name, value] of record.extra)
        if (name !== 'level' && name !== 'message' && !RESERVED.has(name) && shown(value)) text += keyed(name, value)
  }
  return `${text}}`
}

const shown = (value: string | null): value is string => value !== null && value !== '' && value !== '-'

/** Names repeat from line to line, and there are few of them. */
const KEYS = new Map<string, string>()

function keyed(name: string, value: FieldValue): string {
  let key = KEYS.get(name)
  if (key === undefined) {
    key = `,${JSON.stringify(name)}:`
    if (KEYS.size < 1000) KEYS.set(name, key)
  }
  return key + (typeof value === 'number' ? String(value) : JSON.stringify(value))
}

/** Names that parse itself gives; an application's own key of that name would hide them. */
const RESERVED = new Set(['line', 'source', 'format', 'envelope', 'time'])

/** `message` is everything that nginx printed before the context: errno and action are in it, and on their own. */
const ERROR_FIELDS = [
  'level',
  'pid',
  'tid',
  'connection',
  'message',
  'errno',
  'action',
  'client',
  'server',
  'request',
  'subrequest',
  'upstream',
  'host',
  'referrer',
] as const satisfies readonly (keyof ErrorRecord)[]
