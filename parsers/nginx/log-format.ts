/** An nginx `log_format` string compiled to a matcher.
 *
 *  A format is literals and variables. Some variables have one form (`$status`, `$time_local`: variables.ts); the others
 *  can hold anything but what their escape mode excludes, and are called open. The line is therefore a row of fixed
 *  segments with open values between them, and is read like a glob: each segment is looked for from the left, and the
 *  search goes back only as far as a character that an open value cannot hold. Every position is looked at a bounded
 *  number of times per variable, so that matching is linear in the line; a regular expression with several open groups
 *  is not. Source: ngx_http_log_module.c; ngx_http_script_variables_count for the syntax. */
import type { ShapePart, ValueForm } from '../line-shape.ts'
import { ADJACENT, FIRST, listScan, pathShape, SHAPES, UNSPACED, UPSTREAM_LISTS, type Scan } from './variables.ts'
import { closingQuote, type Escape } from './unescape.ts'

export interface Matcher {
  /** Variable names in the order of the format, one per value. */
  names: readonly string[]
  /** The values as they stand in the line, one per name; null when the line has another shape. Valid until the next call. */
  match(line: string): readonly string[] | null
}

export type Part = { literal: string } | { variable: number; scan: Scan }

/** The end of what an open value can hold from `at` on: the index of the first character it cannot hold. */
type Stop = (line: string, at: number) => number

export interface Open {
  variable: number
  stop: Stop
}

/** Compiles the text of a `log_format` (outer quotes removed, pieces joined). Throws RangeError with a reason when two
 *  variables stand side by side whose values cannot be told apart. A text without variables matches itself. */
export function compileLogFormat(text: string, escape: Escape = 'default'): Matcher {
  const { names, segments, opens } = dissect(text, escape)
  return new FormatMatcher(names, segments, opens)
}

interface Dissected {
  names: readonly string[]
  segments: readonly Part[][]
  opens: readonly Open[]
}

/** Variables in the format's order, fixed segments, and the open values between them. Throws like compileLogFormat. */
export function dissect(text: string, escape: Escape): Dissected {
  const pieces = splitFormat(text)
  const names: string[] = []
  const segments: Part[][] = [[]]
  const opens: Open[] = []
  let quoted = false
  pieces.forEach((piece, i) => {
    if ('literal' in piece) {
      segments.at(-1)?.push(piece)
      for (const char of piece.literal) if (char === '"') quoted = !quoted
      return
    }
    const variable = names.push(piece.name) - 1
    const scan = scanOf(piece.name, pieces.slice(i + 1), escape, quoted)
    if (scan !== null) segments.at(-1)?.push({ variable, scan })
    else {
      opens.push({ variable, stop: stopOf(piece.name, escape) })
      segments.push([])
    }
  })
  return { names, segments, opens }
}

export type Piece = { literal: string } | { name: string }

/** `"$host" ${status}x` → literal, name, literal, name, literal. */
export function splitFormat(text: string): Piece[] {
  const parts = text.split(/\$(?:\{(\w+)\}|(\w+))/)
  const pieces: Piece[] = []
  for (let i = 0; i < parts.length; i += 3) {
    if (parts[i] !== '') pieces.push({ literal: parts[i] as string })
    const name = parts[i + 1] ?? parts[i + 2]
    if (name !== undefined) pieces.push({ name })
  }
  return pieces
}

/** The parts of a format as a shape; null when a value has a form that a shape cannot tell. The same cases as scanOf. */
export function shapeOfFormat(pieces: readonly Piece[], escape: Escape): ShapePart[] | null {
  let quoted = false
  const parts: ShapePart[] = []
  for (const [i, piece] of pieces.entries()) {
    if ('literal' in piece) {
      parts.push(piece)
      for (const char of piece.literal) if (char === '"') quoted = !quoted
      continue
    }
    const { name } = piece
    const next = pieces[i + 1] ?? { literal: '' }
    const form = 'literal' in next ? formOf(name, next.literal) : 'span'
    const { run, most } = ADJACENT.get(name) ?? {}
    const span = run === undefined || most === undefined ? null : { run, most }
    if (form === null || (form === 'span' && span === null)) return null
    parts.push({ name, form, optional: form === 'span' || isOptional(name, escape, quoted), span })
  }
  return parts
}

/** Null for a form that is rare. */
function formOf(name: string, literal: string): ValueForm | null {
  if (UPSTREAM_LISTS.has(name)) {
    if (listScan(name, literal) === null) return 'open'
    return name === 'upstream_addr' ? 'peer' : 'number'
  }
  if (!SHAPES.has(name)) return 'open'
  if (name === 'status' || name === 'time_local' || name === 'time_iso8601' || name === 'msec') return name
  return name.startsWith('date_') ? null : 'number'
}

/** A variable without a value is `-` by default and nothing otherwise; some have a value that is empty: the port of a
 *  Unix socket, the address of a backend that was never connected to. */
const isOptional = (name: string, escape: Escape, quoted: boolean): boolean =>
  escape !== 'default' || quoted || /^upstream_|_port$/.test(name)

/** How the end of a variable's value is found from its own form; null: by what follows. */
function scanOf(name: string, after: readonly Piece[], escape: Escape, quoted: boolean): Scan | null {
  const next = after[0] ?? { literal: '' }
  const fixed = SHAPES.get(name)
  if ('literal' in next) {
    const scan = UPSTREAM_LISTS.has(name) ? listScan(name, next.literal) : (fixed?.scan ?? null)
    const optional = isOptional(name, escape, quoted)
    return optional && scan !== null ? (line, at) => Math.max(scan(line, at), at) : scan
  }
  const literal = after.find((piece) => 'literal' in piece)?.literal ?? ''
  const path = name === 'uri' || name === 'document_uri'
  const argsNext = after[1] !== undefined && 'name' in after[1] && /^(?:args|query_string)$/.test(after[1].name)
  const shape = path ? pathShape(literal, argsNext && escape === 'default') : (ADJACENT.get(name) ?? fixed)
  const first = FIRST.get(next.name)
  if (shape?.delimited || (shape?.run && first && disjoint(shape.run, first))) return shape.scan
  throw new RangeError(
    `$${name} is followed by $${next.name} with nothing between: lines of this format cannot be split; put a character between them`,
  )
}

function disjoint(run: RegExp, first: RegExp): boolean {
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code)
    if (run.test(char) && first.test(char)) return false
  }
  return true
}

const BLANK = /[\s"]/g

function stopOf(name: string, escape: Escape): Stop {
  if (UNSPACED.has(name))
    return (line, at) => {
      BLANK.lastIndex = at
      return BLANK.test(line) ? BLANK.lastIndex - 1 : line.length
    }
  if (escape === 'none') return (line) => line.length
  // escape=default writes a quote as \x22, escape=json as \": the first bare one is never part of a value.
  return (line, at) => {
    const quote = closingQuote(line, at)
    return quote < 0 ? line.length : quote
  }
}

const NOT_HERE = -1
const NOWHERE = -2

export class FormatMatcher implements Matcher {
  readonly names: readonly string[]
  protected readonly segments: readonly Part[][]
  protected readonly opens: readonly Open[]
  private readonly values: string[]
  /** Per open value: where it starts, where it ends, where to look for its end, and what its segment must reach beyond. */
  protected readonly start: number[] = []
  private readonly end: number[] = []
  private readonly from: number[] = []
  private readonly beyond: number[] = []
  /** Per open value: the next place of the literal after it, as far as it was looked for. */
  private readonly found: number[]

  constructor(names: readonly string[], segments: readonly Part[][], opens: readonly Open[]) {
    this.names = names
    this.segments = segments
    this.opens = opens
    this.values = names.map(() => '')
    this.found = opens.map(() => -1)
  }

  match(line: string): readonly string[] | null {
    const { opens, start, end, from, beyond } = this
    const first = this.segment(0, line, 0)
    if (first < 0) return null
    if (opens.length === 0) return first === line.length ? this.values : null
    this.found.fill(-1)
    this.begin(0, first)
    let i = 0
    while (i < opens.length) {
      const { stop } = opens[i] as Open
      const limit = stop(line, start[i] as number)
      const reached = this.find(i, line, limit)
      if (reached >= 0) {
        i++
        if (i < opens.length) this.begin(i, reached)
        continue
      }
      if (reached === NOWHERE || limit >= line.length || i === 0) return null
      // The value before may go on, if what follows it then begins after the character that was in the way.
      i--
      from[i] = (end[i] as number) + 1
      beyond[i] = limit
    }
    opens.forEach(({ variable }, k) => {
      this.values[variable] = line.slice(start[k], end[k])
    })
    return this.values
  }

  private begin(i: number, at: number): void {
    this.start[i] = at
    this.from[i] = at
    this.beyond[i] = -1
  }

  /** Looks for the segment after open value i, at most at `limit`. Returns where the segment ends, NOT_HERE when a later
   *  start of the value may help, or NOWHERE. */
  protected find(i: number, line: string, limit: number): number {
    const last = i === this.opens.length - 1
    const segment = this.segments[i + 1] as Part[]
    const head = segment[0]
    let at = this.from[i] as number
    // Only the last segment can be empty: an open value directly before another variable is refused above.
    if (head === undefined || !('literal' in head)) {
      this.end[i] = line.length
      return limit >= line.length ? line.length : NOT_HERE
    }
    const { literal } = head
    if (last && segment.length === 1) {
      at = line.length - literal.length
      if (at < (this.from[i] as number) || !line.endsWith(literal)) return NOWHERE
      this.end[i] = at
      return at <= limit ? line.length : NOT_HERE
    }
    const beyond = this.beyond[i] as number
    for (; at <= limit; at++) {
      // What was found further on in an earlier search still is the next one.
      if ((this.found[i] as number) < at) this.found[i] = line.indexOf(literal, at)
      at = this.found[i] as number
      if (at < 0) return NOWHERE
      if (at > limit) return NOT_HERE
      const reached = this.segment(i + 1, line, at)
      if (reached > beyond && (!last || reached === line.length)) {
        this.end[i] = at
        return reached
      }
    }
    return NOT_HERE
  }

  /** Matches one segment at `at`, keeps the values of its variables, and returns its end or -1. */
  protected segment(index: number, line: string, at: number): number {
    let end = at
    for (const part of this.segments[index] as Part[]) {
      if ('literal' in part) {
        if (!line.startsWith(part.literal, end)) return -1
        end += part.literal.length
      } else {
        const from = end
        end = part.scan(line, from)
        if (end < 0) return -1
        this.values[part.variable] = line.slice(from, end)
      }
    }
    return end
  }
}
