/** What stands after `"request" status` in a line that is otherwise combined, cut into tokens and named by form and place. */
import { isAddress, variableOfKey } from './access-keys.ts'
import { closingQuote } from './unescape.ts'

export interface Token {
  text: string
  /** The name before `=` or `:`. */
  key: string | null
  quoted: boolean
  /** Where `text` begins in its line. */
  at: number
}

const MAX_TOKENS = 60
const SPACES = /[\s|;]*,?\s*/y
const KEY = /([A-Za-z_][\w.-]{0,40})(=|: ?)/y
/** A value without quotes; a list of upstream values goes on after `, ` and ` : `. */
const NUMBERS = /(?:-|\d[\d.]{0,30})(?:(?:, | : )(?:-|\d[\d.]{0,30})){0,40}(?=[\s,;|\]]|$)/y
const PEER = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}|\[[0-9A-Fa-f:.]{2,45}\]:\d{1,5}|unix:[^\s,]{1,200})`
const PEERS = new RegExp(`${PEER}(?:(?:, | : )(?:${PEER}|-)){0,40}`, 'y')
const WORD = /[^\s"|]{0,8191}[^\s"|,;]/y

/** Null when the rest is no row of fields: a quote that is not closed, or far too many. */
export function tailTokens(line: string, from: number): Token[] | null {
  const tokens: Token[] = []
  let at = end(SPACES, line, from)
  while (at < line.length) {
    if (tokens.length >= MAX_TOKENS) return null
    const key = keyAt(line, at)
    if (key !== null) at = key.end
    const quoted = line[at] === '"'
    let stop: number
    if (quoted) stop = closingQuote(line, ++at)
    else if (line[at] === '[' && end(PEERS, line, at) === 0) stop = line.indexOf(']', ++at)
    else stop = Math.max(end(NUMBERS, line, at), end(PEERS, line, at)) || end(WORD, line, at)
    // `key=` with nothing behind it.
    if (stop === 0 && key !== null) stop = at
    if (stop < at || (stop === at && key === null && !quoted && line[at - 1] !== '[')) return null
    const bracketed = !quoted && line[stop] === ']' && line[at - 1] === '['
    tokens.push(unwrap({ text: line.slice(at, stop), key: key?.name ?? null, quoted, at }))
    at = end(SPACES, line, quoted || bracketed ? stop + 1 : stop)
  }
  return tokens
}

/** End of the match at `at`; `at` itself for an empty one, 0 when there is none. */
function end(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(line) ? pattern.lastIndex : 0
}

/** `rt=`; with a colon only where the name is a usual one, since `http:` and addresses have colons too. */
function keyAt(line: string, at: number): { name: string; end: number } | null {
  KEY.lastIndex = at
  const m = KEY.exec(line)
  if (m === null) return null
  const name = m[1] as string
  return m[2] === '=' || variableOfKey(name) !== null ? { name, end: KEY.lastIndex } : null
}

/** `"rt=0.001"` has its key inside the quotes. */
function unwrap(token: Token): Token {
  const inner = token.quoted && token.key === null ? /^([a-z_]{1,40})[=:](\S*)$/.exec(token.text) : null
  if (inner === null || variableOfKey(inner[1] as string) === null) return token
  const text = inner[2] as string
  return { text, key: inner[1] as string, quoted: false, at: token.at + token.text.length - text.length }
}

/** The short keys of NGINX Amplify's main_ext format; `ua` is the user agent elsewhere. */
const AMPLIFY: ReadonlyMap<string, string> = new Map([
  ['sn', 'server_name'],
  ['rt', 'request_time'],
  ['ua', 'upstream_addr'],
  ['us', 'upstream_status'],
  ['ut', 'upstream_response_time'],
  ['ul', 'upstream_response_length'],
  ['cs', 'upstream_cache_status'],
])
/** Short keys that mean several things. */
function byValue({ key, text }: Token): string | null {
  if (key === 'cs' && formName(text) === 'upstream_cache_status') return 'upstream_cache_status'
  return key === 'ua' && isPeers(text) ? 'upstream_addr' : null
}
const NOTHING: ReadonlyMap<string, string> = new Map()

const SECONDS = /^(?:\d{1,12}\.\d{3}|-)(?:(?:, | : )(?:\d{1,12}\.\d{3}|-))*$/

/** Gives every token a variable's name, in order. `taken` are the names of what stands before; none is given twice. */
export function nameTail(tokens: readonly Token[], taken: readonly string[]): { names: string[]; values: string[] } {
  const short = tokens.some(({ key }) => key === 'us') ? AMPLIFY : NOTHING
  const keys = new Set(taken)
  const names: (string | null)[] = tokens.map((token) => {
    if (token.key === null) return null
    // Keys come from the log: a name that only differs in case or dashes is the same variable.
    const own = token.key.toLowerCase().replace(/[^a-z0-9]+/g, '_')
    const name = short.get(token.key) ?? byValue(token) ?? variableOfKey(token.key) ?? own
    const given = keys.has(name) ? own : name
    if (keys.has(given)) return null
    keys.add(given)
    return given
  })
  const free = (i: number): boolean => names[i] === null
  const texts = tokens.flatMap(({ text, quoted }, i) => (quoted && free(i) && !/^\d+\.\d{3}\b/.test(text) ? [i] : []))
  // Where everything is in quotes, so is the size.
  if (texts[0] === 0 && /^\d+$/.test(tokens[0]?.text ?? '')) names[texts.shift() as number] = 'body_bytes_sent'
  const size = tokens.findIndex(({ text, quoted }, i) => !quoted && free(i) && /^(?:\d+|-)$/.test(text))
  if (size >= 0 && size < (texts[0] ?? Infinity) && !keys.has('body_bytes_sent') && !names.includes('body_bytes_sent'))
    names[size] = 'body_bytes_sent'
  const [referer, agent] = texts
  if (agent === undefined) {
    if (referer !== undefined) names[referer] = 'http_user_agent'
  } else {
    names[referer as number] = 'http_referer'
    names[agent] = 'http_user_agent'
  }
  const seen = new Set<string | null>([...taken, ...names])
  const name = (told: (token: Token) => string | null): void =>
    tokens.forEach((token, i) => {
      const variable = free(i) ? told(token) : null
      if (variable === null || seen.has(variable)) return
      names[i] = variable
      seen.add(variable)
    })
  name(({ text, quoted }) => formName(text) ?? (quoted ? quotedName(text, seen) : bareName(text, seen)))
  name(({ text, quoted }) => (quoted && (text === '-' || text === '') ? 'http_x_forwarded_for' : null))
  nameSeconds(tokens, names, seen)
  let unnamed = taken.filter((name) => name.startsWith('unnamed_')).length
  return { names: names.map((name) => name ?? `unnamed_${++unnamed}`), values: tokens.map(({ text }) => text) }
}

const TLS = /^(?:TLSv1(?:\.[123])?|SSLv[23])$/
const CIPHER = /^(?:TLS_[A-Z0-9_]{6,60}|(?:[A-Z0-9]{2,12}-){1,7}(?:SHA(?:256|384)?|MD5|POLY1305|CCM8?))$/
const CACHE = /^(?:HIT|MISS|BYPASS|EXPIRED|STALE|UPDATING|REVALIDATED|SCARCE)$/

/** What only one variable looks like, with quotes or without. */
function formName(text: string): string | null {
  if (text.length === 32 && /^[0-9a-f]{32}$/.test(text)) return 'request_id'
  if (text === 'http' || text === 'https') return 'scheme'
  const first = text.charCodeAt(0)
  const digit = first >= 48 && first <= 57
  if (text.length > 80 || !(digit || (first >= 65 && first <= 90))) return null
  if (digit) return text.includes('-') && CIPHER.test(text) ? 'ssl_cipher' : null
  if (TLS.test(text)) return 'ssl_protocol'
  return CACHE.test(text) ? 'upstream_cache_status' : CIPHER.test(text) ? 'ssl_cipher' : null
}

function quotedName(text: string, seen: ReadonlySet<string | null>): string | null {
  if (text.length < 2000 && text.split(/, ?/).every(isAddress)) return 'http_x_forwarded_for'
  if (/^\d{1,9}\.\d\d$/.test(text)) return 'gzip_ratio'
  return upstreamName(text, seen)
}

function bareName(text: string, seen: ReadonlySet<string | null>): string | null {
  if (text === '.' || text === 'p') return 'pipe'
  if (text.length < 2000 && text.split(/, ?/).every(isAddress)) return 'http_x_forwarded_for'
  if (/^(?=[^.]*[A-Za-z])[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?::\d{1,5})?$/.test(text)) return 'host'
  return upstreamName(text, seen)
}

function isPeers(text: string): boolean {
  PEERS.lastIndex = 0
  return PEERS.test(text) && PEERS.lastIndex === text.length
}

function upstreamName(text: string, seen: ReadonlySet<string | null>): string | null {
  if (isPeers(text)) return 'upstream_addr'
  const statuses = /^(?:\d{3}|-)(?:(?:, | : )(?:\d{3}|-)){0,40}$/.test(text) && text !== '-'
  return statuses && seen.has('upstream_addr') ? 'upstream_status' : null
}

/** Unnamed times are, in the order people log them, the request's and the backend's; with four of them, connect and
 *  header time lie between. Any other number of them says only what the first one is. */
function nameSeconds(tokens: readonly Token[], names: (string | null)[], seen: ReadonlySet<string | null>): void {
  if (seen.has('request_time')) return
  const times = tokens.flatMap(({ text }, i) => (names[i] === null && SECONDS.test(text) ? [i] : []))
  const first = times.findIndex((i) => /^\d+\.\d{3}$/.test(tokens[i]?.text ?? ''))
  if (first < 0) return
  const after = times.slice(first + 1)
  names[times[first] as number] = 'request_time'
  const backend =
    after.length === 1
      ? ['upstream_response_time']
      : after.length === 3
        ? ['upstream_connect_time', 'upstream_header_time', 'upstream_response_time']
        : []
  backend.forEach((name, k) => {
    if (!names.includes(name)) names[after[k] as number] = name
  })
}
