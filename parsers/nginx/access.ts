/** From raw values of nginx variables to a record, and a compiled `log_format` turned into a parser.
 *  Source: ngx_http_log_module.c. */
import { miss, type Parsed, type Parser } from '../parser.ts'
import type { AccessFields, AccessRecord, LogTime } from '../record.ts'
import { anyTime } from '../time.ts'
import { byKeys, type ByKeys } from './json-format.ts'
import { compileLogFormat, shapeOfFormat, splitFormat, type Matcher } from './log-format.ts'
import { nearFormat } from './log-format-near.ts'
import { splitRequest } from './request-line.ts'
import { UNESCAPE, type Escape } from './unescape.ts'
import { NUMBERS, TIMES, UPSTREAM_LISTS, upstreamList } from './variables.ts'

type Role = 'text' | 'user' | 'number' | 'list' | 'time' | 'request'

/** Which variables a line carries, in which order, and how their values are written. */
export interface Layout {
  format: string
  names: readonly string[]
  roles: readonly Role[]
  variables: ReadonlySet<string>
  escape: Escape
}

export function layoutOf(format: string, names: readonly string[], escape: Escape): Layout {
  return { format, names, roles: names.map(roleOf), variables: new Set(names), escape }
}

function roleOf(name: string): Role {
  if (name === 'request') return 'request'
  if (name === 'remote_user') return 'user'
  if (TIMES.has(name)) return 'time'
  if (UPSTREAM_LISTS.has(name)) return 'list'
  return NUMBERS.has(name) ? 'number' : 'text'
}

/** Keeps the layout of the line before: lines of a log without a fixed layout mostly have the same keys. */
export function layoutCache(format: string, escape: Escape): (names: readonly string[]) => Layout {
  let last = layoutOf(format, [], escape)
  return (names) => {
    const same = names.length === last.names.length && names.every((name, i) => name === last.names[i])
    if (!same) last = layoutOf(format, names, escape)
    return last
  }
}

const NO_USER = /^[ -]*-$/

/** Builds the record from values as they stand in the line. A value of `-` is absent; an empty one is absent where the
 *  escape mode prints missing variables so, and is kept otherwise: escape=default tells `""` from `"-"`. */
export function accessRecord(layout: Layout, values: readonly string[]): Parsed<AccessRecord> {
  const { names, roles, escape, variables } = layout
  const unescape = UNESCAPE[escape]
  const fields: AccessFields = {}
  let time: LogTime | null = null
  let timeName = ''
  let timeText = ''
  for (let i = 0; i < names.length; i++) {
    const raw = values[i] as string
    if (raw === '-' || (raw === '' && escape !== 'default')) continue
    const name = names[i] as string
    switch (roles[i] as Role) {
      case 'text':
        fields[name] = unescape(raw)
        break
      case 'user':
        // `- - -`: a format with one more variable than the one that reads it, and nothing in it.
        if (!NO_USER.test(raw)) fields.remote_user = unescape(raw)
        break
      case 'number':
        fields[name] = numberOrText(raw)
        break
      case 'list':
        fields[name] = upstreamList(raw)
        break
      case 'request':
        splitRequest(fields, unescape(raw), raw)
        break
      case 'time': {
        const read = anyTime(raw)
        if (read === null) return miss('bad-time')
        // The finest stamp is the record's time; another one stays among the fields.
        const finer = time === null || read.resolution < time.resolution
        if (time !== null) fields[finer ? timeName : name] = numberOrText(finer ? timeText : raw)
        if (finer) {
          time = read
          timeName = name
          timeText = raw
        }
      }
    }
  }
  if (fields.status !== undefined && !Number.isInteger(fields.status)) return miss('no-match')
  return { ok: true, record: { type: 'access', format: layout.format, time, fields, variables } }
}

function numberOrText(text: string): number | string {
  const n = text === '' ? NaN : Number(text)
  return Number.isFinite(n) ? n : text
}

export interface AccessFormat {
  id: string
  description: string
  /** One `log_format` text, or those of several versions, tried in order. */
  formats: readonly string[]
  /** False for values that fit the form and mean something else. */
  accepts?: (values: readonly string[]) => boolean
  examples: Parser['examples']
}

/** A parser for `log_format` texts. Throws RangeError when one cannot be matched against (see compileLogFormat). */
export function accessParser(format: AccessFormat, escape: Escape): Parser<AccessRecord> {
  const layouts = format.formats.map((text) => new LateLayout(format.id, text, escape))
  for (const layout of layouts) layout.compile()
  const keyed = format.formats.flatMap((text) => byKeys(text, escape) ?? [])
  return parserOf(format, escape, layouts, keyed)
}

/** The same for texts that are known to compile, and are no JSON: each is compiled when a line comes that it may fit. */
export function presetParser(format: AccessFormat): Parser<AccessRecord> {
  return parserOf(
    format,
    'default',
    format.formats.map((text) => new LateLayout(format.id, text, 'default')),
    [],
  )
}

/** One `log_format` text. Compiling all presets takes longer than reading a short log, so a look comes first at the
 *  literals between the variables: lines of other formats lack one of them. */
class LateLayout {
  readonly text: string
  private readonly id: string
  private readonly escape: Escape
  private literals: readonly string[] | null = null
  private compiled: { matcher: Matcher; layout: Layout } | null = null

  constructor(id: string, text: string, escape: Escape) {
    this.id = id
    this.text = text
    this.escape = escape
  }

  compile(): { matcher: Matcher; layout: Layout } {
    if (this.compiled !== null) return this.compiled
    const matcher = compileLogFormat(this.text, this.escape)
    return (this.compiled = { matcher, layout: layoutOf(this.id, matcher.names, this.escape) })
  }

  /** The values of a line; null when it has another shape. Valid until the next call. */
  match(line: string): readonly string[] | null {
    return this.compiled === null && !this.mayFit(line) ? null : this.compile().matcher.match(line)
  }

  private mayFit(line: string): boolean {
    const first = this.text[0]
    if (first !== '$' && first !== line[0]) return false
    this.literals ??= splitFormat(this.text).flatMap((piece) => ('literal' in piece ? [piece.literal] : []))
    let at = 0
    for (const literal of this.literals) {
      const found = line.indexOf(literal, at)
      if (found < 0) return false
      at = found + literal.length
    }
    return true
  }
}

function parserOf(
  format: AccessFormat,
  escape: Escape,
  layouts: readonly LateLayout[],
  keyed: readonly ByKeys[],
): Parser<AccessRecord> {
  const { id, description, formats, examples, accepts } = format
  let layoutFor: ReturnType<typeof layoutCache> | null = null
  const read = (line: string): Parsed<AccessRecord> => {
    for (let i = 0; i < layouts.length; i++) {
      const known = layouts[i] as LateLayout
      const values = known.match(line)
      if (values !== null && accepts?.(values) !== false) return accessRecord(known.compile().layout, values)
    }
    for (const read of keyed) {
      const named = read(line)
      if (named === null) continue
      layoutFor ??= layoutCache(id, escape)
      return accessRecord(layoutFor(named.names), named.values)
    }
    return miss('no-match')
  }
  return {
    id,
    description,
    examples,
    parse(line) {
      const parsed = read(line)
      if (parsed.ok || !hasEdge(line)) return parsed
      // A byte order mark before the first line, blanks that an editor left.
      return read(line.replace(/^\ufeff/, '').trimEnd())
    },
    shape(line) {
      const at = layouts.findIndex((known) => {
        const values = known.match(line)
        return values !== null && accepts?.(values) !== false
      })
      const text = layouts[at]?.text
      const parts = text === undefined ? null : shapeOfFormat(splitFormat(text), escape)
      return parts && { parts, plain: at > 0, noDecimalLast: accepts !== undefined, emptyIsNone: escape !== 'default' }
    },
    explain(line) {
      const near = formats.flatMap((text) => nearFormat(text, escape, line) ?? [])
      if (near.length < formats.length) return { at: line.length, why: 'a value in it belongs to another format' }
      return near.reduce((best, other) => ((other.fits ?? other.at) > (best.fits ?? best.at) ? other : best))
    },
  }
}

const hasEdge = (line: string): boolean => line.charCodeAt(0) === 0xfeff || line.charCodeAt(line.length - 1) <= 32
