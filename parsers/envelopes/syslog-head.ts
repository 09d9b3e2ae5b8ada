/** What follows the priority in RFC 3164, and what journalctl and /var/log/syslog show: `TIME HOST TAG[PID]: MESSAGE`. */
import { dated, orNull, type Stamp } from './envelope.ts'

/** Month abbreviations of glibc's `%b` in the languages whose forms begin with ASCII letters, by their first letters.
 *  Each may end in a point. */
const MONTHS: ReadonlyMap<string, number> = new Map(
  [
    'jan ene gen janv',
    'feb fev fév févr',
    'mar mär mars mrt märz',
    'apr abr avr avril',
    'may mai mag mei',
    'jun giu juin juni',
    'jul lug juil juli',
    'aug ago août aou',
    'sep set sept',
    'oct okt ott out',
    'nov',
    'dec dez dic déc des',
  ].flatMap((names, index) => names.split(' ').map((name) => [name, index + 1] as const)),
)

/** The year stands before, within or behind, where there is one (RFC 3164 §5.4 shows all three). */
const SHORT =
  /^(?:(\d{4}) )?(\p{L}{3,5})\.? {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d)(\.\d{1,9})?(?: [A-Z]{2,5}(?= (?:19|20)\d\d ))?(?: ((?:19|20)\d\d)(?= ))? /u
/** journalctl writes an offset, never Z: with Z it is an application's own stamp. */
const SHORT_ISO = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([.,]\d{1,6})?([+-]\d\d:?\d\d) /
const ANY_ISO = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([.,]\d{1,9})?(Z|[+-]\d\d:?\d\d) /
// Ruby's logger behind two blanks.
const TAG = /^([^\s:[\]]{1,128})(?:\[([^\]\s]{0,64})\])?:(?: {2}(?=[DIWEFA], \[\d{4}-)| |$)/
const HOST = /^([^\s[\]{}|"]{1,255}) /

/** The stamp at the start of `text` and where it ends. `zulu`: an ISO stamp may also end in Z. */
export function readStamp(text: string, zulu: boolean): { stamp: Stamp; end: number } | null {
  const iso = (zulu ? ANY_ISO : SHORT_ISO).exec(text)
  if (iso) {
    const fraction = (iso[3] ?? '').replace(',', '.')
    return { stamp: dated(`${iso[1]}T${iso[2]}${fraction}${iso[4]}`), end: iso[0].length }
  }
  const short = SHORT.exec(text)
  const month = short ? MONTHS.get((short[2] as string).toLowerCase()) : undefined
  if (!short || month === undefined) return null
  const wall = `${two(month)}-${two(Number(short[3]))}T${short[5]}${short[6] ?? ''}`
  const year = short[1] ?? short[4] ?? short[7]
  return {
    stamp: year === undefined ? { text: wall, yearless: true } : dated(`${year}-${wall}`),
    end: short[0].length,
  }
}

const two = (n: number): string => String(n).padStart(2, '0')

export interface Tagged {
  name: string | null
  stream: string | null
  payload: string
}

/** nginx's own text for a terminal: `nginx: [emerg] …`. A daemon took its first word for a tag. */
const NGINX_TEXT = /^\[(?:(?:warn|crit|alert|emerg)\] (?!\d{1,10}#)|error\] (?:open\(\) |invalid PID |kill\())/

/** `HOST TAG[PID]: MESSAGE`; the host may be absent (`journalctl --no-hostname`, nginx `nohostname`, Docker's local
 *  socket). Null when there is no tag. */
export function readTag(text: string): Tagged | null {
  const host = TAG.test(text) ? null : HOST.exec(text)
  const rest = host ? text.slice(host[0].length) : text
  const tag = TAG.exec(rest)
  if (!tag) return null
  // Two writers of one name differ by host or process.
  const stream = orNull([host?.[1], tag[2]].filter((part) => part !== undefined).join(' '))
  const payload = rest.slice(tag[0].length)
  const whole = tag[1] === 'nginx' && NGINX_TEXT.test(payload)
  return { name: tag[1] as string, stream, payload: whole ? `nginx: ${payload}` : payload }
}

/** `HOST MESSAGE`, for messages without a tag. */
export function readHost(text: string): Tagged {
  const host = HOST.exec(text)
  return { name: null, stream: host?.[1] ?? null, payload: text.slice(host?.[0].length ?? 0) }
}
