/** Which entries were seen before: by everything that decides their event and its place. A lookup touches no object and
 *  allocates nothing; what is learned is checked once, as text. */
import { mayQuote } from '../../parsers/nginx/error-message.ts'
import { CONTEXT, ERROR, FILE, LEVEL, NUMBERS } from './entry-message.ts'
import type { ErrorLine } from './error-line.ts'
import { Interned } from './interned.ts'
import { hashOf } from './words.ts'

/** Distinct entries kept; who invents paths is read without this table. */
const MAX_ENTRIES = 1 << 15

export class ErrorTable {
  private readonly messages = new Interned(1 << 10)
  private readonly servers = new Interned(1 << 11)
  private readonly hosts = new Interned(1 << 11)
  private readonly upstreams = new Interned(1 << 11)
  /** By the key of the path, with the numbers of the other texts in its head. */
  private readonly entries = new Interned(MAX_ENTRIES)
  private readonly values = new Int32Array(MAX_ENTRIES + 1)
  private hash = 0

  /** The value kept for such an entry; -1 when there is none. */
  find(view: DataView, line: ErrorLine): number {
    if (!this.identify(view, line, false)) return -1
    const { path } = line
    const entry = this.entries.find(path.view, 0, path.length, this.hash)
    return entry === 0 ? -1 : (this.values[entry] as number)
  }

  /** The number of the line's message; 0 when it has none. With one a parser certainly reads the line. */
  messageOf({ message }: ErrorLine): number {
    return this.messages.find(message.view, message.at, message.length, message.hash, message.tag)
  }

  /** Keeps a value for such entries, when there is room. Their message must have a number. */
  keep(view: DataView, line: ErrorLine, value: number): void {
    if (!this.identify(view, line, true)) return
    const { path } = line
    const entry = this.entries.keep(path.view, 0, path.length, this.hash)
    if (entry > 0) this.values[entry] = value
  }

  /** Gives the message a number, while there is room, when it is certain where it ends. 0: it has none. */
  keepMessage(line: ErrorLine): number {
    const { message } = line
    if (!isCertain(line)) return 0
    return this.messages.keep(message.view, message.at, message.length, message.hash, message.tag)
  }

  clear(): void {
    for (const texts of [this.messages, this.servers, this.hosts, this.upstreams, this.entries]) texts.clear()
  }

  /** Makes the path's key that of the entry; false when a part of it is not known. */
  private identify(view: DataView, line: ErrorLine, keep: boolean): boolean {
    const { message, path } = line
    const said = number(this.messages, message.view, message.at, message.length, message.hash, message.tag, keep)
    const server = number(this.servers, view, line.server, line.serverLength, line.serverHash, 0, keep)
    const host = number(this.hosts, view, line.host, line.hostLength, line.hostHash, 0, keep)
    const upstream = number(this.upstreams, view, line.upstream, line.upstreamLength, line.upstreamHash, 0, keep)
    if ((said | server | host | upstream) < 0) return false
    const key = path.view
    key.setInt32(0, said)
    key.setInt32(4, server)
    key.setInt32(8, host)
    key.setInt32(12, upstream)
    key.setInt32(16, line.fields)
    this.hash = hashOf(key, 0, path.length)
    return true
  }
}

/** 0 for no text; -1 for one that is not known, or not kept for want of room. */
function number(
  texts: Interned,
  view: DataView,
  at: number,
  length: number,
  hash: number,
  tag: number,
  keep: boolean,
): number {
  if (length === 0) return 0
  const found = keep ? texts.keep(view, at, length, hash, tag) : texts.find(view, at, length, hash, tag)
  return found === 0 ? -1 : found
}

/** Whether the message ends where it was found to end, on this line: what it may quote cannot reach further. */
function isCertain({ message }: ErrorLine): boolean {
  if ((message.tag & FILE) !== 0) return true
  const text = message.text()
  if (/, (?:upstream|subrequest): "|, udp client: /.test(text)) return false
  return !mayQuote(text) || ((message.tag & CONTEXT) !== 0 && QUOTES_NOTHING.test(text))
}

/** They may quote what comes soon (FOREIGN in error-message.ts), and have no quote so soon. */
const QUOTES_NOTHING = /^(?:upstream|client) sent [^"]{52,}$/

/** Whether all such entries say the same. Numbers that were left out tell nothing in these messages, but could make an
 *  action of what is none behind ` while `, which counts from the level `error` on. */
export function speaksForOthers({ message }: ErrorLine, ordinary: boolean): boolean {
  if ((message.tag & NUMBERS) === 0) return true
  if (!ordinary) return (message.tag & CONTEXT) !== 0 && LIMITS.test(message.text())
  return (message.tag & LEVEL) < ERROR || !message.text().includes(' while ')
}

const LIMITS = /^limiting (?:requests, excess|connections by zone)/
