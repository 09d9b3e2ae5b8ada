/** Bytes of one connection, pulled when wanted: what the other side sends is bounded by what is asked for, and how long it
 *  takes by one deadline, however slowly the bytes come. */
import type { Duplex } from 'node:stream'

/** Why no more bytes came. */
export type Ending = { kind: 'closed' | 'timeout' | 'stopped' } | { kind: 'error'; code: string }

export class Wire {
  readonly stream: Duplex
  #signal: AbortSignal | null
  #rest: Buffer[] = []
  #ended: Ending | null = null
  #wake: () => void = () => undefined

  /** @param signal ends every waiting at once. */
  constructor(stream: Duplex, signal: AbortSignal | null = null) {
    this.stream = stream
    this.#signal = signal
    const ended = (ending: Ending) => (): void => {
      this.#ended ??= ending
      this.#wake()
    }
    stream.on('error', (error: NodeJS.ErrnoException) => ended({ kind: 'error', code: codeOf(error) })())
    stream.on('end', ended({ kind: 'closed' })).on('close', ended({ kind: 'closed' }))
    // With this listener bytes are pulled: the stream reads ahead by no more than its high-water mark.
    stream.on('readable', () => this.#wake())
  }

  write(bytes: string | Uint8Array): void {
    if (this.stream.writable) this.stream.write(bytes)
  }

  /** Bytes that were read too far come again first. */
  putBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#rest.unshift(bytes)
  }

  /** Some bytes, or why there are none. @param deadline on the clock of `performance.now()`. */
  async next(deadline: number): Promise<Buffer | Ending> {
    const kept = this.#rest.shift()
    if (kept) return kept
    for (;;) {
      if (this.#signal?.aborted) return { kind: 'stopped' }
      const chunk = this.stream.read() as Buffer | null
      if (chunk !== null) return chunk
      if (this.#ended) return this.#ended
      const left = deadline - performance.now()
      if (left <= 0) return { kind: 'timeout' }
      await this.#change(left)
    }
  }

  close(): void {
    this.stream.destroy()
  }

  /** Resolves when the stream has something to say, the time is over, or the probe is stopped. */
  async #change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = () => undefined
        this.#signal?.removeEventListener('abort', done)
        resolve()
      }
      // setTimeout takes at most so much and fires at once for more.
      const timer = setTimeout(done, Math.min(Math.max(ms, 1), 2 ** 31 - 1))
      this.#wake = done
      this.#signal?.addEventListener('abort', done)
    })
  }
}

export const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message

/** For people. */
export function endingText(ending: Ending): string {
  switch (ending.kind) {
    case 'closed':
      return 'the connection was closed'
    case 'timeout':
      return 'nothing more came in time'
    case 'stopped':
      return 'stopped'
    case 'error':
      return ending.code === 'ECONNRESET' ? 'the connection was reset' : `the connection failed (${ending.code})`
  }
}
