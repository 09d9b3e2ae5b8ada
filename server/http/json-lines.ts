/** An answer that comes line by line, each a JSON value, while the work is done. */
import type { Response } from 'express'

export type Lines = (gone: AbortSignal) => AsyncGenerator<unknown>

/** `gone` aborts when whoever asked has left. */
export class JsonLines {
  readonly start: Lines
  constructor(start: Lines) {
    this.start = start
  }
}

/** Rejects with what is thrown before the first line, so that it can be an answer of its own. What is thrown later is the last
 *  line, as `onFailure` words it. Resolves when the work is over, also when nobody listens any more. */
export async function sendLines(
  response: Response,
  { start }: JsonLines,
  onFailure: (error: unknown) => object,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  // Without a listener a reset connection would be an uncaught exception.
  response.on('error', () => gone.abort())
  const work = start(gone.signal)
  let next = await work.next()
  const write = (value: unknown): void => {
    if (!gone.signal.aborted) response.write(`${JSON.stringify(value)}\n`)
  }
  response.writeHead(200, {
    'Content-Type': 'application/x-ndjson; charset=utf-8',
    // nginx would hold lines back until 4 or 8 KB are there.
    'X-Accel-Buffering': 'no',
  })
  try {
    for (; !next.done; next = await work.next()) write(next.value)
  } catch (error) {
    write(onFailure(error))
  }
  response.end()
}
