/** Secrets leave URIs before anything is stored or shown, and paths become groups of bounded number. */

/** Keys whose value is a credential. Decoded and lower-cased before the test: `tok%65n=` is `token=`. */
const SECRET_KEY =
  /(?:^|[-_.])(?:token|auth|authorization|sid|id|ticket|sig|signature|key|jwt|pwd|pass|code|session|credential|nonce|state|otp|bearer|cookie|credentials)$|(?:token|secret|password|passwd|passphrase|apikey|authkey|sess(?:ion)?id|samlresponse)$/
/** In `code=500` of an application's text these are no credentials. */
const PLAIN_KEY = /(?:^|[-_.])(?:code|id|state)$/
const EQUALS = /=|%(?:25){0,3}3d/gi
const KEY_END = /[^=&;?#\s"'<>,{}()\\]{1,200}$/
const VALUE = /\\?"[^"]*|\\?'[^'\r\n]{0,300}(?=')|\\?'[^'\s]*|[^&\s"]+/y
/** In JSON, where a value may hold the other quote, and its own behind a backslash. */
const NAMED = /(["'])([\w.-]{1,100})\1(\s{0,9}:\s{0,9})(["'])(?:\\.|(?!\4)[^\\\r\n])+/g
/** JSON in JSON, one to three times. */
const NAMED_WITHIN = /(\\{1,7}["'])([\w.-]{1,100})(\\{1,7}["']\s{0,9}:\s{0,9}\\{1,7}["'])[^"'\\]+/g
/** Numbers and lists. */
const NAMED_BARE = /(["'])([\w.-]{1,100})(\\{0,7}["']\s{0,9}:\s{0,9})(?:-?\d[\w.+-]{0,100}|\[[^\]\r\n]{0,1000}\]?)/g
/** `password: x` in an application's words; of a token it has to look like one. */
const SAID =
  /\b(pass(?:word|wd|phrase)|pwd|secret)(\s{0,3}:\s{1,3}|\s{1,3}(?="))(?!\[masked)("[^"\r\n]{1,300}|[^\s"',;]{1,300})|\b((?:api|access|auth)?[-_ ]?(?:token|key))(:\s{1,3})(?=[A-Za-z+/=_-]{0,80}\d)[\w+/=.-]{8,300}/gi
/** `/ws/token/AAF…`. */
const PATH_TOKEN =
  /(\/(?:token|auth|api-?key|key|secret|jwt|session|ticket)s?\/)(?=[a-z~+=._-]{0,100}\d)[\w~+=.-]{16,}/gi
const HEADER = /\b((?:proxy-)?authorization|x-[a-z-]{0,40}(?:key|token|secret|auth))(['"]?:\s{0,9}['"]?)[^"'\r\n]+/gi
const JWT = /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g
/** A password can hold `@` and `/`; a port and its path are none. */
const USERINFO =
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s"'@/:]{0,200}:(?!\d{1,5}[/?])[^\s"<>?]{1,300}@|[^\s/@"']{1,200}@)/gi
const BEARER = /(?:\b|(?<=%20))([Bb]earer|BEARER|Basic)(?:\s|%(?:25){0,3}(?:20|09)|\+)+[\w+/=.-]{8,}/g
/** A value may be quoted in the header, and the header in a text. */
const COOKIE =
  /\b((?:set-)?cookie\\{0,7}['"]?\s{0,9}[:=]\s{0,9})(?:(\\{1,7}["'])[^"'\\\r\n]+|(["'])(?:\\.|(?!\3)[^\\\r\n])+|(?:=\\{0,7}"[^"\r\n]*"|[^'"\r\n])+)/gi
/** `/bot12345:AAF…/`: an account and its key. */
const COLON_KEY = /(\/[\w.%-]{1,60}(?::|%3a))(?=[a-z_-]*\d|[A-Z])[\w-]{12,}/gi

/** The same in a query: `next=https%3A%2F%2Fuser%3Apass%40host`, encoded as often as it was passed on. */
const ENCODED_USERINFO =
  /((?::|%(?:25){0,3}3a)(?:\/|%(?:25){0,3}2f){2})(?:(?!%(?:25){0,3}(?:2f|3f|23|26|40))[^\s"'&<>?#/@]){1,300}(%(?:25){0,3}40)/gi

// What a writer has cut in its midst (nginx cuts error entries after 2047 bytes, syslog where it likes) lacks what tells a
// secret from other text. At the end of a text less is enough.
/** `proxy_pass http://127.0.0.1:3000;` ends in one, too. */
const PORT = /^\d{0,5}(?:[/?]|%(?:25){0,3}[23]f|[;,.)\]}]{0,3}$)/i
const CUT_USERINFO =
  /((?::|%(?:25){0,3}3a)(?:\/|%(?:25){0,3}2f){2})((?:(?!%(?:25){0,3}(?:2f|3a))[^\s"'@/:[]){0,200})(:|%(?:25){0,3}3a)([^\s"'<>?@]{1,300})$/i
/** What stands behind `%40` in plain user info is the rest of a password. */
const CUT_BEHIND = /(:\/\/\[masked\]%40)[^\s"'/?&]+$/
/** No dot is in it, so that it is no host. */
const CUT_TOKEN_USER = /((?::|%(?:25){0,3}3a)(?:\/|%(?:25){0,3}2f){2})(?=\D{0,200}\d)[\w~+=-]{20,200}$/i
const CUT_JWT = /\beyJ[\w-]{3,}(?:\.[\w-]*){0,2}$/
const CUT_BEARER = /\b([Bb]earer|BEARER|Basic)((?:\s|%(?:25){0,3}(?:20|09)|\+)+)(?=[a-z/+.=_-]*[A-Z\d])[\w+/=.-]{1,7}$/
const CUT_COLON_KEY = /(\/[\w.%-]{1,60}(?::|%3a))(?!\d{1,5}$)(?=[a-z_-]*\d|[A-Z])[\w-]{1,11}$/i
/** `"`, `'`, `<`, `>`, `?`, `@` and the blank end all of them. */
const WHOLE = new Set([34, 39, 60, 62, 63, 64, 32])
/** Longer than any of them. */
const CUT_WITHIN = 1000

/** Replaces credentials in any log text by `[masked]`, also those of which its end has cut a part off; everything else
 *  stays byte for byte. Linear in the length. */
export function maskText(text: string): string {
  const masked = maskWhole(text)
  // Most lines end in a quote, and are whole.
  if (WHOLE.has(masked.charCodeAt(masked.length - 1))) return masked
  const from = Math.max(0, masked.length - CUT_WITHIN)
  const end = masked.slice(from)
  const out = maskCut(end)
  return out === end ? masked : masked.slice(0, from) + out
}

function maskCut(end: string): string {
  let out = end
  if (/\/|2f/i.test(out))
    out = out
      .replace(CUT_USERINFO, (all, scheme: string, user: string, colon: string, value: string) =>
        PORT.test(value) || /^\[?masked/.test(value) || (user === 'unix' && value.startsWith('/'))
          ? all
          : `${scheme}${user === '' ? '' : '[masked]'}${colon}[masked]`,
      )
      .replace(CUT_BEHIND, '$1[masked]')
      .replace(CUT_TOKEN_USER, '$1[masked]')
      .replace(CUT_COLON_KEY, '$1[masked]')
  if (out.includes('eyJ')) out = out.replace(CUT_JWT, '[masked]')
  if (/bearer|Basic/i.test(out)) out = out.replace(CUT_BEARER, '$1$2[masked]')
  return out
}

function maskWhole(text: string): string {
  let out = text
  if (/cookie/i.test(out))
    out = out.replace(
      COOKIE,
      (_, name: string, within = '', quote = '') => `${name}${String(within)}${String(quote)}[masked]`,
    )
  if (out.includes(':')) {
    if (out.includes('"') || out.includes("'")) out = maskNamed(out)
    out = out.replace(HEADER, '$1$2[masked]').replace(COLON_KEY, '$1[masked]')
  }
  if (SPOKEN.test(out))
    out = out.replace(SAID, (_, word?: string, between?: string, value = '', token?: string, colon?: string) =>
      token === undefined
        ? `${word}${between}${String(value).startsWith('"') ? '"' : ''}[masked]`
        : `${token}${colon}[masked]`,
    )
  if (out.includes('@')) out = out.replace(USERINFO, '$1[masked]@')
  if (out.includes('40')) out = out.replace(ENCODED_USERINFO, '$1[masked]$2')
  // Before the pairs, of which `authorization=Bearer x` is one.
  if (/bearer|Basic/i.test(out)) out = out.replace(BEARER, '$1 [masked]')
  if (/=|3d/i.test(out)) out = maskPairs(out)
  if (out.includes('eyJ')) out = out.replace(JWT, '[masked]')
  if (PATH_WORD.test(out)) out = out.replace(PATH_TOKEN, '$1[masked]')
  return out
}

const SPOKEN = /pass|pwd|secret|(?:token|key): /i
const PATH_WORD = /\/(?:token|auth|api|key|secret|jwt|session|ticket)/i

function maskNamed(text: string): string {
  const secret = (key: string): boolean => isSecretKey(key) && !PLAIN_KEY.test(key)
  let out = text.replace(NAMED, (all, quote: string, key: string, between: string, opens: string) =>
    secret(key) ? `${quote}${key}${quote}${between}${opens}[masked]` : all,
  )
  if (out.includes('\\'))
    out = out.replace(NAMED_WITHIN, (all, quote: string, key: string, between: string) =>
      secret(key) ? `${quote}${key}${between}[masked]` : all,
    )
  return out.replace(NAMED_BARE, (all, quote: string, key: string, between: string) =>
    secret(key) ? `${quote}${key}${between}[masked]` : all,
  )
}

/** `key=value` in query strings, fragments, nested and encoded ones, and in logs. */
function maskPairs(text: string): string {
  let out = ''
  let done = 0
  let from = 0
  EQUALS.lastIndex = 0
  for (let m = EQUALS.exec(text); m !== null; m = EQUALS.exec(text)) {
    const after = EQUALS.lastIndex
    const start = from
    from = after
    if (m.index === start) continue
    // Only the end of a key tells what it is.
    const raw = KEY_END.exec(text.slice(Math.max(start, m.index - 200), m.index))?.[0]
    if (raw === undefined) continue
    const before = text[m.index - raw.length - 1] ?? ' '
    const key =
      decodeLoosely(raw)
        .split(/[?&;#/:\s"'=]/)
        .pop() ?? ''
    if (!isSecretKey(key) || (PLAIN_KEY.test(key) && raw.endsWith(key) && !/[?&;#]/.test(before) && !raw.includes('%')))
      continue
    VALUE.lastIndex = after
    const value = VALUE.exec(text)?.[0]
    if (value === undefined) continue
    const quote = /^\\?["']/.exec(value)?.[0] ?? ''
    if (value === quote) continue
    out += `${text.slice(done, after)}${quote}[masked]`
    done = after + value.length
    EQUALS.lastIndex = from = done
  }
  return out + text.slice(done)
}

function isSecretKey(key: string): boolean {
  const name = decodeLoosely(key)
    .replace(/\[\d{0,9}\]$/, '')
    .replace(/\]$/, '')
    .replace('[', '.')
  return SECRET_KEY.test(name.toLowerCase()) || SECRET_HUMP.test(name)
}

/** `secretKey`; not `endpointId`. */
const SECRET_HUMP = /[a-z\d](?:Key|Pass|Pwd|Auth|Jwt|JWT|Sig|Ticket|Nonce|Cookie|Session)$/

/** What was encoded up to three times; bytes that are no ASCII stay as they are. */
function decodeLoosely(text: string): string {
  let out = text
  for (let i = 0; i < 3 && out.includes('%'); i++)
    out = out.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return out
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

/** What would end a directive or a quote where a group is shown in a configuration. */
const UNSAFE = /[\x00-\x20\x7f-\xa0\u2028\u2029"'`{}\\;#]/g

/** Of a segment 60 characters are shown: what is said of them stands in the first thousand. */
const holdsSecret = (segment: string): boolean => {
  const text = `/${segment.slice(0, CUT_WITHIN)}`
  return maskText(text) !== text
}

const isVariable = (segment: string): boolean =>
  ID.test(segment) || OPAQUE.test(segment) || (/[=:%]/.test(segment) && holdsSecret(segment))

/** Most segments, in one look where the others take four: too short to be an identifier, or without a digit, a dot and
 *  the length of a UUID. */
const WORD = /^(?:[a-z][\w.-]{0,6}|[a-z_-]{1,35})$/i

const groupOf = (segment: string): string =>
  WORD.test(segment) ? segment : isVariable(segment) ? ':id' : segment.replace(UNSAFE, '_').slice(0, 60)

const CUT_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/(?!unix:\/)[^\s@/?#:[]*:(?!\d{0,5}(?:[/?#]|$))[^@]*$/i

/** The path group of a request URI: no query, ids as `:id`, at most 8 segments and 120 characters.
 *  Absolute-form URIs lose scheme and host. `/api/kernels/3fa9…/channels?x=1` → `/api/kernels/:id/channels`. */
export function pathGroup(uri: string): string {
  // An absolute URI whose user info was cut before its @: what follows a slash in it may be the password.
  if (CUT_AUTHORITY.test(uri)) return '/'
  let path = uri.replace(/^[a-z][a-z0-9+.-]*:\/\/(?:[^?#]*@)?[^/?#]*/i, '')
  const end = path.search(/[?#;&]|%(?:25){0,3}(?:3[fb]|2[36])/i)
  if (end >= 0) path = path.slice(0, end)
  if (!path.startsWith('/'))
    return path === '' ? '/' : (holdsSecret(path) ? ':id' : path).replace(UNSAFE, '_').slice(0, 120)
  const segments = path.slice(1).split('/')
  const kept = segments.slice(0, 8).map(groupOf)
  return `/${kept.join('/')}`.slice(0, 120) + (segments.length > 8 ? '/…' : '')
}
