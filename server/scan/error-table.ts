/** Which entries were seen before: by everything that decides their event and its place. A lookup touches no object and
 *  allocates nothing; what is learned is checked once, as text. */
import { mayQuote } from '../../parsers/nginx/error-message.ts'
import { CONTEXT, FILE, NUMBERS } from './entry-message.ts'
import type { ErrorLine } from './error-line.ts'
import { Interned } from './interned.ts'
import { hashOf, mix } from './words.ts'

/** Distinct entries kept; who invents paths is read without this table. */
const MAX_ENTRIES = 1 << 15

export class ErrorTable {
  private readonly messages = new Interned(1 << 10)
  private readonly servers = new Interned(1 << 11)
  private readonly hosts = new Interned(1 << 11)
  private readonly upstreams = new Interned(1 << 11)
  /** Message, server, host, upstream of an entry as one number, and its path as text. */
  private readonly places = new Interned(1 << 13)
  private readonly entries = new Interned(MAX_ENTRIES)
  private readonly values = new Int32Array(MAX_ENTRIES + 1)
  private readonly key = new DataView(new ArrayBuffer(16))

  /** The value kept for such an entry; -1 when there is none. */
  find(view: DataView, line: ErrorLine): number {
    const place = this.place(view, line, false)
    if (place === 0) return -1
    const { path } = line
    const entry = this.entries.find(path.view, 0, path.length, mix(hashOf(path.view, 0, path.length), place), place)
    return entry === 0 ? -1 : (this.values[entry] as number)
  }

  /** Whether the message of the line is known, so that a parser certainly reads the line. */
  knows({ message }: ErrorLine): boolean {
    return this.messages.find(message.view, message.at, message.length, message.hash, message.tag) > 0
  }

  /** Keeps a value for such entries, when there is room. */
  keep(view: DataView, line: ErrorLine, value: number): void {
    const { path } = line
    if (!isCertain(line)) return
    const place = this.place(view, line, true)
    if (place === 0) return
    const entry = this.entries.keep(path.view, 0, path.length, mix(hashOf(path.view, 0, path.length), place), place)
    if (entry > 0) this.values[entry] = value
  }

  /** The same for the message alone. */
  keepMessage(line: ErrorLine): void {
    const { message } = line
    if (isCertain(line)) this.messages.keep(message.view, message.at, message.length, message.hash, message.tag)
  }

  clear(): void {
    for (const texts of [this.messages, this.servers, this.hosts, this.upstreams, this.places, this.entries])
      texts.clear()
  }

  /** The number of everything but the path; 0 when it has none. */
  private place(view: DataView, line: ErrorLine, keep: boolean): number {
    const { key } = this
    const { message } = line
    const said = number(this.messages, message.view, message.at, message.length, message.hash, message.tag, keep)
    const server = number(this.servers, view, line.server, line.serverLength, line.serverHash, 0, keep)
    const host = number(this.hosts, view, line.host, line.hostLength, line.hostHash, 0, keep)
    const upstream = number(this.upstreams, view, line.upstream, line.upstreamLength, line.upstreamHash, 0, keep)
    if ((said | server | host | upstream) < 0) return 0
    key.setInt32(0, said)
    key.setInt32(4, server)
    key.setInt32(8, host)
    key.setInt32(12, upstream)
    const hash = mix(mix(mix(mix(line.fields, said), server), host), upstream)
    return keep ? this.places.keep(key, 0, 16, hash, line.fields) : this.places.find(key, 0, 16, hash, line.fields)
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

/** Whether all such entries say the same, for one that made an event. */
export const speaksForOthers = ({ message }: ErrorLine): boolean =>
  (message.tag & NUMBERS) === 0 || ((message.tag & CONTEXT) !== 0 && LIMITS.test(message.text()))

const LIMITS = /^limiting (?:requests, excess|connections by zone)/
