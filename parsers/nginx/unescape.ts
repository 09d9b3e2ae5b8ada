/** What `log_format … escape=…` did to a value, undone. Source: ngx_http_log_escape and ngx_http_log_json_variable;
 *  measured with requests of every byte. */

export type Escape = 'default' | 'json' | 'none'

/** `\xHH` of escape=default back to characters; the bytes are pieces of UTF-8 and are decoded as such. */
export function unescapeDefault(text: string): string {
  if (!text.includes('\\x')) return text
  return text.replace(/(?:\\x[0-9A-Fa-f]{2})+/g, (run) =>
    decodeUtf8(run.match(/[0-9A-Fa-f]{2}/g)?.map((h) => parseInt(h, 16)) ?? []),
  )
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** The escapes of escape=json; one that is broken stays as it is. */
export function unescapeJson(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|([^u]))/g, (all, hex: string | undefined, char: string | undefined) =>
    hex === undefined
      ? (JSON_ESCAPES[char as string] ?? (char as string) ?? all)
      : String.fromCharCode(parseInt(hex, 16)),
  )
}

export const UNESCAPE: Readonly<Record<Escape, (text: string) => string>> = {
  default: unescapeDefault,
  json: unescapeJson,
  none: (text) => text,
}

/** UTF-8 without TextDecoder (parsers know no host types); bytes that are not UTF-8 become their Latin-1 character. */
function decodeUtf8(bytes: number[]): string {
  try {
    return decodeURIComponent(bytes.map((b) => '%' + b.toString(16).padStart(2, '0')).join(''))
  } catch {
    return String.fromCharCode(...bytes)
  }
}

/** Index of the first quote from `from` on that is not escaped; -1 when there is none. */
export function closingQuote(line: string, from: number): number {
  for (let quote = line.indexOf('"', from); quote >= 0; quote = line.indexOf('"', quote + 1)) {
    let slash = quote
    while (slash > from && line.charCodeAt(slash - 1) === 92) slash--
    if ((quote - slash) % 2 === 0) return quote
  }
  return -1
}
