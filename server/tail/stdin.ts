/** `-`: standard input, until it ends. What was read and not committed when we die is gone. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Source, SourceOptions } from './contract.ts'
import type { SourceKind } from './kinds.ts'
import { LineQueue } from './line-queue.ts'
import { LineSplitter } from './line-splitter.ts'

/** As long as a chunk can be. */
const LINE_BYTES = 2 ** 20

/** Counts what came in all runs: one run's input is another's no continuation, but its lines are told apart. */
interface StdinPosition {
  received: number
}

export const stdin: SourceKind = {
  scheme: '-',
  live: true,
  find(name) {
    if (name === '-') return Promise.resolve([name])
    return Promise.reject(new Error(`"-" alone is standard input; a file of that name is ./${name}`))
  },
  open: (name, options) => readStream(name, process.stdin, options),
}

/** Reads lines from `stream` as they come; holds it back while commits are slower than it. */
export function readStream(path: string, stream: Readable, options: SourceOptions): Source {
  const { resume } = options
  let received = (resume?.position as StdinPosition | undefined)?.received ?? 0
  const start = {
    generation: resume?.generation ?? randomUUID(),
    seq: resume?.seq ?? 0,
    position: { received } satisfies StdinPosition,
    line: received + 1,
  }
  const queue = new LineQueue(options, start, { onRoom: () => stream.resume() })
  const lines = new LineSplitter(LINE_BYTES, {
    onLine: (line) => queue.push(line, { received: ++received } satisfies StdinPosition, false),
  })
  let done = false

  function take(bytes: Buffer): void {
    lines.push(bytes)
    if (queue.full) stream.pause()
  }
  function finish(state: 'idle' | 'unreadable', hint: string): void {
    if (done) return
    done = true
    lines.end()
    queue.flush(true)
    queue.show(state, hint)
  }
  const ended = (): void => finish('idle', 'ended: nothing more comes from standard input')
  const failed = (error: Error): void =>
    finish('unreadable', `standard input cannot be read any more: ${error.message}`)

  stream.on('data', take)
  stream.on('end', ended)
  stream.on('close', ended)
  stream.on('error', failed)
  return {
    path,
    poll() {
      queue.flush()
      return Promise.resolve()
    },
    status: () => queue.status(),
    close() {
      if (!done) lines.end()
      done = true
      stream.off('data', take)
      queue.close()
      stream.destroy()
      return Promise.resolve()
    },
  }
}
