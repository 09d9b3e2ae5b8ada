/** A line's shape as a program for the kernel, and which fields it finds. */
import type { LineShape, ShapePart, ValuePart } from '../../parsers/line-shape.ts'
import { NUMBERS, UNSPACED, UPSTREAM_LISTS } from '../../parsers/nginx/variables.ts'
import * as K from './kernel/layout.ts'

export interface LineProgram {
  /** Operations, four words each. */
  words: Int32Array
  /** What lies at LITERALS. */
  literals: Uint8Array
  /** The URI stands in a request line. */
  wholeRequest: boolean
  /** And must have nothing else in it, since nothing marks its end. */
  plainRequest: boolean
  /** How many fields from KEYED on only tell lines apart. */
  keyed: number
  /** What the program finds. */
  fields: readonly LocatedField[]
  /** A value that is empty counts as none. */
  emptyIsNone: boolean
}

export interface LocatedField {
  /** Its index in FIELDS. */
  field: number
  /** nginx's variable. */
  name: string
  form: 'list' | 'number' | 'text'
}

const formOf = (name: string): LocatedField['form'] =>
  UPSTREAM_LISTS.has(name) ? 'list' : NUMBERS.has(name) ? 'number' : 'text'

/** Fields that mean something to the kernel. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['remote_addr', K.F_CLIENT],
  ['http_upgrade', K.F_UPGRADE],
  ['upstream_addr', K.F_PEER],
  ['body_bytes_sent', K.F_BODY],
  ['request_time', K.F_REQUEST_TIME],
  ['upstream_header_time', K.F_HEADER_TIME],
  ['upstream_response_time', K.F_RESPONSE_TIME],
])
/** They decide the scope, whether a handshake was meant, who answered, or how a session ended, and nothing else. */
const TELLING = new Set(['server_name', 'host', 'http_host', 'request_method', 'upstream_status', 'request_completion'])
const TIMES = new Map([
  ['msec', K.MSEC],
  ['time_local', K.TIME_LOCAL],
  ['time_iso8601', K.TIME_ISO8601],
])
/** Forms of numbers. */
const GUARDS: Readonly<Record<string, number>> = {
  whole: K.WHOLE,
  seconds: K.SECONDS,
  'seconds-or-none': K.SECONDS_OR_NONE,
}
const TAB = 9
const NEWLINE = 10
const QUOTE = 34

/** Null when lines of this shape are not for the kernel: without status or time, of a stream, with two values for one
 *  field, or too large. */
export function compileShape({ parts, plain, noDecimalLast, emptyIsNone }: LineShape): LineProgram | null {
  const names = parts.flatMap((part) => ('name' in part ? [part.name] : []))
  const relevant = names.filter(
    (name) => FIELDS.has(name) || TELLING.has(name) || /^(?:status|request|request_uri|uri|document_uri)$/.test(name),
  )
  if (new Set(relevant).size < relevant.length || names.includes('session_time')) return null
  const time = recordTime(parts)
  if (time === null || !names.includes('status')) return null
  const program = new Program()
  const uri = ['request_uri', 'request', 'uri', 'document_uri'].find((name) => names.includes(name)) ?? 'request'
  // The query stands elsewhere then, and may tell a handshake.
  if (uri.endsWith('uri') && uri !== 'request_uri' && names.some((name) => /^(?:args|query_string)$/.test(name)))
    return null
  const last = parts.findLast((part) => 'name' in part)
  for (const [i, part] of parts.entries()) {
    if ('literal' in part) {
      const before = parts[i - 1]
      // Where a peer ends, its literal is looked for.
      const searched = before !== undefined && 'form' in before && before.form === 'peer'
      if (part.literal !== '') program.literal(part.literal, searched)
      continue
    }
    const next = parts[i + 1]
    const stop = next === undefined || !('literal' in next) ? NEWLINE : next.literal.charCodeAt(0)
    // Of a list that has a literal of its own behind it the last backend is not known.
    if (part.form === 'open' && (stop > 126 || part.name === 'upstream_addr')) return null
    const counts = FIELDS.has(part.name) || TELLING.has(part.name) || part.name === uri
    let flags = counts ? K.COUNTS : 0
    if (part.name === uri) flags |= K.URI
    if (part.name === 'http_user_agent') flags |= K.AGENT
    if (noDecimalLast && part === last) flags |= K.NO_DECIMAL
    if (part.guard === 'text') flags |= K.TEXT
    if (part.guard === 'addresses') flags |= K.ADDRESSES
    // Quotes and tabs end values that can hold anything else.
    const bare = stop !== QUOTE && stop !== TAB
    const request = part.name === uri && uri === 'request'
    // Whatever ends it, a blank is no part of an address to the parser.
    if (UNSPACED.has(part.name)) flags |= K.PLAIN
    if (bare && plain && request) program.plainRequest = true
    if (bare) flags |= plain && !request ? K.PLAIN : UNSPACED.has(part.name) ? 0 : K.AGAIN
    program.value(part, program.field(part.name, uri), flags, stop, part === time)
  }
  program.push(K.END)
  return program.finish(uri === 'request', emptyIsNone)
}

/** The finest stamp is the record's time, the first of equal ones (accessRecord). */
function recordTime(parts: readonly ShapePart[]): ValuePart | null {
  const times = parts.filter((part): part is ValuePart => 'name' in part && TIMES.has(part.form))
  return times.find(({ form }) => form === 'msec') ?? times[0] ?? null
}

class Program {
  private readonly words: number[] = []
  private readonly bytes: number[] = []
  private readonly fields = new Map<number, string>()
  private keyed = 0
  plainRequest = false

  push(operation: number, a = 0, b = 0, c = 0): void {
    this.words.push(operation, a, b, c)
  }

  literal(text: string, searched: boolean): void {
    const bytes = Buffer.from(text)
    if (bytes.length <= 8 && !searched) {
      const padded = Buffer.concat([bytes, Buffer.alloc(8)])
      return this.push(K.SHORT, padded.readInt32LE(0), padded.readInt32LE(4), bytes.length)
    }
    this.push(K.LITERAL, K.LITERALS + this.bytes.length, bytes.length)
    this.bytes.push(...bytes)
  }

  field(name: string, uri: string): number {
    const field = this.numberOf(name, uri)
    if (field !== K.NOTHING) this.fields.set(field, name)
    return field
  }

  private numberOf(name: string, uri: string): number {
    if (name === uri) return K.F_URI
    const known = FIELDS.get(name)
    if (known !== undefined) return known
    return TELLING.has(name) ? K.KEYED + this.keyed++ : K.NOTHING
  }

  value(part: ValuePart, field: number, flags: number, stop: number, ofRecord: boolean): void {
    const optional = part.optional ? 1 : 0
    switch (part.form) {
      case 'status':
        return this.push(K.STATUS_CODE)
      case 'number':
        return this.push(K.NUMBER, field, optional, GUARDS[part.guard ?? ''] ?? 0)
      case 'peer':
        return this.push(K.PEER, field, optional, stop)
      case 'open':
        return this.push(K.OPEN, field, flags, stop)
      case 'span':
        return this.push(
          K.SPAN,
          field,
          this.bitmap(part.span?.run ?? /$^/, part.span?.most ?? 0),
          flags | (part.optional ? K.MAY_BE_EMPTY : 0),
        )
      case 'msec':
      case 'time_local':
      case 'time_iso8601':
        return this.push(TIMES.get(part.form) as number, ofRecord ? 1 : 0)
    }
  }

  /** Which bytes belong to a run: one byte each, and how long it may be behind them. */
  private bitmap(run: RegExp, most: number): number {
    while (this.bytes.length % 4 !== 0) this.bytes.push(0)
    const at = K.LITERALS + this.bytes.length
    // What is no ASCII is the parser's.
    for (let code = 0; code < 256; code++)
      this.bytes.push(code > 32 && code < 127 && run.test(String.fromCharCode(code)) ? 1 : 0)
    this.bytes.push(most & 255, most >> 8)
    return at
  }

  finish(wholeRequest: boolean, emptyIsNone: boolean): LineProgram | null {
    const { words, bytes, keyed, plainRequest, fields } = this
    if (words.length * 4 > K.PROGRAM_SIZE || bytes.length > K.LITERALS_SIZE || keyed > K.MAX_FIELDS - K.KEYED)
      return null
    return {
      words: Int32Array.from(words),
      literals: Uint8Array.from(bytes),
      wholeRequest,
      plainRequest,
      keyed,
      fields: Array.from(fields, ([field, name]) => ({ field, name, form: formOf(name) })),
      emptyIsNone,
    }
  }
}
