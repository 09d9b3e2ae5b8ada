/** Which parsers to try, from what the user said about the format. */
import { PARSERS } from '../../parsers/index.ts'
import { accessParser } from '../../parsers/nginx/access.ts'
import type { Parser } from '../../parsers/parser.ts'
import type { ScanOptions } from './contract.ts'

/** The parsers to try. A `log_format` comes first, since it may look like a known format with more in it.
 *  Throws RangeError for an unknown format, or a log_format that no line could be matched against. */
export function choose(options: Pick<ScanOptions, 'format' | 'logFormat'>): readonly Parser[] {
  const texts = options.logFormat === null ? [] : [options.logFormat].flat()
  const own = texts.map(customFormat)
  if (options.format === null) return [...own, ...PARSERS]
  const forced = [...own, ...PARSERS].find((p) => p.id === options.format)
  if (forced === undefined)
    throw new RangeError(
      `unknown format ${JSON.stringify(options.format)}; one of: ${PARSERS.map((p) => p.id).join(', ')}`,
    )
  return [forced]
}

/** `log_format NAME escape=json '…' '…';`, the same without name, or the bare text. */
export function customFormat(text: string): Parser {
  let format = text
    .trim()
    .replace(/^log_format\s+\S+\s+/, '')
    .replace(/;$/, '')
    .trim()
  let escape: 'default' | 'json' | 'none' = 'default'
  const told = /^escape=(default|json|none)\s+/.exec(format)
  if (told) {
    escape = told[1] as typeof escape
    format = format.slice(told[0].length)
  }
  if (/^(?:'[^']*'\s*)+$/.test(format)) format = [...format.matchAll(/'([^']*)'/g)].map((m) => m[1]).join('')
  return accessParser('log_format', 'the log_format given', format, escape)
}
