/** The shape of a line that names its values: JSON, `key=value`, LTSV. Everything but the values is the same in the next
 *  line of the same log; one that something wrote with other keys or blanks is read by key. */
import type { LineShape, ShapePart, ValueForm } from '../line-shape.ts'
import { snake, variableOfKey } from './access-keys.ts'
import { UPSTREAM_LISTS } from './variables.ts'

const MSEC = /^\d{10}\.\d{3}$/
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/
const CLF = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/
const NUMBER = /^(?:-|\d+(?:\.\d+)?)$/

export class KeyedShape {
  private readonly parts: ShapePart[] = []
  private readonly seen = new Set<string>()
  private readonly line: string
  private readonly emptyIsNone: boolean
  /** Where the literal before the next value begins. */
  private done = 0
  private possible = true

  constructor(line: string, emptyIsNone: boolean) {
    this.line = line
    this.emptyIsNone = emptyIsNone
  }

  /** The value of a key stands in [from, to). `text`: it ends at a quote or a tab and can be anything; else at a blank or
   *  a comma, and with those in it the line has another shape. */
  value(key: string, from: number, to: number, text: boolean): void {
    const name = variableOfKey(key) ?? snake(key)
    const value = this.line.slice(from, to)
    const form = this.seen.has(name) ? null : formOf(name, value, text)
    this.seen.add(name)
    if (form === null) {
      this.possible = false
      return
    }
    this.parts.push({ literal: this.line.slice(this.done, from) })
    this.parts.push({ name, form, optional: text, span: null })
    this.done = to
  }

  /** Null when other lines of the log may have another shape, or when access-keys.ts makes something else of a field than
   *  its own variable: LTSV calls the client the host, as long as it looks like an address. */
  finish(): LineShape | null {
    const { seen, parts, line, done } = this
    const derived =
      (seen.has('request_uri') && seen.has('args')) ||
      !(seen.has('request') || seen.has('request_uri')) ||
      (seen.has('response_time') && !seen.has('upstream_response_time'))
    if (!this.possible || derived || !seen.has('remote_addr')) return null
    const rest = done < line.length ? [{ literal: line.slice(done) }] : []
    return {
      parts: [...parts, ...rest],
      plain: true,
      noDecimalLast: false,
      emptyIsNone: this.emptyIsNone,
      clientPort: true,
    }
  }
}

/** The form of a variable's value; null when nothing tells it. `text`: it ends at a quote or a tab and can be anything. */
export function formOf(name: string, value: string, text: boolean): ValueForm | null {
  switch (name) {
    case 'status':
      return 'status'
    case 'msec':
    case 'time_local':
    case 'time_iso8601':
      return MSEC.test(value) ? 'msec' : ISO.test(value) ? 'time_iso8601' : CLF.test(value) ? 'time_local' : null
    case 'upstream_addr':
      return 'peer'
    case 'request_time':
    case 'body_bytes_sent':
      return 'number'
  }
  if (UPSTREAM_LISTS.has(name)) return 'number'
  if (text) return 'open'
  return NUMBER.test(value) ? 'number' : /[\s,;|"]/.test(value) ? null : 'open'
}
