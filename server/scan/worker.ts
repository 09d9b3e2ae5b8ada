/** A thread that reads tasks (pool.ts). */
import { parentPort, workerData } from 'node:worker_threads'
import { choose } from './choose.ts'
import { openInput } from './open-input.ts'
import type { FromWorker, ToWorker, WorkerData } from './pool.ts'
import { runTask } from './task.ts'
import { pack, transferList } from './transfer.ts'
import { zoneClock } from './zone.ts'

const { options, stop } = workerData as WorkerData
const flag = new Int32Array(stop)
const parsers = choose(options)
const PROGRESS_MS = 100

parentPort?.on('message', (task: ToWorker) => {
  void run(task).then((message) =>
    parentPort?.postMessage(message, message.type === 'done' ? transferList(message.evidence) : []),
  )
})

async function run({ id, path, name, range }: ToWorker): Promise<FromWorker> {
  const input = openInput(path)
  if (input.kind === 'refused') return { type: 'refused', id, error: input.error }
  let next = 0
  const result = await runTask(input, name, range, {
    parsers,
    shift: zoneClock(options.timezone).follow(),
    since: options.since,
    until: options.until,
    signal: undefined,
    stopped: () => Atomics.load(flag, 0) === 1,
    onProgress(done) {
      const now = performance.now()
      if (now < next) return
      next = now + PROGRESS_MS
      parentPort?.postMessage({ type: 'progress', id, done } satisfies FromWorker)
    },
  })
  const { evidence, summary, formats, firstMiss, error, whole } = result
  return { type: 'done', id, evidence: pack(evidence, summary), formats: [...formats], firstMiss, error, whole }
}
