/** Access lines in which only the request line tells where it is: fields between `[time]` and the request, the status
 *  before it, separators other than blanks, everything in quotes. The request line, a stamp and a status must be there;
 *  around them every field is a token that is named by its form. */
import { isAddress } from './access-keys.ts'
import { readPrefix } from './access-prefix.ts'
import { nameTail, tailTokens, type Token } from './access-tail.ts'
import type { Named } from './json-format.ts'
import { closingQuote } from './unescape.ts'

/** Any method that nginx takes: else a visitor's user agent could stand in for a request that is not found. */
const METHOD = '[A-Z][A-Z_-]{0,31}'
const QUOTED = new RegExp(String.raw`(?<![^\s|,;([])"(${METHOD} [^\s"][^"]{0,8190} HTTP\/\d(?:\.\d)?)"`, 'g')
/** Without quotes its end is its protocol. */
const BARE = new RegExp(String.raw`(?<=[\t|\] ,;])${METHOD} [^\s"]{1,8190} HTTP\/\d(?:\.\d)?(?=[\s|,;]|$)`)
const CLF = String.raw`\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4}| GMT| UTC)?`
const ISO = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`
const STAMP = new RegExp(String.raw`["[]?(${CLF}|${ISO}|\d{10}\.\d{3})(?![\w.+-])["\]]?`)
const CLF_ONLY = new RegExp(`^(?:${CLF})$`)
const STATUS = /^[1-5]\d\d$/
/** Behind the request there may be a name and a time or two in front of the status. */
const STATUS_WITHIN = 4
/** Lists such as X-Forwarded-For are the longest things before a request. */
const MAX_BEFORE = 2000
/** An application's line about a request. */
const LEVEL = /(?:^|[\s[|])(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|TRACE)(?=$|[\s\]:|])/i

/** HAProxy's timers, `0/0/1/2/60004`, between its stamp and the request. */
const HAPROXY = / [-+]?\d{1,10}(?:\/[-+]?\d{1,10}){4} /

/** Names and values, or null when it is no such line. */
export function freeLayout(line: string): Named | null {
  if (line[0] === '{') return null
  const at = requestAt(line)
  if (at === null || at.start > MAX_BEFORE) return null
  const before = line.slice(0, at.start)
  const behind = line.slice(at.end)
  if (LEVEL.test(before) || HAPROXY.test(before)) return null
  const stamp = STAMP.exec(before) ?? STAMP.exec(behind.slice(0, MAX_BEFORE))
  if (stamp === null || (at.malformed && !CLF_ONLY.test(stamp[1] as string))) return null
  const around = (text: string): [string, string] => [
    text.slice(0, stamp.index),
    text.slice(stamp.index + stamp[0].length),
  ]
  const inFront = stamp.input === before
  const cell = /[\t|]$/.exec(before)?.[0] ?? null
  const head = readHead(inFront ? around(before) : [before])
  const rest = inFront ? behind : around(behind).join(' ')
  const tail = cell === null ? tailTokens(rest, 0) : cells(rest, cell)
  if (head === null || tail === null) return null
  const names = [...head.names, 'time_local', 'request']
  const values = [...head.values, stamp[1] as string, at.text]
  if (!head.names.includes('status')) {
    const status = tail
      .slice(0, STATUS_WITHIN)
      .findIndex(({ text, key }) => STATUS.test(text) && (key ?? 'status') === 'status')
    if (status < 0) return null
    names.push('status')
    values.push((tail.splice(status, 1)[0] as Token).text)
  }
  const named = nameTail(tail, names)
  return { names: [...names, ...named.names], values: [...values, ...named.values] }
}

interface Found {
  start: number
  end: number
  text: string
  malformed: boolean
}

/** Where the request line is. One that nginx refused is anything in quotes: it is the first thing in quotes behind a
 *  stamp, and its status follows at once. */
function requestAt(line: string): Found | null {
  const found = line.includes(' HTTP/') ? (quotedRequest(line) ?? BARE.exec(line)) : null
  if (found !== null)
    return { start: found.index, end: found.index + found[0].length, text: found[1] ?? found[0], malformed: false }
  const stamp = STAMP.exec(line.slice(0, MAX_BEFORE))
  if (stamp === null) return null
  const start = line.indexOf('"', stamp.index + stamp[0].length)
  const end = start < 0 ? -1 : closingQuote(line, start + 1)
  if (end < 0 || !/^ [1-5]\d\d(?: |$)/.test(line.slice(end + 1, end + 6))) return null
  return { start, end: end + 1, text: line.slice(start + 1, end), malformed: true }
}

/** The leftmost one, since what else clients send mostly stands behind it; the one with a status behind it, since
 *  X-Forwarded-For may stand before. */
function quotedRequest(line: string): RegExpExecArray | null {
  QUOTED.lastIndex = 0
  const first = QUOTED.exec(line)
  for (let at = first, tries = 0; at !== null && tries < 8; at = QUOTED.exec(line), tries++)
    if (/^[ |,;\t]"?[1-5]\d\d(?!\d)/.test(line.slice(QUOTED.lastIndex, QUOTED.lastIndex + 6))) return at
  return first
}

/** Fields between `|` or tabs hold blanks. All but numbers count as text: the Referer and the user agent are found by
 *  their places. */
function cells(text: string, separator: string): Token[] {
  return text
    .split(separator)
    .slice(1)
    .map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    .map((cell) => ({ text: cell, key: null, quoted: !/^\d+(?:\.\d+)?$/.test(cell), at: 0 }))
    .slice(0, 60)
}

/** What stands before the request line: before a stamp and behind it. */
function readHead(parts: readonly string[]): Named | null {
  const named: Named = { names: [], values: [] }
  for (const [i, part] of parts.entries()) {
    const text = part
      .replace(/^[\s|,;]+/, '')
      .trimEnd()
      .replace(/(?:[|,;]\s*)+$/, '')
    if (text === '') continue
    const prefix = i === 0 && parts.length > 1 && !/["|,;\t]/.test(text) ? readPrefix(text) : null
    const tokens = prefix === null ? tailTokens(text, 0) : []
    if (tokens === null) return null
    named.names.push(...(prefix?.names ?? []))
    named.values.push(...(prefix?.values ?? []))
    for (const token of tokens) {
      const name = headName(token, named.names)
      if (name === null) continue
      named.names.push(name)
      named.values.push(token.text)
    }
  }
  return named
}

const HOST = /^(?=.*[A-Za-z_])[\w.-]{1,255}(?::\d{1,5})?$/

/** Null for separators (`-`, `:`), which say nothing. */
function headName({ text, key }: Token, taken: readonly string[]): string | null {
  const free = (name: string): boolean => !taken.includes(name)
  const unnamed = `unnamed_${taken.filter((name) => name.startsWith('unnamed_')).length + 1}`
  if (key !== null) {
    const name = key.toLowerCase().replace(/[^a-z0-9]+/g, '_')
    return free(name) ? name : unnamed
  }
  if (!/[A-Za-z0-9_]/.test(text) && !isAddress(text)) return null
  const wanted: string[] = []
  if (isAddress(text)) wanted.push('remote_addr', 'http_x_forwarded_for')
  else if (text.includes(',') && text.split(/, ?/).every(isAddress)) wanted.push('http_x_forwarded_for')
  else if (STATUS.test(text)) wanted.push('status')
  else if (/^\d{1,9}\.\d{3}$/.test(text)) wanted.push('request_time')
  else if (/^https?$/.test(text)) wanted.push('scheme')
  else if (/^[^\s@,]{1,64}@[\w.-]{1,255}$/.test(text)) wanted.push('remote_user')
  // Behind the address a bare word is the user; names with a point in them and `_`, the catch-all server's, are hosts.
  else if (HOST.test(text)) {
    const name = text.includes('.') || text === '_' || !taken.includes('remote_addr')
    wanted.push(...(name ? ['host', 'remote_user'] : ['remote_user', 'host']))
  }
  return wanted.find(free) ?? unnamed
}
