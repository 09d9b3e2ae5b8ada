/** An nginx `log_format` string compiled to a matcher.
 *  Source: ngx_http_log_module.c (escaping), facts of real runs. One regular expression per format, anchored, and
 *  built so that no two neighbouring groups can match the same byte: matching is linear in the line. */
import type { FieldValue } from '../record.ts'

export type Escape = 'default' | 'json' | 'none'

export interface Matcher {
  variables: ReadonlySet<string>
  /** Field values by variable name, `-` and empty left out; null when the line has another shape. */
  match(line: string): Map<string, string> | null
}

/** Variables whose unquoted value may hold blanks, with the pattern that says how. */
const SPACED: Record<string, string> = {
  time_local: '\\d\\d/[A-Za-z]{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}',
}
/** Several tries are joined by `, `, internal redirects by ` : `. */
const LIST = '(?:(?!, | : )\\S)+(?:(?:, | : )(?:(?!, | : )\\S)+)*'
const NUMERIC =
  /^(?:status|body_bytes_sent|bytes_sent|request_time|request_length|connection|connection_requests|msec|pid)$/

/** Compiles the text of a `log_format` (quotes already removed, pieces joined). Throws RangeError with a reason for a
 *  text no line could be matched against: two variables side by side, or no variable at all. */
export function compileLogFormat(text: string, escape: Escape = 'default'): Matcher {
  const parts = text.split(/\$(?:\{(\w+)\}|(\w+))/)
  const names: string[] = []
  let pattern = '^' + quote(parts[0] as string)
  for (let i = 1; i < parts.length; i += 3) {
    const name = (parts[i] ?? parts[i + 1]) as string
    const before = parts[i - 1] as string
    const after = parts[i + 2] as string
    if (after === '' && i + 3 < parts.length)
      throw new RangeError(
        `$${name} is followed by another variable with nothing between: lines of this format cannot be split`,
      )
    names.push(name)
    pattern += `(${value(name, before, after, escape)})` + quote(after)
  }
  if (names.length === 0) throw new RangeError('no $variable in this log_format')
  const re = new RegExp(pattern + '$', 's')
  return {
    variables: new Set(names),
    match(line) {
      const m = re.exec(line)
      if (!m) return null
      const fields = new Map<string, string>()
      names.forEach((name, i) => {
        const raw = m[i + 1] as string
        if (raw !== '' && raw !== '-')
          fields.set(name, escape === 'none' ? raw : escape === 'json' ? unescapeJson(raw) : unescapeDefault(raw))
      })
      return fields
    },
  }
}

function value(name: string, before: string, after: string, escape: Escape): string {
  if (SPACED[name] !== undefined) return SPACED[name]
  const next = after[0]
  if (next === undefined) return NUMERIC.test(name) ? '[-\\d.]*' : '.*'
  const quoted = next === '"' && before.endsWith('"')
  // escape=default writes a quote as \x22, escape=json as \": either way the field ends at the first bare quote.
  if (quoted) return escape === 'none' ? `(?:(?!${quote(after)}).)*` : '(?:[^"\\\\]|\\\\.)*'
  if (next === ']' && before.endsWith('[')) return '[^\\]]*'.replace('*', name === 'remote_addr' ? '+' : '*')
  if (NUMERIC.test(name)) return '[-\\d.]*'
  if (name.startsWith('upstream_') && next === ' ') return LIST
  // remote_user may hold blanks: it ends where the literal after it begins.
  if (name === 'remote_user' || next !== ' ') return `(?:(?!${quote(after.slice(0, 4))}).)*`
  return '\\S*'
}

const quote = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** `\xHH` of escape=default back to characters. The bytes are Latin-1 pieces of UTF-8 and are decoded as such. */
export function unescapeDefault(text: string): string {
  if (!text.includes('\\x')) return text
  return text.replace(/(?:\\x[0-9A-Fa-f]{2})+/g, (run) =>
    decodeUtf8(run.match(/[0-9A-Fa-f]{2}/g)?.map((h) => parseInt(h, 16)) ?? []),
  )
}

function unescapeJson(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}

/** UTF-8 without TextDecoder (parsers know no host types); bytes that are not UTF-8 become their Latin-1 character. */
function decodeUtf8(bytes: number[]): string {
  try {
    return decodeURIComponent(bytes.map((b) => '%' + b.toString(16).padStart(2, '0')).join(''))
  } catch {
    return String.fromCharCode(...bytes)
  }
}

/** Splits `502, 101` and `502 : 101` into their elements; a single value stays single. `-` elements become null. */
export function upstreamList(text: string): FieldValue {
  if (!text.includes(', ') && !text.includes(' : ')) return text
  return text.split(/, | : /).map((element) => (element === '-' ? null : element))
}
