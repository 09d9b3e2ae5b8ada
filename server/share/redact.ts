/** A report for strangers: addresses, host names, users, mail addresses, ids and values of queries are replaced, the same one
 *  by the same word everywhere, so that what belongs together can still be seen. Credentials are masked once more: not every
 *  text comes from where they were masked before. What merely looks like a host name goes too: a word too many is better than a name. */
import type { Report } from '../diagnosis/contract.ts'
import { withoutCredentials, type Mask } from './credentials.ts'
import { KnownNames } from './known-names.ts'

const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\.\d)/g
// Seven colons, or two next to each other: a clock has neither.
const IPV6 =
  /(?<![\w:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?![\w:])/gi
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?)$/
// A local part has 64 characters at most (RFC 5321, 4.5.3.1.1). Without a bound a long word without @ is read once per character.
const MAIL = /[\p{L}\p{N}_.+-]{1,64}(?:@|%40)[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+/giu
const ID = /(?<![\w-])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,})(?![\w-])/gi
const QUERY = /([?&][\w.%[\]-]{1,60}=['`]?)(?!\[)[^&\s"'#`]+/g
/** A query without a name: an opaque value, as some sockets have it. */
const BARE_QUERY = /(?<=[\w/]\?)(?!\[)[^=&\s"'#?]{6,}(?=[\s"'&#]|$)/g
const HOME = /(\/(?:home|Users)\/)[^/\s"']+/g
/** Of nginx's auth_basic, and of logs in JSON. */
const NAMED_USER = /(\buser "|"remote_user"\s{0,9}:\s{0,9}")[^"\n]{1,300}/g
/** `$remote_user` of access logs: at the start of a line, and before a time wherever that stands (behind a container's name). */
const USER = /^(\S+ - )(?!- \[)([^\s[]+)( \[)/gm
const TIMED_USER = /( - )(?!- \[)[^[\n]{1,100}?( \[\d\d\/\w{3}\/)/g
/** Names that stand where only a name can stand, dots or not. */
const NAMED =
  /(?:\bserver: |\bhost: "|\b(?:https?|wss?):\/\/|\bserver_name\s+|\bresolved? )([\p{L}\p{N}][\p{L}\p{N}.-]*)/gu
// From the start of a word only, however long its labels are: else a long row of them is read once per letter.
const DOTTED = /(?<![\p{L}\p{N}\w./-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\w-])/gu

/** What ends like a name and is a file, and names that tell nothing of anybody. */
const FILES =
  /\.(?:log|conf|gz|zst|bz2|js|mjs|ts|css|html?|json|ya?ml|php|py|go|rb|sh|so|sock|txt|md|pem|key|crt|map|ico|png|svg)$/i
const OPEN = /^(?:localhost|nginx|(?:www\.)?nginx\.org|_|server|host|upstream|backend|http|https)$/i

export type Redact = (text: string) => string

/** Numbers are given in the order of appearance; one redactor per report.
 *  @param mask of credentials in log texts; handed in, for share imports nothing */
export function redactor(mask: Mask): Redact {
  const given = new Map<string, string>()
  const words = { address: 0, host: 0 }
  const as = (kind: keyof typeof words, value: string): string => {
    const key = `${kind} ${value.toLowerCase()}`
    const known = given.get(key)
    if (known !== undefined) return known
    words[kind] += 1
    const word = kind === 'address' ? `[address-${words.address}]` : `host-${words.host}.example`
    given.set(key, word)
    return word
  }
  const host = (name: string): string => {
    const bare = name.replace(/(?<!\.)\.+$/, '')
    return OPEN.test(bare) || FILES.test(bare) || /^[\d.]+$/.test(bare) || /^host-\d+\.example$/.test(bare)
      ? name
      : as('host', bare)
  }
  const known = new KnownNames()
  return (text) => {
    const out = withoutCredentials(text, mask)
      .replace(MAIL, '[mail]')
      .replace(HOME, '$1[user]')
      .replace(USER, '$1[user]$3')
      .replace(TIMED_USER, '$1[user]$2')
      .replace(NAMED_USER, '$1[user]')
      .replace(QUERY, '$1…')
      .replace(BARE_QUERY, '…')
      .replace(ID, '[id]')
    for (const [, name = ''] of out.matchAll(NAMED)) if (host(name) !== name) known.add(name, host(name))
    return known
      .replaced(out)
      .replace(NAMED, (found, name: string) => found.slice(0, -name.length) + host(name))
      .replace(DOTTED, host)
      .replace(IPV4, (found) => (LOOPBACK.test(found) ? found : as('address', found)))
      .replace(IPV6, (found) => (LOOPBACK.test(found) ? found : as('address', found)))
  }
}

const NOT_TEXT = new Set(['id', 'cause', 'severity', 'layer', 'first_seen', 'last_seen', 'since', 'reason'])

interface Scoped {
  scope: { server: string | null }
}

/** Every text in it, with the same words. The scope goes first: its server is a name whatever it looks like. */
export function redactFindings<T extends Scoped>(findings: readonly T[], mask: Mask): T[] {
  return redacted([...findings], withoutFolders(foldersIn(findings), redactorFor(findings, mask)))
}

/** The same for all a report holds; files are named without their folders. */
export function redactReport(report: Report, mask: Mask): Report {
  const redact = withoutFolders(foldersIn(report), redactorFor(report.findings, mask))
  const { inputs, not_read, read, findings, blind_spots, ...rest } = report
  const name = (path: string): string => redact(lastPart(path))
  return {
    ...rest,
    inputs: inputs.map((input) => ({
      ...input,
      path: name(input.path),
      unparsed_samples: redacted(input.unparsed_samples, redact),
    })),
    ...(not_read === undefined
      ? {}
      : {
          not_read: not_read.map(({ path, reason }) => ({
            path: name(path),
            reason: redact(reason.replaceAll(path, lastPart(path))),
          })),
        }),
    ...(read === undefined ? {} : { read: { ...read, inputs_left: read.inputs_left.map(name) } }),
    findings: redacted(findings, redact),
    blind_spots: redacted(blind_spots, redact),
  }
}

function redactorFor(findings: readonly Scoped[], mask: Mask): Redact {
  const redact = redactor(mask)
  for (const { scope } of findings) if (scope.server !== null) redact(`server: ${scope.server}`)
  return redact
}

/** Where everybody has them. */
const USUAL = /^\/(?:etc|var\/log|usr|data\/nginx|config)(?:\/|$)/

/** Of every file that is named as one, those that may tell of somebody; the longest first. */
function foldersIn(value: unknown): string[] {
  const all = new Set<string>()
  const walk = (one: unknown, key: string): void => {
    if (typeof one === 'string') {
      if (!IS_FILE.has(key) || !one.startsWith('/') || USUAL.test(one)) return
      // And those that it is in: a configuration is mostly near its logs.
      const names = one.split('/').slice(1, -1)
      for (let depth = names.length; depth >= 2 && all.size < MOST_FOLDERS; depth--)
        all.add(`/${names.slice(0, depth).join('/')}`)
    } else if (Array.isArray(one)) for (const each of one) walk(each, key)
    // The path of a scope is that of a request.
    else if (typeof one === 'object' && one !== null && key !== 'scope')
      for (const name in one) walk(one[name as keyof typeof one], name)
  }
  walk(value, '')
  return [...all].sort((a, b) => b.length - a.length)
}
/** Each is looked for in every text. */
const MOST_FOLDERS = 50
const IS_FILE = new Set(['source', 'file', 'path'])

/** Commands, diffs and reasons name folders as well. */
function withoutFolders(folders: readonly string[], redact: Redact): Redact {
  return (text) => {
    let out = text
    for (const folder of folders)
      out = out.replaceAll(`${folder}/`, '').replaceAll(folder, '[folder]').replaceAll(folder.slice(1), '[folder]')
    return redact(out)
  }
}

const lastPart = (path: string): string => path.split('/').at(-1) ?? path

function redacted<T>(value: T, redact: Redact): T {
  const deep = (one: unknown, key: string): unknown => {
    if (typeof one === 'string') {
      if (NOT_TEXT.has(key)) return one
      return redact(key === 'source' || key === 'file' ? lastPart(one) : one)
    }
    if (Array.isArray(one)) return one.map((each) => deep(each, key))
    if (typeof one === 'object' && one !== null)
      return Object.fromEntries(Object.entries(one).map(([name, each]) => [name, deep(each, name)]))
    return one
  }
  return deep(value, '') as T
}
