/** A request target as nginx reads it. Source: ngx_http_parse_complex_uri (http/ngx_http_parse.c), ngx_escape_uri. */

export interface Target {
  /** What locations and rewrites see: percent-decoded, slashes merged, dot segments resolved. */
  path: string
  /** After the first `?`; '' when there is none. */
  args: string
  /** Something was percent-encoded: then a changed URI is encoded again when it is passed on. */
  quoted: boolean
}

const HEX = /^[0-9a-f]{2}$/i

/** Null for what nginx answers with 400: a broken escape, a NUL, `..` above the root, no slash at the start. */
export function readTarget(raw: string, mergeSlashes = true): Target | null {
  const bare = raw.replace(/#.*$/s, '')
  const at = bare.indexOf('?')
  const written = at === -1 ? bare : bare.slice(0, at)
  const args = at === -1 ? '' : bare.slice(at + 1)
  if (!written.startsWith('/')) return null
  const decoded = decodePath(written)
  if (!decoded) return null
  const path = resolvePath(decoded.text, mergeSlashes)
  return path === null ? null : { path, args, quoted: decoded.quoted }
}

/** One character per byte while it is read, so that an escape may be half a character. */
function decodePath(written: string): { text: string; quoted: boolean } | null {
  if (!written.includes('%')) return { text: written, quoted: false }
  const bytes = Buffer.from(written, 'utf8').toString('latin1')
  let out = ''
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== '%') {
      out += bytes.charAt(at)
      continue
    }
    const hex = bytes.slice(at + 1, at + 3)
    const code = HEX.test(hex) ? parseInt(hex, 16) : 0
    if (code === 0) return null
    out += String.fromCharCode(code)
    at += 2
  }
  return { text: asText(out), quoted: true }
}

/** UTF-8 as the configuration was read; a byte that is none becomes half a surrogate pair, which no text has. */
function asText(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? bytes.replace(UTF8, (one) => (one.length > 1 ? utf8(one) : LONE(one))) : text
}

const UTF8 =
  /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\x80-\xff]/g
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')
const LONE = (byte: string): string => String.fromCharCode(0xdc00 + byte.charCodeAt(0))

function resolvePath(path: string, mergeSlashes: boolean): string | null {
  const out: string[] = []
  const segments = path.slice(1).split('/')
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (segment === '..') {
      // With merge_slashes off an empty segment is one that `..` can take away.
      if (out.pop() === undefined) return null
      if (last) out.push('')
    } else if (segment === '.') {
      if (last) out.push('')
    } else if (segment !== '' || last || !mergeSlashes) out.push(segment)
  }
  return `/${out.join('/')}`
}

/** Characters that ngx_escape_uri leaves alone (NGX_ESCAPE_URI, since 1.21.1). */
const PLAIN_URI = /[^!$&'()*+,\-./0-9:;=@A-Z[\]_a-z~]+/g
/** NGX_ESCAPE_ARGS, for what a rewrite puts into arguments. */
const PLAIN_ARGS = /[^!$'()*,\-./0-9:=?@A-Z[\]_a-z~]+/g

export const escapePath = (path: string): string => path.replace(PLAIN_URI, percent)
export const escapeArgs = (text: string): string => text.replace(PLAIN_ARGS, percent)

const percent = (text: string): string =>
  Array.from(text)
    .flatMap((one) => (/^[\udc80-\udcff]$/.test(one) ? [one.charCodeAt(0) - 0xdc00] : [...Buffer.from(one, 'utf8')]))
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
