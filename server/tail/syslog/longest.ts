/** Messages that were cut on their way carry no mark of it, but they end where somebody's buffer did. */
import { count } from './receiver.ts'

/** What must be taken (RFC 3164 §4.1: 1024 bytes; RFC 5424 §6.1: 2048), a page, rsyslog's $MaxMessageSize (8k); one byte
 *  less where a NUL ends the buffer. */
const BUFFERS: ReadonlySet<number> = new Set([1024, 2048, 4096, 8192].flatMap((size) => [size - 1, size]))

export class Longest {
  private size = 0
  private times = 0

  /** @param size of a message, bytes */
  add(size: number): void {
    if (size < this.size) return
    this.times = size === this.size ? this.times + 1 : 1
    this.size = size
  }

  /** Words for a person; null when nothing seems to be cut: had there been a longer message, nobody would cut here. */
  note(): string | null {
    if (!BUFFERS.has(this.size)) return null
    const size = this.size.toLocaleString('en')
    return `${count(this.times, 'message')} of ${size} bytes, and none longer: probably cut by the sender or a relay`
  }
}
