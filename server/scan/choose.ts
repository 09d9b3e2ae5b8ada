/** Which parsers to try, from what the user said about the format. */
import { PARSERS } from '../../parsers/index.ts'
import { accessParser } from '../../parsers/nginx/access.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { ScanOptions } from './contract.ts'

export type ChooseOptions = Pick<ScanOptions, 'format' | 'logFormat'> & {
  /** A log_format without variables will do. */
  plainFormat?: boolean
}

/** The parsers to try. A `log_format` comes first, since it may look like a known format with more in it.
 *  Throws RangeError for an unknown format, or a log_format that no line could be matched against. */
export function choose(options: ChooseOptions): readonly Parser[] {
  const texts = options.logFormat === null ? [] : [options.logFormat].flat()
  const own = texts.map((text) => customFormat(text, options.plainFormat))
  if (options.format === null) return [...own, ...PARSERS]
  const forced = [...own, ...PARSERS].find((p) => p.id === options.format)
  if (forced === undefined)
    throw new RangeError(
      `unknown format ${JSON.stringify(options.format)}; one of: ${PARSERS.map((p) => p.id).join(', ')}`,
    )
  return [forced]
}

/** Names that guides and configurations use for formats that are known. */
const KNOWN_NAMES: Readonly<Record<string, string>> = {
  combined: 'nginx-access',
  common: 'nginx-common',
  main: 'nginx-main',
  upstreaminfo: 'ingress-access',
  proxy: 'npm-access',
  standard: 'npm-standard',
}
const PIECES = /^\s*(?:'(?:[^'\\]|\\.)*'\s*)+;?\s*$/s
const ANY_PIECES = /^\s*(?:(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*)+;?\s*$/s
const PIECE = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs

/** `log_format NAME escape=json '…' '…';`, the same without name, the bare text, or the name of a known format.
 *  nginx takes a format without variables; it is refused unless `plain`, since nothing can be learned from its lines. */
export function customFormat(text: string, plain = false): Parser {
  const known = PARSERS.find((parser) => parser.id === (KNOWN_NAMES[text.trim()] ?? text.trim()))
  if (known !== undefined) return known
  const directive = /^\s*log_format\s+\S+\s+/.exec(text)
  let format = directive ? text.slice(directive[0].length) : text
  let escape: 'default' | 'json' | 'none' = 'default'
  const told = /^\s*escape=(default|json|none)\s+/.exec(format)
  if (told) {
    escape = told[1] as typeof escape
    format = format.slice(told[0].length)
  }
  // Without the directive, double quotes are part of the format: '"$request" $status'.
  const pieces = (directive ? ANY_PIECES : PIECES).test(format)
  if (pieces) format = (format.match(PIECE) ?? []).map((piece) => piece.slice(1, -1)).join('')
  else if (directive) format = format.replace(/\s*;\s*$/, '')
  if (!plain && !/\$\{?\w/.test(format))
    throw new RangeError(
      `no $variable in this log_format; give its text, or one of ${Object.keys(KNOWN_NAMES).join(', ')}`,
    )
  // A semicolon at the end belongs to the directive that was copied, or else to the lines.
  const formats = pieces || !format.endsWith(';') ? [format] : [format.slice(0, -1), format]
  return accessParser(
    { id: 'log_format', description: 'the log_format given', formats: formats.map(unquote), examples: [] },
    escape,
  )
}

/** Escapes of nginx's configuration syntax. Source: ngx_conf_read_token. */
const ESCAPED: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }
const unquote = (text: string): string => text.replace(/\\(["'\\trn])/g, (_, char: string) => ESCAPED[char] ?? char)
