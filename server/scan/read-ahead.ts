/** Reads a stream ahead of its consumer, by a bounded number of bytes: unpacking, or the program at the other end of a
 *  pipe, goes on while the scan is busy with what came before. */
import type { Readable } from 'node:stream'

/** Waiting bytes at which the stream is held back. More is no faster (measured) and adds to the peak of memory. */
const LIMIT = 1 << 20
/** The streams only move when the event loop turns, and a consumer that finds everything ready never lets it. */
const BYTES_PER_TURN = 256 * 1024

export class ReadAhead {
  private readonly stream: Readable
  private readonly waiting: Buffer[] = []
  private size = 0
  private ended = false
  private error: Error | null = null
  private wake: () => void = () => undefined
  private room: () => void = () => undefined

  /** The stream belongs to this object from now on; its owner still has to destroy it. */
  constructor(stream: Readable) {
    this.stream = stream
    stream.on('data', (piece: Buffer) => {
      this.waiting.push(piece)
      this.size += piece.length
      if (this.size >= LIMIT) stream.pause()
      this.wake()
    })
    const end = (error?: Error): void => {
      this.error ??= error ?? null
      this.ended = true
      this.wake()
      this.room()
    }
    stream.on('error', end)
    stream.on('end', () => end())
    // Destroyed by its owner: there will be no 'end'.
    stream.on('close', () => end())
  }

  /** Everything that arrives, once and in order; a piece is the consumer's to keep. Throws the stream's error after
   *  the last piece before it. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let turn = 0; ;) {
      const piece = this.waiting.shift()
      if (piece !== undefined) {
        this.size -= piece.length
        if (this.size < LIMIT) this.goOn()
        yield piece
        turn += piece.length
        if (turn < BYTES_PER_TURN) continue
        turn = 0
        await new Promise(setImmediate)
      } else if (this.ended) break
      else await new Promise<void>((resolve) => (this.wake = resolve))
    }
    if (this.error) throw this.error
  }

  /** Resolves when less than the limit waits. A stream that fails loses what it holds back, so nothing that may fail
   *  is to be written to it before. */
  whenRoom(): Promise<void> {
    if (this.size < LIMIT || this.ended) return Promise.resolve()
    return new Promise((resolve) => (this.room = resolve))
  }

  private goOn(): void {
    if (this.stream.isPaused()) this.stream.resume()
    this.room()
  }
}
