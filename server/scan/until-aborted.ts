/** A stream that can be left while nothing comes: a follower's pipe may be silent for hours. */

/** What `source` yields until it ends or the signal is aborted, whichever is first. The source is not asked to return
 *  then: it would answer only after the chunk that does not come. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* source
    return
  }
  const iterator = source[Symbol.asyncIterator]()
  while (!signal.aborted) {
    const next = await orAborted(iterator.next(), signal)
    if (next === null || next.done === true) return
    yield next.value
  }
}

/** One listener per chunk: raced against one promise for all, every chunk would stay alive with it. */
async function orAborted<T>(next: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let leave: () => void = () => undefined
  const aborted = new Promise<null>((resolve) => {
    leave = () => resolve(null)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([next, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
