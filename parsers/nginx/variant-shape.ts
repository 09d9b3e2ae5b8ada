/** The shape of a line that is combined with more around it. Its fields are named by their form and place
 *  (access-tail.ts), so the shape holds the forms: a value of another form makes the line another shape's. Null where that
 *  cannot be said: then every line goes through the parser. */
import type { LineShape, ShapePart, ValuePart } from '../line-shape.ts'
import type { Prefix } from './access-prefix.ts'
import type { Token } from './access-tail.ts'
import { formOf } from './keyed-shape.ts'

/** Where the core of the line lies: `[time] "request" status`. */
export interface Core {
  /** The bracket before the time. */
  start: number
  time: number
  timeEnd: number
  request: number
  requestEnd: number
  /** Behind the status. */
  end: number
}

/** An address, or a name without a port. */
const HOST = { run: /[\w.%*-]/, most: 255 }
/** Not `-`, which would end what is before the user too early. */
const ADDRESS = { run: /[\w.:%*]/, most: 255 }
/** Keys whose meaning depends on the value or on other keys. */
const SHORT = new Set(['cs', 'ua', 'us'])

/** @param names of the tail's tokens, one each */
export function variantShape(
  line: string,
  core: Core,
  prefix: Prefix,
  tail: readonly Token[],
  names: readonly string[],
): LineShape | null {
  const values = [...head(line, core, prefix), ...middle(line, core)]
  if (values.length < 4) return null
  for (const [i, token] of tail.entries()) {
    const part = partOf(line, token, names[i] as string, i, tail)
    if (part === null) return null
    values.push({ from: token.at, to: token.at + token.text.length, part })
  }
  const parts: ShapePart[] = []
  let done = 0
  for (const { from, to, part } of values) {
    if (from < done) return null
    parts.push({ literal: line.slice(done, from) }, part)
    done = to
  }
  if (done < line.length) parts.push({ literal: line.slice(done) })
  return { parts, plain: true, noDecimalLast: false, emptyIsNone: false }
}

interface Value {
  from: number
  to: number
  part: ValuePart
}

const value = (name: string, form: ValuePart['form'], more: Partial<ValuePart> = {}): ValuePart => ({
  name,
  form,
  optional: false,
  span: null,
  ...more,
})

/** `address - user`, and a name before it; nothing for any other beginning. */
function head(line: string, core: Core, { names, values }: Prefix): Value[] {
  const text = line.slice(0, core.start)
  const host = names.length === 3 && names[0] === 'host' ? (values[0] as string) : null
  const address = values[host === null ? 0 : 1] ?? ''
  const user = values.at(-1) ?? ''
  const expected = `${host === null ? '' : `${host} `}${address} - ${user} `
  if (text !== expected || names.at(-1) !== 'remote_user' || names.at(-2) !== 'remote_addr') return []
  const at = host === null ? 0 : host.length + 1
  const userAt = at + address.length + 3
  const all: Value[] = [
    { from: at, to: at + address.length, part: value('remote_addr', 'span', { span: ADDRESS }) },
    { from: userAt, to: userAt + user.length, part: value('remote_user', 'open') },
  ]
  if (host !== null) all.unshift({ from: 0, to: host.length, part: value('host', 'span', { span: HOST }) })
  return all
}

function middle(line: string, { time, timeEnd, request, requestEnd, end }: Core): Value[] {
  const form = formOf('time_local', line.slice(time, timeEnd), true)
  if (form === null) return []
  return [
    { from: time, to: timeEnd, part: value('time_local', form) },
    { from: request, to: requestEnd, part: value('request', 'open') },
    { from: end - 3, to: end, part: value('status', 'status') },
  ]
}

function partOf(line: string, token: Token, name: string, index: number, tail: readonly Token[]): ValuePart | null {
  const { text, key, quoted, at } = token
  if (key !== null) {
    if (SHORT.has(key)) return null
    // `"rt=0.001"` is one only as long as no blank is in it.
    const wrapped = !quoted && line[at - key.length - 2] === '"'
    const form = formOf(name, text, quoted)
    if (form === null || (wrapped && form !== 'number')) return null
    return value(name, form, { optional: quoted })
  }
  if (index === 0) return name === 'body_bytes_sent' && !quoted ? value(name, 'number', { guard: 'whole' }) : null
  // Then the referrer and the user agent, as in combined; free text that must not look like something else.
  if (index <= 2) return quoted && tail[0]?.quoted === false ? value(name, 'open', { guard: 'text' }) : null
  if (quoted) return index === 3 && name === 'http_x_forwarded_for' ? value(name, 'open', { guard: 'addresses' }) : null
  if (name === 'request_time') return value(name, 'number', { guard: 'seconds' })
  return /^upstream_\w+_time$/.test(name) ? value(name, 'number', { guard: 'seconds-or-none' }) : null
}
