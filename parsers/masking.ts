/** Secrets leave URIs before anything is stored or shown, and paths become groups of bounded number. */

/** Query keys whose value is a credential. Decoded and lower-cased before the test: `tok%65n=` is `token=`. */
const SECRET_KEY =
  /(?:^|[-_.])(?:token|auth|authorization|sid|id|ticket|sig|signature|key|apikey|jwt|password|passwd|pwd|pass|secret|code|session|sessionid|credential|nonce|state)$|(?:token|secret|password|apikey|sessionid)$/
const PAIR = /([?&;]|%3[fF]|%26)([^=&;?\s"'<>]{1,60})=([^&;\s"'<>]+)/g
const JWT = /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g
const USERINFO = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,200}@/gi
const BEARER = /\b(Bearer|Basic)\s+[\w+/=.-]{8,}/g
const COOKIE = /\b((?:set-)?cookie['"]?\s*[:=]\s*['"]?)[^'"\r\n]+/gi

/** Replaces credentials in any log text by `[masked]`; everything else stays byte for byte. Linear in the length. */
export function maskText(text: string): string {
  let out = text
  if (out.includes('='))
    out = out.replace(PAIR, (all, lead: string, key: string) => (isSecretKey(key) ? `${lead}${key}=[masked]` : all))
  if (out.includes('eyJ')) out = out.replace(JWT, '[masked]')
  if (out.includes('@')) out = out.replace(USERINFO, '$1[masked]@')
  if (out.includes('B')) out = out.replace(BEARER, '$1 [masked]')
  if (/cookie/i.test(out)) out = out.replace(COOKIE, '$1[masked]')
  return out
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(percentDecode(key).toLowerCase())
}

/** decodeURIComponent that never throws: a broken escape stays as it is. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const ID =
  /^(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[a-f]*\d)[0-9a-f]{8,}|[\w-]*\.[\w-]*\.[\w-]{8,})$/i
/** A long run of mixed letters and digits is an identifier or a secret, not a word. */
const OPAQUE = /^(?=\D*\d)(?=[^a-zA-Z]*[a-zA-Z])[\w~=+.-]{20,}$/

/** The path group of a request URI: no query, ids as `:id`, at most 8 segments and 120 characters.
 *  Absolute-form URIs lose scheme and host. `/api/kernels/3fa9…/channels?x=1` → `/api/kernels/:id/channels`. */
export function pathGroup(uri: string): string {
  let path = uri
  const end = path.search(/[?#;]/)
  if (end >= 0) path = path.slice(0, end)
  path = path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  if (!path.startsWith('/')) return path === '' ? '/' : path.slice(0, 120)
  const segments = path.slice(1).split('/')
  const kept = segments.slice(0, 8).map((s) => (ID.test(s) || OPAQUE.test(s) ? ':id' : s.slice(0, 60)))
  return `/${kept.join('/')}`.slice(0, 120) + (segments.length > 8 ? '/…' : '')
}
