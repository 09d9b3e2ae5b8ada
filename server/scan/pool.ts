/** Tasks for several threads. This thread reads too, and does all of it where no other can be started. */
import { Worker } from 'node:worker_threads'
import { builtFile } from './built.ts'
import type { InputError, ScanOptions } from './contract.ts'
import { keepMemorySmall } from './memory.ts'
import type { Range, TaskResult } from './task.ts'
import { pack, unpack, type Message } from './transfer.ts'

export type WorkerOptions = Pick<ScanOptions, 'format' | 'logFormat' | 'timezone' | 'since' | 'until'>

export interface WorkerData {
  options: WorkerOptions
  /** One 32-bit word: 1 when reading is to stop. */
  stop: SharedArrayBuffer
}

export interface ToWorker {
  id: number
  path: string
  name: string
  range: Range
}

export type FromWorker =
  | { type: 'progress'; id: number; done: number }
  | { type: 'refused'; id: number; error: InputError }
  | {
      type: 'done'
      id: number
      evidence: Message
      formats: [string, number][]
      firstMiss: string | null
      error: InputError | null
      whole: boolean
    }

export interface PoolTask extends ToWorker {
  /** Reads it in this thread; null when it is not begun any more. */
  here(): Promise<TaskResult | null>
  /** Another thread can open it: neither standard input nor a pipe. */
  elsewhere: boolean
  onProgress: (done: number) => void
}

/** The result of a range once it is known how many lines come before it in its file; NaN where that stays unknown. */
export type PoolResult = (lineOffset: number) => TaskResult

/** Runs all tasks, in `threads` threads at most. `onResult` is told of each that was begun, by its id, as it ends. */
export async function runTasks(
  tasks: readonly PoolTask[],
  threads: number,
  options: WorkerOptions,
  signal: AbortSignal | undefined,
  onResult: (id: number, result: PoolResult) => void,
): Promise<void> {
  const waiting = [...tasks]
  const stop = new SharedArrayBuffer(4)
  const onAbort = (): void => void Atomics.store(new Int32Array(stop), 0, 1)
  signal?.addEventListener('abort', onAbort)
  const file = threads > 1 ? builtFile('worker.cjs') : null
  const workers = file === null ? [] : Array.from({ length: threads - 1 }, () => new Thread(file, { options, stop }))
  // In their order, since results of later inputs wait for those before them. The first is this thread's: it needs no moving.
  let own = waiting.shift()
  const others = workers.map(async (worker) => {
    for (;;) {
      const at = waiting.findIndex(({ elsewhere }) => elsewhere)
      const task = at < 0 ? undefined : waiting.splice(at, 1)[0]
      if (task === undefined) break
      const result = await worker.run(task)
      if (result === null) {
        // The thread is gone: whoever is free reads its task from the beginning.
        waiting.unshift(task)
        break
      }
      // Its memory is free before its evidence is unpacked here.
      if (!waiting.some(({ elsewhere }) => elsewhere)) await worker.end()
      onResult(task.id, result)
    }
    await worker.end()
  })
  const here = async (): Promise<void> => {
    for (let task = own ?? waiting.shift(); task !== undefined; task = waiting.shift()) {
      own = undefined
      const result = await task.here()
      if (result === null) continue
      const { evidence, summary } = result
      const moved = (lineOffset: number): TaskResult => ({
        ...result,
        ...unpack(pack(evidence, summary), { lineOffset }),
      })
      onResult(task.id, (lineOffset) => (lineOffset === 0 ? result : moved(lineOffset)))
    }
  }
  await here()
  await Promise.all(others)
  await here()
  signal?.removeEventListener('abort', onAbort)
}

class Thread {
  private readonly worker: Worker
  private readonly gone: Promise<null>

  constructor(file: URL, data: WorkerData) {
    this.worker = new Worker(file, {
      workerData: data,
      // A scan allocates little (memory.ts).
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    })
    // A new isolate undoes it for all of them (V8's Heap::ConfigureHeap): 32 MB.
    this.worker.once('online', () => keepMemorySmall())
    this.gone = new Promise((resolve) => {
      this.worker.once('error', () => resolve(null)).once('exit', () => resolve(null))
    })
  }

  /** Null when the thread ended without a result. */
  run({ id, path, name, range, onProgress }: PoolTask): Promise<PoolResult | null> {
    const answer = new Promise<PoolResult>((resolve, reject) => {
      const on = (message: FromWorker): void => {
        if (message.type === 'progress') return onProgress(message.done)
        this.worker.off('message', on)
        if (message.type === 'refused') return reject(new Refused(message.error))
        const { evidence, formats, firstMiss, error, whole } = message
        resolve((lineOffset) => ({
          ...unpack(evidence, { lineOffset }),
          formats: new Map(formats),
          firstMiss,
          error,
          whole,
        }))
      }
      this.worker.on('message', on)
      this.worker.postMessage({ id, path, name, range } satisfies ToWorker)
    })
    // What cannot be opened there is tried here, where its error is told.
    return Promise.race([answer, this.gone]).catch(() => null)
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}

class Refused extends Error {
  constructor({ message }: InputError) {
    super(message)
  }
}
