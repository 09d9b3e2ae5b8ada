/** Messages in a TCP stream (RFC 6587): each with its length in front (§3.4.1) or with a line feed behind (§3.4.2). Senders
 *  mix them, so every message is looked at for itself. */
import { Held } from '../line-splitter.ts'
import { MESSAGE_BYTES } from './receiver.ts'

const LINE_FEED = 10
const SPACE = 32
const LESS_THAN = 60
/** A length of more digits is no length. */
const MAX_DIGITS = 7

export interface FrameEvents {
  /** `cut`: it was longer than MESSAGE_BYTES, or the connection ended within it. */
  onMessage(message: Buffer, cut: boolean): void
}

export class FrameReader {
  private readonly events: FrameEvents
  private readonly held = new Held(MESSAGE_BYTES)
  /** `start`: before a message or within its length; `counted`: `left` bytes are missing; `line`: up to a line feed. */
  private state: 'start' | 'counted' | 'line' = 'start'
  private prefix = ''
  private left = 0

  constructor(events: FrameEvents) {
    this.events = events
  }

  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.state === 'start') at = this.begin(bytes, at)
      else if (this.state === 'counted') at = this.count(bytes, at)
      else at = this.line(bytes, at)
    }
  }

  /** The connection ended. What has no line feed yet may be whole; what has less than its length is not. */
  end(): void {
    const broken = this.state === 'counted'
    this.holdPrefix()
    if (!this.held.empty) this.finish(broken)
  }

  /** One byte: of the length, or the first of a message. */
  private begin(bytes: Buffer, at: number): number {
    const byte = bytes[at] as number
    const { prefix } = this
    if (prefix.endsWith(' ')) {
      // RFC 6587 wants a priority behind the length; without it the digits are text.
      if (byte === LESS_THAN) this.startCounted(Number(prefix))
      else this.startLine()
      return at
    }
    const isDigit = byte >= 48 && byte <= 57 && (prefix !== '' || byte !== 48)
    if ((isDigit && prefix.length < MAX_DIGITS) || (byte === SPACE && prefix !== '')) {
      this.prefix += String.fromCharCode(byte)
      return at + 1
    }
    // Some senders put a line feed or a NUL behind a counted message as well.
    if (prefix === '' && (byte === LINE_FEED || byte === 13 || byte === 0)) return at + 1
    this.startLine()
    return at
  }

  private startCounted(length: number): void {
    this.state = 'counted'
    this.left = length
    this.prefix = ''
  }

  private startLine(): void {
    this.state = 'line'
    this.holdPrefix()
  }

  /** Digits that turned out to be text. */
  private holdPrefix(): void {
    if (this.prefix !== '') this.held.add(Buffer.from(this.prefix, 'latin1'))
    this.prefix = ''
  }

  private count(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.left)
    this.left -= end - at
    this.add(bytes.subarray(at, end), this.left === 0)
    return end
  }

  private line(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(LINE_FEED, at)
    this.add(bytes.subarray(at, feed === -1 ? bytes.length : feed), feed !== -1)
    return feed === -1 ? bytes.length : feed + 1
  }

  private add(bytes: Buffer, ends: boolean): void {
    if (ends && this.held.empty && bytes.length <= MESSAGE_BYTES) {
      // Most messages lie within one segment and need no copy.
      this.state = 'start'
      this.events.onMessage(bytes, false)
      return
    }
    this.held.add(bytes)
    if (ends) this.finish(false)
  }

  private finish(broken: boolean): void {
    const cut = broken || this.held.cut
    this.state = 'start'
    this.left = 0
    this.events.onMessage(this.held.take(), cut)
  }
}
